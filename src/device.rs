//! What computes: an adapter, or the CPU.

use crate::cpu::Cpu;
use crate::cpu::fast::{Fast, Instructions};
use crate::error::{Error, Result};
use crate::executor::Executor;
use crate::gpu::probe::Health;
use crate::gpu::{Adapter, Gpu, Replicas, adapter, llvmpipe};
use crate::network::Network;
use crate::plan::{Plan, Profile, Strategy};
use crate::text::count;
use crate::tuned::Tuned;
use crate::{selftest, threads};

/// How a step is cut into dispatches.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum PlanChoice {
    /// Chosen from profile, network and batch alone: the same on every machine.
    #[default]
    Auto,
    /// The fastest on this adapter, found by `lenet tune`.
    Tuned,
    Named(Strategy),
}

impl PlanChoice {
    /// Returns the strategy, and where it comes from.
    ///
    /// # Errors
    /// [`Error::Usage`] if it is to be what was tuned, and nothing was.
    pub fn strategy(
        self,
        network: &Network,
        profile: Profile,
        batch: usize,
        tuned: &Tuned,
    ) -> Result<(Strategy, String)> {
        match self {
            PlanChoice::Named(strategy) => Ok((strategy, "--plan".into())),
            PlanChoice::Auto => {
                let (strategy, reason) = Strategy::choose(network, profile, batch);
                Ok((strategy, reason.into()))
            }
            PlanChoice::Tuned => match tuned.find(network, profile, batch) {
                Some((strategy, at)) if at == batch => Ok((strategy, "tuned".into())),
                Some((strategy, at)) => Ok((strategy, format!("tuned at batch {at}"))),
                None if profile.is_reference() => Err(Error::Usage(
                    "--plan tuned is about adapters, and the CPU computes here: leave out --plan"
                        .into(),
                )),
                None => Err(Error::Usage(format!(
                    "--plan tuned: nothing was tuned for {} with the {} profile on this device: run \
                     `lenet tune` with the same network, data and batch first, or leave out --plan",
                    network.name, profile.name
                ))),
            },
        }
    }
}

/// What computes a plan.
pub enum Device {
    /// An adapter that passed its self-test, how kernels are launched on it, and the plans that were
    /// tuned for it.
    Adapter {
        adapter: Box<Adapter>,
        /// The same for small steps and for replicas, where those are others
        /// ([`llvmpipe::single_threaded`]).
        single: Option<Box<[Adapter; llvmpipe::REPLICAS]>>,
        profile: Profile,
        health: Health,
        tuned: Tuned,
    },
    /// The CPU, with vectors and threads.
    Cpu {
        threads: usize,
        /// Whether no adapter was there, though the user did not ask for the CPU.
        fell_back: bool,
    },
    /// The CPU reference, on one thread: what the others are measured against.
    Naive,
}

impl Device {
    /// The best adapter that computes correctly, else the CPU. A user's first run on an adapter tests
    /// it, which takes up to a second.
    ///
    /// With one or two cores a software adapter does steps of up to 64 samples sooner if
    /// `LP_NUM_THREADS=0` stands in the environment. The program sees to that by itself; a library may
    /// not change the environment under the threads of others.
    pub fn best() -> Device {
        let tuned = Tuned::read().0;
        adapter::all()
            .into_iter()
            .find_map(|adapter| Device::adapter(adapter, None, &tuned).ok())
            .unwrap_or(Device::Cpu { threads: threads::available(), fell_back: true })
    }

    /// The CPU, on as many threads as this process may run at once; no shader runs.
    pub fn cpu() -> Device {
        Device::cpu_on(threads::available())
    }

    /// The CPU, on `threads` threads; no shader runs.
    pub fn cpu_on(threads: usize) -> Device {
        Device::Cpu { threads, fell_back: false }
    }

    /// Whether no shader runs though the user did not ask for the CPU.
    pub fn fell_back(&self) -> bool {
        matches!(self, Device::Cpu { fell_back: true, .. })
    }

