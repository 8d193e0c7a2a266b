//! From `--device`, `--adapter`, `--profile` and `--threads` to a device.

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
    /// To ask a trained model: `auto` prefers the CPU to a software adapter, which would still be compiling when the
    /// CPU has answered.
    Asking,
    /// To measure or show what an adapter does.
    Looking,
}

/// Chooses a device, and warns of what was passed over on the way. A user's first run on an adapter
/// tests it, which takes up to a second.
pub fn choose(args: &DeviceArgs, purpose: Purpose) -> Result<Device> {
    let mut warnings = Vec::new();
    let device = find(args, purpose, &mut warnings)?;
    warnings.iter().for_each(|warning| output::warn(warning));
    Ok(device)
}

/// Says what computes.
pub fn announce(device: &Device) {
    output::note(&format!("device   {}", device.describe()));
}

/// Returns an error about two flags that contradict each other.
fn contradiction(what: &str) -> Error {
    Error::Usage(format!("{what}: leave out one of the two"))
}

fn find(args: &DeviceArgs, purpose: Purpose, warnings: &mut Vec<String>) -> Result<Device> {
    let (plan, named) = (args.plan, args.adapter.is_some());
    let is_open = args.device == DeviceChoice::Auto && !named;
    let insisted = args.device == DeviceChoice::Gpu || named;
    let profile = match args.profile {
        ProfileChoice::Auto => None,
        ProfileChoice::Software => Some(Profile::software()),
        ProfileChoice::Gpu => Some(Profile::gpu()),
    };
    let threads = threads(args)?;
    if args.device == DeviceChoice::Cpu {
        let given = [(named, "--adapter"), (profile.is_some(), "--profile")];
        return match given.iter().find(|(given, _)| *given) {
            None => Ok(Device::cpu_on(threads)),
            Some((_, flag)) => Err(contradiction(&format!(
                "{flag} chooses how an adapter is used, but --device cpu uses none"
            ))),
        };
    }
    if insisted && args.threads.is_some() {
        return Err(contradiction("--threads is about the CPU, but an adapter was asked for"));
    }
    let adapters = match adapter::find(args.adapter.as_deref()) {
        Err(error) if insisted => return Err(error),
        found => found.unwrap_or_default(),
    };
    let none = if adapters.is_empty() { "no adapter was found, and " } else { "" };
    let mut tuned = Tuned::default();
    if plan == PlanChoice::Tuned && !adapters.is_empty() {
        let (found, warning) = Tuned::read();
        warnings.extend(warning);
        tuned = found;
    }
    for adapter in adapters {
        let info = adapter.get_info();
        let is_slow = is_open && adapter::is_software(&info);
        let is_plain = profile.is_none() && plan == PlanChoice::Auto;
        if is_slow && is_plain && purpose == Purpose::Asking {
            return Ok(Device::cpu_on(threads));
        }
        match Device::adapter(adapter, profile, &tuned) {
            Ok(mut device) => {
                // SAFETY: commands choose what computes before they start threads; those of drivers
                // do not look at the environment.
                unsafe { device.find_single_threaded() };
                let is_slow = is_slow && purpose == Purpose::Training;
                let unused = args.threads.is_some() && purpose != Purpose::Looking;
                warnings.extend(of_adapter(&info.name, is_slow, unused));
                return Ok(device);
            }
            Err(error) => warnings.push(error.to_string()),
        }
    }
    if insisted {
        return Err(Error::Adapter(warnings.join("\n")));
    }
    warnings.push(format!(
        "{none}no shader runs: the CPU computes instead. To use an adapter, {}",
        adapter::how_to_get_one()
    ));
    Ok(Device::Cpu { threads, fell_back: true })
}

/// What to know of the adapter that was chosen.
fn of_adapter(name: &str, is_slow: bool, has_threads: bool) -> impl Iterator<Item = String> {
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
