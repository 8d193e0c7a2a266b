//! `lenet doctor`: what an adapter is, whether it computes correctly, and what to do where it does not.
//!
//! GPU programs fail in ways that look like success: a loop cut short, a sum that misses a term, an array that is
//! not zeroed. So every part here compares with answers that are known beforehand.

mod advice;
pub mod checks;
mod differences;
pub mod drivers;
mod kernels;
pub mod known;
mod repeat;
mod speed;
mod subject;
mod text;
mod training;

use std::time::{Duration, Instant};

use serde::Serialize;

use crate::data;
use crate::device::{Device, PlanChoice};
use crate::error::Result;
use crate::gpu::check::Checker;
use crate::gpu::facts::{Facts, Need};
use crate::gpu::{Adapter, adapter};
use crate::plan::Strategy;
use crate::tuned::Tuned;
use crate::{selftest, threads, version};
use checks::Answer;
use drivers::Drivers;
use known::Problem;
use repeat::Repeated;
use speed::Figure;
use training::Training;

/// Version of the JSON form.
const FORMAT: u32 = 1;

/// Everything that was found out.
#[derive(Debug, Serialize)]
pub struct Report {
    format: u32,
    /// Version and commit of this program.
    lenet: String,
    drivers: Drivers,
    /// What to do, besides what a fault says itself.
    advice: Vec<String>,
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
    /// What others met on such adapters.
    known: Vec<Problem>,
    checks: Vec<Answer>,
    training: Vec<Training>,
    repeated: Option<Repeated>,
    speed: Vec<Figure>,
    /// Errors: one for each plan that failed, and the one that ended the examination, if any.
    failures: Vec<String>,
}

/// How much to examine.
#[derive(Debug, Clone, Copy)]
pub struct Scope {
    /// Whether every plan trains, not only those that `auto` takes.
    pub all: bool,
    /// How long the same steps are repeated besides.
    pub repeat: Option<Duration>,
}

/// Examines an adapter, or says what to do where there is none; `say` is told what is being done.
pub fn examine(adapter: Option<&Adapter>, scope: Scope, say: &dyn Fn(&str)) -> Report {
    let start = Instant::now();
    let adapters: Vec<String> =
        adapter::all().iter().map(|other| adapter::describe(&other.get_info())).collect();
    let adapter = adapter.map(|adapter| Examined::of(adapter, scope, say));
    let drivers = Drivers::find();
    let mut report = Report {
        format: FORMAT,
        lenet: version::line(),
        advice: advice::of(adapter.as_ref(), &drivers, scope.all),
        drivers,
        adapters,
        adapter,
        faults: Vec::new(),
        seconds: start.elapsed().as_secs_f64(),
    };
    report.faults = match &report.adapter {
        Some(examined) => examined.faults(),
        None => vec![format!("no adapter was found: {}", report.drivers.remedy())],
    };
    report
}

impl Report {
    /// The report on one screen.
    pub fn text(&self) -> String {
        text::of(self)
    }
}

impl Examined {
    /// Examines an adapter as far as it goes.
    fn of(adapter: &Adapter, scope: Scope, say: &dyn Fn(&str)) -> Examined {
        say("self-test");
        // What is remembered of the adapter is not asked here.
        let facts = Facts::of(adapter, selftest::test(adapter));
        let mut examined = Examined {
            limits: facts.needs(),
            known: known::matching(&facts),
            facts,
            checks: Vec::new(),
            training: Vec::new(),
            repeated: None,
            speed: Vec::new(),
            failures: Vec::new(),
        };
        if let Err(error) = examined.compute(adapter, scope, say) {
            examined.failures.push(error.to_string());
        }
        examined
    }

    /// Lets the adapter compute; what was found before an error stays.
    fn compute(&mut self, adapter: &Adapter, scope: Scope, say: &dyn Fn(&str)) -> Result<()> {
        say("known answers");
        let checker = Checker::new(adapter)?;
        self.checks = checks::ask(&checker);
        say("speed");
        self.speed = speed::measure(&checker, self.facts.software)?;
        if self.facts.health.is_err() {
            return Ok(());
        }
        let device = Device::adapter(adapter.clone(), None, &Tuned::default())?;
        let mnist = data::builtin()?;
        let plans = match scope.all {
            true => Strategy::ALL.map(PlanChoice::Named).to_vec(),
            false => vec![PlanChoice::Auto],
        };
        // Nothing else computes while the adapter is timed; then the references do on all cores.
        let mut trained = Vec::new();
        for case in training::CASES {
            say(&format!("training {} by {}", case.0, case.1));
            let train = |&plan| training::train(adapter, &device, &mnist, case, plan);
            trained.push((case, plans.iter().map(train).collect::<Vec<_>>()));
        }
        say("references");
        let cores = threads::available();
        let compared = threads::each(trained, cores, |(case, trained)| -> Result<Vec<_>> {
            let expected = training::reference(&mnist, case)?;
            Ok(trained.into_iter().map(|one| one?.compare(&expected)).collect())
        });
        for case in compared {
            for one in case? {
                match one {
                    Ok(training) => self.training.push(training),
                    Err(failure) => self.failures.push(failure),
                }
            }
        }
        let (network, optimizer) = training::LENET5;
        let is_told = |done: &&Training| (&*done.network, &*done.optimizer) == (network, optimizer);
        if let Some(training) = self.training.iter().find(is_told) {
            self.speed.extend(speed::of_training(training, self.facts.software));
        }
        if let Some(time) = scope.repeat {
            say("the same steps again and again");
            self.repeated = Some(repeat::repeat(adapter, &device, &mnist, time, say)?);
        }
        Ok(())
    }

    /// What does not hold.
    fn faults(&self) -> Vec<String> {
        let short = self.limits.iter().filter(|limit| limit.have < limit.need);
        let short = short.map(|limit| {
            format!("{}: {} are needed, and it has {}", limit.name, limit.need, limit.have)
        });
        let wrong = self.checks.iter().filter(|answer| answer.required && !answer.passed);
        let wrong = wrong.map(|answer| format!("{}: {}", answer.name, answer.verdict()));
        let trained = self.training.iter().filter_map(Training::fault);
        let repeated = self.repeated.as_ref().and_then(Repeated::fault);
        let health = self.facts.health.as_ref().err();
        // Both may have met the same.
        let failures = self.failures.iter().filter(|&failure| Some(failure) != health);
        let failed = health.into_iter().chain(failures);
        short.chain(wrong).chain(trained).chain(repeated).chain(failed.cloned()).collect()
    }
}
