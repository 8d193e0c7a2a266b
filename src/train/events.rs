//! The events of a run, and the [`Report`] that gets them. The modules that write them to files, pages
//! and terminals are higher up; nothing here prints.

use std::time::Duration;

use serde_json::Value;

use super::Outcome;
use super::checkpoint::{State, Tally};
use super::curvature::LayerCurvature;
use super::session::Metrics;
use crate::error::{Error, Result};
use crate::recipe::Settings;

/// Before the first step.
#[derive(Debug, Clone)]
pub struct Start<'a> {
    pub settings: &'a Settings,
    /// The adapter with its driver, or the CPU with its instructions and threads.
    pub device: &'a str,
    /// Launch profile: `software`, `gpu`, or `reference` for the CPU.
    pub profile: &'static str,
    /// Everything that the run's bits depend on, as [`super::checkpoint`] keeps it.
    pub identity: &'a Value,
    /// What else the record of the run says: an object.
    pub about: &'a Value,
    /// Where a stopped run resumes: completed epochs, steps done since.
    pub from: Option<(usize, usize)>,
    /// The epochs before the checkpoint that the run resumes from; empty without one.
    pub before: &'a [Tally],
    /// Where the results will be.
    pub out: &'a str,
}

/// How far a run is.
#[derive(Debug, Clone, Copy)]
pub struct Progress {
    /// Number of the epoch, from 1.
    pub epoch: usize,
    /// Number of the step over all epochs, from 1.
    pub step: usize,
    /// Steps of the run.
    pub steps: usize,
    /// Learning rate of this step.
    pub lr: f32,
    /// Digits over all epochs.
    pub done: usize,
    pub all: usize,
    /// Since the first step of this call of the program, pauses left out.
    pub time: Duration,
}

/// A completed epoch.
#[derive(Debug, Clone)]
pub struct Epoch {
    /// Number of the epoch, from 1.
    pub epoch: usize,
    /// Learning rate of its last step.
    pub lr: f32,
    /// Summed while it trained, so the network was a little worse at its start.
    pub train: Metrics,
    /// After its last step.
    pub test: Metrics,
    pub validation: Option<Metrics>,
    /// The curvature that its steps used, layer by layer; empty without one.
    pub curvature: Vec<LayerCurvature>,
}

impl Epoch {
    /// The part of it that a checkpoint keeps.
    pub fn tally(&self) -> Tally {
        Tally {
            epoch: self.epoch,
            digits: self.test.digits,
            errors: self.test.errors,
            validation_errors: self.validation.map(|metrics| metrics.errors),
        }
    }

    /// Training and evaluations, in seconds.
    pub fn seconds(&self) -> f64 {
        let sets = [Some(self.train), Some(self.test), self.validation];
        sets.into_iter().flatten().map(|metrics| metrics.time.as_secs_f64()).sum()
    }
}

/// After the last step.
#[derive(Debug, Clone, Copy)]
pub struct End<'a> {
    pub outcome: &'a Outcome,
    pub out: &'a str,
    /// Whether no shader ran though the user did not ask for the CPU.
    pub fell_back: bool,
}

/// Where the events of a run go. A method does nothing unless the report implements it, and returns an
/// error if the report cannot be written.
pub trait Report {
    /// The run begins.
    fn start(&mut self, _start: &Start) -> Result<()> {
        Ok(())
    }
    /// Something that the user should know, and that does not stop the run.
    fn warn(&mut self, _what: &str) {}
    /// A submission was handed to the device.
    fn progress(&mut self, _progress: Progress) {}
    /// What it wants in the middle of an epoch: asked after every submission. The device is idle meanwhile.
    fn wants(&self) -> Wants {
        Wants::Nothing
    }
    /// The present state, for whoever wanted a look.
    fn look(&mut self, _state: &State) -> Result<()> {
        Ok(())
    }
    /// The state to keep: before the first step, where the run is stopped, or where a report wanted it.
    fn state(&mut self, _state: &State) -> Result<()> {
        Ok(())
    }
    /// An epoch was completed and left this state.
    fn epoch(&mut self, _epoch: &Epoch, _state: &State) -> Result<()> {
        Ok(())
    }
    /// The run has ended.
    fn end(&mut self, _end: &End) -> Result<()> {
        Ok(())
    }
    /// The run has failed.
    fn fail(&mut self, _error: &Error) -> Result<()> {
        Ok(())
    }
}

/// What a report wants in the middle of an epoch.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Wants {
    Nothing,
    /// The present state, to show it: [`Report::look`].
    Look,
    /// The present state, to keep it: [`Report::state`] of every report.
    State,
}

/// No report at all.
impl Report for () {}

/// Several reports, one after the other.
pub struct All<'a>(pub Vec<Box<dyn Report + 'a>>);

impl Report for All<'_> {
    fn start(&mut self, start: &Start) -> Result<()> {
        self.0.iter_mut().try_for_each(|report| report.start(start))
    }
    fn warn(&mut self, what: &str) {
        self.0.iter_mut().for_each(|report| report.warn(what));
    }
    fn progress(&mut self, progress: Progress) {
        self.0.iter_mut().for_each(|report| report.progress(progress));
    }
    fn wants(&self) -> Wants {
        self.0.iter().map(|report| report.wants()).max().unwrap_or(Wants::Nothing)
    }
    fn look(&mut self, state: &State) -> Result<()> {
        self.0.iter_mut().try_for_each(|report| report.look(state))
    }
    fn state(&mut self, state: &State) -> Result<()> {
        self.0.iter_mut().try_for_each(|report| report.state(state))
    }
    fn epoch(&mut self, epoch: &Epoch, state: &State) -> Result<()> {
        self.0.iter_mut().try_for_each(|report| report.epoch(epoch, state))
    }
    fn end(&mut self, end: &End) -> Result<()> {
        self.0.iter_mut().try_for_each(|report| report.end(end))
    }
    fn fail(&mut self, error: &Error) -> Result<()> {
        self.0.iter_mut().try_for_each(|report| report.fail(error))
    }
}
