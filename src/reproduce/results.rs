//! What the finished runs of a row came to.

use std::path::Path;

use super::rejection::{self, Call, Point};
use super::rows::Row;
use super::statistics::Sample;
use crate::error::{Error, Result};
use crate::network::CLASSES;
use crate::recipe::Settings;
use crate::report::files::METRICS;
use crate::runs::{Line, Record};
use crate::train::model::Model;

/// Digits of MNIST's test set, whose halves come from two groups of writers.
const TEST_DIGITS: usize = 10_000;

/// What a run's network says to a test digit.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Answer {
    /// Number in the test set.
    pub digit: usize,
    pub label: u8,
    pub said: u8,
    /// Difference between the two best outputs.
    pub margin: f32,
}

impl Answer {
    /// Whether the network is wrong.
    pub fn is_wrong(&self) -> bool {
        self.label != self.said
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
        let way_out = "remove the folder and run this again";
        let record = Record::read(folder, way_out)?;
        let Some(last) = record.last() else {
            let path = folder.join(METRICS);
            return Err(Error::cannot_read(&path, "it has no epoch", way_out));
        };
        Ok(Run {
            seed: settings.seed,
            errors: last.test_errors,
            device: record.device,
            lines: record.lines,
            digits: settings.test,
            model,
            answers,
        })
    }

    /// Test error after the last epoch in per cent.
    pub fn error(&self) -> f64 {
        100.0 * self.errors as f64 / self.digits as f64
    }

    /// Training and evaluations, in seconds.
    pub fn seconds(&self) -> f64 {
        self.lines.iter().map(|line| line.seconds).sum()
    }

    /// Errors against rejected digits.
    pub fn rejection(&self) -> Vec<Point> {
        let call = |answer: &Answer| Call { margin: answer.margin, wrong: answer.is_wrong() };
        rejection::curve(&self.answers.iter().map(call).collect::<Vec<_>>())
    }

    /// Error in per cent on the first and on the last 5,000 test digits, where all were asked.
    pub fn halves(&self) -> Option<[f64; 2]> {
        let half = TEST_DIGITS / 2;
        let error = |answers: &[Answer]| {
            100.0 * answers.iter().filter(|answer| answer.is_wrong()).count() as f64 / half as f64
        };
        let (first, last) = self.answers.split_at(self.answers.len().min(half));
        (self.answers.len() == TEST_DIGITS).then(|| [error(first), error(last)])
    }

    /// How often a label (row) was answered with a digit (column).
    pub fn confusion(&self) -> [[usize; CLASSES]; CLASSES] {
        let mut counts = [[0; CLASSES]; CLASSES];
        for answer in &self.answers {
            counts[usize::from(answer.label)][usize::from(answer.said)] += 1;
        }
        counts
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
