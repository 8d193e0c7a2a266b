//! References of the epilogues: `sgd.wgsl`, `sdlm.wgsl`, `adam.wgsl`, `store.wgsl` and
//! `curvature.wgsl`.

use crate::plan::Epilogue::{Accumulate, Apply, Store};
use crate::plan::{self, Optimizer, StepSize};

/// An epilogue and the tensors that it reads and writes, all laid out alike.
#[derive(Debug)]
pub struct Epilogue<'a> {
    pub kind: plan::Epilogue,
    /// The curvature; empty unless SDLM reads it.
    pub h: &'a [f32],
    /// The tensors that it writes, in the order of the bindings. Of [`Apply`] and [`Store`] the last is the parameters.
    pub written: Vec<&'a mut [f32]>,
}

impl<'a> Epilogue<'a> {
    /// Builds an epilogue from the bindings that remain after its kernel's own.
    pub fn of(
        kind: plan::Epilogue,
        reads: &[&'a [u32]],
        writes: impl Iterator<Item = &'a mut [u32]>,
    ) -> Self {
        let h = reads.first().map_or(&[][..], |h| bytemuck::cast_slice(h));
        Epilogue { kind, h, written: writes.map(bytemuck::cast_slice_mut).collect() }
    }

    /// The parameters whose gradients these are.
    ///
    /// # Panics
    /// If the sums are second derivatives.
    pub fn parameters(&self) -> &[f32] {
        assert!(!self.kind.is_curvature(), "second derivatives move no parameters");
        self.written.last().expect("a tensor")
    }

    /// Carries the epilogue out for the gradient `g` of the parameter at `at`: moves it, stores g, or accumulates it.
    ///
    /// # Panics
    /// If the epilogue writes another number of tensors.
    pub fn apply(&mut self, at: usize, g: f32, size: StepSize) {
        let StepSize { rate, corrections } = size;
        match (self.kind, &mut self.written[..]) {
            (Apply(Optimizer::Sgd { momentum, weight_decay }), [velocity, parameters]) => {
                let (v, w) = (&mut velocity[at], &mut parameters[at]);
                *v = momentum * *v + g + weight_decay * *w;
                *w -= rate * *v;
            }
            // Without momentum the velocity is neither read nor written.
            (Apply(Optimizer::Sdlm { momentum, mu, .. }), [velocity, parameters]) => {
                let mut v = g;
                if momentum != 0.0 {
                    v += momentum * velocity[at];
                    velocity[at] = v;
                }
                parameters[at] -= rate / (mu + self.h[at]) * v;
            }
            (
                Apply(Optimizer::Adam { beta1, beta2, epsilon, weight_decay }),
                [means, squares, parameters],
            ) => {
                let (m, v, w) = (&mut means[at], &mut squares[at], &mut parameters[at]);
                let g = g + weight_decay * *w;
                *m = beta1 * *m + (1.0 - beta1) * g;
                *v = beta2 * *v + (1.0 - beta2) * g * g;
                *w -= rate * corrections[0] * *m / (v.sqrt() * corrections[1] + epsilon);
            }
            // The parameters are bound and stay as they are.
            (Store { .. }, [shard_gradient, _]) => shard_gradient[at] = g,
            // The rate is 1 / patterns.
            (Accumulate { .. }, [curvature]) => curvature[at] += rate * g,
            (kind, written) => panic!("{kind:?} does not write {} tensors", written.len()),
        }
    }
}
