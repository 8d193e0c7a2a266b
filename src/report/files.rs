//! A run on disk: `model.safetensors`, `run.json`, `metrics.jsonl` and `last.ckpt.safetensors` in
//! one folder.
//!
//! Each file is whole or not there. They are written anew after every epoch, the checkpoint last:
//! what a run that breaks off leaves behind is the state after its last completed epoch, and the
//! run can go on from there.

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use super::{End, Epoch, Report, Start, end_json, epoch_json};
use crate::disk;
use crate::error::{Error, Result};
use crate::network::Network;
use crate::plan::{Layout, Plan};
use crate::train::checkpoint::{State, best_by_validation};
use crate::train::model::Model;

/// The files of a run.
const NAMES: [&str; 5] = [MODEL, BEST, RUN, METRICS, CHECKPOINT];
/// The network after the last completed epoch.
pub const MODEL: &str = "model.safetensors";
/// The network after the epoch that the digits held back chose, where that was asked for.
pub const BEST: &str = "best.safetensors";
/// Settings, device and result.
pub const RUN: &str = "run.json";
/// A line an epoch.
pub const METRICS: &str = "metrics.jsonl";
/// All that the run needs to go on.
pub const CHECKPOINT: &str = "last.ckpt.safetensors";

/// Folder of runs, where none is named.
pub const RUNS: &str = "runs";

/// The folder of a run, found writable.
#[derive(Debug)]
pub struct Folder {
    path: PathBuf,
    /// Whether it was made for this run and goes away if nothing is written.
    made: bool,
}

impl Folder {
    /// Makes the folder that `--out` names, or a new one under `runs/`, and tries it out.
    ///
    /// # Errors
    /// [`Error::Usage`] if it holds a run and `force` is not set; [`Error::Other`] if it cannot be
    /// written.
    pub fn make(out: Option<&Path>, network: &str, force: bool) -> Result<Folder> {
        let folder = match out {
            Some(path) => Folder { path: path.into(), made: !path.exists() },
            None => Folder { path: unused(network)?, made: true },
        };
        let path = &folder.path;
        if let Some(name) = NAMES.iter().find(|name| path.join(name).exists() && !force) {
            return Err(Error::Usage(format!(
                "{} holds a run already ({name}): give another --out, or --force to overwrite it",
                path.display()
            )));
        }
        fs::create_dir_all(path).map_err(|error| Error::cannot_write(path, error))?;
        let probe = path.join(".probe");
        fs::write(&probe, b"").map_err(|error| Error::cannot_write(path, error))?;
        fs::remove_file(&probe).map_err(|error| Error::cannot_write(path, error))?;
        Ok(folder)
    }

    /// The state that an earlier run of this identity left here and the lines of its metrics up to
    /// then; `None` where there is no checkpoint.
    ///
    /// # Errors
    /// [`Error::Data`] if the checkpoint is broken or another run's, or lacks its metrics.
    pub fn resume(&self, plan: &Plan, identity: &Value) -> Result<Option<(State, String)>> {
        let path = self.path.join(CHECKPOINT);
        if !path.exists() {
            return Ok(None);
        }
        let names = plan.ports.carried().map(|(name, _)| name);
        let state = State::read(&path, &plan.layout, &names, identity)?;
        let metrics = self.path.join(METRICS);
        let cannot_read = |what| Error::cannot_read(&metrics, what, "start the run again");
        let text = fs::read_to_string(&metrics).map_err(|error| cannot_read(error.to_string()))?;
        // The checkpoint is written last, so there may be one line more.
        let epochs = state.history.len();
        let lines: Vec<&str> = text.split_inclusive('\n').take(epochs).collect();
        if lines.len() < epochs {
            return Err(cannot_read(format!("it has not the {epochs} lines of the checkpoint")));
        }
        Ok(Some((state, lines.concat())))
    }

