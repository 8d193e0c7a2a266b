//! References of the epilogues: `sgd.wgsl`, `sdlm.wgsl`, `adam.wgsl`, `store.wgsl` and
//! `curvature.wgsl`.

use crate::plan::{self, Optimizer, StepSize};

/// What a backward kernel does with an accumulated gradient, and its tensors, all laid out alike.
#[derive(Debug)]
pub enum Epilogue<'a> {
    /// A step of SGD with momentum, as PyTorch has it: v = m v + g + d w, w -= rate v.
    Sgd { momentum: f32, weight_decay: f32, velocity: &'a mut [f32], parameters: &'a mut [f32] },
    /// The same with a rate for each parameter, rate / (mu + h), h its curvature, and no decay.
    Sdlm {
        momentum: f32,
        mu: f32,
        curvature: &'a [f32],
        /// Unchanged where there is no momentum.
        velocity: &'a mut [f32],
        parameters: &'a mut [f32],
    },
    /// A step of Adam: m = b1 m + (1 - b1) g and v = b2 v + (1 - b2) g^2, the decay added to g, then
    /// w -= rate c m / (sqrt(v) s + e) with the corrections c and s of the step.
    Adam {
        betas: [f32; 2],
        epsilon: f32,
        weight_decay: f32,
        /// The means m.
        velocity: &'a mut [f32],
        /// The means v.
        squares: &'a mut [f32],
        parameters: &'a mut [f32],
    },
    /// Stored until every shard has its gradient: shard_gradient = g.
    Store { shard_gradient: &'a mut [f32], parameters: &'a [f32] },
    /// Added to the mean over patterns: h += rate g.
    Curvature { curvature: &'a mut [f32] },
}

impl<'a> Epilogue<'a> {
    /// Takes the bindings of the epilogue, which follow those of its kernel: the rest of the read ones, and
    /// the written ones one after the other.
    ///
    /// # Panics
    /// If there are fewer than the epilogue has.
    pub fn of(
        epilogue: plan::Epilogue,
        reads: &[&'a [u32]],
        mut write: impl FnMut() -> &'a mut [u32],
    ) -> Self {
        let mut write = || bytemuck::cast_slice_mut(write());
        match epilogue {
            plan::Epilogue::Apply(Optimizer::Sgd { momentum, weight_decay }) => {
                Epilogue::Sgd { momentum, weight_decay, velocity: write(), parameters: write() }
            }
            plan::Epilogue::Apply(Optimizer::Sdlm { momentum, mu, .. }) => Epilogue::Sdlm {
                momentum,
                mu,
                curvature: bytemuck::cast_slice(reads[0]),
                velocity: write(),
                parameters: write(),
            },
            plan::Epilogue::Apply(Optimizer::Adam { beta1, beta2, epsilon, weight_decay }) => {
                let betas = [beta1, beta2];
                let [velocity, squares, parameters] = [write(), write(), write()];
                Epilogue::Adam { betas, epsilon, weight_decay, velocity, squares, parameters }
            }
            plan::Epilogue::Store { .. } => {
                Epilogue::Store { shard_gradient: write(), parameters: write() }
            }
            plan::Epilogue::Accumulate { .. } => Epilogue::Curvature { curvature: write() },
        }
    }

    /// The parameters whose gradients these are.
    ///
    /// # Panics
    /// If the epilogue has none.
    pub fn parameters(&self) -> &[f32] {
        match self {
            Epilogue::Store { parameters, .. } => parameters,
            Epilogue::Sgd { parameters, .. }
            | Epilogue::Sdlm { parameters, .. }
            | Epilogue::Adam { parameters, .. } => parameters,
            Epilogue::Curvature { .. } => panic!("second derivatives move no parameters"),
        }
    }

    /// Applies the gradient `g` of the parameter at `at`.
    pub fn apply(&mut self, at: usize, g: f32, size: StepSize) {
        let StepSize { rate, corrections } = size;
        match self {
            Epilogue::Sgd { momentum, weight_decay, velocity, parameters } => {
                let (v, w) = (&mut velocity[at], &mut parameters[at]);
                *v = *momentum * *v + g + *weight_decay * *w;
                *w -= rate * *v;
            }
            Epilogue::Sdlm { momentum, mu, curvature, velocity, parameters } => {
                let mut v = g;
                if *momentum != 0.0 {
                    v += *momentum * velocity[at];
                    velocity[at] = v;
                }
                parameters[at] -= rate / (*mu + curvature[at]) * v;
            }
            Epilogue::Adam { betas, epsilon, weight_decay, velocity, squares, parameters } => {
                let (m, v, w) = (&mut velocity[at], &mut squares[at], &mut parameters[at]);
                let g = g + *weight_decay * *w;
                *m = betas[0] * *m + (1.0 - betas[0]) * g;
                *v = betas[1] * *v + (1.0 - betas[1]) * g * g;
                *w -= rate * corrections[0] * *m / (v.sqrt() * corrections[1] + *epsilon);
            }
            Epilogue::Store { shard_gradient, .. } => shard_gradient[at] = g,
            Epilogue::Curvature { curvature } => curvature[at] += rate * g,
        }
    }
}
