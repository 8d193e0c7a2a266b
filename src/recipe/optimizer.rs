//! How the parameters move: the optimizers.

use super::{Flags, OptimizerArgs, Recipe, Settings, TrainingArgs};
use crate::network::{Options, named};
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
        /// Adam (Kingma and Ba 2015) in the form of PyTorch.
        Adam = "adam",
    }
}

named! {
    /// Second derivatives of eq. 9 with respect to the distances.
    pub enum Curvature {
        /// 2, that of eq. 8.
        Constant = "constant",
        /// Those of eq. 9.
        Exact = "exact",
    }
}

/// Adam's own rate, PyTorch's default.
const ADAM: &[(&str, &str)] = &[("lr", "0.001")];

/// Settings that SDLM alone has.
pub(super) const OF_SDLM: &[&str] = &["eta-scale", "mu", "curvature", "curvature-patterns"];
/// Settings that Adam alone has.
pub(super) const OF_ADAM: &[&str] = &["beta1", "beta2", "epsilon"];
/// Settings that each optimizer has its own values of.
pub(super) const OF_EACH: &[&str] = &["lr", "schedule", "momentum", "weight-decay"];

/// Returns what a method has in place of a recipe's own values. The rate of SGD depends on the end of the
/// network; the others also have `own`, the defaults that are theirs alone.
pub(super) fn layer(method: Method, recipe: &Recipe, own: &OptimizerArgs, end: &Options) -> Flags {
    match method {
        Method::Sgd => {
            let training = TrainingArgs { lr: Some(recipe.rates.of(end).0), ..Default::default() };
            Flags { training, ..Flags::default() }
        }
        Method::Sdlm | Method::Adam => {
            let table = if method == Method::Sdlm { SDLM } else { ADAM };
            // How many patterns depends on the digits.
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
