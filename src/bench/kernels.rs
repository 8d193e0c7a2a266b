//! The time of each kernel of a training step, for `lenet bench --kernels`.

use std::time::Duration;

use serde::Serialize;

use crate::data::Mnist;
use crate::device::Device;
use crate::error::Result;
use crate::gpu::Gpu;
use crate::gpu::timing::Clock;
use crate::plan::{Pass, Profile, Strategy};
use crate::recipe::Settings;
use crate::run::first_state;
use crate::text::{Table, thousands};
use crate::train::session::{Lists, Session};

/// Most rounds of timestamps; without timestamps, most repetitions of a dispatch.
const MOST_ROUNDS: u32 = 15;
/// Seconds that all rounds may take together; the first one is made however long it takes.
const MOST_SECONDS: f64 = 1.0;
/// Launches of each dispatch in a round: once, then 1 + `MORE` times; in step with src/gpu/timing.rs.
const LAUNCHES: f64 = 6.0;

/// All dispatches of one kernel in a step.
#[derive(Debug, Default, Serialize)]
struct Row {
    kernel: String,
    dispatches: usize,
    seconds: f64,
    /// Share of the time of all kernels.
    share: f64,
    multiply_adds: u64,
    /// 0 where the clock shows no time.
    multiply_adds_per_second: f64,
}

/// A training step, kernel by kernel.
#[derive(Debug, Serialize)]
pub struct KernelTimes {
    network: String,
    batch: usize,
    #[serde(rename = "plan")]
    strategy: Strategy,
    clock: Clock,
    kernel_seconds: f64,
    /// Seconds of a step in a run, where many steps share a submission.
    step_seconds: f64,
    kernels: Vec<Row>,
}

/// Times the kernels of a training step; `None` if the device is no adapter. `step` is the time of a step in a run,
/// and limits how often the kernels are repeated.
pub fn time(
    device: &Device,
    settings: &Settings,
    mnist: &Mnist,
    step: Duration,
) -> Result<Option<KernelTimes>> {
    let Settings { network, strategy, .. } = settings;
    let batch = settings.batch;
    // The same step on the first digits is repeated.
    let mut digits = mnist.train.clone();
    digits.truncate(batch);
    let lists = Lists::new(&[&digits], digits.len(), Vec::new());
    let capacity = lists.capacity(batch);
    let plan = settings.plan(device.profile(), capacity)?;
    let Some(adapter) = device.adapter_for(&plan) else { return Ok(None) };
    // All shards on one device, so that no dispatch waits for another device.
    let plan = settings.plan(Profile { replicas: 1, ..device.profile() }, capacity)?;
    let mut session = Session::new(Box::new(Gpu::new(adapter, plan.program())?), &lists)?;
    let first = first_state(settings, &mut session);
    session.restore(&first.carried)?;
    let entry = |digit| plan.interface.distortion.map_or(digit, |k| k.entry(digit, 1));
    let order: Vec<u32> = (0..digits.len() as u32).map(entry).collect();
    // A rate of 0: the parameters stay where they are however often this is done.
    session.epoch(&order, 1, |_| 0.0.into(), &mut |_| true)?;
    let fit = MOST_SECONDS / (LAUNCHES * step.as_secs_f64().max(1e-9));
    let rounds = (fit as u32).clamp(1, MOST_ROUNDS);
    let Some(timing) = session.executor().time_step(rounds)? else { return Ok(None) };

    let all: f64 = timing.dispatches.iter().map(Duration::as_secs_f64).sum();
    let mut kernels: Vec<Row> = Vec::new();
    for (dispatch, time) in plan.step(Pass::Training).zip(&timing.dispatches) {
        let kernel = &plan.kernels[dispatch.kernel];
        let (seconds, multiply_adds) = (time.as_secs_f64(), kernel.op.work().multiply_adds);
        let known = kernels.iter().position(|row| row.kernel == kernel.label);
        let at = known.unwrap_or_else(|| {
            kernels.push(Row { kernel: kernel.label.clone(), ..Row::default() });
            kernels.len() - 1
        });
        kernels[at].add(1, seconds, multiply_adds, all);
    }
    Ok(Some(KernelTimes {
        network: network.name.clone(),
        batch,
        strategy: *strategy,
        clock: timing.clock,
        kernel_seconds: all,
        step_seconds: step.as_secs_f64(),
        kernels,
    }))
}

impl Row {
    /// Adds dispatches of a step whose kernels take `all` seconds together.
    fn add(&mut self, dispatches: usize, seconds: f64, multiply_adds: u64, all: f64) {
        self.dispatches += dispatches;
        self.seconds += seconds;
        self.multiply_adds += multiply_adds;
        self.share = self.seconds / all.max(1e-12);
        if self.seconds > 0.0 {
            self.multiply_adds_per_second = self.multiply_adds as f64 / self.seconds;
        }
    }
}

impl KernelTimes {
    /// Formats the table for a terminal.
    pub fn text(&self) -> String {
        let headings =
            ["kernel", ">dispatches", ">microseconds", ">share", ">10^9 multiply-adds/s"];
        let mut table = Table::new(&headings);
        let mut total = Row { kernel: "total".into(), ..Row::default() };
        for row in &self.kernels {
            total.add(row.dispatches, row.seconds, row.multiply_adds, self.kernel_seconds);
        }
        for row in self.kernels.iter().chain([&total]) {
            table.row([
                row.kernel.clone(),
                thousands(row.dispatches),
                format!("{:.1}", 1e6 * row.seconds),
                format!("{:.1} %", 100.0 * row.share),
                format!("{:.2}", 1e-9 * row.multiply_adds_per_second),
            ]);
        }
        let clock = match self.clock {
            Clock::Timestamps => "the adapter's timestamps",
            Clock::Submissions => "the host's clock around submissions, for want of timestamps",
        };
        format!(
            "kernels of a training step of {}, batch {}, {}: each alone, by {clock}\n\n{}a step as \
             a run does it: {:.1} microseconds\n",
            self.network,
            thousands(self.batch),
            self.strategy.name(),
            table.text(),
            1e6 * self.step_seconds
        )
    }
}
