//! The runs that the table takes, and how long those that are missing will last.

use std::path::PathBuf;

use super::rows::Row;
use crate::recipe::Settings;

/// A run of the table.
#[derive(Debug, Clone)]
pub struct Job {
    pub row: Row,
    pub settings: Settings,
    pub folder: PathBuf,
    /// Whether its folder holds the finished run.
    pub done: bool,
}

impl Job {
    /// Returns the digits that it trains on, over all epochs.
    pub fn digits(&self) -> usize {
        self.settings.train_limit * self.settings.epochs
    }

    /// Returns what training on `digits` digits costs: digits times connections of its network.
    fn cost(&self, digits: usize) -> f64 {
        digits as f64 * self.settings.network.connections() as f64
    }
}

/// How long things take, learned from the runs so far: of each its recipe, what it cost, and its seconds.
#[derive(Debug, Clone, Default)]
pub struct Forecast(Vec<(&'static str, f64, f64)>);

impl Forecast {
    /// Learns from `digits` of a job that took `seconds`.
    pub fn learn(&mut self, job: &Job, digits: usize, seconds: f64) {
        self.0.push((job.row.recipe, job.cost(digits), seconds));
    }

    /// Seconds that `digits` of a job will take: by the runs of its recipe, else by all; `None` before the
    /// first.
    pub fn seconds(&self, job: &Job, digits: usize) -> Option<f64> {
        let pace = |fits: &dyn Fn(&str) -> bool| {
            let runs = self.0.iter().filter(|(recipe, ..)| fits(recipe));
            let (cost, seconds) = runs.fold((0.0, 0.0), |sum, run| (sum.0 + run.1, sum.1 + run.2));
            (cost > 0.0).then(|| seconds / cost)
        };
        let pace = pace(&|recipe| recipe == job.row.recipe).or_else(|| pace(&|_| true))?;
        Some(pace * job.cost(digits))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::recipe::{Available, Flags};
    use crate::reproduce::rows::ROWS;

    fn job(recipe: &str) -> Job {
        let flags = Flags { recipe: Some(recipe.into()), ..Flags::default() };
        let available = Available::MNIST;
        let settings = Settings::resolve(&flags, available, None).unwrap();
        let row = *ROWS.iter().find(|row| row.recipe == recipe).unwrap();
        Job { row, settings, folder: PathBuf::new(), done: false }
    }

    #[test]
    fn forecasts_by_recipe_else_by_connections() {
        let (lenet1, lenet5) = (job("lenet1"), job("lenet5"));
        let mut forecast = Forecast::default();
        assert_eq!(forecast.seconds(&lenet1, 100), None);
        forecast.learn(&lenet1, 1_000, 2.0);
        assert!((forecast.seconds(&lenet1, 100).unwrap() - 0.2).abs() < 1e-9);
        // 340,908 connections to 98,442.
        let expected = 0.2 * 340_908.0 / 98_442.0;
        assert!((forecast.seconds(&lenet5, 100).unwrap() - expected).abs() < 1e-9);
        forecast.learn(&lenet5, 1_000, 5.0);
        assert!((forecast.seconds(&lenet5, 100).unwrap() - 0.5).abs() < 1e-9);
    }
}
