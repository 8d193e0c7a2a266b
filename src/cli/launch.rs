//! From settings to a finished folder: what `train` and `reproduce` share.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use serde_json::{Value, json};

use super::device::Device;
use super::output;
use crate::error::{Error, Result};
use crate::network::init;
use crate::plan::Plan;
use crate::recipe::Settings;
use crate::report::files::{Files, Folder};
use crate::report::{All, End, Report, Start};
use crate::train::checkpoint::State;
use crate::train::model::Model;
use crate::train::session::{Lists, Session};
use crate::train::{self, Outcome, Split};

/// A run that is ready to start.
pub struct Launch<'a> {
    /// With the plan set.
    pub settings: &'a Settings,
    pub split: &'a Split,
    /// What the device gets of the digits; let go once it has them.
    pub lists: Lists,
    pub device: &'a Device,
    pub folder: &'a Folder,
    /// Whether no shader runs though the user did not ask for the CPU.
    pub fell_back: bool,
    /// Whether the best network by validation is kept as well.
    pub keep_best: bool,
}

/// Where a run begins.
pub enum Beginning {
    /// With first weights drawn by the seed.
    Drawn,
    /// With the parameters of a model.
    Model(Model),
    /// Behind the last epoch that the folder has a checkpoint of, else as [`Beginning::Drawn`].
    Checkpoint,
}

impl<'a> Launch<'a> {
    /// Trains, and leaves the files of the run in its folder.
    ///
    /// # Errors
    /// Everything that [`Error`] knows; what was completed before is on disk.
    pub fn run(
        self,
        beginning: Beginning,
        mut reports: Vec<Box<dyn Report + 'a>>,
        stop: &AtomicBool,
    ) -> Result<Outcome> {
        let Launch { settings, split, lists, device, folder, fell_back, keep_best } = self;
        let Settings { network, batch, optimizer, .. } = settings;
        let plan = settings.plan(device.profile(), lists.room(*batch))?;
        let identity = identity(settings, device);
        let earlier = match beginning {
            Beginning::Checkpoint => resume(folder, &plan, &identity),
            Beginning::Drawn | Beginning::Model(_) => None,
        };
        let parameters = match beginning {
            Beginning::Model(model) => model.parameters,
            _ => init::parameters(network, &plan.layout, settings.init, settings.seed),
        };
        let mut session = Session::new(device.executor(plan, network, *optimizer)?, &lists)?;
        drop(lists);
        session.set_parameters(&parameters)?;
        let (before, metrics) = match earlier {
            Some((state, metrics)) => {
                session.restore(&state.slots)?;
                (state.history, metrics)
            }
            None => (Vec::new(), String::new()),
        };
        reports.insert(0, Box::new(Files::new(folder, network, metrics, keep_best)?));
        let mut report = All(reports);
        let out = folder.name();
        report.start(&Start {
            settings,
            device: &device.describe(),
            profile: device.profile().name,
            identity: &identity,
            out: &out,
        })?;
        let outcome = train::run(&mut session, settings, split, before, &mut report, stop)?;
        report.end(&End { outcome: &outcome, out: &out, fell_back })?;
        Ok(outcome)
    }
}

/// What decides every bit of a run: equal identities give equal models.
pub fn identity(settings: &Settings, device: &Device) -> Value {
    json!({
        "network": settings.network.name,
        "options": settings.network.options,
        "settings": settings.values(),
        "arithmetic": device.arithmetic(),
    })
}

/// What the folder has of a run of this identity, if the run can go on from there.
fn resume(folder: &Folder, plan: &Plan, identity: &Value) -> Option<(State, String)> {
    folder.resume(plan, identity).unwrap_or_else(|error| {
        output::warn(&format!("{error}, as happens now"));
        None
    })
}

/// A flag that Ctrl-C sets.
///
/// # Errors
/// [`Error::Other`] if the system lets nobody listen.
pub fn stop_on_ctrl_c() -> Result<Arc<AtomicBool>> {
    let stop = Arc::new(AtomicBool::new(false));
    let set = stop.clone();
    ctrlc::set_handler(move || {
        if set.swap(true, Ordering::Relaxed) {
            // A second Ctrl-C does not wait for the submission.
            std::process::exit(130);
        }
    })
    .map_err(|error| Error::Other(format!("cannot listen for Ctrl-C: {error}")))?;
    Ok(stop)
}
