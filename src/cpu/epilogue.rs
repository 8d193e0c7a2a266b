//! References of the epilogues: `sgd.wgsl`, `sdlm.wgsl`, `adam.wgsl`, `store.wgsl` and
//! `curvature.wgsl`.

use crate::plan::Epilogue::{Accumulate, Apply, Store};
use crate::plan::{self, Optimizer, StepSize};

/// What a backward kernel does with an accumulated gradient, and its tensors, all laid out alike.
#[derive(Debug)]
pub struct Epilogue<'a> {
    pub does: plan::Epilogue,
    /// The curvature, which SDLM alone reads; else empty.
    pub h: &'a [f32],
    /// The tensors that it writes, in the order of the bindings: the parameters are the last.
    pub written: Vec<&'a mut [f32]>,
}

impl<'a> Epilogue<'a> {
    /// Takes the bindings of the epilogue: what is left of the read and of the written ones when its kernel has
    /// taken its own.
    pub fn of(
        does: plan::Epilogue,
        reads: &[&'a [u32]],
        writes: impl Iterator<Item = &'a mut [u32]>,
    ) -> Self {
        let h = reads.first().map_or(&[][..], |h| bytemuck::cast_slice(h));
        Epilogue { does, h, written: writes.map(bytemuck::cast_slice_mut).collect() }
    }

    /// The parameters whose gradients these are.
    ///
    /// # Panics
    /// If the epilogue has none.
    pub fn parameters(&self) -> &[f32] {
        assert!(!self.does.is_curvature(), "second derivatives move no parameters");
        self.written.last().expect("a tensor")
    }

    /// Applies the gradient `g` of the parameter at `at`.
    ///
    /// # Panics
    /// If the epilogue writes another number of tensors.
    pub fn apply(&mut self, at: usize, g: f32, size: StepSize) {
        let StepSize { rate, corrections } = size;
        match (self.does, &mut self.written[..]) {
            (Apply(Optimizer::Sgd { momentum, weight_decay }), [velocity, parameters]) => {
                let (v, w) = (&mut velocity[at], &mut parameters[at]);
                *v = momentum * *v + g + weight_decay * *w;
                *w -= rate * *v;
            }
            // Without momentum the velocity stays as it is.
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
            (Store { .. }, [shard_gradient, _]) => shard_gradient[at] = g,
            (Accumulate { .. }, [curvature]) => curvature[at] += rate * g,
            (does, written) => panic!("{does:?} does not write {} tensors", written.len()),
        }
    }
}