    /// Its path.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Its path, for a person.
    pub fn name(&self) -> String {
        self.path.display().to_string()
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        if self.made {
            // Succeeds only if nothing was written into it, which is when it should.
            let _ = fs::remove_dir(&self.path);
        }
    }
}

/// The first of runs/NETWORK-1, runs/NETWORK-2, ... that is not there.
fn unused(network: &str) -> Result<PathBuf> {
    let runs = Path::new(RUNS);
    fs::create_dir_all(runs).map_err(|error| Error::cannot_write(runs, error))?;
    (1..)
        .map(|number| runs.join(format!("{network}-{number}")))
        .find_map(|path| match fs::create_dir(&path) {
            Ok(()) => Some(Ok(path)),
            Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => None,
            Err(error) => Some(Err(Error::cannot_write(&path, error))),
        })
        .expect("the numbers do not end")
}

/// The files of a run.
pub struct Files<'a> {
    folder: &'a Folder,
    network: Network,
    layout: Layout,
    /// Whether the best network by validation is kept as well.
    keep_best: bool,
    /// What equal runs have in common, for the model file.
    settings: Value,
    identity: Value,
    run: Value,
    metrics: String,
}

impl<'a> Files<'a> {
    /// Files in a folder; `metrics` has the lines of the epochs before a checkpoint, `keep_best` asks
    /// for [`BEST`] besides.
    ///
    /// # Errors
    /// [`Error::Usage`] if the network cannot be laid out.
    pub fn new(
        folder: &'a Folder,
        network: &Network,
        metrics: String,
        keep_best: bool,
    ) -> Result<Self> {
        Ok(Files {
            folder,
            network: network.clone(),
            layout: Layout::of(network)?,
            keep_best,
            settings: Value::Null,
            identity: Value::Null,
            run: Value::Null,
            metrics,
        })
    }

    fn write(&self, name: &str, bytes: &[u8]) -> Result<()> {
        let path = self.folder.path.join(name);
        disk::write(&path, bytes).map_err(|error| Error::cannot_write(&path, error))
    }

    fn write_run(&self) -> Result<()> {
        self.write(RUN, format!("{:#}\n", self.run).as_bytes())
    }
}

impl Report for Files<'_> {
    fn start(&mut self, start: &Start) -> Result<()> {
        let settings = start.settings;
        self.settings = settings.values();
        self.identity = start.identity.clone();
        self.run = json!({
            "lenet": env!("CARGO_PKG_VERSION"),
            "recipe": settings.recipe,
            "network": settings.network.name,
            "parameters": settings.network.parameters(),
            "connections": settings.network.connections(),
            "device": start.device,
            "profile": start.profile,
            "settings": settings.with_origins(),
            "identity": start.identity,
            "status": "running",
        });
        Ok(())
    }

    fn epoch(&mut self, epoch: &Epoch, state: &State) -> Result<()> {
        let model = Model {
            network: self.network.clone(),
            parameters: state.parameters().to_vec(),
            settings: self.settings.clone(),
        };
        let model = model.to_bytes()?;
        self.metrics.push_str(&format!("{}\n", epoch_json(epoch)));
        self.write(MODEL, &model)?;
        let best = best_by_validation(&state.history);
        if self.keep_best && best.is_some_and(|best| best.epoch == epoch.epoch) {
            self.write(BEST, &model)?;
        } else if !self.keep_best {
            // An overwritten run may have left one; mostly there is none.
            let _ = fs::remove_file(self.folder.path.join(BEST));
        }
        self.write(METRICS, self.metrics.as_bytes())?;
        self.write_run()?;
        self.write(CHECKPOINT, &state.to_bytes(&self.layout, &self.identity)?)
    }

    fn end(&mut self, end: &End) -> Result<()> {
        if end.outcome.epochs.is_empty() {
            return Ok(());
        }
        let status = if end.outcome.interrupted { "interrupted" } else { "complete" };
        self.run["status"] = json!(status);
        self.run["result"] = end_json(end);
        self.write_run()
    }
}
