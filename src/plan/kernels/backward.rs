//! `first_stage_backward`, `conv_backward_weights` and `conv_backward_input`: a convolution stage,
//! backward.

use super::stage::{K, Stage};
use super::{Moved, Spec, Work};
use crate::network::TAPS;
use crate::plan::constant::constants;

constants! {
    /// Every gradient of the first stage, which has no input gradient.
    FirstStageBackward(Stage)
}

impl Spec for FirstStageBackward {
    fn work(&self) -> Work {
        Work {
            items: self.m * self.partial_rows,
            iterations: self.units() * (self.column() + self.ph() * self.taps()) + 2 * TAPS as u32,
            multiply_adds: 2 * self.multiply_adds(),
        }
    }

    fn is_curvature(&self) -> bool {
        self.curvature
    }

    fn moved(&self, binding: &str, words: usize) -> Option<Moved> {
        of_partials(self, binding, words)
    }
}

constants! {
    /// Every gradient of a stage after the first.
    ConvBackwardWeights(Stage)
}

impl Spec for ConvBackwardWeights {
    fn work(&self) -> Work {
        Work {
            items: self.j * self.partial_rows,
            iterations: self.units() * self.column() + 2 * TAPS as u32,
            multiply_adds: self.multiply_adds(),
        }
    }

    fn is_curvature(&self) -> bool {
        self.curvature
    }

    fn moved(&self, binding: &str, words: usize) -> Option<Moved> {
        of_partials(self, binding, words)
    }
}

constants! {
    /// The input gradient of a stage after the first.
    ConvBackwardInput(Stage)
}

impl Spec for ConvBackwardInput {
    fn work(&self) -> Work {
        let row = self.pw() + 1 + K * (self.ow() + 1);
        let map = (self.dx_rows + K - 1) * row + TAPS as u32 + 1;
        Work {
            items: self.samples * self.c * (self.height / self.dx_rows),
            iterations: self.m * map + self.dx_rows * (self.width + 1),
            multiply_adds: self.multiply_adds(),
        }
    }

    fn is_curvature(&self) -> bool {
        self.curvature
    }
}

/// A row of partials reaches over all stages; a stage writes its own columns.
fn of_partials(k: &Stage, binding: &str, words: usize) -> Option<Moved> {
    let own = ((k.partial_rows * k.parameters()) as usize).min(words);
    (binding == "partials").then(|| Moved::written(own))
}
