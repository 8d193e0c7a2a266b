//! What the finished runs of a row came to.

use std::fs;
use std::path::Path;

use serde::Deserialize;

use super::jobs;
use super::rows::Row;
use super::statistics::Sample;
use crate::error::{Error, Result};
use crate::evaluation::rejection::{self, Point};
use crate::evaluation::{self, Answer, TEST_DIGITS, percent};
use crate::recipe::Settings;
use crate::report::files::{METRICS, RUN};
use crate::train::model::Model;

/// The smallest, the middle and the largest of a layer's numbers.
#[derive(Debug, Clone, Copy, PartialEq, Deserialize)]
pub struct Range {
    pub least: f32,
    pub median: f32,
    pub largest: f32,
}

/// Second derivatives and learning rates of a layer in an epoch, where the optimizer has them.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct LayerCurvature {
    pub layer: String,
    pub h: Range,
    pub rate: Range,
}

/// A line of `metrics.jsonl`, as far as it is used here.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct Line {
    pub epoch: usize,
    train_accuracy: f64,
    test_accuracy: f64,
    pub seconds: f64,
    #[serde(default)]
    pub curvature: Vec<LayerCurvature>,
}

impl Line {
    /// Error on the training digits in per cent, while it trained.
    pub fn train_error(&self) -> f64 {
        100.0 * (1.0 - self.train_accuracy)
    }

    /// Error on the test digits in per cent.
    pub fn test_error(&self) -> f64 {
        100.0 * (1.0 - self.test_accuracy)
    }
}

/// A finished run.
#[derive(Debug, Clone)]
pub struct Run {
    pub seed: u64,
    /// The adapter, or the CPU.
    pub device: String,
    pub lines: Vec<Line>,
    /// Wrong answers to test digits after the last epoch, as the run counted them.
    pub errors: usize,
    pub digits: usize,
    pub model: Model,
    /// In the order of the run's test digits.
    pub answers: Vec<Answer>,
}

impl Run {
    /// Reads a folder; `answers` are those of its model, `model` itself.
    ///
    /// # Errors
    /// [`Error::Data`] naming the file that is missing or broken.
    pub fn read(
        folder: &Path,
        settings: &Settings,
        model: Model,
        answers: Vec<Answer>,
    ) -> Result<Run> {
        let broken = |name: &str, what: &dyn std::fmt::Display| {
            Error::cannot_read(&folder.join(name), what, "remove the folder and run this again")
        };
        let record = jobs::record(folder).ok_or_else(|| broken(RUN, &"it is missing or broken"))?;
        let errors = record["result"]["final"]["test_errors"].as_u64();
        let errors = errors.ok_or_else(|| broken(RUN, &"it has no result"))? as usize;
        let text = fs::read_to_string(folder.join(METRICS)).map_err(|e| broken(METRICS, &e))?;
        let lines: Result<Vec<Line>, _> = text.lines().map(serde_json::from_str).collect();
        Ok(Run {
            seed: settings.seed,
            device: record["device"].as_str().unwrap_or_default().into(),
            lines: lines.map_err(|e| broken(METRICS, &e))?,
            errors,
            digits: settings.test,
            model,
            answers,
        })
    }

    /// Test error after the last epoch in per cent.
    pub fn error(&self) -> f64 {
        percent(self.errors, self.digits)
    }

    /// Training and evaluations, in seconds.
    pub fn seconds(&self) -> f64 {
        self.lines.iter().map(|line| line.seconds).sum()
    }

    /// Errors against rejected digits.
    pub fn rejection(&self) -> Vec<Point> {
        rejection::curve(&self.answers)
    }

    /// Error in per cent on the first and on the last 5,000 test digits, where all were asked.
    pub fn halves(&self) -> Option<[f64; 2]> {
        let halves = evaluation::halves(&self.answers)?;
        Some(halves.map(|errors| percent(errors, TEST_DIGITS / 2)))
    }
}

/// All runs of a row, by seed; there is at least one.
#[derive(Debug, Clone)]
pub struct RowResults {
    pub row: Row,
    /// Of the first run; the others differ in the seed.
    pub settings: Settings,
    pub runs: Vec<Run>,
}

/// A number at an epoch or a share, with its spread over the runs.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Spread {
    pub x: f64,
    pub sample: Sample,
}

impl RowResults {
    /// What a number of each run comes to.
    pub fn sample(&self, of: impl Fn(&Run) -> f64) -> Sample {
        let numbers: Vec<f64> = self.runs.iter().map(of).collect();
        Sample::of(&numbers).expect("a row has a run")
    }

    /// The same where only some runs may have the number; `None` unless all have it.
    pub fn sample_of_all(&self, of: impl Fn(&Run) -> Option<f64>) -> Option<Sample> {
        let numbers: Option<Vec<f64>> = self.runs.iter().map(of).collect();
        Sample::of(&numbers?)
    }

    /// A number of each epoch.
    pub fn by_epoch(&self, of: impl Fn(&Line) -> f64) -> Vec<Spread> {
        let epochs = self.runs.iter().map(|run| run.lines.len()).min().unwrap_or(0);
        let spread = |epoch: usize| Spread {
            x: epoch as f64 + 1.0,
            sample: self.sample(|run| of(&run.lines[epoch])),
        };
        (0..epochs).map(spread).collect()
    }

    /// The run in the middle by its errors, the lower seed of equals: the one that is drawn.
    pub fn typical(&self) -> &Run {
        let mut runs: Vec<&Run> = self.runs.iter().collect();
        runs.sort_by_key(|run| (run.errors, run.seed));
        runs[(runs.len() - 1) / 2]
    }
}
