//! From `--device`, `--adapter` and `--profile` to something that carries out plans.

use crate::cli::args::{DeviceArgs, DeviceChoice, ProfileChoice};
use crate::cli::output;
use crate::device::{Device, PlanChoice};
use crate::error::{Error, Result};
use crate::gpu::adapter;
use crate::plan::Profile;
use crate::text::thousands;
use crate::threads;
use crate::tuned::Tuned;

/// Threads that may be asked for.
const MAX_THREADS: usize = 1_024;

/// What a device is chosen for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Work {
    Training,
    /// To ask a trained model: where `auto` would take a software adapter, the CPU has answered
    /// before that has compiled.
    Asking,
    /// To measure or show what an adapter does.
    Looking,
}

/// Chooses, and warns of what was passed over on the way. A user's first run on an adapter tests it,
/// which takes up to a second.
///
/// # Errors
/// [`Error::Usage`] for flags that contradict each other, [`Error::Adapter`] if an adapter was
/// insisted on and there is none that computes rightly.
pub fn choose(args: &DeviceArgs, work: Work) -> Result<Device> {
    let mut warnings = Vec::new();
    let device = find(args, work, &mut warnings)?;
    warnings.iter().for_each(|warning| output::warn(warning));
    Ok(device)
}

fn find(args: &DeviceArgs, work: Work, warnings: &mut Vec<String>) -> Result<Device> {
    let named = args.adapter.is_some();
    let is_open = args.device == DeviceChoice::Auto && !named;
    let is_plain = args.profile == ProfileChoice::Auto && args.plan == PlanChoice::Auto;
    let threads = threads(args)?;
    if args.device == DeviceChoice::Cpu {
        for (given, flag) in
            [(named, "--adapter"), (args.profile != ProfileChoice::Auto, "--profile")]
        {
            if given {
                return Err(Error::Usage(format!(
                    "{flag} chooses how an adapter is used, but --device cpu uses none: leave out \
                     one of the two"
                )));
            }
        }
        return Ok(Device::cpu_on(threads));
    }
    let insisted = named || args.device == DeviceChoice::Gpu;
    if insisted && args.threads.is_some() {
        return Err(Error::Usage(
            "--threads is about the CPU, but an adapter was asked for: leave out one of the two"
                .into(),
        ));
    }
    let adapters = match adapter::find(args.adapter.as_deref()) {
        Ok(adapters) => adapters,
        Err(error) if insisted => return Err(error),
        Err(error) => {
            warnings.push(error.to_string());
            Vec::new()
        }
    };
    let tuned = match args.plan {
        PlanChoice::Tuned if !adapters.is_empty() => {
            let (tuned, warning) = Tuned::read();
            warnings.extend(warning);
            tuned
        }
        _ => Tuned::default(),
    };
    let profile = match args.profile {
        ProfileChoice::Auto => None,
        ProfileChoice::Software => Some(Profile::software()),
        ProfileChoice::Gpu => Some(Profile::gpu()),
    };
    for adapter in adapters {
        let info = adapter.get_info();
        let is_slow = is_open && adapter::is_software(&info);
        if is_slow && is_plain && work == Work::Asking {
            return Ok(Device::cpu_on(threads));
        }
        match Device::adapter(adapter, profile, &tuned) {
            Ok(mut device) => {
                // SAFETY: commands choose what computes before they start threads; those of drivers
                // do not look at the environment.
                unsafe { device.find_single_threaded() };
                if is_slow && work == Work::Training {
                    warnings.push(format!(
                        "{} is no GPU but software: --device cpu trains about five times as fast",
                        info.name
                    ));
                }
                return Ok(device);
            }
            Err(error) => warnings.push(error.to_string()),
        }
    }
    if insisted {
        return Err(Error::Adapter(warnings.join("\n")));
    }
    warnings.push(format!(
        "no shader runs: the CPU computes instead. To use an adapter, {}",
        adapter::HOW_TO_GET_ONE
    ));
    Ok(Device::Cpu { threads, fell_back: true })
}

/// Threads for the CPU: as many as asked for, or as this process may run at once.
///
/// # Errors
/// [`Error::Usage`] if that is none or more than any machine has.
pub fn threads(args: &DeviceArgs) -> Result<usize> {
    match args.threads {
        None => Ok(threads::available()),
        Some(threads) if (1..=MAX_THREADS).contains(&threads) => Ok(threads),
        Some(threads) => Err(Error::Usage(format!(
            "--threads is {threads}, but must be 1 to {}",
            thousands(MAX_THREADS)
        ))),
    }
}
