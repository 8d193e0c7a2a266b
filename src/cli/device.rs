//! From `--device`, `--adapter` and `--profile` to something that carries out plans.

use super::args::{DeviceArgs, DeviceChoice, PlanChoice, ProfileChoice};
use crate::cpu::Cpu;
use crate::cpu::fast::{Fast, Instructions};
use crate::error::{Error, Result};
use crate::executor::Executor;
use crate::gpu::selftest::{self, Health};
use crate::gpu::{Adapter, Gpu, adapter};
use crate::network::Network;
use crate::plan::{Optimizer, Plan, Profile, Strategy};
use crate::text::thousands;
use crate::tuned::Tuned;

/// Threads that may be asked for.
const MAX_THREADS: usize = 1_024;

/// What computes, chosen.
pub enum Device {
    /// An adapter that passed its self-test, how kernels are launched on it, and the plans that
    /// were tuned for it.
    Adapter { adapter: Box<Adapter>, profile: Profile, health: Health, tuned: Tuned },
    /// The CPU, with vectors and threads.
    Cpu { threads: usize },
    /// The CPU twins, on one thread: what the others are measured against.
    Naive,
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
    let cpu = Device::Cpu { threads: threads(args)? };
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
        return Ok(Chosen { device: cpu, warnings: Vec::new() });
    }
    let insisted = named || args.device == DeviceChoice::Gpu;
    if insisted && args.threads.is_some() {
        return Err(Error::Usage(
            "--threads is about the CPU, but an adapter was asked for: leave out one of the two"
                .into(),
        ));
    }
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
                let tuned = match args.plan {
                    PlanChoice::Auto => {
                        let (tuned, warning) = Tuned::read();
                        warnings.extend(warning);
                        tuned.on(adapter::describe(&info))
                    }
                    PlanChoice::Named(_) => Tuned::default(),
                };
                let device = Device::Adapter { adapter: Box::new(adapter), profile, health, tuned };
                return Ok(Chosen { device, warnings });
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
    Ok(Chosen { device: cpu, warnings })
}

/// Threads for the CPU: as many as asked for, or as this process may run at once.
///
/// # Errors
/// [`Error::Usage`] if that is none or more than any machine has.
pub fn threads(args: &DeviceArgs) -> Result<usize> {
    match args.threads {
        None => Ok(all_threads()),
        Some(threads) if (1..=MAX_THREADS).contains(&threads) => Ok(threads),
        Some(threads) => Err(Error::Usage(format!(
            "--threads is {threads}, but must be 1 to {}",
            thousands(MAX_THREADS)
        ))),
    }
}

fn all_threads() -> usize {
    std::thread::available_parallelism().map_or(1, |threads| threads.get())
}

impl Device {
    /// The best adapter that computes rightly, else the CPU. A user's first run on an adapter tests
    /// it, which takes up to a second.
    pub fn best() -> Device {
        choose(&DeviceArgs::default()).map_or_else(|_| Device::cpu(), |chosen| chosen.device)
    }

    /// The CPU, on as many threads as this process may run at once; no shader runs.
    pub fn cpu() -> Device {
        Device::Cpu { threads: all_threads() }
    }

    /// How kernels are launched.
    pub fn profile(&self) -> Profile {
        match self {
            Device::Adapter { profile, .. } => *profile,
            Device::Cpu { .. } | Device::Naive => Profile::reference(),
        }
    }

    /// How a step is cut into dispatches, and where that comes from.
    pub fn strategy(
        &self,
        plan: PlanChoice,
        network: &Network,
        batch: usize,
    ) -> (Strategy, String) {
        let tuned = match self {
            Device::Adapter { tuned, .. } => tuned,
            Device::Cpu { .. } | Device::Naive => &Tuned::default(),
        };
        plan.strategy(network, self.profile(), batch, tuned)
    }

    /// Name, driver and version, for a person.
    pub fn describe(&self) -> String {
        match self {
            Device::Adapter { adapter, .. } => adapter::describe(&adapter.get_info()),
            Device::Cpu { threads } => {
                let instructions = Instructions::detect().name();
                format!("CPU ({instructions}, {threads} threads; no shader runs)")
            }
            Device::Naive => "CPU (the naive reference; no shader runs)".into(),
        }
    }

    /// What the last bits of a result hang on: the adapter with its driver, or the CPU's
    /// instructions, but not its threads.
    pub fn arithmetic(&self) -> String {
        match self {
            Device::Cpu { .. } => format!("CPU, {}", Instructions::detect().name()),
            Device::Adapter { .. } | Device::Naive => self.describe(),
        }
    }

    /// Sets up the plan that was made for a network and optimizer.
    ///
    /// # Errors
    /// [`Error::Adapter`] if the adapter refuses.
    pub fn executor(
        &self,
        plan: Plan,
        network: &Network,
        optimizer: Optimizer,
    ) -> Result<Box<dyn Executor>> {
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
                Box::new(Gpu::new(&for_batch(adapter, plan.batch), plan)?)
            }
            Device::Cpu { threads } => {
                let instructions = Instructions::detect();
                Box::new(Fast::new(plan, network, optimizer, *threads, instructions))
            }
            Device::Naive => Box::new(Cpu::new(plan)),
        })
    }
}

/// The adapter as it is the fastest for a batch.
pub fn for_batch(adapter: &Adapter, batch: usize) -> Adapter {
    // SAFETY: commands set up what computes one after the other, before they start threads that
    // look at the environment; those of drivers do not.
    unsafe { adapter::for_batch(adapter, batch) }
}
