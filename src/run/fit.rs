//! A training run in memory: what `lenet train` does, without its folder.

use super::{first_state, session};
use crate::data::Mnist;
use crate::device::Device;
use crate::error::Result;
use crate::recipe::Settings;
use crate::train::control::Control;
use crate::train::events::Report;
use crate::train::model::Model;
use crate::train::{self, Outcome, Split};

/// Trains a network as the settings say, and tests it after every epoch. `report` hears of each as
/// it ends; with `&mut ()` nobody does. Equal settings, digits and devices give equal models.
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
