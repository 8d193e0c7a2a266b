//! Training: the loop over epochs and what it reports, with numbers instead of buffers.

pub mod checkpoint;
pub(crate) mod container;
pub mod control;
pub mod curvature;
pub mod events;
mod lists;
mod metrics;
pub mod model;
pub mod order;
pub mod replay;
pub mod session;
mod split;

use std::time::{Duration, Instant};

use crate::error::{Error, Result};
use crate::plan::Optimizer;
use crate::recipe::Settings;
use checkpoint::{State, Tally};
use control::Control;
use curvature::{LayerCurvature, Patterns};
use events::{Epoch, Progress, Report, Wants};
pub(crate) use metrics::LARGEST_LOSS;
use order::Orders;
use session::{Metrics, Position, Session};
pub use split::Split;

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

    /// The epoch with the fewest errors on the digits held back.
    pub fn best_by_validation(&self) -> Option<&Tally> {
        checkpoint::best_by_validation(&self.epochs)
    }
}

/// Trains to the end of the schedule, or until `control` asks to stop. Stop and pause are checked between two
/// submissions. Resuming from a state gives the same bits as not having stopped there.
/// Reports get the state before the first step, after every completed epoch, where the run was
/// stopped, and whenever one wants it.
///
/// # Errors
/// [`Error::Diverged`] when a loss is no longer a finite number; [`Error::Adapter`] if the adapter
/// fails; and the errors of the report.
pub fn run(
    session: &mut Session,
    settings: &Settings,
    split: &Split,
    from: State,
    report: &mut dyn Report,
    control: &Control,
) -> Result<Outcome> {
    session.restore(&from.carried)?;
    session.distort_by(settings.seed);
    report.state(&from)?;
    let distortion = session.executor().interface().distortion;
    let orders = Orders::new(settings, &split.train, distortion.as_ref());
    let patterns = Patterns::draw(settings, split);
    let (epochs, mut position) = (from.history, from.position);
    let (start, paused) = (Instant::now(), Duration::ZERO);
    let mut run =
        Run { session, settings, split, report, control, orders, patterns, epochs, start, paused };
    for epoch in run.epochs.len()..settings.epochs {
        // An epoch of one submission ends before a request to stop is checked.
        if control.stopped() || !run.epoch(epoch, position.take())? {
            return Ok(Outcome { epochs: run.epochs, interrupted: true });
        }
    }
    run.look_for_one_answer();
    Ok(Outcome { epochs: run.epochs, interrupted: false })
}

/// Steps of a whole run.
fn steps(settings: &Settings, session: &Session) -> usize {
    match settings.steps {
        0 => settings.epochs * session.steps(),
        steps => steps,
    }
}

/// Whether a run has as many steps as its checkpoint has made.
pub fn fits(settings: &Settings, session: &Session, state: &State) -> bool {
    let before = state.history.len() * session.steps();
    let here = session.steps().min(steps(settings, session).saturating_sub(before));
    state.position.as_ref().is_none_or(|position| position.step <= here)
}

/// A run under way.
struct Run<'a> {
    session: &'a mut Session,
    settings: &'a Settings,
    split: &'a Split,
    report: &'a mut dyn Report,
    control: &'a Control,
    orders: Orders,
    patterns: Patterns,
    /// The completed ones.
    epochs: Vec<Tally>,
    start: Instant,
    /// Total length of the pauses since then.
    paused: Duration,
}

