//! What training minimizes, as the constants of kernels.

use super::constant::{Constant, Constants};
use crate::network::{Loss, Options, Output};

/// The kind of output, the loss after it, and the j of eq. 9.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Criterion {
    pub output: Output,
    pub loss: Loss,
    /// Of eq. 9; no other loss has a use for it.
    pub j: f32,
}

impl Criterion {
    /// That of a network.
    pub fn of(options: &Options) -> Self {
        Criterion { output: options.output, loss: options.loss, j: options.j }
    }

    /// Whether outputs are distances, of which the smallest wins, in place of squashed sums.
    pub fn is_rbf(&self) -> bool {
        self.output == Output::Rbf
    }

    /// Whether it is eq. 9 of 1998.
    pub fn is_map(&self) -> bool {
        self.is_rbf() && self.loss == Loss::Map
    }
}

impl Constant for Criterion {
    /// Declares `OUTPUT`, `LOSS` and `J`, in step with `shaders/loss.wgsl`.
    fn declare(&self, _name: &str, constants: &mut Constants) {
        constants.fixed("OUTPUT", self.output as u32);
        constants.fixed("LOSS", self.loss as u32);
        match self.is_map() {
            true => constants.overridable("J", self.j),
            false => constants.fixed("J", self.j),
        }
    }
}
