//! Digits, epochs and evaluations on an executor: it knows what the buffers of a plan mean.

use std::time::{Duration, Instant};

use crate::data::DIGIT_PIXELS;
use crate::error::Result;
use crate::executor::Executor;
use crate::network::CLASSES;
use crate::plan::{Layout, Pass, STEP_WORDS, StepRow, TOTALS, abi};
use crate::rng::{Rng, Stream};
use crate::train::checkpoint::Slot;
pub use crate::train::lists::Lists;
use crate::train::lists::Part;
pub use crate::train::metrics::{Metrics, Position};

/// How long the work of one submission should take: short enough for a watchdog, a progress line
/// and Ctrl-C, long enough that submitting costs nothing.
const SUBMISSION: Duration = Duration::from_millis(100);

/// Why a plan has a curvature.
const HAS_CURVATURE: &str = "only an optimizer that has one asks";

/// An executor with a data set.
pub struct Session {
    executor: Box<dyn Executor>,
    parts: Vec<Part>,
    /// Of the digits that were asked about last: new memory for each batch would cost more than to
    /// pack them.
    asked: Vec<u32>,
    /// Steps of the last submission of each [`Pass`] that kept to [`SUBMISSION`].
    submission: [usize; 3],
    /// Of the distortion.
    key: u32,
}

/// What a seed puts into every step, for the kernels that distort digits.
pub fn distortion_key(seed: u64) -> u32 {
    Rng::new(seed, Stream::Distortion).next_u32()
}

impl Session {
    /// Uploads the data set.
    ///
    /// # Errors
    /// [`crate::Error::Adapter`] if the adapter fails.
    pub fn new(mut executor: Box<dyn Executor>, lists: &Lists) -> Result<Self> {
        let plan = executor.interface();
        let (ports, batch) = (plan.ports, plan.batch);
        executor.write(ports.data_set, 0, &lists.records)?;
        let parts = lists.parts(batch);
        let mut session =
            Session { executor, parts, asked: Vec::new(), submission: [1; 3], key: 0 };
        for (set, list) in lists.sets.iter().enumerate() {
            session.upload(set + 1, list, |_| 0.0)?;
        }
        Ok(session)
    }

    /// The executor.
    pub fn executor(&mut self) -> &mut dyn Executor {
        self.executor.as_mut()
    }

    /// Where the parameters are.
    pub fn layout(&self) -> &Layout {
        &self.executor.interface().layout
    }

    /// Parameters, in the places of the plan's layout.
    ///
    /// # Errors
    /// As [`Session::new`].
    pub fn parameters(&mut self) -> Result<Vec<f32>> {
        let plan = self.executor.interface();
        let (buffer, size) = (plan.ports.parameters, plan.layout.size);
        self.executor.read_f32(buffer, size)
    }

    /// Replaces the parameters.
    ///
    /// # Errors
    /// As [`Session::new`].
    pub fn set_parameters(&mut self, parameters: &[f32]) -> Result<()> {
        let buffer = self.executor.interface().ports.parameters;
        self.executor.write_f32(buffer, parameters)
    }

    /// What the run carries from one step to the next: see [`crate::plan::Ports::carried`].
    ///
    /// # Errors
    /// As [`Session::new`].
    pub fn carried(&mut self) -> Result<Vec<Slot>> {
        let plan = self.executor.interface();
        let (carried, size) = (plan.ports.carried(), plan.layout.size);
        let mut slots = Vec::new();
        for (name, buffer) in carried {
            let numbers = self.executor.read_f32(buffer, size)?;
            slots.push(Slot { name: name.into(), numbers });
        }
        Ok(slots)
    }

    /// Replaces what the run carries.
    ///
    /// # Errors
    /// As [`Session::new`].
    ///
    /// # Panics
    /// If a slot of the plan is missing: a checkpoint that was not checked against it.
    pub fn restore(&mut self, slots: &[Slot]) -> Result<()> {
        for (name, buffer) in self.executor.interface().ports.carried() {
            let slot = slots.iter().find(|slot| slot.name == name);
            self.executor.write_f32(buffer, &slot.expect("a checked checkpoint").numbers)?;
        }
        Ok(())
    }

