//! The whole state of a run after any of its steps, as a safetensors file. Resuming from it gives the
//! same bits as not having stopped.
//!
//! The file holds the state tensors that the device carries from one step to the next
//! ([`crate::plan::Ports::carried`]): `parameters.c1.weight`, `velocity.c1.weight` and so on; in the
//! middle of an epoch also the sums over its steps so far, as `totals`. The order of an epoch and its
//! learning rates follow from the settings and the number of the epoch. The metadata holds the
//! identity of the run, the errors after each epoch, and the steps done since.

use std::borrow::Cow;
use std::path::Path;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::container::{self, Container};
use super::session::Position;
use crate::error::{Error, Result};
use crate::plan::{Interface, TOTALS};

/// What is remembered of a completed epoch.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tally {
    /// Number of the epoch, from 1.
    pub epoch: usize,
    /// Test digits, and how many of them were answered wrongly.
    pub digits: usize,
    pub errors: usize,
    /// Errors on the digits held back, where there are any.
    pub validation_errors: Option<usize>,
}

impl Tally {
    /// Wrong answers to test digits in per cent.
    pub fn error_percent(&self) -> f64 {
        100.0 * self.errors as f64 / self.digits as f64
    }

    /// Whether it can be what is remembered of this epoch.
    fn is_of(&self, epoch: usize) -> bool {
        self.epoch == epoch && self.digits > 0 && self.errors <= self.digits
    }
}

/// The epoch with the fewest errors on the digits held back, the first of several; `None` where none
/// are. Unlike the epoch with the fewest test errors, it is chosen without looking at those.
pub fn best_by_validation(history: &[Tally]) -> Option<&Tally> {
    let validated = history.iter().filter(|epoch| epoch.validation_errors.is_some());
    validated.min_by_key(|epoch| epoch.validation_errors)
}

/// A run between two of its steps.
#[derive(Debug, Clone, PartialEq)]
pub struct State {
    /// State tensors in the order of [`crate::plan::Ports::carried`], laid out as the parameters,
    /// which come first.
    pub carried: Vec<Vec<f32>>,
    /// The completed epochs.
    pub history: Vec<Tally>,
    /// How far the next epoch is; `None` before it has begun.
    pub position: Option<Position>,
}

/// Parameters of a network that learns stay far below. Some drivers clamp what is not finite, so that the end
/// of the range alone would not tell.
const LARGEST: f32 = 1e9;
/// The tensor of the sums over the steps of an epoch.
const SUMS: &str = "totals";

impl State {
    /// Before the first step, with these parameters.
    pub fn first(interface: &Interface, parameters: Vec<f32>) -> State {
        let size = interface.layout.size;
        let others = interface.ports.carried().skip(1).map(|_| vec![0.0; size]);
        let carried = std::iter::once(parameters).chain(others).collect();
        State { carried, history: Vec::new(), position: None }
    }

    /// The parameters, in the places of the plan's layout.
    pub fn parameters(&self) -> &[f32] {
        &self.carried[0]
    }

    /// How far it is: completed epochs, and steps since.
    pub fn place(&self) -> (usize, usize) {
        (self.history.len(), self.position.as_ref().map_or(0, |position| position.step))
    }

    /// Whether every number is finite and no parameter is over 1e9: else a run has diverged.
    pub fn is_sound(&self) -> bool {
        let sums = self.position.iter().flat_map(|position| &position.totals);
        self.carried.iter().flatten().chain(sums).all(|number| number.is_finite())
            && self.parameters().iter().all(|parameter| parameter.abs() <= LARGEST)
    }

    /// The bytes of the file; `identity` says whose state it is.
    ///
    /// # Errors
    /// [`Error::Other`] if the format refuses.
    pub fn to_bytes(&self, interface: &Interface, identity: &Value) -> Result<Vec<u8>> {
        let carried = interface.ports.carried().zip(&self.carried);
        let tensors = carried.flat_map(|((name, _), numbers)| {
            container::tensors(&interface.layout, format!("{name}."), numbers)
        });
        let sums = self.position.iter().map(|position| {
            (SUMS.to_string(), vec![interface.batch, TOTALS], Cow::from(&position.totals))
        });
        let position = self.position.as_ref().map(
            |position| json!({ "step": position.step, "seconds": position.time.as_secs_f64() }),
        );
        let about = json!({ "run": identity, "history": self.history, "position": position });
        container::bytes(tensors.chain(sums), &about)
    }

    /// Reads the state of a run with this plan, and whose state it is.
    ///
    /// # Errors
    /// [`Error::Data`] if the file is missing or broken, or belongs to another plan.
    pub fn read(path: &Path, interface: &Interface) -> Result<(State, Value)> {
        let way_out = "start the run again";
        let bytes = container::read(path, way_out)?;
        State::from_bytes(&bytes, interface).map_err(|what| Error::cannot_read(path, what, way_out))
    }

    fn from_bytes(bytes: &[u8], interface: &Interface) -> Result<(State, Value), String> {
        #[derive(Deserialize)]
        struct About {
            run: Value,
            history: Vec<Tally>,
            position: Option<Place>,
        }
        #[derive(Deserialize)]
        struct Place {
            step: usize,
            seconds: f64,
        }
        let mut container = Container::open(bytes)?;
        let About { run, history, position } = serde_json::from_value(container.about.clone())
            .map_err(|error| format!("its metadata cannot be read: {error}"))?;
        if let Some((at, _)) = history.iter().enumerate().find(|(at, tally)| !tally.is_of(at + 1)) {
            return Err(format!("what it says of epoch {} cannot be", at + 1));
        }
        let carried = interface.ports.carried();
        let carried = carried
            .map(|(name, _)| container.list(&interface.layout, &format!("{name}.")))
            .collect::<Result<Vec<_>, String>>()?;
        let position = match position {
            None => None,
            Some(Place { step, seconds }) => Some(Position {
                step,
                totals: container.tensor(SUMS, &[interface.batch, TOTALS])?,
                time: Duration::try_from_secs_f64(seconds).map_err(|error| error.to_string())?,
            }),
        };
        container.end()?;
        Ok((State { carried, history, position }, run))
    }
}
