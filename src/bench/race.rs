//! The plans of a network on a device, timed in turns: what `lenet tune` measures.

use std::time::{Duration, Instant};

use super::Say;
use crate::device::Device;
use crate::error::{Error, Result};
use crate::network::init;
use crate::plan::{Plan, Strategy};
use crate::recipe::Settings;
use crate::train::session::{Lists, Session};

/// How many times slower than the fastest a plan's first step is, for it to be timed no more.
pub const SLOWER: f64 = 10.0;
/// Measurements of each plan.
const ROUNDS: usize = 3;
/// Seconds that one measurement takes, where a step takes less.
const TURN: f64 = 0.25;
/// After so much time no round begins that would not end within it.
const MOST: Duration = Duration::from_secs(8);

/// A plan that is timed.
pub struct Racer {
    pub strategy: Strategy,
    /// Whether its first step was so slow that nothing more was timed.
    pub dropped: bool,
    session: Session,
    order: Vec<u32>,
    rate: f32,
    /// Seconds of the first step.
    first: f64,
    /// Seconds a step, of each measurement, in ascending order.
    steps: Vec<f64>,
}

/// Times the plans that suit a network; gives them with the fastest first.
///
/// # Errors
/// [`Error::Adapter`] if the adapter fails, or no plan can be set up.
pub fn run(settings: &Settings, device: &Device, lists: &Lists, say: Say) -> Result<Vec<Racer>> {
    let mut racers = Vec::new();
    for &strategy in Strategy::candidates(&device.profile()) {
        match Racer::new(settings, strategy, device, lists) {
            Ok(racer) => racers.push(racer),
            Err(error) => say(&format!("{} is left out: {error}", strategy.name())),
        }
    }
    let best = racers.iter().map(|racer| racer.first).fold(f64::INFINITY, f64::min);
    for racer in &mut racers {
        racer.dropped = racer.first > SLOWER * best;
    }
    let start = Instant::now();
    for _ in 0..ROUNDS {
        let racing = || racers.iter().filter(|racer| !racer.dropped);
        let round: f64 = racing().map(|racer| racer.step().max(TURN)).sum();
        if start.elapsed().as_secs_f64() + round > MOST.as_secs_f64() {
            break;
        }
        for racer in racers.iter_mut().filter(|racer| !racer.dropped) {
            racer.turn()?;
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
    fn new(
        settings: &Settings,
        strategy: Strategy,
        device: &Device,
        lists: &Lists,
    ) -> Result<Self> {
        let Settings { network, batch, optimizer, .. } = settings;
        let room = lists.room(*batch);
        let plan = Plan::new(network, strategy, device.profile(), *batch, *optimizer, room)?;
        let parameters = init::parameters(network, &plan.layout, settings.init, settings.seed);
        let mut session = Session::new(device.executor(plan, network, *optimizer)?, lists)?;
        session.set_parameters(&parameters)?;
        let order = (0..settings.train as u32).collect();
        // Slower than a run trains, so that nothing diverges.
        let rate = 0.1 * settings.lr;
        let (dropped, first, steps) = (false, 0.0, Vec::new());
        let mut racer = Racer { strategy, dropped, session, order, rate, first, steps };
        racer.seconds(1)?;
        racer.first = racer.seconds(1)?;
        Ok(racer)
    }

    /// Seconds that so many steps take.
    fn seconds(&mut self, steps: usize) -> Result<f64> {
        let rate = self.rate;
        let metrics = self.session.epoch(&self.order, steps, |_| rate, &mut |_| true)?;
        Ok(metrics.time.as_secs_f64())
    }

    /// One measurement.
    fn turn(&mut self) -> Result<()> {
        let steps = ((TURN / self.step()) as usize).clamp(1, self.session.steps());
        let seconds = self.seconds(steps)?;
        self.steps.push(seconds / steps as f64);
        self.steps.sort_by(f64::total_cmp);
        Ok(())
    }

    /// Seconds a step: the median, or the first alone.
    pub fn step(&self) -> f64 {
        self.steps.get(self.steps.len() / 2).copied().unwrap_or(self.first)
    }

    /// Measurements that [`Racer::step`] is the median of.
    pub fn measurements(&self) -> usize {
        self.steps.len().max(1)
    }
}
