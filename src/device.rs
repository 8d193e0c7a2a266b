//! What computes: an adapter, or the CPU.

use crate::cpu::Cpu;
use crate::cpu::fast::{Fast, Instructions};
use crate::error::{Error, Result};
use crate::executor::Executor;
use crate::gpu::probe::Health;
use crate::gpu::{Adapter, Gpu, Halves, adapter};
use crate::network::Network;
use crate::plan::{HALVES, Optimizer, Plan, Profile, Strategy};
use crate::tuned::Tuned;
use crate::{selftest, threads};

/// How a step is cut into dispatches.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum PlanChoice {
    /// As `lenet tune` found, else as suits profile, network and batch.
    #[default]
    Auto,
    Named(Strategy),
}

impl PlanChoice {
    /// The strategy, and where it comes from.
    pub fn strategy(
        self,
        network: &Network,
        profile: Profile,
        batch: usize,
        tuned: &Tuned,
    ) -> (Strategy, String) {
        match self {
            PlanChoice::Auto => match tuned.find(network, profile, batch) {
                Some((strategy, at)) if at == batch => (strategy, "tuned".into()),
                Some((strategy, at)) => (strategy, format!("tuned at batch {at}")),
                None => {
                    let (strategy, reason) = Strategy::choose(network, profile, batch);
                    (strategy, reason.into())
                }
            },
            PlanChoice::Named(strategy) => (strategy, "--plan".into()),
        }
    }
}

/// What computes, chosen.
pub enum Device {
    /// An adapter that passed its self-test, how kernels are launched on it, and the plans that were
    /// tuned for it.
    Adapter {
        adapter: Box<Adapter>,
        /// The same for small steps and for halves, where those are others ([`adapter::alone`]).
        alone: Option<Box<[Adapter; HALVES]>>,
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
    /// The CPU twins, on one thread: what the others are measured against.
    Naive,
}

impl Device {
    /// The best adapter that computes rightly, else the CPU. A user's first run on an adapter tests
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

    /// The CPU, on so many threads; no shader runs.
    pub fn cpu_on(threads: usize) -> Device {
        Device::Cpu { threads, fell_back: false }
    }

    /// Whether no shader runs though the user did not ask for the CPU.
    pub fn fell_back(&self) -> bool {
        matches!(self, Device::Cpu { fell_back: true, .. })
    }

    /// An adapter, with a profile or that which suits it.
    ///
    /// # Errors
    /// [`Error::Adapter`] if it does not compute rightly.
    pub(crate) fn adapter(
        adapter: Adapter,
        profile: Option<Profile>,
        tuned: &Tuned,
    ) -> Result<Device> {
        let health = selftest::examine(&adapter)?;
        let info = adapter.get_info();
        Ok(Device::Adapter {
            profile: profile.unwrap_or_else(|| adapter::profile(&info)),
            tuned: tuned.clone().on(adapter::describe(&info)),
            adapter: Box::new(adapter),
            alone: None,
            health,
        })
    }

    /// Looks for a faster adapter for small steps ([`adapter::alone`]).
    ///
    /// # Safety
    /// No other thread may read or write the environment meanwhile.
    pub(crate) unsafe fn find_alone(&mut self) {
        if let Device::Adapter { adapter, alone, profile, .. } = self {
            // SAFETY: the caller's promise.
            *alone = unsafe { adapter::alone(adapter) }.map(Box::new);
            if alone.is_some() && threads::available() == HALVES {
                profile.devices = HALVES;
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
            Device::Cpu { threads, .. } => {
                let instructions = Instructions::detect().name();
                let s = if *threads == 1 { "" } else { "s" };
                format!("CPU ({instructions}, {threads} thread{s}; no shader runs)")
            }
            Device::Naive => "CPU (the naive reference; no shader runs)".into(),
        }
    }

    /// What the last bits of a result hang on: the adapter with its driver and a profile that is not
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

    /// The adapter that is the fastest for a plan and a batch, if it is one.
    pub(crate) fn adapter_for(&self, strategy: Strategy, batch: usize) -> Option<&Adapter> {
        match self {
            Device::Adapter { alone: Some(alone), .. }
                if strategy == Strategy::Halves || batch <= adapter::ALONE =>
            {
                Some(&alone[0])
            }
            Device::Adapter { adapter, .. } => Some(adapter),
            Device::Cpu { .. } | Device::Naive => None,
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
            Device::Adapter { adapter, alone, health, .. } => {
                let needed = plan.iterations();
                if needed > health.loops {
                    return Err(Error::Adapter(format!(
                        "{} ends loops after {} iterations and this plan needs {needed}: give a \
                         smaller --batch, update the driver, or choose another with --adapter",
                        self.describe(),
                        health.loops
                    )));
                }
                if plan.strategy == Strategy::Halves {
                    let adapters = match alone {
                        Some(alone) => alone.each_ref(),
                        None => [&**adapter; HALVES],
                    };
                    return Ok(Box::new(Halves::new(adapters, plan, network, optimizer)?));
                }
                let own = self.adapter_for(plan.strategy, plan.batch).unwrap_or(adapter);
                Box::new(Gpu::new(own, plan)?)
            }
            Device::Cpu { threads, .. } => {
                let instructions = Instructions::detect();
                Box::new(Fast::new(plan, network, optimizer, *threads, instructions))
            }
            Device::Naive => Box::new(Cpu::new(plan)),
        })
    }
}
