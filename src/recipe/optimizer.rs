//! How the parameters move: the two optimizers, and which settings belong to which.

use serde_json::Value;

use super::settings::need;
use super::{Flags, OptimizerArgs, Recipe, Settings};
use crate::error::{Error, Result};
use crate::network::{Loss, Options, Output, named};
use crate::plan::Optimizer;

/// What stochastic diagonal Levenberg-Marquardt has in place of a recipe's: the 1998 paper's eta of the
/// first pass, the others by its schedule.
const SDLM: &[(&str, &str)] = &[("lr", "0.0005"), ("schedule", "lecun1998"), ("momentum", "0")];

named! {
    /// Which optimizer.
    pub enum Method {
        /// Gradient descent with momentum.
        Sgd = "sgd",
        /// Stochastic diagonal Levenberg-Marquardt (1998, appendix C).
        Sdlm = "sdlm",
    }
}

named! {
    /// Second derivatives of eq. 9 by what the distances see.
    pub enum Curvature {
        /// 2, as eq. 8 has it.
        Constant = "constant",
        /// Those that eq. 9 has.
        Exact = "exact",
    }
}

/// Puts the optimizer's own values under what was asked for, and takes from `defaults` what it has no
/// use for; `recipe` is `of_recipe` under its name. Gives the origin of what it brings.
///
/// # Errors
/// [`Error::Usage`] for settings of the other optimizer.
pub(super) fn choose(
    asked: &mut Flags,
    defaults: &mut Flags,
    recipe: &Recipe,
    of_recipe: &Flags,
    options: &Options,
) -> Result<String> {
    let by_flag = asked.optimizer.optimizer;
    let method = by_flag.or(of_recipe.optimizer.optimizer).unwrap_or(Method::Sgd);
    let origin = match by_flag {
        Some(_) => "--optimizer".into(),
        None => format!("recipe {}", recipe.name),
    };
    let competes = options.output == Output::Rbf && options.loss == Loss::Map;
    match method {
        Method::Sgd => {
            let foreign = OptimizerArgs { optimizer: None, ..asked.optimizer.clone() };
            reject(&foreign.given(), "sdlm", "sgd")?;
            defaults.optimizer =
                OptimizerArgs { optimizer: Some(Method::Sgd), ..OptimizerArgs::default() };
            let (rate, by) = recipe.rates.of(options);
            let mut layer = Flags::default();
            layer.training.lr = Some(rate);
            asked.under(&layer, &format!("recipe {}, {by}", recipe.name));
        }
        Method::Sdlm => {
            let decay = asked.training.weight_decay;
            let foreign = decay.map(|decay| ("weight-decay".to_string(), Value::from(decay)));
            reject(foreign.as_slice(), "sgd", "sdlm")?;
            defaults.training.weight_decay = None;
            if !competes {
                need(asked.optimizer.curvature.is_none(), || {
                    "--curvature chooses between two forms of eq. 9, and this run has another loss: \
                     leave it out, or give --output rbf --loss map"
                        .into()
                })?;
                defaults.optimizer.curvature = None;
            }
            let own = defaults.optimizer.clone();
            let own = OptimizerArgs { optimizer: None, curvature_patterns: None, ..own };
            let table = Flags::of(SDLM).expect("settings of this program");
            asked.under(&Flags { optimizer: own, ..table }, &origin);
        }
    }
    Ok(origin)
}

/// Settings that were given and belong to another optimizer.
fn reject(given: &[(String, Value)], theirs: &str, here: &str) -> Result<()> {
    match given.first() {
        None => Ok(()),
        Some((name, _)) => Err(Error::Usage(format!(
            "--{name} belongs to --optimizer {theirs}, and this run has {here}: leave it out, or \
             give --optimizer {theirs}"
        ))),
    }
}

impl Settings {
    /// The optimizer, as a plan has it.
    pub fn optimizer(&self) -> Optimizer {
        let Settings { momentum, weight_decay, mu, curvature, .. } = *self;
        match self.optimizer {
            Method::Sgd => Optimizer::Sgd { momentum, weight_decay },
            Method::Sdlm => Optimizer::Sdlm { momentum, mu, exact: curvature == Curvature::Exact },
        }
    }

    /// The learning rate before its schedule, `--eta-scale` included.
    pub fn rate(&self) -> f32 {
        match self.optimizer {
            Method::Sgd => self.lr,
            Method::Sdlm => self.lr * self.eta_scale,
        }
    }
}
