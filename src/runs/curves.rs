//! The curves of runs: numbers of each epoch.

use serde_json::{Map, Value, json};

use crate::report::finished::Run;
use crate::report::lines::Line;
use crate::text::plain;

/// A number of an epoch.
#[derive(Debug, Clone, Copy)]
pub struct Curve {
    /// Name in tables, JSON and CSV.
    pub name: &'static str,
    /// Digits after the point that a person sees.
    decimals: usize,
    value: fn(&Line) -> Value,
}

/// The curves, from left to right.
pub const CURVES: &[Curve] = &[
    curve("epoch", 0, |line| json!(line.epoch)),
    // With the digits that were typed, not those of the nearest f64.
    curve("learning_rate", 6, |line| json!(line.learning_rate.to_string().parse::<f64>().ok())),
    curve("train_loss", 5, |line| json!(line.train_loss)),
    curve("train_error_percent", 2, |line| json!(line.train_error())),
    curve("validation_error_percent", 2, |line| json!(line.validation_error())),
    curve("test_loss", 5, |line| json!(line.test_loss)),
    curve("test_error_percent", 2, |line| json!(line.test_error())),
    curve("samples_per_second", 0, |line| json!(line.samples_per_second)),
    curve("seconds", 1, |line| json!(line.seconds)),
];

const fn curve(name: &'static str, decimals: usize, value: fn(&Line) -> Value) -> Curve {
    Curve { name, decimals, value }
}

impl Curve {
    /// Returns the number in CSV; nothing where the epoch has none.
    pub fn cell(&self, line: &Line) -> String {
        plain(&(self.value)(line))
    }

    /// Returns the number for a person.
    pub fn text(&self, line: &Line) -> String {
        let decimals = self.decimals;
        (self.value)(line).as_f64().map_or(String::new(), |number| format!("{number:.decimals$}"))
    }
}

/// Returns the epochs of a run for a program.
pub fn json(run: &Run) -> Value {
    let epoch = |line: &Line| -> Map<String, Value> {
        CURVES.iter().map(|curve| (curve.name.into(), (curve.value)(line))).collect()
    };
    json!(run.lines.iter().map(epoch).collect::<Vec<_>>())
}
