//! The folder of a run, read back: `run.json` and `metrics.jsonl`.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use serde::Deserialize;
use serde_json::Value;

use crate::error::{Error, Result};
use crate::report::files::{METRICS, RUN};

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

/// An epoch: a line of `metrics.jsonl`.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct Line {
    /// From 1.
    pub epoch: usize,
    /// Mean loss a digit, while it trained and after its last step.
    pub train_loss: f64,
    pub test_loss: f64,
    train_accuracy: f64,
    test_accuracy: f64,
    /// Wrong answers to test digits.
    pub test_errors: usize,
    /// Of the digits held back, where there are any.
    validation_accuracy: Option<f64>,
    /// Training and evaluations.
    pub seconds: f64,
    #[serde(default)]
    pub curvature: Vec<LayerCurvature>,
}

impl Line {
    /// Error on the training digits in per cent, while it trained.
    pub fn train_error(&self) -> f64 {
        percent(self.train_accuracy)
    }

    /// Error on the test digits in per cent.
    pub fn test_error(&self) -> f64 {
        percent(self.test_accuracy)
    }

    /// Error on the digits held back in per cent, where there are any.
    pub fn validation_error(&self) -> Option<f64> {
        self.validation_accuracy.map(percent)
    }
}

/// Without the noise of the subtraction: data sets have no more than a million digits.
fn percent(accuracy: f64) -> f64 {
    (1e6 * (1.0 - accuracy)).round() / 1e4
}

/// A setting, without its origin.
#[derive(Debug, Clone, Deserialize)]
struct Setting {
    value: Value,
}

/// A run.
#[derive(Debug, Clone, Deserialize)]
pub struct Record {
    #[serde(skip)]
    pub folder: PathBuf,
    /// The completed epochs.
    #[serde(skip)]
    pub lines: Vec<Line>,
    /// Of the program that made it.
    #[serde(rename = "lenet")]
    pub version: String,
    pub recipe: String,
    pub network: String,
    /// The adapter with its driver, or the CPU.
    pub device: String,
    /// `running` (or killed), `interrupted` or `complete`.
    pub status: String,
    settings: BTreeMap<String, Setting>,
    /// What its bits hang on; null in records of before there was one.
    #[serde(default)]
    pub identity: Value,
}

impl Record {
    /// Reads a folder; `way_out` says what to do about a broken one.
    ///
    /// # Errors
    /// [`Error::Data`] naming the file that is missing or broken.
    pub fn read(folder: &Path, way_out: &str) -> Result<Record> {
        let broken =
            |name: &str, what: String| Error::cannot_read(&folder.join(name), what, way_out);
        let text = |name: &str| {
            fs::read_to_string(folder.join(name)).map_err(|error| broken(name, error.to_string()))
        };
        let mut record: Record = serde_json::from_str(&text(RUN)?)
            .map_err(|error| broken(RUN, format!("it is no record of a run ({error})")))?;
        // A run that has no epoch yet may have no file of them either.
        let lines = if folder.join(METRICS).exists() { text(METRICS)? } else { String::new() };
        let lines: Result<Vec<Line>, _> = lines.lines().map(serde_json::from_str).collect();
        record.lines =
            lines.map_err(|error| broken(METRICS, format!("a line is no epoch ({error})")))?;
        record.folder = folder.into();
        Ok(record)
    }

    /// Settings by name.
    pub fn settings(&self) -> impl Iterator<Item = (&str, &Value)> {
        self.settings.iter().map(|(name, setting)| (name.as_str(), &setting.value))
    }

    /// A setting that is a whole number.
    pub fn number(&self, setting: &str) -> Option<u64> {
        self.settings.get(setting)?.value.as_u64()
    }

    /// Whether it came to its end.
    pub fn is_complete(&self) -> bool {
        self.status == "complete"
    }

    /// The last completed epoch, if there is one.
    pub fn last(&self) -> Option<&Line> {
        self.lines.last()
    }

    /// The epoch with the fewest test errors, the first of several.
    pub fn best(&self) -> Option<&Line> {
        self.lines.iter().min_by_key(|line| line.test_errors)
    }

    /// Training and evaluations of all epochs, in seconds.
    pub fn seconds(&self) -> f64 {
        self.lines.iter().map(|line| line.seconds).sum()
    }
}
