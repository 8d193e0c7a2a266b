//! From settings to a finished folder: what `train` and `reproduce` share.

use std::time::Duration;

use serde_json::{Value, json};

use super::{first_state, resume, session};
use crate::device::Device;
use crate::error::{Error, Result};
use crate::recipe::Settings;
use crate::report::files::{Files, Folder, Keep};
use crate::train::checkpoint::State;
use crate::train::control::Control;
use crate::train::events::{All, End, Report, Start};
use crate::train::model::Model;
use crate::train::session::Lists;
use crate::train::{self, Outcome, Split};

/// How often a checkpoint is written, where the user does not say.
pub const CHECKPOINT_EVERY: Duration = Duration::from_secs(60);

/// A run that is ready to start.
pub struct Launch<'a> {
    /// Settings of the run, its plan included.
    pub settings: &'a Settings,
    pub split: &'a Split,
    /// The digits for the device; dropped once it has them.
    pub lists: Lists,
    pub device: &'a Device,
    pub folder: &'a Folder,
    pub keep: Keep,
    /// More keys of the record; the digits as `data`.
    pub about: &'a Value,
}

/// Where a run begins.
pub enum Beginning {
    /// First weights drawn by the seed.
    Drawn,
    /// The parameters of a model.
    Model(Model),
    /// From the folder's checkpoint if it is of this run, else as [`Beginning::Drawn`].
    CheckpointIfAny,
    /// The folder's checkpoint.
    Checkpoint,
}

impl<'a> Launch<'a> {
    /// Trains to the end, from the folder's checkpoint if there is one. Returns an error if the run is interrupted.
    pub fn complete(self, reports: Vec<Box<dyn Report + 'a>>, control: &Control) -> Result<()> {
        let folder = self.folder.name();
        match self.run(Beginning::CheckpointIfAny, reports, control)?.interrupted {
            false => Ok(()),
            true => Err(Error::Interrupted(format!(
                "interrupted in {folder}; the same command continues from there"
            ))),
        }
    }

    /// Trains, and leaves the files of the run in its folder.
    pub fn run(
        self,
        beginning: Beginning,
        reports: Vec<Box<dyn Report + 'a>>,
        control: &Control,
    ) -> Result<Outcome> {
        let Launch { settings, split, lists, device, folder, keep, about } = self;
        let mut identity = identity(settings, device, &about["data"]);
        let mut report = All(reports);
        let mut session = session(settings, device, &lists)?;
        drop(lists);
        let interface = session.executor().interface().clone();
        let earlier = match &beginning {
            Beginning::Checkpoint => {
                let (earlier, warning) =
                    resume::checkpoint(folder, &interface, settings.epochs, &mut identity)?;
                warning.iter().for_each(|warning| report.warn(warning));
                Some(earlier)
            }
            Beginning::CheckpointIfAny => resume::checkpoint_if_any(folder, &interface, &identity)
                .unwrap_or_else(|warning| {
                    report.warn(&warning);
                    None
                }),
            Beginning::Model(model) => {
                identity["from"] = json!(model.checksum());
                None
            }
            Beginning::Drawn => None,
        };
        let from = earlier.as_ref().map(|earlier| earlier.state.place());
        let (state, metrics) = match (earlier, beginning) {
            (Some(earlier), _) if !train::fits(settings, &session, &earlier.state) => {
                return Err(Error::Data(format!(
                    "{}: the checkpoint has made more steps than its epoch has: start the run again",
                    folder.name()
                )));
            }
            (Some(earlier), _) => (earlier.state, earlier.metrics),
            (None, Beginning::Model(model)) => {
                (State::first(&interface, model.parameters), String::new())
            }
            (None, _) => (first_state(settings, &mut session), String::new()),
        };
        let files = Files::new(folder, &settings.network, &interface, metrics, keep);
        report.0.insert(0, Box::new(files));
        let out = folder.name();
        let start = Start {
            settings,
            device: &device.describe(),
            profile: device.profile().name,
            identity: &identity,
            about,
            before: &state.history,
            from,
            out: &out,
        };
        let outcome = report
            .start(&start)
            .and_then(|()| train::run(&mut session, settings, split, state, &mut report, control));
        match &outcome {
            Ok(outcome) => {
                report.end(&End { outcome, out: &out, fell_back: device.fell_back() })?
            }
            // Why it failed matters more than that this cannot be written.
            Err(error) => report.fail(error).unwrap_or_default(),
        }
        outcome
    }
}

/// Returns everything that decides the bits of a run: equal identities give equal models.
pub fn identity(settings: &Settings, device: &Device, digits: &Value) -> Value {
    let mut identity = settings.network.about();
    identity.insert("settings".into(), settings.values());
    identity.insert("arithmetic".into(), json!(device.arithmetic()));
    let digits = json!({ "train": digits["train"]["crc32"], "test": digits["test"]["crc32"] });
    identity.insert("data".into(), digits);
    Value::Object(identity)
}
