//! A run on disk: `model.safetensors`, `run.json`, `metrics.jsonl` and `last.ckpt.safetensors` in one folder, and
//! `best.safetensors` if it was asked for.
//!
//! Each file is complete or absent. `run.json` is written at the start, and at the end or where the run fails. The
//! others are rewritten after every epoch, the checkpoint last. The checkpoint is also written at the start, in
//! mid-epoch and where the run is stopped, so that the run can resume from there. A run that resumes also restores
//! files that are missing or broken.

use std::path::Path;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::end_json;
use super::folder::LOCK;
pub use super::folder::{Earlier, Folder, RUNS};
use super::html::REPORT;
use super::lines::Line;
use super::record::{COMPLETE, FAILED, INTERRUPTED, RUNNING};
use super::tensorboard;
use crate::disk;
use crate::error::{Error, Result};
use crate::network::Network;
use crate::plan::Interface;
use crate::train::checkpoint::{State, best_by_validation};
use crate::train::events::{End, Epoch, Report, Start, Wants};
use crate::train::model::{FILE as MODEL, Model};
use crate::version;

/// The names of the files that [`Files`] writes.
const NAMES: [&str; 5] = [MODEL, BEST, RUN, METRICS, CHECKPOINT];
/// The network after the epoch with the fewest errors on the digits held back, if asked for.
pub const BEST: &str = "best.safetensors";
/// Settings, device and result.
pub const RUN: &str = "run.json";
/// One line an epoch.
pub const METRICS: &str = "metrics.jsonl";
/// The checkpoint: all that the run needs to resume.
pub const CHECKPOINT: &str = "last.ckpt.safetensors";

/// The names of all files that stand in the folder of a run.
pub(super) fn files() -> impl Iterator<Item = &'static str> {
    NAMES.into_iter().chain([REPORT, LOCK])
}

/// Whether a path is that of a file of a run that is there.
pub fn is_of_run(path: &Path) -> bool {
    // A link is written through.
    let path = disk::real(path);
    files().any(|name| path.ends_with(name)) && path.parent().is_some_and(is_run)
}

/// The name of the first file in a folder that is named as a file of a run.
pub fn file_of_run(folder: &Path) -> Option<&'static str> {
    NAMES.into_iter().find(|name| disk::is_there(&folder.join(name)))
}

/// Whether a folder has the record of a run.
pub fn is_run(folder: &Path) -> bool {
    disk::is_there(&folder.join(RUN))
}

/// Writes the files of a run.
pub struct Files<'a> {
    folder: &'a Folder,
    network: Network,
    interface: Interface,
    keep: Keep,
    /// The record.
    run: Value,
    /// Whether this run has begun to write; before, the folder may hold an earlier run.
    begun: bool,
    metrics: String,
    /// When the last checkpoint was written.
    written: Instant,
    /// Checksum of the model in the folder.
    written_model: Option<String>,
}

/// What is kept besides the network after the last epoch.
#[derive(Debug, Clone, Copy)]
pub struct Keep {
    /// The best network by validation, as [`BEST`].
    pub best: bool,
    /// Time between checkpoints in mid-epoch; `None`: checkpoints at the ends of epochs only.
    pub every: Option<Duration>,
}

impl<'a> Files<'a> {
    /// Files in a folder; `metrics` has the lines of the epochs before a checkpoint.
    pub fn new(
        folder: &'a Folder,
        network: &Network,
        interface: &Interface,
        metrics: String,
        keep: Keep,
    ) -> Self {
        Files {
            folder,
            network: network.clone(),
            interface: interface.clone(),
            keep,
            run: Value::Null,
            begun: false,
            metrics,
            written: Instant::now(),
            written_model: None,
        }
    }

    fn write(&self, name: &str, bytes: &[u8]) -> Result<()> {
        disk::write(&self.folder.path().join(name), bytes)
    }

    /// Removes the files of the run that this one overwrites, so that nobody takes them for this run's.
    fn remove_earlier(&self) -> Result<()> {
        // The event files first: where they cannot be removed, the model and the record are still there.
        tensorboard::remove(self.folder.path())?;
        [REPORT].iter().chain(&NAMES).try_for_each(|name| self.remove(name))
    }

    fn remove(&self, name: &str) -> Result<()> {
        let path = self.folder.path().join(name);
        disk::remove(&path).map(|_| ()).map_err(|error| Error::cannot_write(&path, error))
    }

    /// Writes a file unless it has these bytes.
    fn restore(&self, name: &str, bytes: &[u8]) -> Result<()> {
        match disk::read(&self.folder.path().join(name), bytes.len() as u64) {
            Ok(there) if there == bytes => Ok(()),
            _ => self.write(name, bytes),
        }
    }

