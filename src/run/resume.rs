//! Resumes runs, for `train --resume DIR` and for commands that make several runs: what the folder holds, and which
//! settings may change.

use std::path::Path;

use serde_json::{Value, json};

use crate::error::{Error, Result, need};
use crate::network::Network;
use crate::plan::Interface;
use crate::recipe::Settings;
use crate::report::files::{Earlier, Folder, RUN, file_of_run, is_run};
use crate::report::finished;
use crate::report::identity::difference;
use crate::report::record::{self, COMPLETE};
use crate::text::count;
use crate::version;

/// Keys of run.json that keep the values of the first start.
const KEPT: [&str; 7] = ["lenet", "commit", "command", "device", "profile", "flags", "resumed"];
/// Separates the devices of a run that changed its device: "A, then B".
const THEN: &str = ", then ";

/// An existing run, whose folder this process has locked.
pub struct Resumed {
    pub folder: Folder,
    /// Its `run.json`.
    pub record: Value,
}

impl Resumed {
    pub fn open(path: &Path) -> Result<Self> {
        let folder = Folder::open(path)?;
        Ok(Resumed { folder, record: record::json(path)? })
    }

    /// The network of a run that started from a model file, from run.json, since that file may be gone.
    pub fn network_of_model(&self) -> Result<Option<Network>> {
        let identity = &self.record["identity"];
        if identity["from"].is_null() {
            return Ok(None);
        }
        Network::of(identity).map(Some).map_err(|what| {
            Error::cannot_read(&self.folder.path().join(RUN), what, "start the run again")
        })
    }

    /// The keys of the record that stay as they were.
    pub fn kept(&self) -> serde_json::Map<String, Value> {
        let kept = KEPT.iter().filter_map(|&key| Some((key, self.record.get(key)?.clone())));
        kept.map(|(key, value)| (key.to_string(), value)).collect()
    }

    /// Checks that the settings, and the flags `beside` them, are those of the run; epochs may grow. Returns a warning
    /// if another version of the program resumes it.
    pub fn check(&self, now: &Settings, beside: &Value) -> Result<Option<String>> {
        let name = self.folder.name();
        need(self.record["flags"]["select"] == beside["select"], || {
            "--select cannot change when a run is resumed: leave it out".into()
        })?;
        let rows = self.record["settings"].as_object().into_iter().flatten();
        let rows = rows.map(|(name, row)| (name.clone(), row["value"].clone()));
        let recipe = ("recipe".to_string(), self.record["recipe"].clone());
        let (there, mut values) = (Value::Object(rows.chain([recipe]).collect()), now.values());
        let epochs = there["epochs"].as_u64().unwrap_or(0) as usize;
        values["epochs"] = there["epochs"].clone();
        need(there == values, || {
            format!(
                "--resume continues the run in {name}, whose settings stay as they are ({}): leave \
                 that flag out, or start another run",
                difference(&there, &values)
            )
        })?;
        need(now.epochs >= epochs, || {
            format!(
                "the run in {name} is planned for {epochs} epochs and cannot end after {}: leave out \
                 --epochs, or give more",
                now.epochs
            )
        })?;
        need(now.epochs == epochs || now.schedule.is_open(), || {
            format!(
                "the run in {name} cannot have more than {}: its {} schedule lowers the learning rate to 0 over them. \
                 Leave out --epochs, start another run with --epochs {}, or start from this network with --from {name}",
                count(epochs, "epoch"),
                now.schedule,
                now.epochs
            )
        })?;
        let (lenet, commit) = (text(&self.record["lenet"]), text(&self.record["commit"]));
        Ok(((lenet, commit) != (version::VERSION, version::COMMIT)).then(|| {
            format!(
                "the run was started by lenet {lenet} ({commit}) and is resumed by {}: the last \
                 bits of its results may differ from those of a run by one version",
                version::line()
            )
        }))
    }
}

/// Whether a folder holds the complete run of this identity, with its model.
///
/// # Errors
/// [`Error::Usage`] if it holds another run, or files of a run without `run.json`: neither is overwritten.
/// [`Error::Data`] if the record cannot be read.
pub fn is_done(folder: &Path, identity: &Value) -> Result<bool> {
    let name = folder.display();
    if !is_run(folder) {
        return match file_of_run(folder) {
            None => Ok(false),
            Some(file) => Err(Error::Usage(format!(
                "{name} holds {file} and no {RUN}: move what is there away, or give another --out"
            ))),
        };
    }
    let record = record::json(folder)?;
    let there = &record["identity"];
    need(there == identity, || {
        format!(
            "{name} holds another run ({}): give another --out, or the flags it was made with",
            difference(there, identity)
        )
    })?;
    Ok(record["status"] == COMPLETE && finished::with_model(folder).is_ok())
}

/// Returns the checkpoint of a run of this identity, if the folder has one. The error is a warning for the user: the
/// run then starts again.
pub fn checkpoint_if_any(
    folder: &Folder,
    interface: &Interface,
    identity: &Value,
) -> Result<Option<Earlier>, String> {
    match folder.earlier(interface) {
        Ok(Some(earlier)) if earlier.identity != *identity => {
            let (name, other) = (folder.name(), difference(&earlier.identity, identity));
            Err(format!("{name} has the checkpoint of another run ({other}); the run starts again"))
        }
        Ok(earlier) => Ok(earlier),
        Err(error) => Err(format!("{error}. The run starts again now")),
    }
}

/// Reads the checkpoint of the run that this identity resumes, and adds to the identity the model that the run
/// started from and its devices so far. Returns a warning if the device changed. A run that has done all its
/// `epochs` keeps its device.
pub fn checkpoint(
    folder: &Folder,
    interface: &Interface,
    epochs: usize,
    identity: &mut Value,
) -> Result<(Earlier, Option<String>)> {
    let broken = |what: &str| Error::Data(format!("{}: {what}", folder.name()));
    let earlier = folder
        .earlier(interface)?
        .ok_or_else(|| broken("there is no checkpoint: start the run again"))?;
    let there = &earlier.identity;
    if let Some(digits) = there.get("data").filter(|digits| **digits != identity["data"]) {
        return Err(Error::Data(format!(
            "the run in {} was trained on other digits (CRC-32 {digits} there, {} now): give the \
             --data that it was started with",
            folder.name(),
            identity["data"]
        )));
    }
    if let Some(from) = there.get("from") {
        identity["from"] = from.clone();
    }
    let (was, is) = (text(&there["arithmetic"]), text(&identity["arithmetic"]));
    let is_done = earlier.state.history.len() >= epochs;
    let moved = !is_done && was.rsplit(THEN).next() != Some(is);
    let warning = moved.then(|| {
        format!(
            "the run was trained on {was} and is resumed on {is}: the last bits of its results will \
             differ from those of a run on one device"
        )
    });
    identity["arithmetic"] = json!(if moved { format!("{was}{THEN}{is}") } else { was.into() });
    let mut recorded = identity.clone();
    recorded["settings"]["epochs"] = there["settings"]["epochs"].clone();
    for part in ["network", "options", "layers", "settings"] {
        if there[part] != recorded[part] {
            return Err(broken(&format!(
                "run.json and the checkpoint are of two runs ({}): start the run again",
                difference(&there[part], &recorded[part])
            )));
        }
    }
    Ok((earlier, warning))
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or("unknown")
}
