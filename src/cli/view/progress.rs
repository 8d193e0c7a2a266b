//! How far the whole table is: a live line with the time left, and a line a finished run.

use std::time::Instant;

use indicatif::ProgressBar;

use crate::cli::output;
use crate::error::Result;
use crate::reproduce::jobs::{Forecast, Job};
use crate::text::duration;
use crate::train::checkpoint::State;
use crate::train::events::{End, Epoch, Progress, Report, Start};

/// Length of the bar, which shows how much of the time has passed.
const BAR_LENGTH: u64 = 1_000;

/// Shows how far all runs of the table are.
pub struct Board<'a> {
    jobs: Vec<&'a Job>,
    /// Number of the run that is under way, of those that have to be made.
    current: usize,
    forecast: Forecast,
    bar: ProgressBar,
    begun: Instant,
    /// Of the run: when it started, and the digits that a checkpoint spared it.
    run_begun: Instant,
    spared: Option<usize>,
    done: usize,
    last: String,
}

impl<'a> Board<'a> {
    /// A board for the runs that have to be made.
    pub fn new(jobs: Vec<&'a Job>) -> Self {
        let bar = super::bar("{prefix} {wide_bar} {percent}%  {msg}", false);
        bar.set_length(BAR_LENGTH);
        super::tick(&bar);
        let now = Instant::now();
        Board {
            jobs,
            current: 0,
            forecast: Forecast::default(),
            bar,
            begun: now,
            run_begun: now,
            spared: None,
            done: 0,
            last: String::new(),
        }
    }

    /// Writes a line above the bar; a closed pipe is nobody's error.
    fn say(&self, text: &str) -> Result<()> {
        self.bar.suspend(|| output::print(&format!("{text}\n")))
    }

    /// Seconds that are left, once something is known.
    fn left(&self) -> Option<f64> {
        let mut forecast = self.forecast.clone();
        let mut left = 0.0;
        if let Some(job) = self.jobs.get(self.current) {
            let made = self.done.saturating_sub(self.spared.unwrap_or(0));
            if made > 0 {
                forecast.learn(job, made, self.run_begun.elapsed().as_secs_f64());
            }
            left += forecast.seconds(job, job.digits().saturating_sub(self.done))?;
        }
        for job in self.jobs.iter().skip(self.current + 1) {
            left += forecast.seconds(job, job.digits())?;
        }
        Some(left)
    }

    fn draw(&self, epoch: usize) {
        let Some(job) = self.jobs.get(self.current) else { return };
        let of = format!("{} of {}", self.current + 1, self.jobs.len());
        self.bar.set_prefix(format!(
            "run {of}: {} seed {}, epoch {epoch} of {}",
            job.row.recipe, job.settings.seed, job.settings.epochs
        ));
        let Some(left) = self.left() else { return };
        let gone = self.begun.elapsed().as_secs_f64();
        self.bar.set_position((gone / (gone + left).max(1e-9) * BAR_LENGTH as f64) as u64);
        self.bar.set_message(format!("{}about {} left", self.last, duration(left)));
    }

    pub fn finish(&self) {
        self.bar.finish_and_clear();
    }
}

/// Shows the progress of several runs, one after the other.
impl Report for &mut Board<'_> {
    fn start(&mut self, _start: &Start) -> Result<()> {
        (self.run_begun, self.done, self.spared) = (Instant::now(), 0, None);
        self.last.clear();
        self.draw(1);
        Ok(())
    }

    fn warn(&mut self, what: &str) {
        self.bar.suspend(|| output::warn(what));
    }

    fn progress(&mut self, progress: Progress) {
        self.done = progress.done;
        // The first call comes after one submission: what was done before is a checkpoint's.
        self.spared.get_or_insert(progress.done);
        self.draw(progress.epoch);
    }

    fn epoch(&mut self, epoch: &Epoch, _state: &State) -> Result<()> {
        self.last = format!("{:.2} % error, ", epoch.test.error_percent());
        Ok(())
    }

    fn end(&mut self, end: &End) -> Result<()> {
        let Some(last) = end.outcome.epochs.last().filter(|_| !end.outcome.interrupted) else {
            return Ok(());
        };
        let job = self.jobs[self.current];
        let seconds = self.run_begun.elapsed().as_secs_f64();
        let made = job.digits().saturating_sub(self.spared.unwrap_or(0));
        self.forecast.learn(job, made.max(1), seconds);
        self.current += 1;
        self.done = 0;
        self.spared = None;
        let count = format!("{} of {} runs made", self.current, self.jobs.len());
        let left = match self.left().filter(|_| self.current < self.jobs.len()) {
            Some(left) => format!(", about {} left", duration(left)),
            None => String::new(),
        };
        self.say(&format!(
            "{:<10} seed {:>2}: {:.2} % test error after epoch {}, {} here; {count}{left}",
            job.row.recipe,
            job.settings.seed,
            last.error_percent(),
            last.epoch,
            duration(seconds),
        ))
    }
}
