//! The time of each kernel of a training step, for `lenet bench --kernels`.

use std::time::Duration;

use serde_json::{Value, json};

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

/// Rounds of timestamps, or times that a dispatch is repeated, at most.
const MOST_ROUNDS: u32 = 15;
/// Seconds that the rounds may take, where more than one has to be made.
const MOST_SECONDS: f64 = 1.0;
/// Launches of each dispatch in a round.
const LAUNCHES: f64 = 6.0;

/// Dispatches of one label, added up.
struct Row {
    label: String,
    dispatches: usize,
    /// In one step.
    time: Duration,
    multiply_adds: u64,
}

/// A training step, kernel by kernel.
pub struct KernelTimes {
    network: String,
    batch: usize,
    strategy: Strategy,
    clock: Clock,
    rows: Vec<Row>,
    /// A step as a run does it, many to a pass.
    step: Duration,
}

/// Times the kernels of a training step, which takes `step` as a run does it, if the device is an
/// adapter.
///
/// # Errors
/// [`crate::Error::Adapter`] if the adapter fails.
pub fn time(
    device: &Device,
    settings: &Settings,
    mnist: &Mnist,
    step: Duration,
) -> Result<Option<KernelTimes>> {
    let Settings { network, batch, strategy, .. } = settings;
    // One step on the first digits, again and again.
    let mut digits = mnist.train.clone();
    digits.truncate(*batch);
    let lists = Lists::new(&[&digits], digits.len(), Vec::new());
    let capacity = lists.capacity(*batch);
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
    session.epoch(&order, 1, |_| 0.0, &mut |_| true)?;
    let fit = MOST_SECONDS / (LAUNCHES * step.as_secs_f64().max(1e-9));
    let rounds = (fit as u32).clamp(1, MOST_ROUNDS);
    let Some(timing) = session.executor().time_step(rounds)? else { return Ok(None) };

    let mut rows: Vec<Row> = Vec::new();
    for (dispatch, &time) in plan.step(Pass::Training).zip(&timing.dispatches) {
        let kernel = &plan.kernels[dispatch.kernel];
        let multiply_adds = kernel.op.work().multiply_adds;
        match rows.iter_mut().find(|row| row.label == kernel.label) {
            Some(row) => {
                row.dispatches += 1;
                row.time += time;
                row.multiply_adds += multiply_adds;
            }
            None => {
                rows.push(Row { label: kernel.label.clone(), dispatches: 1, time, multiply_adds });
            }
        }
    }
    let (network, batch, strategy, clock) = (network.name.clone(), *batch, *strategy, timing.clock);
    Ok(Some(KernelTimes { network, batch, strategy, clock, rows, step }))
}

impl KernelTimes {
    fn clock(&self) -> &'static str {
        match self.clock {
            Clock::Timestamps => "the adapter's timestamps",
            Clock::Submissions => "the host's clock around submissions, for want of timestamps",
        }
    }

    fn total(&self) -> Duration {
        self.rows.iter().map(|row| row.time).sum()
    }

    /// For a terminal.
    pub fn text(&self) -> String {
        let headings =
            ["kernel", ">dispatches", ">microseconds", ">share", ">10^9 multiply-adds/s"];
        let mut table = Table::new(&headings);
        let total = self.total();
        let mut line = |label: &str, dispatches: usize, time: Duration, multiply_adds: u64| {
            table.row([
                label.to_string(),
                thousands(dispatches),
                format!("{:.1}", 1e6 * time.as_secs_f64()),
                format!("{:.1} %", 100.0 * share(time, total)),
                format!("{:.2}", 1e-9 * per_second(multiply_adds, time)),
            ]);
        };
        for row in &self.rows {
            line(&row.label, row.dispatches, row.time, row.multiply_adds);
        }
        let dispatches = self.rows.iter().map(|row| row.dispatches).sum();
        let multiply_adds = self.rows.iter().map(|row| row.multiply_adds).sum();
        line("total", dispatches, total, multiply_adds);
        format!(
            "kernels of a training step of {}, batch {}, {}: each alone, by {}\n\n{}a step as \
             a run does it: {:.1} microseconds\n",
            self.network,
            thousands(self.batch),
            self.strategy.name(),
            self.clock(),
            table.text(),
            1e6 * self.step.as_secs_f64()
        )
    }

    /// For a program.
    pub fn json(&self) -> Value {
        let total = self.total();
        let row = |row: &Row| {
            json!({
                "kernel": row.label,
                "dispatches": row.dispatches,
                "seconds": row.time.as_secs_f64(),
                "share": share(row.time, total),
                "multiply_adds": row.multiply_adds,
                "multiply_adds_per_second": per_second(row.multiply_adds, row.time),
            })
        };
        json!({
            "network": self.network,
            "batch": self.batch,
            "plan": self.strategy.name(),
            "clock": match self.clock {
                Clock::Timestamps => "timestamps",
                Clock::Submissions => "submissions",
            },
            "kernel_seconds": total.as_secs_f64(),
            "step_seconds": self.step.as_secs_f64(),
            "kernels": self.rows.iter().map(row).collect::<Vec<_>>(),
        })
    }
}

fn share(time: Duration, total: Duration) -> f64 {
    time.as_secs_f64() / total.as_secs_f64().max(1e-12)
}

/// 0 where the time was too short to be seen.
fn per_second(multiply_adds: u64, time: Duration) -> f64 {
    if time.is_zero() { 0.0 } else { multiply_adds as f64 / time.as_secs_f64() }
}
