//! A run, read from its folder, and the answers of its network to the test digits.

use std::path::Path;

use super::files::{METRICS, is_run};
use super::lines::{self, Line};
use super::record::{Record, broken};
use crate::disk;
use crate::error::{Error, Result};
use crate::evaluation::Answer;
use crate::evaluation::statistics::Sample;
use crate::text::plain;
use crate::train::model::{FILE as MODEL, Model};

/// A run as its folder tells of it, whatever its state.
#[derive(Debug, Clone)]
pub struct Run {
    pub record: Record,
    /// A line for each completed epoch; there may be none yet.
    pub lines: Vec<Line>,
}

impl Run {
    pub fn read(folder: &Path) -> Result<Run> {
        let (record, lines) = (Record::read(folder)?, lines::read(folder)?);
        match record.contradiction(&lines) {
            Some(what) => Err(broken(folder, METRICS, &what)),
            None => Ok(Run { record, lines }),
        }
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

/// Reads a model file, also by the folder of its run, whose model it then has to be.
///
/// # Errors
/// As [`Model::read`], and [`Error::Data`] if the folder holds the model of another run.
pub fn model(path: &Path) -> Result<Model> {
    match is_run(path) {
        true => with_model(path).map(|(_, model)| model),
        false => Model::read(path),
    }
}

/// Reads a run and its model.
///
/// # Errors
/// As [`Run::read`] and [`Model::read`], and [`Error::Data`] if the model is that of another run.
pub fn with_model(folder: &Path) -> Result<(Run, Model)> {
    let read = || {
        let run = Run::read(folder)?;
        if !disk::is_there(&folder.join(MODEL)) {
            let what = match run.lines.is_empty() {
                true => {
                    "has no model yet, since it has not ended its first epoch: wait, or continue it"
                }
                false => "has lost its model: write it again, from its checkpoint,",
            };
            return Err(Error::Data(format!(
                "the run in {0} {what} with `lenet train --resume {0}`",
                folder.display()
            )));
        }
        let model = Model::read(folder)?;
        run.record.check(&model).map(|()| (run, model))
    };
    // A run may end between the looks at its files.
    read().or_else(|_: Error| read())
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

/// A run with at least one epoch, its model, and the model's answers to the run's test digits, in their order.
#[derive(Debug, Clone)]
pub struct Answered {
    pub run: Run,
    pub model: Model,
    pub answers: Vec<Answer>,
}

impl Answered {
    /// Asks the model of the run in a folder.
    ///
    /// # Errors
    /// As [`with_model`], and what `ask` meets; [`Error::Data`] if the run has no epoch.
    pub fn ask(folder: &Path, ask: impl FnOnce(&Model) -> Result<Vec<Answer>>) -> Result<Answered> {
        let (run, model) = with_model(folder)?;
        if run.lines.is_empty() {
            return Err(broken(folder, METRICS, &"it has no epoch"));
        }
        let answers = ask(&model)?;
        Ok(Answered { run, model, answers })
    }

    /// The last completed epoch.
    pub fn last(&self) -> &Line {
        self.run.last().expect("a run has an epoch")
    }

    pub fn seed(&self) -> u64 {
        self.run.record.number("seed")
    }
}
