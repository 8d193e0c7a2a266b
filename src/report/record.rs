//! `run.json` of a folder, and what its run came to.

use std::collections::BTreeMap;
use std::fmt::Display;
use std::path::{Path, PathBuf};

use serde::Deserialize;
use serde_json::{Value, json};

use super::files::RUN;
use super::folder::is_training;
use super::identity::difference;
use super::lines::Line;
use crate::disk;
use crate::error::{Error, Result};
use crate::text::count;
use crate::train::model::{FILE as MODEL, Model};

/// Largest record that is read, in bytes.
const MAX_RECORD: u64 = 16 << 20;

/// Reads `run.json` of a folder as it is.
pub fn json(folder: &Path) -> Result<Value> {
    let path = folder.join(RUN);
    let text = disk::read_text(&path, MAX_RECORD).map_err(|e| broken(folder, RUN, &e))?;
    serde_json::from_str(&text).map_err(|e| broken(folder, RUN, &e))
}

/// The status of a record until its run has ended.
pub(super) const RUNNING: &str = "running";
/// The status of a run that has done all its epochs.
pub const COMPLETE: &str = "complete";
/// The status of a run that was stopped.
pub(super) const INTERRUPTED: &str = "interrupted";
/// The status of a run that ended with an error.
pub(super) const FAILED: &str = "failed";
/// Every status that a run can have.
pub const STATES: [&str; 5] = [RUNNING, COMPLETE, INTERRUPTED, FAILED, KILLED];
/// The status of a run whose record still says `running` while no process trains.
pub(super) const KILLED: &str = "killed";

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
    /// What decides its bits.
    #[serde(default)]
    identity: Value,
    /// What it came to; null until it has ended.
    #[serde(default)]
    result: Value,
}

impl Record {
    /// Reads `run.json` of a folder.
    pub fn read(folder: &Path) -> Result<Record> {
        let read = || -> Result<Record> {
            let found = serde_json::from_value(json(folder)?);
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

    /// A setting that is a whole number; `None` where the run has no such setting.
    pub fn whole(&self, name: &str) -> Option<u64> {
        self.settings.get(name)?.value.as_u64()
    }

    /// A setting that is a whole number; 0 where the run has no such setting.
    pub fn number(&self, name: &str) -> u64 {
        self.whole(name).unwrap_or(0)
    }

    /// Checks that a model is of this run: that it is the same network, trained with the same settings.
    pub fn check(&self, model: &Model) -> Result<()> {
        let mut there = model.about();
        let mut here = json!({});
        for name in there.as_object().into_iter().flat_map(|about| about.keys()) {
            here[name] = self.identity[name].clone();
        }
        // A run that is resumed may get more epochs; how digits are shrunk is no setting of a run.
        for about in [&mut there, &mut here] {
            if let Some(settings) = about["settings"].as_object_mut() {
                settings.retain(|name, _| name != "epochs" && name != "shrink");
            }
        }
        // Where the run has ended, its record has the checksum of its model.
        let is_same = self.result["model"].as_str().is_none_or(|sum| sum == model.checksum());
        match there == here && is_same {
            true => Ok(()),
            false => {
                let what = match there == here {
                    true => "its parameters are others".into(),
                    false => difference(&there, &here),
                };
                let what = format!("it is not the model that {RUN} tells of ({what})");
                let own = format!(
                    "`lenet train --resume {}` writes the model of the run again, from its checkpoint",
                    self.folder.display()
                );
                Err(Error::cannot_read(&self.folder.join(MODEL), what, &own))
            }
        }
    }

    /// Says what of these lines cannot be of this run.
    pub(super) fn contradiction(&self, lines: &[Line]) -> Option<String> {
        let digits = self.number("test-limit") as usize;
        if let Some(line) = lines.iter().find(|line| !line.is_about(digits)) {
            return Some(format!(
                "its errors and its accuracy of epoch {} are not those of {}",
                line.epoch,
                count(digits, "test digit")
            ));
        }
        let result = &self.result;
        if result.is_null() && self.status != COMPLETE {
            return None;
        }
        let last = lines.last();
        let last = last.map(|last| json!({ "epoch": last.epoch, "test_errors": last.test_errors }));
        let is_same = result["epochs"] == lines.len() && result["final"] == json!(last);
        (!is_same).then(|| {
            let told = |last: &Value| match last["test_errors"].as_u64() {
                Some(errors) => format!(", with {} in the last", count(errors as usize, "error")),
                None => String::new(),
            };
            format!(
                "it has {}{}, but {RUN} tells of {}{}",
                count(lines.len(), "epoch"),
                told(&json!(last)),
                count(result["epochs"].as_u64().unwrap_or(0) as usize, "epoch"),
                told(&result["final"])
            )
        })
    }
}

pub(super) fn broken(folder: &Path, name: &str, what: &dyn Display) -> Error {
    Error::cannot_read(&folder.join(name), what, "give the folder of a run, or make the run again")
}
