//! The plans of a network on a device, timed in turns: what `lenet tune` measures.

use std::time::{Duration, Instant};

use super::Say;
use super::engine::{Rates, Subject, Work};
use crate::device::Device;
use crate::error::{Error, Result};
use crate::plan::Strategy;
use crate::recipe::Settings;
use crate::train::session::Lists;

/// How many times slower than the fastest a plan's first step is, for it to be timed no more.
pub const SLOWER: f64 = 10.0;
/// Measurements of each plan.
const ROUNDS: usize = 3;
/// How long one measurement takes, where a step takes less.
const TURN: Duration = Duration::from_millis(250);
/// After so much time no round begins that would not end within it.
const MOST: Duration = Duration::from_secs(8);

/// A plan that is timed.
pub struct Racer {
    pub strategy: Strategy,
    /// Whether its first step was so slow that nothing more was timed.
    pub dropped: bool,
    subject: Subject,
    batch: usize,
    /// Digits a second of the first step that counts.
    first: f64,
    rates: Rates,
}

/// Times the plans that suit a network; gives them with the fastest first.
///
/// # Errors
/// [`Error::Adapter`] if the adapter fails, or no plan can be set up.
pub fn run(settings: &Settings, device: &Device, lists: &Lists, say: Say) -> Result<Vec<Racer>> {
    let mut racers = Vec::new();
    for &strategy in Strategy::candidates(&device.profile()) {
        let settings = Settings { strategy, ..settings.clone() };
        match Racer::new(&settings, device, lists) {
            Ok(racer) => racers.push(racer),
            Err(error) => say(&format!("{} is left out: {error}", strategy.name())),
        }
    }
    let best = racers.iter().map(|racer| racer.first).fold(0.0, f64::max);
    for racer in &mut racers {
        racer.dropped = SLOWER * racer.first < best;
    }
    let start = Instant::now();
    for _ in 0..ROUNDS {
        let racing = || racers.iter().filter(|racer| !racer.dropped);
        let round: f64 = racing().map(|racer| racer.step().max(TURN.as_secs_f64())).sum();
        if start.elapsed().as_secs_f64() + round > MOST.as_secs_f64() {
            break;
        }
        for racer in racers.iter_mut().filter(|racer| !racer.dropped) {
            let rate = racer.subject.measure(Work::Training, TURN)?;
            racer.rates.add(rate);
        }
    }
    if racers.is_empty() {
        return Err(Error::Adapter(format!(
            "no plan runs {} on {}: choose another --adapter",
            settings.network.name,
            device.describe()
        )));
    }
    racers.sort_by(|a, b| a.step().total_cmp(&b.step()));
    Ok(racers)
}

impl Racer {
    /// Sets a plan up, compiles it in a step that does not count, and times a second one.
    fn new(settings: &Settings, device: &Device, lists: &Lists) -> Result<Self> {
        let mut subject = Subject::new(settings, device, lists)?;
        subject.measure(Work::Training, Duration::ZERO)?;
        let first = subject.measure(Work::Training, Duration::ZERO)?;
        let Settings { strategy, batch, .. } = *settings;
        Ok(Racer { strategy, dropped: false, subject, batch, first, rates: Rates::default() })
    }

    /// Seconds a step: the median, or the first alone.
    pub fn step(&self) -> f64 {
        let rate = if self.rates.count() == 0 { self.first } else { self.rates.median() };
        self.batch as f64 / rate
    }

    /// Measurements that [`Racer::step`] is the median of.
    pub fn measurements(&self) -> usize {
        self.rates.count().max(1)
    }
}