    /// Whatever distorts digits in the epochs that follow goes by this seed.
    pub fn distort_by(&mut self, seed: u64) {
        self.key = distortion_key(seed);
    }

    /// Steps of one pass over the training list.
    pub fn steps(&self) -> usize {
        self.parts[0].digits.div_ceil(self.executor.interface().batch)
    }

    /// One pass over the training digits in the order given, with a distortion as
    /// [`crate::plan::Distortion::entry`] has them, the first `steps` steps of it;
    /// `rate(step)` is the learning rate of each. After every submission `progress` hears the
    /// digits done so far, and stops the pass by returning false.
    ///
    /// # Errors
    /// As [`Session::new`].
    pub fn epoch(
        &mut self,
        order: &[u32],
        steps: usize,
        rate: impl Fn(usize) -> f32,
        progress: &mut dyn FnMut(usize) -> bool,
    ) -> Result<Metrics> {
        self.begin(order, rate)?;
        let end = self.train(self.start(), steps, progress)?;
        Ok(self.trained(&end, steps))
    }

    /// Puts the digits and rates of an epoch in place, as [`Session::epoch`] has them.
    ///
    /// # Errors
    /// As [`Session::new`].
    pub fn begin(&mut self, order: &[u32], rate: impl Fn(usize) -> f32) -> Result<()> {
        self.upload(0, order, rate)
    }

    /// Before the first step of a list.
    pub fn start(&self) -> Position {
        let totals = vec![0.0; self.executor.interface().batch * TOTALS];
        Position { step: 0, totals, time: Duration::ZERO }
    }

    /// Goes on with the epoch that was begun, up to its step `until` or to where `progress` stops it,
    /// and says where that was: going on from there gives the bits of not having stopped.
    ///
    /// # Errors
    /// As [`Session::new`].
    pub fn train(
        &mut self,
        from: Position,
        until: usize,
        progress: &mut dyn FnMut(usize) -> bool,
    ) -> Result<Position> {
        self.pass(0, from, until, Pass::Training, progress)
    }

    /// What came of an epoch of `steps` steps that got as far as `end`.
    pub fn trained(&self, end: &Position, steps: usize) -> Metrics {
        self.metrics(0, end, steps)
    }

    /// The curvature of every parameter, in the places of the plan's layout, of which the steps that
    /// follow make use: the mean over these training digits of the second derivatives at the
    /// parameters of now.
    ///
    /// # Errors
    /// As [`Session::new`].
    ///
    /// # Panics
    /// If the plan has no curvature, or there are more digits than in the training list.
    pub fn estimate_curvature(&mut self, patterns: &[u32]) -> Result<Vec<f32>> {
        let plan = self.executor.interface();
        let (size, steps) = (plan.layout.size, patterns.len().div_ceil(plan.batch));
        let buffer = plan.ports.curvature.expect(HAS_CURVATURE);
        self.executor.write(buffer, 0, &vec![0; size])?;
        self.upload(0, patterns, |_| 1.0 / patterns.len() as f32)?;
        self.pass(0, self.start(), steps, Pass::Curvature, &mut |_| true)?;
        self.curvature()
    }

    /// The curvature that was estimated last.
    ///
    /// # Errors
    /// As [`Session::new`].
    ///
    /// # Panics
    /// If the plan has no curvature.
    pub fn curvature(&mut self) -> Result<Vec<f32>> {
        let plan = self.executor.interface();
        let (buffer, size) = (plan.ports.curvature.expect(HAS_CURVATURE), plan.layout.size);
        self.executor.read_f32(buffer, size)
    }

    /// One pass over the `set`-th list, forward only.
    ///
    /// # Errors
    /// As [`Session::new`].
    pub fn evaluate(
        &mut self,
        set: usize,
        progress: &mut dyn FnMut(usize) -> bool,
    ) -> Result<Metrics> {
        let steps = self.parts[set + 1].digits.div_ceil(self.executor.interface().batch);
        let end = self.pass(set + 1, self.start(), steps, Pass::Forward, progress)?;
        Ok(self.metrics(set + 1, &end, steps))
    }

