//! Where the events of a run go: [`files`] keeps them in the run's folder, [`tensorboard`] for
//! TensorBoard. [`html`] is the page of a [`finished`] run. Nothing here prints.

pub mod files;
pub mod finished;
mod folder;
pub mod html;
pub mod identity;
pub(crate) mod page;
pub mod tensorboard;

use serde_json::{Value, json};

use crate::train::checkpoint::Tally;
use crate::train::events::{End, Epoch};

/// What an epoch gave, as `metrics.jsonl` and `--json` have it: accuracies as fractions, the rate
/// of training alone, the seconds with its evaluations.
pub fn epoch_json(epoch: &Epoch) -> Value {
    let mut value = json!({
        "event": "epoch",
        "epoch": epoch.epoch,
        "learning_rate": epoch.lr,
        "train_loss": epoch.train.loss,
        "train_accuracy": epoch.train.accuracy(),
        "test_loss": epoch.test.loss,
        "test_accuracy": epoch.test.accuracy(),
        "test_errors": epoch.test.errors,
        "samples_per_second": epoch.train.rate(),
        "seconds": epoch.seconds(),
    });
    if let Some(validation) = epoch.validation {
        value["validation_loss"] = json!(validation.loss);
        value["validation_accuracy"] = json!(validation.accuracy());
        value["validation_errors"] = json!(validation.errors);
    }
    if !epoch.curvature.is_empty() {
        value["curvature"] = json!(epoch.curvature);
    }
    value
}

/// What a run came to, as `run.json` and `--json` have it.
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
