//! How many digits a network has to reject to be right about the others (1998, Fig. 10).
//!
//! A digit is rejected where the difference between the two best outputs is below a threshold.

use serde::Serialize;

use super::{Answer, errors, percent};
use crate::network::Output;

/// The margin below which answers are rejected by default: about the one that leaves 0.5 % error on the
/// other test digits. For two LeNet-1 that is 0.43 and 0.47; for five LeNet-5, which make 0.60 to
/// 1.14 % without it, 5.6, 13.4, 16.4, 21.1 and 22.1 (docs/predict.md).
pub fn default_margin(output: Output) -> f32 {
    match output {
        Output::Rbf => 20.0,
        Output::Linear => 0.45,
        Output::Softmax => 0.5,
    }
}

/// What a threshold gives.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Point {
    /// The threshold: answers with a smaller margin are rejected.
    pub margin: f32,
    /// Rejected digits in per cent of all.
    pub rejected: f64,
    /// Errors in per cent of the digits that are left.
    pub error: f64,
}

/// A point for every threshold, from none rejected up to the last digit that is left.
pub fn curve(answers: &[Answer]) -> Vec<Point> {
    let mut answers = answers.to_vec();
    answers.sort_by(|a, b| a.margin.total_cmp(&b.margin));
    let mut wrong = errors(&answers);
    let mut points = Vec::new();
    for (rejected, answer) in answers.iter().enumerate() {
        // No threshold lies between equal margins.
        if rejected == 0 || answers[rejected - 1].margin != answer.margin {
            points.push(Point {
                margin: if rejected == 0 { 0.0 } else { answer.margin },
                rejected: percent(rejected, answers.len()),
                error: percent(wrong, answers.len() - rejected),
            });
        }
        wrong -= usize::from(answer.is_wrong());
    }
    points
}

/// The first threshold with an error of at most `percent` on the others; `None` if none reaches it.
pub fn first_within(points: &[Point], percent: f64) -> Option<Point> {
    points.iter().find(|point| point.error <= percent).copied()
}

/// The last threshold that rejects no more than that many per cent.
pub fn last_within(points: &[Point], rejected: f64) -> Option<Point> {
    points.iter().rev().find(|point| point.rejected <= rejected).copied()
}
