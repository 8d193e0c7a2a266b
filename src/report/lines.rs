//! `metrics.jsonl`: a line for each completed epoch.

use std::path::Path;

use serde::{Deserialize, Serialize};

use super::files::METRICS;
use super::record::broken;
use crate::disk;
use crate::error::Result;
use crate::train::LARGEST_LOSS;
use crate::train::checkpoint::Tally;
use crate::train::curvature::LayerCurvature;
use crate::train::events::Epoch;

/// Bytes of the file at most: 10,000 epochs have 10 MB.
const MOST: u64 = 256 << 20;
/// Seconds of an epoch, or digits in a second, at most.
const LARGEST: f64 = 1e15;

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

    /// Whether it can be what is known of this epoch.
    fn is_of(&self, epoch: usize) -> bool {
        let accuracies =
            [Some(self.train_accuracy), Some(self.test_accuracy), self.validation_accuracy];
        let others = [self.samples_per_second, self.seconds];
        let losses = [Some(self.train_loss), Some(self.test_loss), self.validation_loss];
        self.epoch == epoch
            && accuracies.into_iter().flatten().all(|share| (0.0..=1.0).contains(&share))
            && losses.into_iter().flatten().all(|loss| loss.abs() < LARGEST_LOSS)
            && others.iter().all(|number| (0.0..LARGEST).contains(number))
            && self.curvature.iter().all(LayerCurvature::is_possible)
    }

    /// Whether its errors and its accuracy agree, of a run with `digits` test digits.
    pub(super) fn is_about(&self, digits: usize) -> bool {
        let share = 1.0 - self.test_errors as f64 / digits as f64;
        (self.test_accuracy - share).abs() < 1e-9
    }

    /// Whether a checkpoint remembers the same of it.
    fn is(&self, tally: &Tally) -> bool {
        self.is_about(tally.digits)
            && (self.epoch, self.test_errors, self.validation_errors)
                == (tally.epoch, tally.errors, tally.validation_errors)
    }
}

/// Without the noise of the subtraction: data sets have no more than a million digits.
fn percent(accuracy: f64) -> f64 {
    (1e6 * (1.0 - accuracy)).round() / 1e4
}

/// Reads the file of a folder; a run that has not ended its first epoch has none.
pub fn read(folder: &Path) -> Result<Vec<Line>> {
    let path = folder.join(METRICS);
    if !disk::is_there(&path) {
        return Ok(Vec::new());
    }
    let text = disk::read_text(&path, MOST).map_err(|error| broken(folder, METRICS, &error))?;
    parse(text.lines()).map_err(|what| broken(folder, METRICS, &what))
}

/// Returns the lines of these epochs, completed by a checkpoint's account, as the file has them, or what is wrong
/// with the file.
pub(super) fn of_history(path: &Path, history: &[Tally]) -> Result<String, String> {
    if history.is_empty() {
        return Ok(String::new());
    }
    let text = disk::read_text(path, MOST).map_err(|error| error.to_string())?;
    // The checkpoint is written last, so there may be one line more.
    let found: Vec<&str> = text.lines().take(history.len()).collect();
    if found.len() < history.len() {
        return Err(format!("it has not the {} lines of the checkpoint", history.len()));
    }
    let lines = parse(found.iter().copied())?;
    match lines.iter().zip(history).find(|(line, tally)| !line.is(tally)) {
        Some((line, _)) => {
            Err(format!("what it says of epoch {} is not what the checkpoint says", line.epoch))
        }
        None => Ok(found.iter().map(|line| format!("{line}\n")).collect()),
    }
}

fn parse<'a>(lines: impl Iterator<Item = &'a str>) -> Result<Vec<Line>, String> {
    let parse = |(at, text): (usize, &str)| match serde_json::from_str::<Line>(text) {
        Err(error) => Err(format!("line {}: {error}", at + 1)),
        Ok(line) if !line.is_of(at + 1) => {
            Err(format!("what line {0} says of epoch {0} cannot be", at + 1))
        }
        Ok(line) => Ok(line),
    };
    lines.enumerate().map(parse).collect()
}
