//! The whole state of a run after an epoch, as a safetensors file: going on from it gives the same
//! bits as never having stopped.
//!
//! What the device carries from one epoch to the next stands there as named slots
//! ([`crate::plan::Ports::carried`]): `parameters.c1.weight`, `velocity.c1.weight` and so on. The
//! order of an epoch and its learning rates follow from the settings and the number of the epoch.
//! The metadata holds the identity of the run and the errors after each epoch.

use std::path::Path;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::container::{self, Container};
use crate::error::{Error, Result};
use crate::plan::Layout;

/// What is remembered of a completed epoch.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tally {
    /// From 1.
    pub epoch: usize,
    /// Test digits, and how many of them were answered wrongly.
    pub digits: usize,
    pub errors: usize,
    /// Of the digits held back, where there are any.
    pub validation_errors: Option<usize>,
}

impl Tally {
    /// Wrong answers to test digits in per cent.
    pub fn error_percent(&self) -> f64 {
        100.0 * self.errors as f64 / self.digits as f64
    }
}

/// The epoch with the fewest errors on the digits held back, the first of several; `None` where none
/// are. Unlike the epoch with the fewest test errors, it is chosen without looking at those.
pub fn best_by_validation(history: &[Tally]) -> Option<&Tally> {
    let validated = history.iter().filter(|epoch| epoch.validation_errors.is_some());
    validated.min_by_key(|epoch| epoch.validation_errors)
}

/// Numbers that a run carries along, laid out as its parameters.
#[derive(Debug, Clone, PartialEq)]
pub struct Slot {
    pub name: String,
    pub numbers: Vec<f32>,
}

/// A run after one of its epochs.
#[derive(Debug, Clone, PartialEq)]
pub struct State {
    /// The parameters first.
    pub slots: Vec<Slot>,
    /// The completed epochs.
    pub history: Vec<Tally>,
}

impl State {
    /// The parameters, in the places of the plan's layout.
    pub fn parameters(&self) -> &[f32] {
        &self.slots[0].numbers
    }

    /// The bytes of the file; `identity` says whose state it is.
    ///
    /// # Errors
    /// [`Error::Other`] if the format refuses.
    pub fn to_bytes(&self, layout: &Layout, identity: &Value) -> Result<Vec<u8>> {
        let prefixes: Vec<String> = self.slots.iter().map(|slot| prefix(&slot.name)).collect();
        let parts: Vec<(&str, &[f32])> = prefixes
            .iter()
            .map(String::as_str)
            .zip(self.slots.iter().map(|s| &*s.numbers))
            .collect();
        container::bytes(layout, &parts, &json!({ "run": identity, "history": self.history }))
    }

    /// Reads the state of the run `identity` with these slots.
    ///
    /// # Errors
    /// [`Error::Data`] if the file is missing or broken, or belongs to another run.
    pub fn read(path: &Path, layout: &Layout, names: &[&str], identity: &Value) -> Result<State> {
        let way_out = "start the run again";
        let bytes = container::read(path, way_out)?;
        State::from_bytes(&bytes, layout, names, identity)
            .map_err(|what| Error::cannot_read(path, what, way_out))
    }

    fn from_bytes(
        bytes: &[u8],
        layout: &Layout,
        names: &[&str],
        identity: &Value,
    ) -> Result<State, String> {
        let container = Container::open(bytes)?;
        if container.about["run"] != *identity {
            return Err("it belongs to a run with other settings or on another device".into());
        }
        let history: Vec<Tally> = serde_json::from_value(container.about["history"].clone())
            .map_err(|error| format!("its history cannot be read: {error}"))?;
        let prefixes: Vec<String> = names.iter().map(|name| prefix(name)).collect();
        let prefixes: Vec<&str> = prefixes.iter().map(String::as_str).collect();
        let lists = container.numbers(layout, &prefixes)?;
        let slot = |(name, numbers): (&&str, _)| Slot { name: name.to_string(), numbers };
        Ok(State { slots: names.iter().zip(lists).map(slot).collect(), history })
    }
}

/// What stands in front of the names of a slot's tensors.
fn prefix(slot: &str) -> String {
    format!("{slot}.")
}
