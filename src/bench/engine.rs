//! The one timing engine: networks on devices, measured in turns.
//!
//! Those that are compared take turns, so that a machine that slows down slows all. Compilation is not
//! counted: each does a step of its work first.

use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::device::Device;
use crate::error::Result;
use crate::recipe::Settings;
use crate::rng::{Rng, Stream};
use crate::run;
use crate::train::session::{Lists, Metrics, Session};

/// What an adapter does before it is measured, once its kernels are compiled.
const WARM_UP: Duration = Duration::from_millis(200);

/// What is measured.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Work {
    /// Forward and backward pass and update.
    Training,
    /// The forward pass alone.
    Inference,
}

/// A network with first weights on a device, and the digits.
pub struct Subject {
    session: Session,
    order: Vec<u32>,
    /// Learning rate.
    rate: f32,
}

/// Digits a second, in ascending order.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Rates(Vec<f64>);

impl Work {
    /// What it is called.
    pub fn name(self) -> &'static str {
        match self {
            Work::Training => "training",
            Work::Inference => "inference",
        }
    }
}

impl Subject {
    /// Sets a network up on a device.
    ///
    /// # Errors
    /// [`crate::Error::Adapter`] if the adapter refuses or fails.
    pub fn new(settings: &Settings, device: &Device, lists: &Lists) -> Result<Self> {
        let mut session = run::session(settings, device, lists)?;
        let first = run::first_state(settings, &mut session);
        session.restore(&first.carried)?;
        let mut order: Vec<u32> = (0..settings.train_limit as u32).collect();
        Rng::new(settings.seed, Stream::Order).shuffle(&mut order);
        if let Some(k) = session.executor().interface().distortion {
            order.iter_mut().for_each(|digit| *digit = k.entry(*digit, 1));
        }
        // Slower than a run trains, so that nothing diverges however long this takes.
        Ok(Subject { session, order, rate: 0.1 * settings.rate() })
    }

    /// Does each kind of work once, which compiles; on an adapter for longer, so that submissions find
    /// their size.
    ///
    /// # Errors
    /// [`crate::Error::Adapter`] if the adapter fails.
    pub fn warm_up(&mut self, work: &[Work], device: &Device) -> Result<()> {
        for &work in work {
            self.measure(work, Duration::ZERO)?;
            if let Device::Adapter { .. } = device {
                self.measure(work, WARM_UP)?;
            }
        }
        Ok(())
    }

    /// Digits a second over about that time, in which at least one submission is made.
    ///
    /// # Errors
    /// [`crate::Error::Adapter`] if the adapter fails.
    pub fn measure(&mut self, work: Work, time: Duration) -> Result<f64> {
        let start = Instant::now();
        let (mut digits, mut seconds) = (0, 0.0);
        loop {
            let mut done = 0;
            let metrics = self.pass(work, &mut |so_far| {
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

    fn pass(&mut self, work: Work, progress: &mut dyn FnMut(usize) -> bool) -> Result<Metrics> {
        match work {
            Work::Training => {
                let (steps, rate) = (self.session.steps(), self.rate);
                self.session.epoch(&self.order, steps, |_| rate, progress)
            }
            Work::Inference => self.session.evaluate(0, progress),
        }
    }
}

impl Rates {
    /// Adds a measurement.
    pub fn add(&mut self, rate: f64) {
        self.0.push(rate);
        self.0.sort_by(f64::total_cmp);
    }

    /// Measurements.
    pub fn count(&self) -> usize {
        self.0.len()
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
