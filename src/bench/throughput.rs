//! Digits a second of a device: what `lenet bench` measures.

use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::device::Device;
use crate::error::Result;
use crate::network::init;
use crate::recipe::Settings;
use crate::rng::{Rng, Stream};
use crate::train::session::{Lists, Metrics, Session};

/// What an adapter does before it is measured, once its kernels are compiled.
const WARM_UP: Duration = Duration::from_millis(200);

/// Digits a second, in ascending order.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Rates(Vec<f64>);

/// A device with a network and the digits on it.
pub struct Side {
    session: Session,
    order: Vec<u32>,
    rate: f32,
}

impl Side {
    /// Sets a device up and warms it up, so that compilation is not measured.
    ///
    /// # Errors
    /// [`crate::Error::Adapter`] if the adapter refuses or fails.
    pub fn new(settings: &Settings, device: &Device, lists: &Lists) -> Result<Self> {
        let Settings { network, batch, optimizer, .. } = settings;
        let plan = settings.plan(device.profile(), lists.room(*batch))?;
        let distortion = plan.distortion;
        let first = init::parameters(network, &plan.layout, settings.init, settings.seed);
        let mut session = Session::new(device.executor(plan, network, *optimizer)?, lists)?;
        session.set_parameters(&first)?;
        let mut order: Vec<u32> = (0..settings.train as u32).collect();
        Rng::new(settings.seed, Stream::Order).shuffle(&mut order);
        if let Some(k) = distortion {
            order.iter_mut().for_each(|digit| *digit = k.entry(*digit, 1));
        }
        // Slower than a run trains, so that nothing diverges however long this takes.
        let mut side = Side { session, order, rate: 0.1 * settings.lr };
        side.training(Duration::ZERO)?;
        side.inference(Duration::ZERO)?;
        // A step is warm-up enough for the CPU; on an adapter, submissions find their size.
        if let Device::Adapter { .. } = device {
            side.training(WARM_UP)?;
            side.inference(WARM_UP)?;
        }
        Ok(side)
    }

    /// Digits a second with backward pass and update, over about that time.
    ///
    /// # Errors
    /// [`crate::Error::Adapter`] if the adapter fails.
    pub fn training(&mut self, time: Duration) -> Result<f64> {
        let steps = self.session.steps();
        let (order, rate) = (&self.order, self.rate);
        rate_of(time, |progress| self.session.epoch(order, steps, |_| rate, progress))
    }

    /// Digits a second of the forward pass alone, over about that time.
    ///
    /// # Errors
    /// [`crate::Error::Adapter`] if the adapter fails.
    pub fn inference(&mut self, time: Duration) -> Result<f64> {
        rate_of(time, |progress| self.session.evaluate(0, progress))
    }
}

/// Digits a second of passes, one after the other until the time is over, at least one submission.
fn rate_of(
    time: Duration,
    mut pass: impl FnMut(&mut dyn FnMut(usize) -> bool) -> Result<Metrics>,
) -> Result<f64> {
    let start = Instant::now();
    let (mut digits, mut seconds) = (0, 0.0);
    loop {
        let mut done = 0;
        let metrics = pass(&mut |so_far| {
            done = so_far;
            start.elapsed() < time
        })?;
        digits += done;
        seconds += metrics.time.as_secs_f64();
        if start.elapsed() >= time {
            return Ok(digits as f64 / seconds.max(1e-9));
        }
    }
}

impl Rates {
    /// Adds a measurement.
    pub fn add(&mut self, rate: f64) {
        self.0.push(rate);
        self.0.sort_by(f64::total_cmp);
    }

    /// The least.
    pub fn min(&self) -> f64 {
        self.0.first().copied().unwrap_or(0.0)
    }

    /// The most.
    pub fn max(&self) -> f64 {
        self.0.last().copied().unwrap_or(0.0)
    }

    /// The median.
    pub fn median(&self) -> f64 {
        let (low, high) = (self.0.len().saturating_sub(1) / 2, self.0.len() / 2);
        let at = |i: usize| self.0.get(i).copied().unwrap_or(0.0);
        (at(low) + at(high)) / 2.0
    }

    /// For a program: the spread, and how many measurements it is of.
    pub fn json(&self) -> Value {
        let (median, min, max) = (self.median(), self.min(), self.max());
        json!({ "median": median, "min": min, "max": max, "measurements": self.0.len() })
    }
}
