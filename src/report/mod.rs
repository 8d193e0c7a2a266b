//! What a run leaves to read: [`files`] writes its events into the run's folder, [`tensorboard`] writes
//! them for TensorBoard, and [`html`] makes the page of a [`finished`] run. Nothing here prints.

pub mod files;
pub mod finished;
mod folder;
pub mod html;
pub mod identity;
pub mod lines;
pub(crate) mod page;
pub mod record;
pub mod tensorboard;

use serde_json::{Value, json};

use crate::train::checkpoint::Tally;
use crate::train::events::End;

/// The result of a run, as `--json` prints it. `run.json` adds the checksum of the model.
pub fn end_json(end: &End) -> Value {
    let outcome = end.outcome;
    let of = |epoch: Option<&Tally>| {
        epoch.map(|epoch| json!({ "epoch": epoch.epoch, "test_errors": epoch.errors }))
    };
    json!({
        "event": "end",
        "epochs": outcome.epochs.len(),
        "best": of(outcome.best()),
        "best_by_validation": of(outcome.best_by_validation()),
        "final": of(outcome.epochs.last()),
        "interrupted": outcome.interrupted,
        "cpu_fallback": end.fell_back,
        "out": end.out,
    })
}
