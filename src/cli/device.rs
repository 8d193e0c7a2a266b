//! From `--device`, `--adapter` and `--profile` to something that carries out plans.

use super::args::{DeviceArgs, DeviceChoice, ProfileChoice};
use crate::cpu::Cpu;
use crate::error::{Error, Result};
use crate::executor::Executor;
use crate::gpu::selftest::{self, Health};
use crate::gpu::{Adapter, Gpu, adapter};
use crate::plan::{Plan, Profile};

/// What computes, chosen.
pub enum Device {
    /// An adapter that passed its self-test, and how kernels are launched on it.
    Adapter { adapter: Box<Adapter>, profile: Profile, health: Health },
    /// The CPU twins.
    Cpu,
}

/// The choice and what the user should hear of it.
pub struct Chosen {
    pub device: Device,
    /// What was passed over on the way, and why; printed as warnings.
    pub warnings: Vec<String>,
}

/// Chooses. A user's first run on an adapter tests it, which takes up to a second.
///
/// # Errors
/// [`Error::Usage`] for flags that contradict each other, [`Error::Adapter`] if an adapter was
/// insisted on and there is none that computes rightly.
pub fn choose(args: &DeviceArgs) -> Result<Chosen> {
    let named = args.adapter.is_some();
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
        return Ok(Chosen { device: Device::Cpu, warnings: Vec::new() });
    }
    let insisted = named || args.device == DeviceChoice::Gpu;
    let mut warnings = Vec::new();
    let adapters = match adapter::find(args.adapter.as_deref()) {
        Ok(adapters) => adapters,
        Err(error) if insisted => return Err(error),
        Err(error) => {
            warnings.push(error.to_string());
            Vec::new()
        }
    };
    for adapter in adapters {
        let info = adapter.get_info();
        match selftest::examine(&adapter) {
            Ok(health) => {
                let profile = match args.profile {
                    ProfileChoice::Auto => adapter::profile(&info),
                    ProfileChoice::Software => Profile::software(),
                    ProfileChoice::Gpu => Profile::gpu(),
                };
                let device = Device::Adapter { adapter: Box::new(adapter), profile, health };
                return Ok(Chosen { device, warnings });
            }
            Err(error) => warnings.push(error.to_string()),
        }
    }
    if insisted {
        return Err(Error::Adapter(warnings.join("\n")));
    }
    warnings.push(format!(
        "no shader runs: the CPU computes instead, slowly. To use an adapter, {}",
        adapter::HOW_TO_GET_ONE
    ));
    Ok(Chosen { device: Device::Cpu, warnings })
}

impl Device {
    /// How kernels are launched.
    pub fn profile(&self) -> Profile {
        match self {
            Device::Adapter { profile, .. } => *profile,
            Device::Cpu => Profile::reference(),
        }
    }

    /// Name, driver and version, for a person.
    pub fn describe(&self) -> String {
        match self {
            Device::Adapter { adapter, .. } => adapter::describe(&adapter.get_info()),
            Device::Cpu => "CPU (the naive reference; no shader runs)".into(),
        }
    }

    /// Sets up a plan.
    ///
    /// # Errors
    /// [`Error::Adapter`] if the adapter refuses.
    pub fn executor(&self, plan: Plan) -> Result<Box<dyn Executor>> {
        Ok(match self {
            Device::Adapter { adapter, health, .. } => {
                let needed = plan.iterations();
                if needed > health.loops {
                    return Err(Error::Adapter(format!(
                        "{} ends loops after {} iterations and this plan needs {needed}: give a \
                         smaller --batch, update the driver, or choose another with --adapter",
                        self.describe(),
                        health.loops
                    )));
                }
                Box::new(Gpu::new(adapter, plan)?)
            }
            Device::Cpu => Box::new(Cpu::new(plan)),
        })
    }
}