    /// Outputs `[digits, 10]` of the network for every digit of the `set`-th list.
    ///
    /// # Errors
    /// As [`Session::new`].
    pub fn scores(&mut self, set: usize) -> Result<Vec<f32>> {
        let part = self.parts[set + 1];
        let (ports, batch) = (self.executor.interface().ports, self.executor.interface().batch);
        let mut scores = Vec::with_capacity(part.digits * CLASSES);
        self.executor.write(ports.cursor, 0, &[part.step as u32])?;
        while scores.len() < part.digits * CLASSES {
            self.executor.run(1, Pass::Forward)?;
            let here = batch.min(part.digits - scores.len() / CLASSES);
            scores.extend(self.executor.read_f32(ports.scores, here * CLASSES)?);
        }
        Ok(scores)
    }

    /// Outputs `[n, 10]` of the network for other digits (`[n, 784]` bytes, n at most a batch), which
    /// take the place of the first of the data set.
    ///
    /// # Errors
    /// As [`Session::new`].
    ///
    /// # Panics
    /// If there are more digits than in a batch, or the first list to evaluate is not the data set
    /// in its order.
    pub fn ask(&mut self, pixels: &[u8]) -> Result<Vec<f32>> {
        let part = self.parts[1];
        let (ports, batch) = (self.executor.interface().ports, self.executor.interface().batch);
        let digits = pixels.len() / DIGIT_PIXELS;
        assert!(digits <= batch.min(part.digits), "a batch has room for {batch} digits");
        self.asked.clear();
        abi::append_samples(&mut self.asked, pixels, &vec![0; digits]);
        self.executor.write(ports.data_set, 0, &self.asked)?;
        self.executor.write(ports.cursor, 0, &[part.step as u32])?;
        self.executor.run(1, Pass::Forward)?;
        self.executor.read_f32(ports.scores, digits * CLASSES)
    }

    fn upload(&mut self, part: usize, order: &[u32], rate: impl Fn(usize) -> f32) -> Result<()> {
        let Part { order: first, digits: room, step } = self.parts[part];
        let digits = order.len();
        assert!(digits <= room, "there is room for {room} digits");
        let (ports, batch) = (self.executor.interface().ports, self.executor.interface().batch);
        let key = self.key;
        let table: Vec<u32> = (0..digits.div_ceil(batch))
            .flat_map(|i| {
                let count = batch.min(digits - i * batch) as u32;
                StepRow { first: (first + i * batch) as u32, count, rate: rate(i), key }.words()
            })
            .collect();
        self.executor.write(ports.indices, first, order)?;
        self.executor.write(ports.step_table, step * STEP_WORDS, &table)
    }

    fn pass(
        &mut self,
        part: usize,
        from: Position,
        until: usize,
        pass: Pass,
        progress: &mut dyn FnMut(usize) -> bool,
    ) -> Result<Position> {
        let Part { digits, step, .. } = self.parts[part];
        let (ports, batch) = (self.executor.interface().ports, self.executor.interface().batch);
        self.executor.write(ports.cursor, 0, &[(step + from.step) as u32])?;
        self.executor.write_f32(ports.totals, &from.totals)?;
        let start = Instant::now();
        let mut done = from.step;
        let mut stopped = false;
        while done < until && !stopped {
            let before = Instant::now();
            let count = self.submission[pass as usize].min(until - done);
            self.executor.run(count, pass)?;
            done += count;
            // While submissions queue up this is the time the host waited for an earlier one.
            let fit = SUBMISSION.as_secs_f64() / before.elapsed().as_secs_f64().max(1e-6);
            let next = (count as f64 * fit) as usize;
            let submission = &mut self.submission[pass as usize];
            *submission = next.clamp(1, 2 * count).max(*submission / 2);
            stopped = !progress((done * batch).min(digits));
        }
        self.executor.wait()?;
        let time = from.time + start.elapsed();
        let totals = self.executor.read_f32(ports.totals, batch * TOTALS)?;
        Ok(Position { step: done, totals, time })
    }

    fn metrics(&self, part: usize, end: &Position, steps: usize) -> Metrics {
        let digits = (steps * self.executor.interface().batch).min(self.parts[part].digits);
        Metrics::of(end, steps, digits)
    }
}
