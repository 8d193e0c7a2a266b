//! Chooses the device from `--device`, `--adapter`, `--profile` and `--threads`.

use crate::cli::args::{DeviceArgs, DeviceChoice, ProfileChoice};
use crate::cli::output;
use crate::device::{Device, PlanChoice};
use crate::error::{Error, Result};
use crate::gpu::{adapter, llvmpipe};
use crate::plan::Profile;
use crate::recipe::Range;
use crate::threads;
use crate::tuned::Tuned;

/// Threads that may be asked for.
const MAX_THREADS: usize = 1_024;

/// What a device is chosen for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Purpose {
    Training,
    /// Of a trained model: `auto` prefers the CPU to a software adapter, which would still be compiling when the
    /// CPU has answered.
    Inference,
    /// Measures or shows what an adapter does.
    Inspection,
}

/// Chooses a device and prints the warnings. The first use of an adapter tests it, which takes up to a second.
pub fn choose(args: &DeviceArgs, purpose: Purpose) -> Result<Device> {
    let mut warnings = Vec::new();
    let device = find(args, purpose, &mut warnings)?;
    warnings.iter().for_each(|warning| output::warn(warning));
    Ok(device)
}

/// Prints the device.
pub fn announce(device: &Device) {
    output::note(&format!("device   {}", device.describe()));
}

/// Returns an error about two flags that contradict each other.
pub fn contradiction(what: &str) -> Error {
    Error::Usage(format!("{what}: leave out one of the two"))
}

/// Returns an error about a flag for adapters beside `--device cpu`.
pub fn no_adapter(flag: &str) -> Error {
    contradiction(&format!("{flag} chooses how an adapter is used, but --device cpu uses none"))
}

fn find(args: &DeviceArgs, purpose: Purpose, warnings: &mut Vec<String>) -> Result<Device> {
    let named = args.adapter.is_some();
    let is_auto = args.device == DeviceChoice::Auto && !named;
    let must_be_adapter = args.device == DeviceChoice::Gpu || named;
    let profile = match args.profile {
        ProfileChoice::Auto => None,
        ProfileChoice::Software => Some(Profile::software()),
        ProfileChoice::Gpu => Some(Profile::gpu()),
    };
    let threads = threads(args)?;
    if args.device == DeviceChoice::Cpu {
        return cpu(named, profile.is_some(), threads);
    }
    if must_be_adapter && args.threads.is_some() {
        return Err(contradiction("--threads is about the CPU, but an adapter was asked for"));
    }
    let adapters = match adapter::find(args.adapter.as_deref()) {
        Err(error) if must_be_adapter => return Err(error),
        found => found.unwrap_or_default(),
    };
    let prefix = if adapters.is_empty() { "no adapter was found, and " } else { "" };
    let is_plain = profile.is_none() && args.plan == PlanChoice::Auto;
    let tuned = match args.plan {
        PlanChoice::Tuned if !adapters.is_empty() => {
            let (tuned, warning) = Tuned::read();
            warnings.extend(warning);
            tuned
        }
        _ => Tuned::default(),
    };
    for adapter in adapters {
        let info = adapter.get_info();
        let is_slow = is_auto && adapter::is_software(&info);
        if is_slow && is_plain && purpose == Purpose::Inference {
            return Ok(Device::cpu_on(threads));
        }
        match Device::adapter(adapter, profile, &tuned) {
            Ok(mut device) => {
                // SAFETY: commands choose what computes before they start threads; those of drivers
                // do not look at the environment.
                unsafe { device.find_single_threaded() };
                let is_slow = is_slow && purpose == Purpose::Training;
                let unused = args.threads.is_some() && purpose != Purpose::Inspection;
                warnings.extend(adapter_warnings(&info.name, is_slow, unused));
                return Ok(device);
            }
            Err(error) => warnings.push(error.to_string()),
        }
    }
    if must_be_adapter {
        return Err(Error::Adapter(warnings.join("\n")));
    }
    warnings.push(format!(
        "{prefix}no shader runs: the CPU computes instead. To use an adapter, {}",
        adapter::how_to_get_one()
    ));
    Ok(Device::Cpu { threads, fell_back: true })
}
/// The CPU, unless a flag says how an adapter is used.
fn cpu(has_adapter: bool, has_profile: bool, threads: usize) -> Result<Device> {
    match (has_adapter, has_profile) {
        (true, _) => Err(no_adapter("--adapter")),
        (_, true) => Err(no_adapter("--profile")),
        _ => Ok(Device::cpu_on(threads)),
    }
}

/// What to know of the adapter that was chosen.
fn adapter_warnings(name: &str, is_slow: bool, has_threads: bool) -> impl Iterator<Item = String> {
    let slow = is_slow.then(|| {
        format!("{name} is no GPU but software: --device cpu trains about five times as fast")
    });
    let full = llvmpipe::full_cache().map(|folder| {
        format!(
            "{} is on a full disk, so shaders are compiled again in every run: free some space there, or set \
             XDG_CACHE_HOME to a folder elsewhere",
            folder.display()
        )
    });
    let unused = has_threads.then(|| {
        format!(
            "--threads is about the CPU, but {name} computes: it changes nothing; give --device cpu for the CPU"
        )
    });
    slow.into_iter().chain(full).chain(unused)
}

/// Returns the number of threads for the CPU: as many as asked for, or as this process may run at once.
pub fn threads(args: &DeviceArgs) -> Result<usize> {
    let threads = args.threads.unwrap_or_else(|| threads::available().min(MAX_THREADS));
    Range::Count(MAX_THREADS, "threads the CPU may have").check("threads", &threads)?;
    Ok(threads)
}
