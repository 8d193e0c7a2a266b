//! A run, read from its folder, and the answers of its network to the test digits.

use std::collections::BTreeMap;
use std::fmt::Display;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::files::{METRICS, RUN};
use super::folder::is_training;
use crate::disk;
use crate::error::{Error, Result};
use crate::evaluation::Answer;
use crate::evaluation::statistics::Sample;
use crate::text::plain;
use crate::train::curvature::LayerCurvature;
use crate::train::events::Epoch;
use crate::train::model::Model;

/// Bytes of a record at most.
const MAX_RECORD: u64 = 16 << 20;
/// Bytes of `metrics.jsonl` at most: 10,000 epochs have 10 MB.
pub(super) const MAX_METRICS: u64 = 256 << 20;

/// A completed epoch, as `metrics.jsonl` and `--json` have it. Accuracies are fractions.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "event", rename = "epoch")]
pub struct Line {
    pub epoch: usize,
    pub learning_rate: f32,
    pub train_loss: f64,
    train_accuracy: f64,
    pub test_loss: f64,
    test_accuracy: f64,
    /// Wrong answers to test digits.
    pub test_errors: usize,
    #[serde(skip_serializing_if = "Option::is_none")]
    validation_loss: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    validation_accuracy: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    validation_errors: Option<usize>,
    /// Digits a second while training.
    pub samples_per_second: f64,
    /// Training and evaluations.
    pub seconds: f64,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub curvature: Vec<LayerCurvature>,
}

impl From<&Epoch> for Line {
    fn from(epoch: &Epoch) -> Self {
        let Epoch { train, test, validation, .. } = epoch;
        Line {
            epoch: epoch.epoch,
            learning_rate: epoch.lr,
            train_loss: train.loss,
            train_accuracy: train.accuracy(),
            test_loss: test.loss,
            test_accuracy: test.accuracy(),
            test_errors: test.errors,
            validation_loss: validation.map(|validation| validation.loss),
            validation_accuracy: validation.map(|validation| validation.accuracy()),
            validation_errors: validation.map(|validation| validation.errors),
            samples_per_second: train.rate(),
            seconds: epoch.seconds(),
            curvature: epoch.curvature.clone(),
        }
    }
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

    /// Error on the digits held back in per cent, where there are some.
    pub fn validation_error(&self) -> Option<f64> {
        self.validation_accuracy.map(percent)
    }
}

/// Without the noise of the subtraction: data sets have no more than a million digits.
fn percent(accuracy: f64) -> f64 {
    (1e6 * (1.0 - accuracy)).round() / 1e4
}

/// Reads `metrics.jsonl` of a folder; a run that has not ended its first epoch has no lines.
pub fn lines(folder: &Path) -> Result<Vec<Line>> {
    let path = folder.join(METRICS);
    if !path.exists() {
        return Ok(Vec::new());
    }
    let text = disk::read_text(&path, MAX_METRICS).map_err(|e| broken(folder, METRICS, &e))?;
    let lines: serde_json::Result<_> = text.lines().map(serde_json::from_str).collect();
    lines.map_err(|e| broken(folder, METRICS, &e))
}

/// Reads `run.json` of a folder as it is.
pub fn record(folder: &Path) -> Result<Value> {
    let path = folder.join(RUN);
    let text = disk::read_text(&path, MAX_RECORD).map_err(|e| broken(folder, RUN, &e))?;
    serde_json::from_str(&text).map_err(|e| broken(folder, RUN, &e))
}

/// The status of a record until its run has ended.
pub(super) const RUNNING: &str = "running";
/// Every status that a run can have.
pub const STATES: [&str; 5] = [RUNNING, "complete", "interrupted", "failed", KILLED];
/// The status of a run whose record still says `running` while no process trains.
const KILLED: &str = "killed";

/// A setting with where it comes from.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct Setting {
    pub value: Value,
    pub origin: String,
}

/// `run.json`, as far as it is used here.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct Record {
    /// Its folder.
    #[serde(skip)]
    pub folder: PathBuf,
    /// Version of the program.
    pub lenet: String,
    /// What that was built from; the first runs do not say.
    pub commit: Option<String>,
    pub recipe: String,
    pub network: String,
    pub parameters: usize,
    pub connections: usize,
    /// The adapter, or the CPU.
    pub device: String,
    /// Launch profile.
    pub profile: String,
    /// By name.
    pub settings: BTreeMap<String, Setting>,
    /// Source, counts and checksums of its digits.
    #[serde(default)]
    pub data: Value,
    /// One of [`STATES`].
    pub status: String,
}

