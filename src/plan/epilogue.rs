//! Epilogues: what a backward kernel does with the sums that it has accumulated.

use super::abi::StepSize;
use super::constant::{Constant, Constants};
use super::kernels::Moved;
use super::shader::{ShaderFile, shader};

/// How parameters move, but for the learning rate, which comes with each step.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Optimizer {
    /// Gradient descent with momentum, in the form of PyTorch: v = m v + g + d w, w -= rate v.
    Sgd { momentum: f32, weight_decay: f32 },
    /// Stochastic diagonal Levenberg-Marquardt (1998, appendix C): v = m v + g,
    /// w -= rate / (mu + h) v, with h the curvature of each parameter, estimated now and then by
    /// [`super::Pass::Curvature`].
    Sdlm {
        momentum: f32,
        mu: f32,
        /// Whether the second derivatives of eq. 9 are exact, not the constant 2.
        exact: bool,
    },
    /// Adam (Kingma and Ba 2015, algorithm 1) in the form of PyTorch, g with the decay d w added:
    /// m = b1 m + (1 - b1) g, v = b2 v + (1 - b2) g^2, w -= rate c m / (sqrt(v) s + e), c and s by
    /// [`Optimizer::step_size`].
    Adam { beta1: f32, beta2: f32, epsilon: f32, weight_decay: f32 },
}

impl Optimizer {
    /// Leaves every parameter as it is, for plans of which only the forward pass is run.
    pub const NONE: Optimizer = Optimizer::Sgd { momentum: 0.0, weight_decay: 0.0 };

    /// What a step of a run, counted from 0 over all epochs, is given with its learning rate: for Adam the
    /// corrections 1 / (1 - b1^t) and 1 / sqrt(1 - b2^t) of means that begin at 0, in the t-th step.
    pub fn step_size(&self, rate: f32, step: usize) -> StepSize {
        let Optimizer::Adam { beta1, beta2, .. } = *self else { return rate.into() };
        let rest = |beta: f32| 1.0 - power(f64::from(beta), step + 1);
        let corrections = [1.0 / rest(beta1), 1.0 / rest(beta2).sqrt()].map(|c| c as f32);
        StepSize { rate, corrections }
    }
}

/// The power of a number, the same to the bit on every system and in the page's `host.js`.
fn power(mut base: f64, mut exponent: usize) -> f64 {
    let mut power = 1.0;
    while exponent > 0 {
        if exponent % 2 == 1 {
            power *= base;
        }
        base *= base;
        exponent /= 2;
    }
    power
}

/// The epilogue of a backward kernel: `fn apply` of the shaders.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Epilogue {
    /// The sums are gradients; applies a step of the optimizer to the parameters: `sgd.wgsl`, `sdlm.wgsl`,
    /// `adam.wgsl`.
    Apply(Optimizer),
    /// The sums are those of a shard; stores them until all shards have theirs: `store.wgsl`.
    Store {
        /// Whether they are second derivatives.
        curvature: bool,
        /// As in [`Optimizer::Sdlm`].
        exact: bool,
    },
    /// The sums are second derivatives; accumulates their mean over patterns: `curvature.wgsl`.
    Accumulate {
        /// As in [`Optimizer::Sdlm`].
        exact: bool,
    },
}

impl Epilogue {
    /// Whether the sums are second derivatives.
    pub fn is_curvature(&self) -> bool {
        matches!(self, Epilogue::Accumulate { .. } | Epilogue::Store { curvature: true, .. })
    }

    /// Whether they are the exact ones of eq. 9.
    pub fn is_exact(&self) -> bool {
        matches!(self, Epilogue::Accumulate { exact: true } | Epilogue::Store { exact: true, .. })
    }

    /// The same sums, of a shard.
    pub fn of_shard(&self) -> Epilogue {
        Epilogue::Store { curvature: self.is_curvature(), exact: self.is_exact() }
    }

    /// The file with what it does, which also says what it binds.
    pub(super) fn shader(&self) -> &'static ShaderFile {
        match self {
            Epilogue::Apply(Optimizer::Sgd { .. }) => shader!("sgd"),
            Epilogue::Apply(Optimizer::Sdlm { .. }) => shader!("sdlm"),
            Epilogue::Apply(Optimizer::Adam { .. }) => shader!("adam"),
            Epilogue::Store { .. } => shader!("store"),
            Epilogue::Accumulate { .. } => shader!("curvature"),
        }
    }

    /// What it moves of a binding of `words` words, if the access of the binding does not say it.
    pub(super) fn moved(&self, binding: &str, words: usize) -> Option<Moved> {
        match (self, binding) {
            // Without momentum SDLM leaves it alone.
            (Epilogue::Apply(Optimizer::Sdlm { momentum: 0.0, .. }), "velocity")
            | (Epilogue::Store { .. }, "parameters") => Some(Moved::default()),
            (Epilogue::Apply(_), "velocity" | "squares" | "parameters")
            | (Epilogue::Accumulate { .. }, "curvature") => Some(Moved::both(words)),
            _ => None,
        }
    }
}

impl Constant for Epilogue {
    /// Declares `CURVATURE` and what the epilogue's own file needs.
    fn declare(&self, _name: &str, constants: &mut Constants) {
        self.is_curvature().declare("CURVATURE", constants);
        match self {
            Epilogue::Apply(Optimizer::Sgd { momentum, weight_decay }) => {
                constants.overridable("MOMENTUM", *momentum);
                constants.overridable("WEIGHT_DECAY", *weight_decay);
            }
            Epilogue::Apply(Optimizer::Sdlm { momentum, mu, .. }) => {
                constants.overridable("MOMENTUM", *momentum);
                constants.overridable("MU", *mu);
            }
            Epilogue::Apply(Optimizer::Adam { beta1, beta2, epsilon, weight_decay }) => {
                constants.overridable("BETA1", *beta1);
                constants.overridable("BETA2", *beta2);
                constants.overridable("EPSILON", *epsilon);
                constants.overridable("WEIGHT_DECAY", *weight_decay);
            }
            Epilogue::Store { .. } | Epilogue::Accumulate { .. } => {}
        }
    }
}
