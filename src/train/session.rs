//! Digits, epochs and evaluations on an executor: it knows what the buffers of a plan mean.

use std::time::{Duration, Instant};

use crate::error::Result;
use crate::executor::Executor;
use crate::plan::{BufferId, Interface, Layout, Pass, Ports, STEP_WORDS, StepSize, TOTALS};
use crate::rng::{Rng, Stream};
pub use crate::train::lists::Lists;
use crate::train::lists::{Part, step_table};
pub use crate::train::metrics::{Metrics, Position};

/// How long the work of one submission should take: short enough for a watchdog, a progress line
/// and Ctrl-C, long enough that submitting costs nothing.
const SUBMISSION: Duration = Duration::from_millis(100);

/// An executor with a data set. Methods fail only with [`crate::Error::Adapter`], where the adapter fails.
pub struct Session {
    executor: Box<dyn Executor>,
    parts: Vec<Part>,
    /// Staging buffer of the last [`Session::infer`], reused because allocation would dominate packing.
    asked: Vec<u32>,
    /// Steps of the next submission of each [`Pass`]: as many as take about [`SUBMISSION`].
    submission: [usize; 3],
    /// Key of the distortion.
    key: u32,
}

/// Returns the key that a seed gives every step for the kernels that distort digits.
pub fn distortion_key(seed: u64) -> u32 {
    Rng::new(seed, Stream::Distortion).next_u32()
}

impl Session {
    /// Uploads the data set.
    pub fn new(mut executor: Box<dyn Executor>, lists: &Lists) -> Result<Self> {
        let plan = executor.interface();
        let (ports, parts) = (plan.ports, lists.parts(plan.batch));
        executor.write(ports.data_set, 0, &lists.data_set)?;
        let mut session =
            Session { executor, parts, asked: Vec::new(), submission: [1; 3], key: 0 };
        for (set, list) in lists.sets.iter().enumerate() {
            session.set_list(set, list)?;
        }
        Ok(session)
    }

    /// Replaces the `set`-th list by other digits.
    ///
    /// # Panics
    /// If there are more digits than the list of [`Session::new`] had.
    pub fn set_list(&mut self, set: usize, digits: &[u32]) -> Result<()> {
        self.parts[set + 1].digits = digits.len();
        self.upload(set + 1, digits, |_| StepSize::default())
    }

    pub fn executor(&mut self) -> &mut dyn Executor {
        self.executor.as_mut()
    }

    /// Where the parameters are.
    pub fn layout(&self) -> &Layout {
        &self.executor.interface().layout
    }

    fn ports(&self) -> Ports {
        self.executor.interface().ports
    }

    fn batch(&self) -> usize {
        self.executor.interface().batch
    }

    /// Numbers in the places of the plan's layout.
    fn read(&mut self, buffer: BufferId) -> Result<Vec<f32>> {
        let size = self.layout().size;
        self.executor.read_f32(buffer, size)
    }

    /// Parameters, in the places of the plan's layout.
    pub fn parameters(&mut self) -> Result<Vec<f32>> {
        self.read(self.ports().parameters)
    }

    pub fn set_parameters(&mut self, parameters: &[f32]) -> Result<()> {
        self.executor.write_f32(self.ports().parameters, parameters)
    }

    /// The state tensors that a run carries from one step to the next, in the order of
    /// [`Ports::carried`].
    pub fn carried(&mut self) -> Result<Vec<Vec<f32>>> {
        self.ports().carried().map(|(_, buffer)| self.read(buffer)).collect()
    }

    /// Replaces the state tensors.
    ///
    /// # Panics
    /// If there are not as many as the plan has: a checkpoint that was not checked against it.
    pub fn restore(&mut self, carried: &[Vec<f32>]) -> Result<()> {
        assert_eq!(carried.len(), self.ports().carried().count(), "state tensors of this plan");
        let mut buffers = self.ports().carried().zip(carried);
        buffers.try_for_each(|((_, buffer), numbers)| self.executor.write_f32(buffer, numbers))
    }

    /// Sets the seed of the distortions in the epochs that follow.
    pub fn distort_by(&mut self, seed: u64) {
        self.key = distortion_key(seed);
    }

    /// Steps of one pass over the training list.
    pub fn steps(&self) -> usize {
        self.parts[0].digits.div_ceil(self.batch())
    }

    /// Trains the first `steps` steps of one pass over the training digits in the order given, whose
    /// entries are those of [`crate::plan::Distortion::entry`] where digits are distorted. `size(step)`
    /// is the learning rate of each step, with what else the optimizer is given. After every submission
    /// `progress` gets the number of digits done so far, and stops the pass by returning false.
    pub fn epoch(
        &mut self,
        order: &[u32],
        steps: usize,
        size: impl Fn(usize) -> StepSize,
        progress: &mut dyn FnMut(usize) -> bool,
    ) -> Result<Metrics> {
        self.begin(order, size)?;
        let end = self.train(self.start(), steps, progress)?;
        Ok(self.trained(&end, steps))
    }

    /// Uploads order and step sizes of an epoch, as [`Session::epoch`] takes them.
    pub fn begin(&mut self, order: &[u32], size: impl Fn(usize) -> StepSize) -> Result<()> {
        self.upload(0, order, size)
    }