impl Record {
    /// Reads `run.json` of a folder.
    pub fn read(folder: &Path) -> Result<Record> {
        let read = || -> Result<Record> {
            let found = serde_json::from_value(record(folder)?);
            let found = found.map_err(|e| broken(folder, RUN, &e))?;
            Ok(Record { folder: folder.into(), ..found })
        };
        let found = read()?;
        if found.status != RUNNING || is_training(folder) {
            return Ok(found);
        }
        // The run may have ended between the look at its record and that at its lock.
        let mut found = read()?;
        if found.status == RUNNING {
            found.status = KILLED.into();
        }
        Ok(found)
    }

    /// How its digits were read, by the names of the flags: side, shrunk and so on.
    pub fn read_as(&self) -> impl Iterator<Item = (String, &Value)> {
        let sets = ["source", "train", "test"];
        let keys = self.data.as_object().into_iter().flatten();
        keys.filter(move |(name, _)| !sets.contains(&name.as_str()))
            .map(|(name, value)| (name.replace('_', "-"), value))
    }

    /// A setting that is a whole number; 0 where the run has none of this name.
    pub fn number(&self, name: &str) -> u64 {
        self.settings.get(name).and_then(|setting| setting.value.as_u64()).unwrap_or(0)
    }
}

fn broken(folder: &Path, name: &str, what: &dyn Display) -> Error {
    Error::cannot_read(&folder.join(name), what, "give the folder of a run, or make the run again")
}

/// A run as its folder tells of it, whatever its state.
#[derive(Debug, Clone)]
pub struct Run {
    pub record: Record,
    /// A line for each completed epoch; there may be none yet.
    pub lines: Vec<Line>,
}

impl Run {
    pub fn read(folder: &Path) -> Result<Run> {
        Ok(Run { record: Record::read(folder)?, lines: lines(folder)? })
    }

    /// The folder, for a person.
    pub fn name(&self) -> String {
        self.record.folder.display().to_string()
    }

    /// Where its digits come from, a folder or the program itself, and how they were read where that was
    /// asked for: `built in, shrink 0.8`.
    pub fn data(&self) -> String {
        let source = self.record.data["source"].as_str().unwrap_or_default().to_string();
        let read = self.record.read_as().map(|(name, value)| format!(", {name} {}", plain(value)));
        std::iter::once(source).chain(read).collect()
    }

    /// The last completed epoch.
    pub fn last(&self) -> Option<&Line> {
        self.lines.last()
    }

    /// The epoch with the fewest test errors, the first of several.
    pub fn best(&self) -> Option<&Line> {
        self.lines.iter().min_by_key(|line| line.test_errors)
    }

    /// Training and evaluations of all epochs, in seconds.
    pub fn seconds(&self) -> f64 {
        // A sum of nothing would be -0.
        self.lines.iter().fold(0.0, |sum, line| sum + line.seconds)
    }
}

/// A number of each epoch that all runs have, with its spread over them.
pub fn by_epoch<'a>(
    runs: impl Iterator<Item = &'a Run>,
    of: impl Fn(&Line) -> f64,
) -> Vec<(f64, Sample)> {
    let lines: Vec<&[Line]> = runs.map(|run| &run.lines[..]).collect();
    let epochs = lines.iter().map(|lines| lines.len()).min().unwrap_or(0);
    let spread = |epoch: usize| {
        let numbers: Vec<f64> = lines.iter().map(|lines| of(&lines[epoch])).collect();
        Sample::of(&numbers).map(|sample| (epoch as f64 + 1.0, sample))
    };
    (0..epochs).filter_map(spread).collect()
}

/// A run with at least one epoch, its model, and what that says to the run's test digits, in their order.
#[derive(Debug, Clone)]
pub struct Answered {
    pub run: Run,
    pub model: Model,
    pub answers: Vec<Answer>,
}

impl Answered {
    /// Reads the folder of a run; `answers` are those of its model.
    pub fn read(folder: &Path, model: Model, answers: Vec<Answer>) -> Result<Answered> {
        let run = Run::read(folder)?;
        match run.lines.is_empty() {
            true => Err(broken(folder, METRICS, &"it has no epoch")),
            false => Ok(Answered { run, model, answers }),
        }
    }

    /// The last completed epoch.
    pub fn last(&self) -> &Line {
        self.run.last().expect("a run has an epoch")
    }

    pub fn seed(&self) -> u64 {
        self.run.record.number("seed")
    }
}
