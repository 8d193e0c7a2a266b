//! The main line: from settings to a trained network.
//!
//! Everything that trains or times sets up by the same calls: [`session`] plans the step, asks the
//! device for an executor and hands it the digits; [`first_state`] draws the first weights.
//! [`crate::train::run`] does the rest. [`fit()`] is that and no more; [`launch`] also keeps the run's
//! folder, and [`resume`] continues the run of one; [`record`] and [`page`] say what it was.

pub mod launch;
pub mod page;
pub mod record;
pub mod resume;

use crate::data::Mnist;
use crate::device::Device;
use crate::error::Result;
use crate::network::init;
use crate::recipe::Settings;
use crate::train::checkpoint::State;
use crate::train::control::Control;
use crate::train::events::Report;
use crate::train::model::Model;
use crate::train::session::{Lists, Session};
use crate::train::{self, Outcome, Split};

/// Plans a run and puts it on a device, with the digits; its parameters are still 0.
pub fn session(settings: &Settings, device: &Device, lists: &Lists) -> Result<Session> {
    let plan = settings.plan(device.profile(), lists.capacity(settings.batch))?;
    let executor = device.executor(plan)?;
    Session::new(executor, lists)
}

/// Returns the state before the first step, with weights drawn by the seed.
pub fn first_state(settings: &Settings, session: &mut Session) -> State {
    let interface = session.executor().interface();
    let Settings { network, init, seed, .. } = settings;
    State::first(interface, init::parameters(network, &interface.layout, *init, *seed))
}

/// Trains a network as the settings say, and tests it after every epoch. `report` is told of each; `&mut ()` is
/// no report. Equal settings, digits and devices give equal models.
///
/// # Errors
/// [`crate::Error::Diverged`] when a loss is no longer a finite number, [`crate::Error::Adapter`] if
/// the adapter fails, [`crate::Error::Usage`] if no kernel is made for the network, and what the
/// report meets.
pub fn fit(
    settings: &Settings,
    mnist: &Mnist,
    device: &Device,
    report: &mut dyn Report,
) -> Result<(Model, Outcome)> {
    let split = Split::draw(settings, mnist);
    let mut session = session(settings, device, &split.lists(mnist))?;
    let first = first_state(settings, &mut session);
    let outcome = train::run(&mut session, settings, &split, first, report, &Control::default())?;
    let (network, parameters) = (settings.network.clone(), session.parameters()?);
    Ok((Model { network, parameters, settings: settings.values() }, outcome))
}
