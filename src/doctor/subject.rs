//! A short training run that both an adapter and the reference carry out.

use std::time::{Duration, Instant};

use super::kernels::Deviation;
use crate::cpu::Cpu;
use crate::data::Mnist;
use crate::device::{Device, PlanChoice};
use crate::error::Result;
use crate::executor::Executor;
use crate::gpu::Gpu;
use crate::plan::Plan;
use crate::plan::program::Replay;
use crate::recipe::{Available, Flags, Settings};
use crate::train::checkpoint::State;
use crate::train::replay;

/// Training digits: [`STEPS`] steps of 16.
const DIGITS: &str = "320";
const BATCH: &str = "16";
/// Steps of a run.
pub const STEPS: usize = 20;
/// How long the speed is measured.
const WHILE: Duration = Duration::from_millis(200);

/// A short training run as data.
pub struct Subject {
    pub settings: Settings,
    pub plan: Plan,
    pub replay: Replay,
}

impl Subject {
    /// Draws the first weights and the digits.
    pub fn new(
        device: &Device,
        mnist: &Mnist,
        (network, optimizer): (&str, &str),
        plan: PlanChoice,
    ) -> Result<Self> {
        let flags = [
            ("network", network),
            ("optimizer", optimizer),
            ("batch", BATCH),
            ("train-limit", DIGITS),
        ];
        let mut settings = Settings::resolve(&Flags::of(&flags)?, Available::of(mnist), None)?;
        settings.set_plan(device.strategy(plan, &settings.network, settings.batch)?);
        let plan = settings.plan(device.profile(), replay::capacity(&settings))?;
        let replay = replay::of(&settings, &plan, mnist);
        Ok(Subject { settings, plan, replay })
    }

    /// Trains from the first weights on and returns the last.
    pub fn run(&self, executor: &mut dyn Executor) -> Result<Vec<f32>> {
        self.begin(executor)?;
        replay::carry_out(&self.replay, executor)
    }

    /// Compares the adapter with the reference, both with the first weights and the digits.
    pub fn compared(
        &self,
        gpu: &mut Gpu,
        compare: impl Fn(&Plan, &mut Gpu, &mut Cpu) -> Result<Vec<Deviation>>,
    ) -> Result<Vec<Deviation>> {
        let (ports, mut cpu) = (self.plan.interface.ports, Cpu::new(self.plan.clone()));
        let training = self.replay.phases.last().expect("a replay trains");
        for executor in [&mut *gpu as &mut dyn Executor, &mut cpu] {
            self.begin(executor)?;
            executor.write(ports.data_set, 0, &self.replay.data_set)?;
            executor.write(ports.indices, 0, &training.indices)?;
        }
        compare(&self.plan, gpu, &mut cpu)
    }

    /// Repeats the last phase for a while.
    pub fn speed(&self, gpu: &mut Gpu) -> Result<f64> {
        let (start, mut digits) = (Instant::now(), 0);
        let phase = self.replay.phases.last().expect("a replay trains");
        while start.elapsed() < WHILE {
            gpu.write(self.plan.interface.ports.cursor, 0, &[0])?;
            gpu.run(phase.count, phase.pass)?;
            digits += phase.indices.len();
        }
        gpu.wait()?;
        Ok(digits as f64 / start.elapsed().as_secs_f64())
    }

    /// Puts the first weights in place.
    fn begin(&self, executor: &mut dyn Executor) -> Result<()> {
        let first = State::first(executor.interface(), self.replay.parameters.clone());
        let buffers = executor.interface().ports.carried();
        let mut carried = buffers.zip(&first.carried);
        carried.try_for_each(|((_, buffer), numbers)| executor.write_f32(buffer, numbers))
    }
}

/// Stands for all bits of parameters.
pub fn checksum(parameters: &[f32]) -> String {
    format!("{:08x}", replay::checksum(parameters))
}
