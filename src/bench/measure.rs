//! Training and inference on an adapter and the CPU, in turns: the figures of `lenet bench`.

use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::Say;
use super::engine::{Rates, Subject, Work};
use crate::device::Device;
use crate::error::Result;
use crate::plan::Strategy;
use crate::recipe::Settings;
use crate::train::session::Lists;

/// How many times longer than asked for the measurements of a figure may take together. A submission
/// that runs ahead when the time is over is waited for, which is up to twice a short time.
const PATIENCE: u32 = 4;

/// What is measured, in the order of [`Column::rates`].
const WORK: [Work; 2] = [Work::Training, Work::Inference];

/// Who is measured.
pub struct Devices<'a> {
    pub adapter: Option<&'a Device>,
    pub cpu: Option<Device>,
    pub naive: Option<Device>,
}

/// How long and how often.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// Of one measurement, in which a side makes one submission at least.
    pub time: Duration,
    /// Measurements of a figure, fewer where they take much longer than `time`: none begins once
    /// those before took [`PATIENCE`] times what all should.
    pub repeats: usize,
    /// Whether a plan that the adapter refuses is left out, in place of an error.
    pub leave_out: bool,
}

/// A row of the table.
pub struct Figure {
    pub network: String,
    pub batch: usize,
    /// Of the adapter; the CPU has layers only.
    pub strategy: Strategy,
    pub work: Work,
    pub adapter: Option<Rates>,
    pub cpu: Option<Rates>,
    pub naive: Option<Rates>,
}

/// A plan that the adapter refused, and why.
pub struct LeftOut {
    pub network: String,
    pub batch: usize,
    pub strategy: Strategy,
    pub reason: String,
}

/// A network on a device, and what was measured of it.
struct Column {
    subject: Subject,
    rates: [Rates; 2],
    spent: [Duration; 2],
}

/// Measures the plans of one network and batch on the adapter, and the network on the CPU, each once
/// a turn; where there is no adapter, the CPU alone.
///
/// # Errors
/// [`crate::Error::Adapter`] if the adapter fails.
pub fn measure(
    plans: &[Settings],
    devices: &Devices,
    lists: &Lists,
    limits: Limits,
    say: Say,
) -> Result<(Vec<Figure>, Vec<LeftOut>)> {
    let mut left_out = Vec::new();
    let mut adapters = Vec::new();
    for settings in plans {
        let column = devices.adapter.map(|device| Column::new(settings, device, lists));
        match column.transpose() {
            Ok(column) => adapters.push((settings, column)),
            Err(error) if limits.leave_out => {
                left_out.push(LeftOut::new(settings, error.to_string(), say));
            }
            Err(error) => return Err(error),
        }
    }
    let Some(&(first, _)) = adapters.first() else { return Ok((Vec::new(), left_out)) };
    let layered = Settings { strategy: Strategy::Layered, ..first.clone() };
    let column = |device: &Device| Column::new(&layered, device, lists);
    let mut cpu = devices.cpu.as_ref().map(column).transpose()?;
    let mut naive = devices.naive.as_ref().map(column).transpose()?;
    for _ in 0..limits.repeats {
        let plans = adapters.iter_mut().filter_map(|(_, column)| column.as_mut());
        for column in plans.chain(&mut cpu).chain(&mut naive) {
            column.turn(limits)?;
        }
    }
    let mut figures = Vec::new();
    for (settings, adapter) in &adapters {
        for (index, work) in WORK.into_iter().enumerate() {
            let of = |column: &Option<Column>| Some(column.as_ref()?.rates[index].clone());
            figures.push(Figure {
                network: settings.network.name.clone(),
                batch: settings.batch,
                strategy: settings.strategy,
                work,
                adapter: of(adapter),
                cpu: of(&cpu),
                naive: of(&naive),
            });
        }
    }
    Ok((figures, left_out))
}

impl Column {
    fn new(settings: &Settings, device: &Device, lists: &Lists) -> Result<Self> {
        let mut subject = Subject::new(settings, device, lists)?;
        subject.warm_up(&WORK, device)?;
        Ok(Column { subject, rates: Default::default(), spent: Default::default() })
    }

    /// One measurement of each work, unless those before took too long.
    fn turn(&mut self, limits: Limits) -> Result<()> {
        for (index, spent) in self.spent.iter_mut().enumerate() {
            if *spent >= PATIENCE * limits.time * limits.repeats as u32 {
                continue;
            }
            let start = Instant::now();
            let rate = self.subject.measure(WORK[index], limits.time)?;
            *spent += start.elapsed();
            self.rates[index].add(rate);
        }
        Ok(())
    }
}

impl Figure {
    /// The adapter by the CPU.
    pub fn ratio(&self) -> Option<f64> {
        Some(self.adapter.as_ref()?.median() / self.cpu.as_ref()?.median())
    }

    /// For a program.
    pub fn json(&self) -> Value {
        json!({
            "network": self.network,
            "batch": self.batch,
            "plan": self.strategy.name(),
            "work": self.work.name(),
            "adapter": self.adapter.as_ref().map(Rates::json),
            "cpu": self.cpu.as_ref().map(Rates::json),
            "naive": self.naive.as_ref().map(Rates::json),
            "ratio": self.ratio(),
        })
    }
}

impl LeftOut {
    fn new(settings: &Settings, reason: String, say: Say) -> Self {
        let Settings { network, batch, strategy, .. } = settings;
        let name = strategy.name();
        say(&format!("{name} is left out at batch {batch}: {reason}"));
        LeftOut { network: network.name.clone(), batch: *batch, strategy: *strategy, reason }
    }

    /// For a program.
    pub fn json(&self) -> Value {
        json!({
            "network": self.network,
            "batch": self.batch,
            "plan": self.strategy.name(),
            "reason": self.reason,
        })
    }
}
