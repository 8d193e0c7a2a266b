//! Training: it knows numbers, not buffers.

pub mod checkpoint;
pub(crate) mod container;
pub mod curvature;
pub mod model;
pub mod order;
pub mod schedule;
pub mod session;

use std::sync::atomic::{AtomicBool, Ordering};

use crate::data::Mnist;
use crate::error::{Error, Result};
use crate::plan::Optimizer;
use crate::recipe::Settings;
use crate::report::{Epoch, Progress, Report};
use crate::rng::{Rng, Stream};
use checkpoint::{Slot, State, Tally};
use curvature::Patterns;
use order::Orders;
use session::{Lists, Session};

/// Which digits a run trains on, tests on and validates on, as indices into training digits
/// followed by test digits.
#[derive(Debug, Clone)]
pub struct Split {
    pub train: Vec<u32>,
    pub test: Vec<u32>,
    /// Empty where none are held back.
    pub validate: Vec<u32>,
}

impl Split {
    /// Draws the digits that the settings ask for: where there are more, at random by the seed, in
    /// ascending order. The validation digits are the last of the training digits.
    pub fn draw(settings: &Settings, mnist: &Mnist) -> Self {
        let (all, test) = (mnist.train.len() as u32, mnist.test.len() as u32);
        let rest = all - settings.validate as u32;
        let mut rng = Rng::new(settings.seed, Stream::Subset);
        let mut some = |from: std::ops::Range<u32>, count: usize| {
            let mut digits: Vec<u32> = from.collect();
            if count < digits.len() {
                rng.shuffle(&mut digits);
                digits.truncate(count);
                digits.sort_unstable();
            }
            digits
        };
        Split {
            train: some(0..rest, settings.train),
            test: some(all..all + test, settings.test),
            validate: (rest..all).collect(),
        }
    }

    /// The lists for a [`Session`]: set 0 is the test set, set 1, if any, the validation set.
    pub fn lists(&self, mnist: &Mnist) -> Lists {
        let sets = [&self.test, &self.validate].into_iter().filter(|set| !set.is_empty());
        let sets = sets.cloned().collect();
        Lists::new(&[&mnist.train, &mnist.test], self.train.len(), sets)
    }
}

/// How a run ended.
#[derive(Debug, Clone)]
pub struct Outcome {
    /// The completed epochs, those before a checkpoint included.
    pub epochs: Vec<Tally>,
    pub interrupted: bool,
}

impl Outcome {
    /// The epoch with the fewest test errors, the first of several.
    pub fn best(&self) -> Option<&Tally> {
        self.epochs.iter().min_by_key(|epoch| epoch.errors)
    }

    /// The epoch that the digits held back choose.
    pub fn best_by_validation(&self) -> Option<&Tally> {
        checkpoint::best_by_validation(&self.epochs)
    }
}

/// Trains until the settings say, or until `stop` is set: then it ends after the submission that is
/// under way. Every completed epoch is reported with the state it ended with. A session that was
/// restored goes on behind the epochs `before`, in the order it would have met.
///
/// # Errors
/// [`Error::Diverged`] when a loss is no longer a finite number; [`Error::Adapter`] if the adapter
/// fails; and what the report meets in writing.
pub fn run(
    session: &mut Session,
    settings: &Settings,
    split: &Split,
    before: Vec<Tally>,
    report: &mut dyn Report,
    stop: &AtomicBool,
) -> Result<Outcome> {
    let distortion = session.executor().plan().distortion;
    let mut orders = Orders::new(settings, &split.train, distortion.as_ref());
    session.distort_by(settings.seed);
    let patterns = Patterns::draw(settings, split);
    let per_epoch = session.steps();
    let steps = settings.steps.unwrap_or(settings.epochs * per_epoch);
    let digits = settings.train;
    let mut outcome = Outcome { epochs: before, interrupted: false };
    for epoch in outcome.epochs.len()..settings.epochs {
        let before = epoch * per_epoch;
        let rate =
            |step: usize| settings.lr * settings.schedule.factor(before + step, steps, epoch);
        let mut progress = |done: usize| {
            report.progress(Progress {
                epoch: epoch + 1,
                done: epoch * digits + done,
                all: (steps * settings.batch).min(settings.epochs * digits),
            });
            !stop.load(Ordering::Relaxed)
        };
        let curvature = match settings.optimizer {
            Optimizer::Sgd { .. } => Vec::new(),
            Optimizer::Sdlm { mu, .. } => {
                let curvature = session.curvature(&patterns.of(epoch))?;
                curvature::by_layer(session.layout(), &curvature, mu, rate(0))
            }
        };
        let here = per_epoch.min(steps - before);
        let train = session.epoch(&orders.epoch(epoch), here, rate, &mut progress)?;
        if train.stopped {
            outcome.interrupted = true;
            break;
        }
        let mut quietly = |_: usize| !stop.load(Ordering::Relaxed);
        let test = session.evaluate(0, &mut quietly)?;
        let validation = match split.validate.is_empty() {
            true => None,
            false => Some(session.evaluate(1, &mut quietly)?),
        };
        if test.stopped || validation.is_some_and(|metrics| metrics.stopped) {
            outcome.interrupted = true;
            break;
        }
        // Some drivers clamp NaN away before it reaches the loss, so the parameters are asked too.
        let slots = session.carried()?;
        let finite = |slot: &Slot| slot.numbers.iter().all(|value| value.is_finite());
        if !(train.loss.is_finite() && test.loss.is_finite() && slots.iter().all(finite)) {
            return Err(diverged(settings, epoch + 1));
        }
        let lr = rate(here - 1);
        let done = Epoch { epoch: epoch + 1, lr, train, test, validation, curvature };
        outcome.epochs.push(done.tally());
        report.epoch(&done, &State { slots, history: outcome.epochs.clone() })?;
    }
    Ok(outcome)
}

fn diverged(settings: &Settings, epoch: usize) -> Error {
    let lr = settings.lr;
    let way_out = match settings.optimizer {
        Optimizer::Sgd { momentum, weight_decay } => format!(
            "a smaller --lr than {lr} (or less --momentum, now {momentum}, or --weight-decay, now \
             {weight_decay})"
        ),
        Optimizer::Sdlm { momentum, mu, .. } => format!(
            "a smaller --eta-scale (--lr times it is {lr} now), a larger --mu than {mu}, or less \
             --momentum, now {momentum}"
        ),
    };
    Error::Diverged(format!(
        "loss or weights are no longer finite numbers after epoch {epoch}: give {way_out}"
    ))
}
