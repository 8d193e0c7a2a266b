//! What the finished runs of a row came to.

use super::rows::Row;
use crate::data::Digits;
use crate::evaluation::rejection::{curve, first_within};
use crate::evaluation::statistics::Sample;
use crate::evaluation::{self, TEST_DIGITS, percent};
use crate::recipe::Settings;
use crate::report::finished::{Answered, by_epoch};
use crate::report::lines::Line;

/// Error in per cent on the first and on the last 5,000 test digits, where all were asked.
pub fn halves(run: &Answered) -> Option<[f64; 2]> {
    let halves = evaluation::halves(&run.answers)?;
    Some(halves.map(|errors| percent(errors, TEST_DIGITS / 2)))
}

/// All runs of a row, by seed; there is at least one.
#[derive(Debug, Clone)]
pub struct RowResults {
    pub row: Row,
    /// Settings of the first run; the others differ in the seed.
    pub settings: Settings,
    /// The test digits that the answers number.
    pub test: Digits,
    pub runs: Vec<Answered>,
}

/// Share of the test digits that has to be rejected for an error of `target` on the rest, in per cent; `None`
/// if no share does.
pub fn rejected(run: &Answered, target: f64) -> Option<f64> {
    first_within(&curve(&run.answers), target).map(|point| point.rejected)
}

impl RowResults {
    /// Returns the sample of a number of each run.
    pub fn sample(&self, of: impl Fn(&Answered) -> f64) -> Sample {
        let numbers: Vec<f64> = self.runs.iter().map(of).collect();
        Sample::of(&numbers).expect("a row has a run")
    }

    /// The same where only some runs may have the number; `None` unless all have it.
    pub fn sample_of_all(&self, of: impl Fn(&Answered) -> Option<f64>) -> Option<Sample> {
        let numbers: Option<Vec<f64>> = self.runs.iter().map(of).collect();
        Sample::of(&numbers?)
    }

    /// Returns a number of each epoch, with its spread over the runs.
    pub fn by_epoch(&self, of: impl Fn(&Line) -> f64) -> Vec<(f64, Sample)> {
        by_epoch(self.runs.iter().map(|run| &run.run), of)
    }

    /// The run in the middle by its errors, the lower seed of equals: the one that is drawn.
    pub fn typical(&self) -> &Answered {
        let mut runs: Vec<&Answered> = self.runs.iter().collect();
        runs.sort_by_key(|run| (run.last().test_errors, run.seed()));
        runs[(runs.len() - 1) / 2]
    }
}