impl Run<'_> {
    /// One epoch (from 0), from a position in it or from its start; whether it was completed.
    fn epoch(&mut self, epoch: usize, from: Option<Position>) -> Result<bool> {
        let schedule = self.settings.schedule;
        let lr = self.settings.rate();
        let (per_epoch, steps) = (self.session.steps(), steps(self.settings, self.session));
        let before = epoch * per_epoch;
        let here = per_epoch.min(steps - before);
        let rate = |step: usize| lr * schedule.factor(before + step, steps, epoch);
        let Some(curvature) = self.curvature(epoch, from.is_some(), rate(0))? else {
            // The state before the epoch is kept already.
            return Ok(false);
        };
        let optimizer = self.settings.optimizer();
        let size = |step: usize| optimizer.step_size(rate(step), before + step);
        self.session.begin(&self.orders.epoch(epoch), size)?;
        let position = self.train(epoch, steps, from, rate, here)?;
        let train = self.session.trained(&position, here);
        let evaluated = if train.stopped { None } else { self.evaluate()? };
        let Some((test, validation)) = evaluated else {
            let state = self.state(Some(position))?;
            self.report.state(&state)?;
            return Ok(false);
        };
        let losses = [Some(train), Some(test), validation];
        if !losses.into_iter().flatten().all(|of| of.loss.abs() < LARGEST_LOSS) {
            return Err(diverged(self.settings, epoch + 1));
        }
        let lr = rate(here - 1);
        let done = Epoch { epoch: epoch + 1, lr, train, test, validation, curvature };
        // The state is that before the next epoch.
        self.epochs.push(done.tally());
        let state = self.state(None)?;
        self.report.epoch(&done, &state)?;
        Ok(true)
    }

    /// The curvature that the optimizer uses in an epoch whose first rate is `rate`: estimated at its
    /// start, and carried along from then on. Empty without one; `None` if the estimate was stopped.
    fn curvature(
        &mut self,
        epoch: usize,
        begun: bool,
        rate: f32,
    ) -> Result<Option<Vec<LayerCurvature>>> {
        let Optimizer::Sdlm { mu, .. } = self.settings.optimizer() else {
            return Ok(Some(Vec::new()));
        };
        let curvature = if begun {
            Some(self.session.curvature()?)
        } else {
            let Run { control, paused, .. } = self;
            let mut go_on = |_: usize| {
                *paused += control.wait();
                !control.stopped()
            };
            self.session.estimate_curvature(&self.patterns.of(epoch), &mut go_on)?
        };
        let layout = self.session.layout();
        Ok(curvature.map(|curvature| curvature::by_layer(layout, &curvature, mu, rate)))
    }

    /// Trains up to the step `until` of an epoch, of `steps` in all, or until it is stopped.
    fn train(
        &mut self,
        epoch: usize,
        steps: usize,
        from: Option<Position>,
        rate: impl Fn(usize) -> f32,
        until: usize,
    ) -> Result<Position> {
        let Settings { train_limit: digits, batch, .. } = *self.settings;
        let per_epoch = self.session.steps();
        let before = epoch * per_epoch;
        // The last epoch may be cut, and the last step of a whole one may have fewer digits.
        let all = steps / per_epoch * digits + digits.min(steps % per_epoch * batch);
        let mut position = from.unwrap_or_else(|| self.session.start());
        loop {
            let Run { report, control, start, paused, .. } = self;
            let paused_before = *paused;
            let mut progress = |done: usize| {
                let step = done.div_ceil(batch);
                report.progress(Progress {
                    epoch: epoch + 1,
                    step: before + step,
                    steps,
                    lr: rate(step - 1),
                    done: epoch * digits + done,
                    all,
                    time: start.elapsed().saturating_sub(*paused),
                });
                *paused += control.wait();
                !(control.stopped() || report.wants() > Wants::Nothing)
            };
            position = self.session.train(position, until, &mut progress)?;
            // The session took the pauses of this round for training.
            position.time = position.time.saturating_sub(self.paused - paused_before);
            if position.step == until || self.control.stopped() {
                return Ok(position);
            }
            let state = self.state(Some(position.clone()))?;
            match self.report.wants() {
                Wants::Look => self.report.look(&state)?,
                _ => self.report.state(&state)?,
            }
        }
    }

    /// Evaluates on the test digits, and on the digits held back if there are any; `None` if it was stopped.
    fn evaluate(&mut self) -> Result<Option<(Metrics, Option<Metrics>)>> {
        let mut quietly = |_: usize| !self.control.stopped();
        let test = self.session.evaluate(0, &mut quietly)?;
        let validation = match self.split.validate.is_empty() {
            true => None,
            false => Some(self.session.evaluate(1, &mut quietly)?),
        };
        let stopped = test.stopped || validation.is_some_and(|metrics| metrics.stopped);
        Ok((!stopped).then_some((test, validation)))
    }

    /// Warns if all test digits are taken for the same class: such a network has learned nothing. It is asked only
    /// where over a tenth of the answers are wrong, to enough digits that this says something.
    fn look_for_one_answer(&mut self) {
        let Settings { network, .. } = self.settings;
        let (classes, output) = (network.options.classes, network.options.output);
        let tells = |last: &Tally| 10 * last.errors > last.digits && last.digits > 2 * classes;
        if !self.epochs.last().is_some_and(tells) {
            return;
        }
        // The run is complete, whatever becomes of the adapter now.
        let Ok(scores) = self.session.scores(0) else { return };
        let mut winners = scores.chunks_exact(classes).map(|scores| output.winner(scores));
        let first = winners.next().unwrap_or(0);
        if winners.all(|winner| winner == first) {
            let class = network.classes.of(first);
            self.report.warn(&format!(
                "the network takes every test digit for {class}: it has learned nothing; try a smaller --lr, other \
                 --init, or more --epochs"
            ));
        }
    }

    /// The present state. Some drivers clamp NaN away before it reaches the loss, so the parameters
    /// are checked too.
    fn state(&mut self, position: Option<Position>) -> Result<State> {
        let epoch = self.epochs.len() + usize::from(position.is_some());
        let (carried, history) = (self.session.carried()?, self.epochs.clone());
        let state = State { carried, history, position };
        if state.is_sound() { Ok(state) } else { Err(diverged(self.settings, epoch)) }
    }
}

fn diverged(settings: &Settings, epoch: usize) -> Error {
    let lr = settings.rate();
    let way_out = match settings.optimizer() {
        Optimizer::Sgd { momentum, weight_decay } => format!(
            "a smaller --lr than {lr} (or less --momentum, now {momentum}, or --weight-decay, now \
             {weight_decay})"
        ),
        Optimizer::Sdlm { momentum, mu, .. } => format!(
            "a smaller --eta-scale (--lr times it is {lr} now), a larger --mu than {mu}, or less \
             --momentum, now {momentum}"
        ),
        Optimizer::Adam { epsilon, .. } => {
            format!("a smaller --lr than {lr}, or a larger --epsilon than {epsilon}")
        }
    };
    Error::Diverged(format!(
        "loss or weights are no longer finite, or a weight is over 1e9, in epoch {epoch}: give {way_out}"
    ))
}
