//! The main line: from settings to a trained network.
//!
//! Everything that trains or times sets up by the same calls: [`session`] plans the step, asks the
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
use crate::recipe::Settings;
use crate::train::checkpoint::State;
use crate::train::session::{Lists, Session};

/// The plan of a run on a device, with the digits; its parameters are still 0.
pub fn session(settings: &Settings, device: &Device, lists: &Lists) -> Result<Session> {
    let plan = settings.plan(device.profile(), lists.capacity(settings.batch))?;
    let executor = device.executor(plan)?;
    Session::new(executor, lists)
}

/// The state before the first step, with weights drawn by the seed.
pub fn first_state(settings: &Settings, session: &mut Session) -> State {
    let interface = session.executor().interface();
    let Settings { network, init, seed, .. } = settings;
    State::first(interface, init::parameters(network, &interface.layout, *init, *seed))
}
