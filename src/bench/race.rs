//! The plans of a network on a device, against each other: what `lenet tune` measures.

use std::time::Duration;

use super::Say;
use super::engine::{Limits, Rates, Subject, Work};
use crate::device::Device;
use crate::error::{Error, Result};
use crate::plan::Strategy;
use crate::recipe::Settings;
use crate::train::session::Lists;

/// How many times slower than the fastest a plan is in its first turn, for it to have no other.
pub const SLOWER: f64 = 10.0;
const LIMITS: Limits = Limits { time: Duration::from_millis(250), repeats: 3 };

/// A plan that is timed.
pub struct Racer {
    subject: Subject,
    /// Whether its first turn was so slow that it had no other.
    pub dropped: bool,
}

/// Times the plans that suit a network and returns them with the fastest first.
///
/// # Errors
/// [`Error::Adapter`] if the adapter fails, or no plan can be set up.
pub fn run(settings: &Settings, device: &Device, lists: &Lists, say: Say) -> Result<Vec<Racer>> {
    let mut racers = Vec::new();
    for &strategy in Strategy::candidates(&device.profile()) {
        let settings = Settings { strategy, ..settings.clone() };
        match Racer::new(settings, device, lists) {
            Ok(racer) => racers.push(racer),
            Err(error) => say(&format!("{} is left out: {error}", strategy.name())),
        }
    }
    let best = racers.iter().map(|racer| racer.rates().median).fold(0.0, f64::max);
    racers.iter_mut().for_each(|racer| racer.dropped = SLOWER * racer.rates().median < best);
    for _ in 1..LIMITS.repeats {
        for racer in racers.iter_mut().filter(|racer| !racer.dropped) {
            racer.subject.turn(LIMITS)?;
        }
    }
    if racers.is_empty() {
        return Err(Error::Adapter(format!(
            "no plan runs {} on {}: choose another --adapter",
            settings.network.name,
            device.describe()
        )));
    }
    racers.sort_by(|a, b| b.rates().median.total_cmp(&a.rates().median));
    Ok(racers)
}

impl Racer {
    /// Sets a plan up and gives it its first turn.
    fn new(settings: Settings, device: &Device, lists: &Lists) -> Result<Self> {
        let mut subject = Subject::new(settings, device, lists, &[Work::Training])?;
        subject.turn(LIMITS)?;
        Ok(Racer { subject, dropped: false })
    }

    pub fn strategy(&self) -> Strategy {
        self.subject.settings.strategy
    }

    /// Digits a second in training.
    pub fn rates(&self) -> Rates {
        self.subject.rates(Work::Training).expect("a racer has had its first turn")
    }
}
