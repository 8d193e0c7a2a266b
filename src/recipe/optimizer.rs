//! How the parameters move: the settings of both optimizers, and which belong to which.

use clap::ValueEnum;
use serde::Serialize;

use super::picker::Picker;
use super::schedule::Schedule;
use super::{Flags, MOMENTUM, Recipe};
use crate::error::{Error, Result};
use crate::network::{Loss, Options, Output};
use crate::plan::Optimizer;

/// mu of the 1998 paper, appendix C.
const MU: f32 = 0.02;
/// The paper's eta of the first pass; the others follow by [`Schedule::Lecun1998`].
const ETA: f32 = 0.0005;
/// What the paper's eta is multiplied with: at 1 training is less even (see the README).
const ETA_SCALE: f32 = 0.2;
/// Patterns of the paper that a curvature is the mean over.
const PATTERNS: usize = 500;

/// Which optimizer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ValueEnum)]
#[serde(rename_all = "kebab-case")]
pub enum Method {
    /// Gradient descent with momentum.
    Sgd,
    /// Stochastic diagonal Levenberg-Marquardt (1998, appendix C).
    Sdlm,
}

/// Second derivatives of eq. 9 by what the distances see.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ValueEnum)]
#[serde(rename_all = "kebab-case")]
pub enum Curvature {
    /// 2, as eq. 8 has it.
    Constant,
    /// Those that eq. 9 has.
    Exact,
}

/// What the user asked for.
#[derive(Debug, Clone, Copy, Default, clap::Args)]
#[command(next_help_heading = "Optimizer")]
pub struct OptimizerArgs {
    /// Optimizer: sgd, or sdlm, stochastic diagonal Levenberg-Marquardt, which has a rate
    /// lr x eta-scale / (mu + h) for each parameter, h its curvature [default: the recipe's, sgd]
    #[arg(long, value_enum)]
    pub optimizer: Option<Method>,
    /// sdlm: what every learning rate is multiplied with [default: 0.2]
    #[arg(long, value_name = "FACTOR")]
    pub eta_scale: Option<f32>,
    /// sdlm: mu, what is added to a curvature, a positive number [default: 0.02]
    #[arg(long, value_name = "MU")]
    pub mu: Option<f32>,
    /// sdlm: second derivatives of eq. 9 at F6: constant 2, or exact [default: constant]
    #[arg(long, value_enum)]
    pub curvature: Option<Curvature>,
    /// sdlm: training digits that each pass's curvature is the mean over [default: 500]
    #[arg(long, value_name = "N")]
    pub curvature_patterns: Option<usize>,
}

/// An optimizer with its learning rate.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Choice {
    pub optimizer: Optimizer,
    /// `--eta-scale` included.
    pub lr: f32,
    pub schedule: Schedule,
    /// 0 where there is no curvature.
    pub patterns: usize,
}

/// Puts recipe and flags together for a network of these options; `train` digits are trained on.
///
/// # Errors
/// [`Error::Usage`] for flags of the other optimizer and for values out of range, by name.
pub(super) fn choose(
    flags: &Flags,
    recipe: &Recipe,
    options: &Options,
    train: usize,
    p: &mut Picker,
) -> Result<Choice> {
    let asked = flags.optimizer.optimizer;
    let method = p.pick("optimizer", asked, recipe.optimizer, None);
    let choice = match method {
        Method::Sgd => sgd(flags, recipe, options, p)?,
        Method::Sdlm => sdlm(flags, options, train, asked.is_some(), p)?,
    };
    check("--lr", choice.lr, positive, "a positive number")?;
    Ok(choice)
}

