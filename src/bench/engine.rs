//! The one timing engine: networks on devices, measured in turns.
//!
//! Subjects that are compared take turns, so that a machine that slows down slows all of them. Compilation is not
//! counted: each subject does its work once before it is measured.

use std::time::{Duration, Instant};

use serde::Serialize;

use crate::device::Device;
use crate::error::Result;
use crate::network::named;
use crate::plan::StepSize;
use crate::recipe::Settings;
use crate::rng::{Rng, Stream};
use crate::run;
use crate::train::session::{Lists, Session};

/// How long an adapter runs, after compilation and before the measurements, so that submissions find their size.
const WARM_UP: Duration = Duration::from_millis(200);
/// All measurements of a figure may take this many times the time that was asked for. A measurement can overrun, since
/// it waits for the submissions that are queued when its time is over.
const MAX_OVERRUN: u32 = 4;

named! {
    /// What is measured.
    pub enum Work {
        /// Forward and backward pass and update
        Training = "training",
        /// The forward pass alone
        Inference = "inference",
    }
}

/// What to measure, how long and how often.
#[derive(Debug, Clone, Copy)]
pub struct Protocol {
    pub work: &'static [Work],
    /// Duration of one measurement, in which a subject makes one submission at least.
    pub time: Duration,
    /// Measurements of a figure. There are fewer where they overrun: none begins once those before it took
    /// [`MAX_OVERRUN`] times `time` for each of all `repeats`.
    pub repeats: usize,
    /// Whether a plan that the adapter refuses is left out, in place of an error.
    pub leave_out: bool,
}

/// Digits a second over several measurements.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Throughput {
    pub median: f64,
    pub min: f64,
    pub max: f64,
    pub measurements: usize,
}

/// A network with its first weights on a device, and its measurements so far.
pub struct Subject {
    session: Session,
    order: Vec<u32>,
    size: StepSize,
    series: Vec<Series>,
}

/// The measurements of one kind of work.
struct Series {
    work: Work,
    /// Digits a second, in ascending order.
    rates: Vec<f64>,
    spent: Duration,
}

impl Subject {
    /// Sets a network up on a device and does each kind of work once, which compiles the kernels.
    pub fn new(settings: &Settings, device: &Device, lists: &Lists, work: &[Work]) -> Result<Self> {
        let mut session = run::session(settings, device, lists)?;
        let first = run::first_state(settings, &mut session);
        session.restore(&first.carried)?;
        let mut order: Vec<u32> = (0..settings.train_limit as u32).collect();
        Rng::new(settings.seed, Stream::Order).shuffle(&mut order);
        if let Some(k) = session.executor().interface().distortion {
            order.iter_mut().for_each(|digit| *digit = k.entry(*digit, 1));
        }
        // A tenth of the rate, so that nothing diverges however long this takes.
        let size = settings.optimizer().step_size(0.1 * settings.rate(), 0);
        let series = |&work| Series { work, rates: Vec::new(), spent: Duration::ZERO };
        let series = work.iter().map(series).collect();
        let mut subject = Subject { session, order, size, series };
        for &work in work {
            subject.measure(work, Duration::ZERO)?;
            if let Device::Adapter { .. } = device {
                subject.measure(work, WARM_UP)?;
            }
        }
        Ok(subject)
    }

    /// Measures each kind of work once, unless the measurements before took too long.
    pub fn turn(&mut self, protocol: &Protocol) -> Result<()> {
        for at in 0..self.series.len() {
            let Series { work, spent, .. } = self.series[at];
            if spent < MAX_OVERRUN * protocol.time * protocol.repeats as u32 {
                let start = Instant::now();
                let rate = self.measure(work, protocol.time)?;
                let series = &mut self.series[at];
                series.spent += start.elapsed();
                series.rates.push(rate);
                series.rates.sort_by(f64::total_cmp);
            }
        }
        Ok(())
    }

    /// What was measured of one kind of work; `None` before the first turn.
    pub fn rates(&self, work: Work) -> Option<Throughput> {
        let rates = &self.series.iter().find(|series| series.work == work)?.rates;
        let (&min, &max) = (rates.first()?, rates.last()?);
        let median = (rates[(rates.len() - 1) / 2] + rates[rates.len() / 2]) / 2.0;
        Some(Throughput { median, min, max, measurements: rates.len() })
    }

    /// Measures digits a second for about `time`, with at least one submission.
    fn measure(&mut self, work: Work, time: Duration) -> Result<f64> {
        let start = Instant::now();
        let (mut digits, mut seconds) = (0, 0.0);
        loop {
            let mut done = 0;
            let mut progress = |so_far| {
                done = so_far;
                start.elapsed() < time
            };
            let metrics = match work {
                Work::Training => {
                    let (steps, size) = (self.session.steps(), self.size);
                    self.session.epoch(&self.order, steps, |_| size, &mut progress)?
                }
                Work::Inference => self.session.evaluate(0, &mut progress)?,
            };
            digits += done;
            seconds += metrics.time.as_secs_f64();
            if start.elapsed() >= time {
                return Ok(digits as f64 / seconds.max(1e-9));
            }
        }
    }
}
