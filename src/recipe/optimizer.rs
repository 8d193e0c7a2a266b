//! Settings of the optimizers: names, defaults, and which setting belongs to which optimizer.

use super::{Flags, OptimizerArgs, Recipe, Settings, TrainingArgs};
use crate::network::{Options, named};
use crate::plan::Optimizer;

/// Defaults of SDLM that replace a recipe's: eta of the first pass (1998); the schedule gives the later ones.
const SDLM: &[(&str, &str)] = &[("lr", "0.0005"), ("schedule", "lecun1998"), ("momentum", "0")];

/// Adam's learning rate: PyTorch's default.
const ADAM: &[(&str, &str)] = &[("lr", "0.001")];

named! {
    /// Which optimizer.
    pub enum Method {
        /// Gradient descent with momentum.
        Sgd = "sgd",
        /// Stochastic diagonal Levenberg-Marquardt (1998, appendix C).
        Sdlm = "sdlm",
        /// Adam (Kingma and Ba 2015) in the form of PyTorch.
        Adam = "adam",
    }
}

named! {
    /// Second derivatives of the loss of eq. 9 by F6's outputs.
    pub enum Curvature {
        /// The constant 2, which is exact for eq. 8.
        Constant = "constant",
        /// The exact ones of eq. 9.
        Exact = "exact",
    }
}

/// Settings that only SDLM has.
pub(super) const OF_SDLM: &[&str] = &["eta-scale", "mu", "curvature", "curvature-patterns"];
/// Settings that only Adam has.
pub(super) const OF_ADAM: &[&str] = &["beta1", "beta2", "epsilon"];
/// Settings of a network file that are dropped where another optimizer is chosen.
pub(super) const OF_EACH: &[&str] = &["lr", "schedule", "momentum", "weight-decay"];

/// The values that an optimizer puts in place of a recipe's: for SGD the learning rate for this output and loss; for
/// the others their table above and `own`, the defaults of their settings.
pub(super) fn layer(
    method: Method,
    recipe: &Recipe,
    own: &OptimizerArgs,
    options: &Options,
) -> Flags {
    match method {
        Method::Sgd => {
            let training =
                TrainingArgs { lr: Some(recipe.rates.of(options).0), ..Default::default() };
            Flags { training, ..Flags::default() }
        }
        Method::Sdlm | Method::Adam => {
            let table = if method == Method::Sdlm { SDLM } else { ADAM };
            // The number of patterns depends on the size of the data set.
            let optimizer =
                OptimizerArgs { optimizer: None, curvature_patterns: None, ..own.clone() };
            Flags { optimizer, ..Flags::of(table).expect("settings of this program") }
        }
    }
}

impl Settings {
    /// Returns the optimizer of the plan.
    pub fn optimizer(&self) -> Optimizer {
        let Settings { momentum, weight_decay, mu, curvature, beta1, beta2, epsilon, .. } = *self;
        match self.optimizer {
            Method::Sgd => Optimizer::Sgd { momentum, weight_decay },
            Method::Sdlm => Optimizer::Sdlm { momentum, mu, exact: curvature == Curvature::Exact },
            Method::Adam => Optimizer::Adam { beta1, beta2, epsilon, weight_decay },
        }
    }

    /// The learning rate before its schedule, `--eta-scale` included.
    pub fn rate(&self) -> f32 {
        match self.optimizer {
            Method::Sgd | Method::Adam => self.lr,
            Method::Sdlm => self.lr * self.eta_scale,
        }
    }
}