fn sgd(flags: &Flags, recipe: &Recipe, options: &Options, p: &mut Picker) -> Result<Choice> {
    let OptimizerArgs { eta_scale, mu, curvature, curvature_patterns, .. } = flags.optimizer;
    let foreign = [
        ("--eta-scale", eta_scale.is_some()),
        ("--mu", mu.is_some()),
        ("--curvature", curvature.is_some()),
        ("--curvature-patterns", curvature_patterns.is_some()),
    ];
    reject(&foreign, "sdlm", "sgd")?;
    let (rate, by) = recipe.rates.of(options);
    let origin = format!("recipe {}, {by}", recipe.name);
    let lr = p.pick("lr", flags.lr, rate, Some(&origin));
    let schedule = p.pick("schedule", flags.schedule, recipe.schedule, None);
    let momentum = p.pick("momentum", flags.momentum, MOMENTUM, None);
    let weight_decay = p.pick("weight-decay", flags.weight_decay, 0.0, None);
    check("--momentum", momentum, below_one, "at least 0 and below 1")?;
    check("--weight-decay", weight_decay, |d| d.is_finite() && d >= 0.0, "0 or a positive number")?;
    Ok(Choice { optimizer: Optimizer::Sgd { momentum, weight_decay }, lr, schedule, patterns: 0 })
}

fn sdlm(
    flags: &Flags,
    options: &Options,
    train: usize,
    by_flag: bool,
    p: &mut Picker,
) -> Result<Choice> {
    reject(&[("--weight-decay", flags.weight_decay.is_some())], "sgd", "sdlm")?;
    let args = flags.optimizer;
    let from = by_flag.then_some("--optimizer");
    let lr = p.pick("lr", flags.lr, ETA, from);
    let scale = p.pick("eta-scale", args.eta_scale, ETA_SCALE, from);
    let schedule = p.pick("schedule", flags.schedule, Schedule::Lecun1998, from);
    let momentum = p.pick("momentum", flags.momentum, 0.0, from);
    let mu = p.pick("mu", args.mu, MU, from);
    let competes = options.output == Output::Rbf && options.loss == Loss::Map;
    let exact = if competes {
        p.pick("curvature", args.curvature, Curvature::Constant, from) == Curvature::Exact
    } else if args.curvature.is_some() {
        return Err(Error::Usage(
            "--curvature chooses between two forms of eq. 9, and this run has another loss: leave \
             it out, or give --output rbf --loss map"
                .into(),
        ));
    } else {
        false
    };
    let all = train < PATTERNS && args.curvature_patterns.is_none();
    let from = if all { Some("all there are") } else { from };
    let patterns = p.pick("curvature-patterns", args.curvature_patterns, PATTERNS.min(train), from);
    if !(1..=train).contains(&patterns) {
        return Err(Error::Usage(format!(
            "--curvature-patterns is {patterns}, but must be 1 to {train}: that many digits are \
             trained on"
        )));
    }
    check("--eta-scale", scale, positive, "a positive number")?;
    check("--mu", mu, positive, "a positive number")?;
    check("--momentum", momentum, below_one, "at least 0 and below 1")?;
    let optimizer = Optimizer::Sdlm { momentum, mu, exact };
    Ok(Choice { optimizer, lr: lr * scale, schedule, patterns })
}

/// Flags, and whether they were given, that belong to another optimizer.
fn reject(flags: &[(&str, bool)], theirs: &str, here: &str) -> Result<()> {
    match flags.iter().find(|(_, given)| *given) {
        None => Ok(()),
        Some((flag, _)) => Err(Error::Usage(format!(
            "{flag} belongs to --optimizer {theirs}, and this run has {here}: leave it out, or give \
             --optimizer {theirs}"
        ))),
    }
}

fn positive(value: f32) -> bool {
    value.is_finite() && value > 0.0
}

fn below_one(value: f32) -> bool {
    (0.0..1.0).contains(&value)
}

fn check(flag: &str, value: f32, fits: impl Fn(f32) -> bool, range: &str) -> Result<()> {
    if fits(value) {
        return Ok(());
    }
    Err(Error::Usage(format!("{flag} is {value}, but must be {range}")))
}
