//! What the dashboard knows: what the events of a run come to. It does not draw.

use std::collections::VecDeque;
use std::time::Duration;

use crate::evaluation::Confusion;
use crate::network::ClassNames;
use crate::plan::TOTALS;
use crate::train::checkpoint::Tally;
use crate::train::events::{Epoch, Progress, Start};
use crate::train::session::Position;

/// Time over which the rate is measured.
const WINDOW: Duration = Duration::from_secs(2);

/// A run under way.
#[derive(Debug, Clone, Default)]
pub struct State {
    pub title: String,
    /// Classes, and what they are called.
    pub classes: usize,
    pub names: ClassNames,
    pub epochs: usize,
    pub batch: usize,
    /// Test error in per cent by epoch.
    pub errors: Vec<(f64, f64)>,
    /// Training loss by epoch.
    pub losses: Vec<(f64, f64)>,
    /// The same so far, in an epoch that is under way.
    pub loss: Option<f64>,
    pub now: Option<Progress>,
    /// Mistakes on test digits after the last completed epoch.
    pub confusion: Option<Confusion>,
    /// Of the first convolution, after the last completed epoch: the weights of each.
    pub kernels: Vec<Vec<f32>>,
    /// The first progress that was heard of, then those of the last [`WINDOW`].
    pub(super) first: Option<Progress>,
    pub(super) recent: VecDeque<Progress>,
}

impl State {
    pub fn start(&mut self, start: &Start) {
        let settings = start.settings;
        self.title = format!(
            "{}, recipe {}, seed {}, on {}",
            settings.network.name, settings.recipe, settings.seed, start.device
        );
        (self.epochs, self.batch) = (settings.epochs, settings.batch);
        self.classes = settings.network.options.classes;
        self.names = settings.network.classes.clone();
        let error = |tally: &Tally| (tally.epoch as f64, tally.error_percent());
        self.errors = start.before.iter().map(error).collect();
    }

    /// Takes in how far the run is.
    pub fn progress(&mut self, progress: Progress) {
        self.now = Some(progress);
        self.first.get_or_insert(progress);
        self.recent.push_back(progress);
        while self.recent.len() > 2 && progress.time - self.recent[1].time >= WINDOW {
            self.recent.pop_front();
        }
    }

    /// Takes in the sums over the steps of the epoch so far.
    pub fn position(&mut self, position: Option<&Position>) {
        self.loss = position.filter(|position| position.step > 0).map(|position| {
            let losses = position.totals.chunks_exact(TOTALS).map(|row| f64::from(row[0]));
            losses.sum::<f64>() / (position.step * self.batch) as f64
        });
    }

    /// Takes in a completed epoch.
    pub fn epoch(&mut self, epoch: &Epoch, confusion: Confusion, kernels: Vec<Vec<f32>>) {
        let x = epoch.epoch as f64;
        self.errors.push((x, epoch.test.error_percent()));
        self.losses.push((x, epoch.train.loss));
        self.loss = None;
        self.confusion = Some(confusion);
        self.kernels = kernels;
    }

    /// Returns the digits a second in the last seconds.
    pub fn rate(&self) -> Option<f64> {
        pace(self.recent.front()?, self.recent.back()?)
    }

    /// Returns the seconds that are left, evaluations included, at the pace so far.
    pub fn left(&self) -> Option<f64> {
        let now = self.now?;
        Some((now.all - now.done) as f64 / pace(&self.first?, &now)?)
    }

    /// Returns the share of the run that is done, 0 to 1.
    pub fn share(&self) -> f64 {
        self.now.map_or(0.0, |now| now.done as f64 / now.all.max(1) as f64).min(1.0)
    }
}

/// Digits a second between two moments; none if no time lies between them.
fn pace(from: &Progress, to: &Progress) -> Option<f64> {
    let seconds = (to.time - from.time).as_secs_f64();
    (seconds > 0.0).then(|| (to.done - from.done) as f64 / seconds)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn progress(seconds: u64, done: usize) -> Progress {
        let time = Duration::from_secs(seconds);
        Progress { epoch: 1, step: done, steps: 1_000, lr: 0.1, done, all: 1_000, time }
    }

    #[test]
    fn measures_lately_and_forecasts_by_all() {
        let mut state = State::default();
        assert_eq!((state.rate(), state.left(), state.share()), (None, None, 0.0));
        // From a checkpoint on: the first 100 took this run no time.
        state.progress(progress(0, 100));
        assert_eq!(state.rate(), None, "no time has passed");
        state.progress(progress(10, 200));
        state.progress(progress(11, 300));
        state.progress(progress(12, 500));
        assert_eq!(state.rate(), Some(150.0), "300 digits in the last 2 s");
        // 400 digits in 12 s.
        assert!((state.left().unwrap() - 15.0).abs() < 1e-9);
        assert_eq!(state.share(), 0.5);
        // Two steps of four digits, whose losses add up to 4.
        state.batch = 4;
        let totals = [[1.0, 0.0, 0.0, 0.0], [3.0, 1.0, 0.0, 0.0]].concat();
        state.position(Some(&Position { step: 2, totals, time: Duration::ZERO }));
        assert_eq!(state.loss, Some(0.5));
    }
}
