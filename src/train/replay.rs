//! A short training run as data: what a host writes and runs, and the checksum of the result.
//!
//! Whoever has a [`Program`](crate::plan::Program) and its [`Replay`] can carry out the same steps with an
//! executor of their own and compare every bit of the parameters.

use super::Split;
use super::curvature::Patterns;
use super::lists::step_table;
use super::order::Orders;
use super::session::distortion_key;
use crate::data::Mnist;
use crate::error::Result;
use crate::executor::Executor;
use crate::network::init;
use crate::plan::program::{Phase, Replay};
use crate::plan::{Capacity, Pass, Plan, StepSize, TOTALS};
use crate::recipe::Settings;

/// What a plan has to hold for a replay of these settings, whose training digits are those of the replay.
pub fn capacity(settings: &Settings) -> Capacity {
    let digits = settings.train_limit;
    Capacity { samples: digits, indices: digits, steps: digits.div_ceil(settings.batch) }
}

/// Makes the replay of the first epoch of a run on all training digits of the settings; the checksum is
/// missing until [`carry_out`] gives the parameters.
pub fn of(settings: &Settings, plan: &Plan, mnist: &Mnist) -> Replay {
    let split = Split::draw(settings, mnist);
    let chosen = mnist.train.pick(split.train.iter().map(|&digit| digit as usize));
    let mut data_set = Vec::new();
    plan.interface.record.append(&mut data_set, chosen.pixels(), chosen.labels());
    // The digits of the replay are numbered from 0.
    let split = Split { train: (0..chosen.len() as u32).collect(), ..split };
    let (batch, key) = (settings.batch, distortion_key(settings.seed));
    let mut phases = Vec::new();
    if plan.has_curvature() {
        let patterns = Patterns::draw(settings, &split).of(0);
        let rate = 1.0 / patterns.len() as f32;
        phases.push(phase(Pass::Curvature, patterns, batch, key, |_| rate.into()));
    }
    let order = Orders::new(settings, &split.train, plan.interface.distortion.as_ref()).epoch(0);
    let steps = order.len().div_ceil(batch);
    let rate = |step| settings.rate() * settings.schedule.factor(step, steps, 0);
    let size = |step| settings.optimizer().step_size(rate(step), step);
    phases.push(phase(Pass::Training, order, batch, key, size));
    let parameters =
        init::parameters(&settings.network, &plan.interface.layout, settings.init, settings.seed);
    Replay { parameters, data_set, phases, crc32: 0 }
}

fn phase(
    pass: Pass,
    order: Vec<u32>,
    batch: usize,
    key: u32,
    size: impl Fn(usize) -> StepSize,
) -> Phase {
    let step_table = step_table(0, order.len(), batch, key, size);
    Phase { pass, count: order.len().div_ceil(batch), indices: order, step_table }
}

/// Carries a replay out and reads the parameters.
///
/// # Errors
/// [`crate::Error::Adapter`] if the adapter fails.
pub fn carry_out(replay: &Replay, executor: &mut dyn Executor) -> Result<Vec<f32>> {
    let (ports, batch) = (executor.interface().ports, executor.interface().batch);
    executor.write(ports.data_set, 0, &replay.data_set)?;
    executor.write_f32(ports.parameters, &replay.parameters)?;
    for phase in &replay.phases {
        executor.write(ports.indices, 0, &phase.indices)?;
        executor.write(ports.step_table, 0, &phase.step_table)?;
        executor.write(ports.cursor, 0, &[0])?;
        executor.write_f32(ports.totals, &vec![0.0; batch * TOTALS])?;
        executor.run(phase.count, phase.pass)?;
    }
    executor.wait()?;
    executor.read_f32(ports.parameters, replay.parameters.len())
}

/// CRC-32 of numbers, as the bytes of little-endian f32.
pub fn checksum(numbers: &[f32]) -> u32 {
    let mut crc = flate2::Crc::new();
    numbers.iter().for_each(|number| crc.update(&number.to_le_bytes()));
    crc.sum()
}
