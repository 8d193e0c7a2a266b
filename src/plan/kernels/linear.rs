//! `linear_forward` and `linear_backward_input`: a linear layer, forward, and its input gradient.

use super::{Moved, Spec, Work};
use crate::network::Squash;
use crate::plan::binding::Binding;
use crate::plan::constant::{Constants, constants};
use crate::plan::shader::{ShaderFile, shader};

constants! {
    /// Constants of `linear_forward` and `linear_backward_input`, in step with `shaders/linear.wgsl`.
    Linear {
        samples: u32,
        /// A multiple of 4.
        inputs: u32,
        outputs: u32,
        /// Rows of w in a window.
        rows: u32,
        tile: u32,
        /// Whether the sum over the windows of w starts with this one.
        starts: bool,
        /// Whether it ends with this one.
        ends: bool,
        squash: Squash,
        /// Whether the backward kernel has second derivatives.
        curvature: bool,
    }
}

impl Linear {
    fn multiply_adds(&self) -> u64 {
        u64::from(self.samples) * u64::from(self.inputs) * u64::from(self.rows)
    }
}

/// A linear layer, for the rows of w in a window.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct LinearForward(pub Linear);

impl Spec for LinearForward {
    fn shader(&self) -> &'static ShaderFile {
        shader!("linear_forward")
    }

    fn declare(&self, constants: &mut Constants) {
        self.0.declare_fields(constants);
    }

    fn work(&self) -> Work {
        Work {
            items: self.0.samples.div_ceil(4) * self.0.rows.div_ceil(self.0.tile),
            iterations: self.0.inputs / 4 * (self.0.tile + 1) + 6 * self.0.tile,
            multiply_adds: self.0.multiply_adds(),
        }
    }
}

/// The input gradient of a linear layer, from the rows of w in a window.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct LinearBackwardInput(pub Linear);

impl Spec for LinearBackwardInput {
    fn shader(&self) -> &'static ShaderFile {
        shader!("linear_backward_input")
    }

    fn declare(&self, constants: &mut Constants) {
        self.0.declare_fields(constants);
    }

    fn work(&self) -> Work {
        Work {
            items: self.0.samples.div_ceil(self.0.tile) * (self.0.inputs / 4),
            iterations: self.0.rows * (self.0.tile + 1) + 2 * self.0.tile,
            multiply_adds: self.0.multiply_adds(),
        }
    }

    fn is_curvature(&self) -> bool {
        self.0.curvature
    }

    fn moved(&self, binding: &Binding, words: usize) -> Moved {
        match binding.name {
            // Later windows of w add to the sum.
            "dx" if !self.0.starts => Moved::both(words),
            _ => Moved::all(binding, words),
        }
    }
}
