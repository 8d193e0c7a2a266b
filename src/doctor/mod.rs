//! `lenet doctor`: what an adapter is, whether it computes rightly, and what to do where it does not.
//!
//! GPU programs fail in ways that look like success: a loop cut short, a sum that misses a term, an array that is
//! not zeroed. So every part here compares with answers that are known beforehand.

pub mod checks;
pub mod drivers;
pub mod known;
mod text;

use std::time::Instant;

use serde::Serialize;
use wgpu::Adapter;

use crate::error::Result;
use crate::gpu::adapter;
use crate::gpu::check::Checker;
use crate::gpu::facts::{Facts, Need};
use crate::{selftest, version};
use checks::Answer;
use drivers::Drivers;
use known::Problem;

/// Version of the JSON form.
const FORMAT: u32 = 1;

/// Everything that was found out.
#[derive(Debug, Serialize)]
pub struct Report {
    format: u32,
    /// Version and commit of this program.
    lenet: String,
    drivers: Drivers,
    /// Every adapter of this machine, in the order of `lenet adapters`.
    adapters: Vec<String>,
    /// The one that was examined.
    adapter: Option<Examined>,
    /// What does not hold, one sentence each.
    pub faults: Vec<String>,
    seconds: f64,
}

/// An adapter that was examined.
#[derive(Debug, Serialize)]
struct Examined {
    facts: Facts,
    limits: Vec<Need>,
    checks: Vec<Answer>,
    /// What others met on such adapters.
    known: Vec<Problem>,
}

/// Examines an adapter, or says what to do where there is none.
///
/// # Errors
/// [`crate::Error::Adapter`] if the adapter gives no device.
pub fn examine(adapter: Option<&Adapter>) -> Result<Report> {
    let start = Instant::now();
    let adapters: Vec<String> =
        adapter::all().iter().map(|other| adapter::describe(&other.get_info())).collect();
    let mut report = Report {
        format: FORMAT,
        lenet: version::line(),
        drivers: Drivers::find(),
        adapters,
        adapter: adapter.map(Examined::of).transpose()?,
        faults: Vec::new(),
        seconds: start.elapsed().as_secs_f64(),
    };
    report.faults = match &report.adapter {
        Some(examined) => examined.faults(),
        None => vec![format!("no adapter was found: {}", report.drivers.remedy())],
    };
    Ok(report)
}

impl Report {
    /// The report on one screen.
    pub fn text(&self) -> String {
        text::of(self)
    }
}

impl Examined {
    fn of(adapter: &Adapter) -> Result<Examined> {
        let checks = checks::ask(&Checker::new(adapter)?);
        let facts = Facts::of(adapter, selftest::test(adapter));
        Ok(Examined { limits: facts.needs(), known: known::of(&facts), facts, checks })
    }

    /// What does not hold.
    fn faults(&self) -> Vec<String> {
        let short = self.limits.iter().filter(|limit| limit.have < limit.need);
        let short = short.map(|limit| {
            format!("{}: {} are needed, and it has {}", limit.name, limit.need, limit.have)
        });
        let wrong = self.checks.iter().filter(|answer| answer.required && !answer.passed);
        let wrong = wrong.map(|answer| format!("{}: {}", answer.name, answer.verdict()));
        short.chain(wrong).chain(self.facts.health.as_ref().err().cloned()).collect()
    }
}
