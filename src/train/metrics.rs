//! The metrics of a pass over a list of digits, and how far it is.

use std::time::Duration;

use crate::plan::TOTALS;

/// A run whose mean loss per digit reaches this has diverged.
pub const LARGEST_LOSS: f64 = 1e30;

/// How far a pass over a list of digits is.
#[derive(Debug, Clone, PartialEq)]
pub struct Position {
    /// Steps that are done.
    pub step: usize,
    /// Sums over the steps done, `[batch, TOTALS]`.
    pub totals: Vec<f32>,
    /// Time from the first submission to the end of the last, without pauses.
    pub time: Duration,
}

/// The metrics of a pass over a list of digits.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Metrics {
    pub digits: usize,
    /// Mean loss per digit.
    pub loss: f64,
    /// Digits that were answered wrongly.
    pub errors: usize,
    /// Mean over the batches of their mean loss, as the notebook counts.
    pub batch_loss: f64,
    /// Mean over the batches of their share of right answers, as the notebook counts.
    pub batch_accuracy: f64,
    /// Time from the first submission to the end of the last, without pauses.
    pub time: Duration,
    /// Whether the pass was stopped early. The means are then too small: they divide by all digits.
    pub stopped: bool,
}

impl Metrics {
    /// The metrics of a pass over `digits` digits in `steps` steps that got as far as `end`.
    pub(super) fn of(end: &Position, steps: usize, digits: usize) -> Self {
        let sum = |column: usize| -> f64 {
            end.totals.chunks_exact(TOTALS).map(|row| f64::from(row[column])).sum()
        };
        Metrics {
            digits,
            loss: sum(0) / digits as f64,
            errors: sum(1) as usize,
            batch_loss: sum(2) / steps as f64,
            batch_accuracy: 1.0 - sum(3) / steps as f64,
            time: end.time,
            stopped: end.step < steps,
        }
    }

    /// Share of right answers.
    pub fn accuracy(&self) -> f64 {
        1.0 - self.errors as f64 / self.digits as f64
    }

    /// Wrong answers in per cent.
    pub fn error_percent(&self) -> f64 {
        100.0 * self.errors as f64 / self.digits as f64
    }

    /// Digits a second.
    pub fn rate(&self) -> f64 {
        self.digits as f64 / self.time.as_secs_f64().max(1e-9)
    }
}