    /// An adapter that computes correctly, with a profile or that which suits it.
    pub(crate) fn adapter(
        adapter: Adapter,
        profile: Option<Profile>,
        tuned: &Tuned,
    ) -> Result<Device> {
        let health = selftest::examine(&adapter)?;
        let (info, limits) = (adapter.get_info(), adapter.limits());
        let largest = limits.max_storage_buffer_binding_size.min(limits.max_buffer_size);
        Ok(Device::Adapter {
            profile: profile
                .unwrap_or_else(|| adapter::profile(&info))
                .for_cores(threads::available())
                .for_bindings(largest),
            tuned: tuned.clone().on(adapter::describe(&info)),
            adapter: Box::new(adapter),
            single: None,
            health,
        })
    }

    /// Looks for a faster adapter for small steps and for replicas ([`llvmpipe::single_threaded`]).
    ///
    /// # Safety
    /// No other thread may read or write the environment meanwhile.
    pub(crate) unsafe fn find_single_threaded(&mut self) {
        if let Device::Adapter { adapter, single, profile, .. } = self {
            let (info, cores) = (adapter.get_info(), threads::available());
            // SAFETY: the caller's promise.
            *single = unsafe { llvmpipe::single_threaded(&info, cores) }.map(Box::new);
            if single.is_some() && cores == llvmpipe::REPLICAS {
                profile.replicas = llvmpipe::REPLICAS;
            }
        }
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
    ) -> Result<(Strategy, String)> {
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
            Device::Cpu { threads, .. } => {
                let instructions = Instructions::detect().name();
                format!("CPU ({instructions}, {}; no shader runs)", count(*threads, "thread"))
            }
            Device::Naive => "CPU (the naive reference; no shader runs)".into(),
        }
    }

    /// Everything that can change the last bits of a result: the adapter with its driver and a profile that is not
    /// its own, or the CPU's instructions, but not its threads.
    pub fn arithmetic(&self) -> String {
        match self {
            Device::Cpu { .. } => format!("CPU, {}", Instructions::detect().name()),
            Device::Adapter { adapter, profile, .. }
                if profile.name != adapter::profile(&adapter.get_info()).name =>
            {
                format!("{}, {} profile", self.describe(), profile.name)
            }
            Device::Adapter { .. } | Device::Naive => self.describe(),
        }
    }

    /// The adapter on which one replica of the plan runs fastest; `None` on the CPU.
    pub(crate) fn adapter_for(&self, plan: &Plan) -> Option<&Adapter> {
        let is_small = plan.replicas.len() > 1 || plan.interface.batch <= llvmpipe::ALONE;
        match self {
            Device::Adapter { single: Some(single), .. } if is_small => Some(&single[0]),
            Device::Adapter { adapter, .. } => Some(adapter),
            Device::Cpu { .. } | Device::Naive => None,
        }
    }

    /// Returns an executor of a plan.
    ///
    /// # Errors
    /// [`Error::Adapter`] if the adapter refuses.
    pub fn executor(&self, plan: Plan) -> Result<Box<dyn Executor>> {
        Ok(match self {
            Device::Adapter { adapter, single, .. } => {
                let replicas = plan.replicas.len();
                if replicas == 1 {
                    let adapter = self.adapter_for(&plan).unwrap_or(adapter);
                    return Ok(Box::new(Gpu::new(adapter, plan.program())?));
                }
                let adapters: Vec<&Adapter> = match single {
                    Some(single) => single.iter().cycle().take(replicas).collect(),
                    None => vec![&**adapter; replicas],
                };
                Box::new(Replicas::new(&adapters, plan.program(), single.is_some())?)
            }
            Device::Cpu { threads, .. } => {
                Box::new(Fast::new(plan, *threads, Instructions::detect()))
            }
            Device::Naive => Box::new(Cpu::new(plan)),
        })
    }
}
