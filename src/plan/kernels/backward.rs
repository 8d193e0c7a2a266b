//! `first_stage_backward`, `conv_backward_weights`, `conv_backward_input` and `conv_backward_odd_input`: a
//! convolution stage, backward.

use super::stage::Stage;
use super::{Moved, Work};

impl Stage {
    /// Every gradient of the first stage, which has no input gradient.
    pub(super) fn first_backward(&self) -> Work {
        Work {
            items: self.m * self.partial_rows,
            iterations: self.units() * (self.column() + self.ph() * self.sums()) + 2 * self.taps(),
            multiply_adds: 2 * self.multiply_adds(),
        }
    }

    /// Every gradient of a stage after the first.
    pub(super) fn backward_weights(&self) -> Work {
        Work {
            items: self.j * self.partial_rows,
            iterations: self.units() * self.column() + 2 * self.taps(),
            multiply_adds: self.multiply_adds(),
        }
    }

    /// The input gradient of a stage after the first.
    pub(super) fn backward_input(&self) -> Work {
        let row = self.pw() + 1 + self.k * (self.ow() + 1);
        let map = (self.dx_rows + self.k - 1) * row + self.taps() + 1;
        Work {
            items: self.samples * self.c * (self.height / self.dx_rows),
            iterations: self.m * map + self.dx_rows * (self.width + 1),
            multiply_adds: self.multiply_adds(),
        }
    }

    /// What the kernels with gradients move: a row of partials reaches over all stages, of which each writes its
    /// own columns.
    pub(super) fn moved(&self, binding: &str, words: usize) -> Option<Moved> {
        let own = ((self.partial_rows * self.parameters()) as usize).min(words);
        (binding == "partials").then(|| Moved::written(own))
    }
}
