//! A trained model on a device, asked about digits.

use std::time::{Duration, Instant};

use serde::Serialize;

use crate::cpu::Cpu;
use crate::data::Digits;
use crate::device::{Device, PlanChoice};
use crate::error::Result;
use crate::evaluation::Answer;
use crate::network::{ClassNames, Network, Options, Output};
use crate::plan::{Activation, Optimizer, Pass, Plan, Profile, Strategy, TOTALS};
use crate::train::model::Model;
use crate::train::session::{Lists, Session};

/// Digits in a step where nobody says how many: a good size for every device.
pub const EVALUATION_BATCH: usize = 200;

/// A model and sets of digits on a device. A method that fails returns [`crate::Error::Adapter`].
pub struct Inference {
    session: Session,
    strategy: Strategy,
    /// Where the plan comes from.
    origin: String,
    output: Output,
    classes: usize,
    names: ClassNames,
    sets: Vec<Set>,
}

/// A set of digits on the device.
struct Set {
    /// Number of its first digit, counted through all sets.
    first: u32,
    /// Digits that are asked about.
    asked: usize,
}

/// What a model said to digits.
#[derive(Debug, Clone, PartialEq)]
pub struct Scores {
    pub output: Output,
    classes: usize,
    /// What they are called.
    pub names: ClassNames,
    /// `[digits, classes]`.
    numbers: Vec<f32>,
}

/// What the model said to the digits of a set.
#[derive(Debug, Clone, PartialEq)]
pub struct Answers {
    pub scores: Scores,
    /// Mean loss a digit.
    pub loss: f64,
    /// Time from the first step to the last score read back.
    pub time: Duration,
}

/// The best answer to a digit and the next best.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Ranking {
    pub class: usize,
    pub runner_up: usize,
    /// Difference between their scores, never negative.
    pub margin: f32,
}

/// What is said of a digit, for a program.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Prediction<'a> {
    /// The class.
    pub digit: usize,
    /// What it is called, where not by its number.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<&'a str>,
    pub score: f32,
    pub runner_up: usize,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub runner_up_name: Option<&'a str>,
    pub runner_up_score: f32,
    /// Between the two scores, never negative.
    pub difference: f32,
    /// Whether it is too small for the answer to count.
    pub rejected: bool,
    pub scores: &'a [f32],
}

impl Inference {
    /// Sets up a model to be asked about these sets of digits, `batch` digits at a time.
    pub fn new(
        model: &Model,
        device: &Device,
        plan: PlanChoice,
        batch: usize,
        sets: &[&Digits],
    ) -> Result<Self> {
        let mut inference = Inference::empty(&model.network, device, plan, batch, sets)?;
        inference.replace(&model.parameters)?;
        Ok(inference)
    }

    /// As [`Inference::new`], but before it may be asked it has to be given parameters.
    pub fn empty(
        network: &Network,
        device: &Device,
        plan: PlanChoice,
        batch: usize,
        sets: &[&Digits],
    ) -> Result<Self> {
        if let Some(set) = sets.iter().find(|set| {
            set.side() != network.options.side || set.classes() > network.options.classes
        }) {
            (*set).clone().with_classes_of(network)?;
        }
        let mut first = 0;
        let list = |set: &&Digits| {
            let digits = first..first + set.len() as u32;
            first = digits.end;
            digits
        };
        let all: Vec<_> = sets.iter().map(list).collect();
        let lists = Lists::new(sets, 0, all.iter().cloned().map(Vec::from_iter).collect());
        let capacity = lists.capacity(batch);
        let profile = device.profile();
        let (strategy, origin) = device.strategy(plan, network, batch)?;
        let plan = Plan::new(network, strategy, profile, batch, Optimizer::NONE, capacity)?;
        let executor = device.executor(plan)?;
        let session = Session::new(executor, &lists)?;
        let sets = all.iter().map(|set| Set { first: set.start, asked: set.len() }).collect();
        let Options { output, classes, .. } = network.options;
        let names = network.classes.clone();
        Ok(Inference { session, strategy, origin, output, classes, names, sets })
    }

    /// Makes a first step, for which a driver may have to compile, so that [`Answers::time`] is that
    /// of the digits alone.
    pub fn warm_up(&mut self) -> Result<()> {
        let executor = self.session.executor();
        let cursor = executor.interface().ports.cursor;
        executor.write(cursor, 0, &[0])?;
        executor.run(1, Pass::Forward)?;
        executor.wait()
    }

    /// Returns the execution plan.
    pub fn strategy(&self) -> Strategy {
        self.strategy
    }

    /// Returns where the plan comes from.
    pub(crate) fn origin(&self) -> &str {
        &self.origin
    }

    /// Takes the parameters of another model of the same network.
    pub fn replace(&mut self, parameters: &[f32]) -> Result<()> {
        self.session.set_parameters(parameters)
    }

    /// Has [`Inference::answers`] ask about these digits of the `set`-th set alone, at most as many as it has.
    pub fn choose(&mut self, set: usize, numbers: &[usize]) -> Result<()> {
        let Set { first, asked } = &mut self.sets[set];
        *asked = numbers.len();
        let digits: Vec<u32> = numbers.iter().map(|&number| *first + number as u32).collect();
        self.session.set_list(set, &digits)
    }

