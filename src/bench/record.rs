//! What `lenet bench` found: a table for a person, or a record that says by itself what was measured
//! and on what. docs/record.md describes its fields.

use serde_json::{Value, json};

use super::engine::{Protocol, Throughput};
use super::kernels::KernelTimes;
use super::machine;
use super::measure::{Figure, LeftOut};
use crate::cpu::fast::Instructions;
use crate::gpu::facts::Facts;
use crate::network::Named;
use crate::run::record;
use crate::text::{Table, thousands};
use crate::threads;

/// What the record is, for a reader that meets many kinds of JSON.
const KIND: &str = "lenet-bench";
/// Raised when a field changes its meaning or goes.
const SCHEMA: u32 = 1;

/// All that was found.
pub struct Record {
    /// The adapter and the profile that it ran with.
    pub adapter: Option<(Facts, &'static str)>,
    /// Threads of the CPU, if it was measured.
    pub threads: Option<usize>,
    pub protocol: Protocol,
    /// Whether digits were distorted in training.
    pub distort: bool,
    pub figures: Vec<Figure>,
    pub left_out: Vec<LeftOut>,
    pub kernels: Vec<KernelTimes>,
    /// Seconds of the whole measurement, compilation included.
    pub seconds: f64,
}

impl Record {
    pub fn json(&self) -> Value {
        let (facts, profile) = self.adapter.as_ref().map(|(facts, name)| (facts, name)).unzip();
        json!({
            "kind": KIND,
            "schema": SCHEMA,
            "command": record::command(),
            "unix_time": machine::unix_time(),
            "took_seconds": self.seconds,
            "program": machine::program(),
            "machine": machine::machine(),
            "adapter": facts.map(Facts::json),
            "profile": profile,
            "threads": self.threads,
            "repeats": self.protocol.repeats,
            "seconds": self.protocol.time.as_secs_f64(),
            "distort": self.distort,
            "figures": self.figures,
            "left_out": self.left_out,
            "kernels": self.kernels,
        })
    }

    /// Formats the record for a terminal.
    pub fn text(&self) -> String {
        let mut text = String::new();
        if let Some((facts, profile)) = &self.adapter {
            let Facts { name, backend, driver, driver_info, .. } = facts;
            text.push_str(&format!("adapter  {name} ({backend}, {driver} {driver_info})\n"));
            text.push_str(&format!("profile  {profile}\n"));
        }
        let (cpu, cores) = (machine::cpu_model(), threads::available());
        text.push_str(&format!("CPU      {cpu}, {cores} cores\n"));
        if let Some(threads) = self.threads {
            let instructions = Instructions::detect().name();
            text.push_str(&format!("         cpu: {instructions}, {threads} threads\n"));
        }
        if self.figures.iter().any(|figure| figure.naive.is_some()) {
            text.push_str(
                "         naive: the reference, loops in double precision on one thread\n",
            );
        }
        text.push_str(&format!(
            "digits a second: median (least .. most) of {} measurements of {} s{}\n\n{}",
            self.protocol.repeats,
            self.protocol.time.as_secs_f64(),
            if self.distort { ", digits distorted in training" } else { "" },
            self.table().text()
        ));
        self.kernels.iter().for_each(|times| text.push_str(&format!("\n{}", times.text())));
        text
    }

    fn table(&self) -> Table {
        let mut headings = vec!["network", ">batch", "plan", "work"];
        for side in [">adapter", ">cpu", ">naive"] {
            headings.extend([side, ">(range)"]);
        }
        let mut table = Table::new(&headings);
        let whole = |rate: f64| thousands(rate.round() as u64);
        let shown = |rates: &Option<Throughput>| match rates {
            None => ["-".to_string(), String::new()],
            Some(rates) => {
                [whole(rates.median), format!("({} .. {})", whole(rates.min), whole(rates.max))]
            }
        };
        for figure in &self.figures {
            let head = [
                figure.network.clone(),
                thousands(figure.batch),
                figure.strategy.name().to_string(),
                figure.work.name().to_string(),
            ];
            let rates = [&figure.adapter, &figure.cpu, &figure.naive];
            table.row(head.into_iter().chain(rates.into_iter().flat_map(shown)));
        }
        table
    }
}