    /// The position before the first step of a list.
    pub fn start(&self) -> Position {
        let totals = vec![0.0; self.batch() * TOTALS];
        Position { step: 0, totals, time: Duration::ZERO }
    }

    /// Trains from a position of the epoch that was begun up to its step `until`, or to where
    /// `progress` stops it, and returns the position there. Going on from that position gives the
    /// same bits as not having stopped.
    pub fn train(
        &mut self,
        from: Position,
        until: usize,
        progress: &mut dyn FnMut(usize) -> bool,
    ) -> Result<Position> {
        self.pass(0, from, until, Pass::Training, progress)
    }

    /// The metrics of an epoch of `steps` steps that got as far as `end`.
    pub fn trained(&self, end: &Position, steps: usize) -> Metrics {
        self.metrics(0, end, steps)
    }

    /// Estimates the curvature of every parameter, which the steps that follow use: the mean over
    /// these training digits of the second derivatives at the present parameters. In the places of
    /// the plan's layout; `None` if `progress` stopped it. Overwrites the training list: call [`Session::begin`]
    /// afterwards.
    ///
    /// # Panics
    /// If the plan has no curvature, or there are more digits than in the training list.
    pub fn estimate_curvature(
        &mut self,
        patterns: &[u32],
        progress: &mut dyn FnMut(usize) -> bool,
    ) -> Result<Option<Vec<f32>>> {
        let zeros = vec![0.0; self.layout().size];
        let steps = patterns.len().div_ceil(self.batch());
        self.executor.write_f32(self.curvature_buffer(), &zeros)?;
        self.upload(0, patterns, |_| (1.0 / patterns.len() as f32).into())?;
        let end = self.pass(0, self.start(), steps, Pass::Curvature, progress)?;
        (end.step == steps).then(|| self.curvature()).transpose()
    }

    /// The curvature that was estimated last.
    ///
    /// # Panics
    /// If the plan has no curvature.
    pub fn curvature(&mut self) -> Result<Vec<f32>> {
        self.read(self.curvature_buffer())
    }

    fn curvature_buffer(&self) -> BufferId {
        self.ports().curvature.expect("the optimizer of the plan uses a curvature")
    }

    /// One pass over the `set`-th list, forward only.
    pub fn evaluate(
        &mut self,
        set: usize,
        progress: &mut dyn FnMut(usize) -> bool,
    ) -> Result<Metrics> {
        let steps = self.parts[set + 1].digits.div_ceil(self.batch());
        let end = self.pass(set + 1, self.start(), steps, Pass::Forward, progress)?;
        Ok(self.metrics(set + 1, &end, steps))
    }

    /// Outputs `[digits, classes]` of the network for every digit of the `set`-th list.
    pub fn scores(&mut self, set: usize) -> Result<Vec<f32>> {
        let Part { digits, step, .. } = self.parts[set + 1];
        let &Interface { ports, batch, .. } = self.executor.interface();
        let classes = self.executor.interface().classes();
        let mut scores = Vec::with_capacity(digits * classes);
        self.executor.write(ports.cursor, 0, &[step as u32])?;
        for done in (0..digits).step_by(batch) {
            self.executor.run(1, Pass::Forward)?;
            let here = batch.min(digits - done);
            scores.extend(self.executor.read_f32(ports.scores, here * classes)?);
        }
        Ok(scores)
    }

    /// Outputs `[n, classes]` for digits that are not in the data set (`[n, side, side]` bytes, at most a batch). They
    /// overwrite its first digits. The first evaluation list has to be the data set in its order.
    ///
    /// # Panics
    /// If there are more digits than in a batch or in that list.
    pub fn infer(&mut self, pixels: &[u8]) -> Result<Vec<f32>> {
        let Part { capacity, step, .. } = self.parts[1];
        let &Interface { ports, batch, record, .. } = self.executor.interface();
        let classes = self.executor.interface().classes();
        let digits = pixels.len() / record.side.pow(2);
        let most = batch.min(capacity);
        assert!(digits <= most, "at most {most} digits at once");
        self.asked.clear();
        record.append(&mut self.asked, pixels, &vec![0; digits]);
        self.executor.write(ports.data_set, 0, &self.asked)?;
        self.executor.write(ports.cursor, 0, &[step as u32])?;
        self.executor.run(1, Pass::Forward)?;
        self.executor.read_f32(ports.scores, digits * classes)
    }

    fn upload(
        &mut self,
        part: usize,
        indices: &[u32],
        size: impl Fn(usize) -> StepSize,
    ) -> Result<()> {
        let Part { first, capacity, step, .. } = self.parts[part];
        assert!(indices.len() <= capacity, "the list holds at most {capacity} digits");
        let table = step_table(first, indices.len(), self.batch(), self.key, size);
        self.executor.write(self.ports().indices, first, indices)?;
        self.executor.write(self.ports().step_table, step * STEP_WORDS, &table)
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
        let (ports, batch) = (self.ports(), self.batch());
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
        Metrics::of(end, steps, (steps * self.batch()).min(self.parts[part].digits))
    }
}
