//! The main line: from settings to a trained network.
//!
//! Everything that trains or times sets up by the same calls: [`set_up`] plans the step, asks the
//! device for an executor and hands it the digits; [`first_state`] draws the first weights.
//! [`crate::train::run`] does the rest. [`fit()`] is that and no more; [`launch`] also keeps the run's folder and
//! [`resume`] goes on with one; [`record`] and [`page`] say what it was.

mod fit;
pub mod launch;
pub mod page;
pub mod record;
pub mod resume;

pub use fit::fit;

use crate::device::Device;
use crate::error::Result;
use crate::network::init;
use crate::plan::Plan;
use crate::recipe::Settings;
use crate::train::checkpoint::State;
use crate::train::session::{Lists, Session};

/// The plan of a run, and a device that has it and the digits; its parameters are still 0.
///
/// # Errors
/// [`crate::Error::Usage`] if no kernel is made for the network, [`crate::Error::Adapter`] if the
/// adapter refuses or fails.
pub fn set_up(settings: &Settings, device: &Device, lists: &Lists) -> Result<(Plan, Session)> {
    let plan = settings.plan(device.profile(), lists.room(settings.batch))?;
    let session = Session::new(device.executor(plan.clone())?, lists)?;
    Ok((plan, session))
}

/// The state before the first step, with weights drawn by the seed.
pub fn first_state(settings: &Settings, plan: &Plan) -> State {
    let Settings { network, init, seed, .. } = settings;
    State::first(plan, init::parameters(network, &plan.layout, *init, *seed))
}