    fn write_run(&self) -> Result<()> {
        self.write(RUN, format!("{:#}\n", self.run).as_bytes())
    }

    /// Whether the last completed epoch is the best by validation, and is to be kept as such.
    fn is_best(&self, state: &State) -> bool {
        let best = best_by_validation(&state.history);
        self.keep.best && best.is_some_and(|best| best.epoch == state.history.len())
    }

    /// Writes the model of the last completed epoch, also as the best if it is that.
    fn write_model(&mut self, state: &State) -> Result<()> {
        let (network, parameters) = (self.network.clone(), state.parameters().to_vec());
        let mut settings = self.run["identity"]["settings"].clone();
        // Whoever reads pictures with the model has to shrink them in the same way.
        if let shrink @ Value::Number(_) = &self.run["data"]["shrink"] {
            settings["shrink"] = shrink.clone();
        }
        let model = Model { network, parameters, settings };
        let bytes = model.to_bytes()?;
        self.restore(MODEL, &bytes)?;
        if self.is_best(state) {
            self.restore(BEST, &bytes)?;
        }
        self.written_model = Some(model.checksum());
        Ok(())
    }

    fn write_checkpoint(&mut self, state: &State) -> Result<()> {
        self.write(CHECKPOINT, &state.to_bytes(&self.interface, &self.run["identity"])?)?;
        self.written = Instant::now();
        Ok(())
    }
}

impl Report for Files<'_> {
    fn start(&mut self, start: &Start) -> Result<()> {
        let settings = start.settings;
        self.run = json!({
            "lenet": version::VERSION,
            "commit": version::COMMIT,
            "recipe": settings.recipe,
            "network": settings.network.name,
            "parameters": settings.network.parameters(),
            "connections": settings.network.connections(),
            "device": start.device,
            "profile": start.profile,
            "settings": settings.with_origins(),
            "identity": start.identity,
            "status": RUNNING,
        });
        if let (Some(run), Some(about)) = (self.run.as_object_mut(), start.about.as_object()) {
            run.extend(about.clone());
        }
        match start.from {
            None => self.remove_earlier()?,
            Some((epochs, steps)) => {
                let mut resumed = self.run["resumed"].as_array().cloned().unwrap_or_default();
                resumed.push(json!({
                    "epochs": epochs,
                    "steps": steps,
                    "lenet": version::VERSION,
                    "commit": version::COMMIT,
                    "device": start.device,
                }));
                self.run["resumed"] = json!(resumed);
                // The file may have the line of an epoch that the checkpoint does not have.
                match self.metrics.is_empty() {
                    true => self.remove(METRICS)?,
                    false => self.restore(METRICS, self.metrics.as_bytes())?,
                }
            }
        }
        self.begun = true;
        self.write_run()
    }

    fn wants(&self) -> Wants {
        match self.keep.every.is_some_and(|every| self.written.elapsed() >= every) {
            true => Wants::State,
            false => Wants::Nothing,
        }
    }

    fn state(&mut self, state: &State) -> Result<()> {
        // Files of a run that is resumed may be gone, broken, or those of another.
        if state.position.is_none() && !state.history.is_empty() {
            self.write_model(state)?;
        } else if !state.history.is_empty() && self.written_model.is_none() {
            // In mid-epoch the model is that of the epoch before, which the checkpoint no longer has.
            let there = Model::read(&self.folder.path().join(MODEL));
            self.written_model = there.ok().map(|model| model.checksum());
        }
        self.write_checkpoint(state)
    }

    fn epoch(&mut self, epoch: &Epoch, state: &State) -> Result<()> {
        // The report that is there has fewer epochs.
        self.remove(REPORT)?;
        self.metrics.push_str(&format!("{}\n", json!(Line::from(epoch))));
        self.write_model(state)?;
        self.write(METRICS, self.metrics.as_bytes())?;
        self.write_checkpoint(state)
    }

    fn end(&mut self, end: &End) -> Result<()> {
        let status = if end.outcome.interrupted { INTERRUPTED } else { COMPLETE };
        self.run["status"] = json!(status);
        self.run["result"] = end_json(end);
        self.run["result"]["model"] = json!(self.written_model);
        self.write_run()
    }

    fn fail(&mut self, error: &Error) -> Result<()> {
        if !self.begun {
            // The folder still holds the run that was to be overwritten.
            return Ok(());
        }
        self.run["status"] = json!(FAILED);
        self.run["error"] = json!(error.to_string());
        self.write_run()
    }
}