    /// Asks about the `set`-th set.
    pub fn answers(&mut self, set: usize) -> Result<Answers> {
        let executor = self.session.executor();
        let (totals, batch) = (executor.interface().ports.totals, executor.interface().batch);
        executor.write(totals, 0, &vec![0; batch * TOTALS])?;
        let start = Instant::now();
        let scores = self.session.scores(set)?;
        let time = start.elapsed();
        let sums = self.session.executor().read_f32(totals, batch * TOTALS)?;
        let loss: f64 = sums.chunks_exact(TOTALS).map(|row| f64::from(row[0])).sum();
        let loss = loss / self.sets[set].asked.max(1) as f64;
        Ok(Answers { scores: self.scored(scores), loss, time })
    }

    /// Asks about other digits, at most a batch (`[n, side, side]` bytes), where the first set is at least a
    /// batch long; they take the place of its first.
    pub fn infer(&mut self, pixels: &[u8]) -> Result<Scores> {
        let numbers = self.session.infer(pixels)?;
        Ok(self.scored(numbers))
    }

    /// What the last layer left for each digit, `[n, classes]`; of a softmax the sums become probabilities.
    fn scored(&self, mut numbers: Vec<f32>) -> Scores {
        let Inference { output, classes, ref names, .. } = *self;
        if output == Output::Softmax {
            for row in numbers.chunks_exact_mut(classes) {
                let largest = row.iter().copied().fold(f32::MIN, f32::max);
                row.iter_mut().for_each(|number| *number = (*number - largest).exp());
                let sum: f32 = row.iter().sum();
                row.iter_mut().for_each(|number| *number /= sum);
            }
        }
        Scores { output, classes, names: names.clone(), numbers }
    }
}

impl Scores {
    /// Scores of digit `i`, `[classes]`.
    pub fn of(&self, i: usize) -> &[f32] {
        &self.numbers[i * self.classes..(i + 1) * self.classes]
    }

    /// The two best answers to digit `i`: the largest outputs or probabilities, or the smallest
    /// penalties of an RBF one; of equals the first, as in the shader.
    pub fn ranking(&self, i: usize) -> Ranking {
        let scores = self.of(i);
        let class = self.output.winner(scores);
        let better = |a, b| if self.output.is_better(scores[b], scores[a]) { b } else { a };
        let others = (0..self.classes).filter(|&other| other != class);
        let runner_up = others.reduce(better).unwrap_or(0);
        let margin = (scores[class] - scores[runner_up]).abs();
        Ranking { class, runner_up, margin }
    }

    /// The answer for the `i`-th digit, which is rejected if its margin is below `margin`.
    pub fn prediction(&self, i: usize, margin: f32) -> Prediction<'_> {
        let (scores, ranking) = (self.of(i), self.ranking(i));
        Prediction {
            digit: ranking.class,
            name: self.names.given(ranking.class),
            score: scores[ranking.class],
            runner_up: ranking.runner_up,
            runner_up_name: self.names.given(ranking.runner_up),
            runner_up_score: scores[ranking.runner_up],
            difference: ranking.margin,
            rejected: ranking.margin < margin,
            scores,
        }
    }

    /// Returns the answers about the digits that were asked about; `numbers` are theirs in the set, in that order.
    pub fn about(&self, numbers: impl IntoIterator<Item = usize>, set: &Digits) -> Vec<Answer> {
        let answer = |(i, digit)| {
            let Ranking { class: said, margin, .. } = self.ranking(i);
            Answer { digit, label: set.label(digit), said: said as u8, margin }
        };
        numbers.into_iter().enumerate().map(answer).collect()
    }
}

/// Asks models about digits, one after the other. A model of the network before takes its place on the device.
pub struct Examiner<'a> {
    device: &'a Device,
    plan: PlanChoice,
    last: Option<(Network, Inference)>,
}

impl<'a> Examiner<'a> {
    pub fn new(device: &'a Device, plan: PlanChoice) -> Self {
        Examiner { device, plan, last: None }
    }

    /// Returns what a model says to every digit of a set, which is the same set for all models of one network.
    ///
    /// # Errors
    /// [`crate::Error::Adapter`] if the device fails.
    pub fn answers(&mut self, model: &Model, set: &Digits) -> Result<Vec<Answer>> {
        if self.last.as_ref().is_none_or(|(network, _)| *network != model.network) {
            let (device, plan, batch) = (self.device, self.plan, EVALUATION_BATCH);
            let inference = Inference::empty(&model.network, device, plan, batch, &[set])?;
            self.last = Some((model.network.clone(), inference));
        }
        let (_, inference) = self.last.as_mut().expect("just set up");
        inference.replace(&model.parameters)?;
        Ok(inference.answers(0)?.scores.about(0..set.len(), set))
    }
}

/// What every layer makes of digits, on the naive reference: where it stands in the plan, and its values
/// `[digits, maps, height, width]`; first the input, then the layers in their order.
pub(crate) fn inspect(model: &Model, digits: &Digits) -> Result<Vec<(Activation, Vec<f32>)>> {
    let count = digits.len();
    let lists = Lists::new(&[digits], 0, vec![(0..count as u32).collect()]);
    let (profile, capacity) = (Profile::reference(), lists.capacity(count));
    let (network, strategy) = (&model.network, Strategy::Inspect);
    let plan = Plan::new(network, strategy, profile, count, Optimizer::NONE, capacity)?;
    let mut session = Session::new(Box::new(Cpu::new(plan)), &lists)?;
    session.set_parameters(&model.parameters)?;
    session.scores(0)?;
    let executor = session.executor();
    let stored = executor.interface().activations.clone();
    let values = |activation: Activation| {
        let Activation { buffer, stride, shape, .. } = activation;
        let values = executor.read_f32(buffer, stride * count)?;
        let rows = values.chunks_exact(stride);
        let values = rows.flat_map(|row| &row[..shape.size()]).copied().collect();
        Ok((activation, values))
    };
    stored.into_iter().map(values).collect()
}
