//! `first_stage_backward`, `conv_backward_weights`, `conv_backward_input` and `conv_backward_odd_input`: a
//! convolution stage, backward.

use super::stage::Stage;
use super::{Moved, Spec, Work};
use crate::plan::constant::constants;

constants! {
    /// Every gradient of the first stage, which has no input gradient.
    FirstStageBackward(Stage)
}

impl Spec for FirstStageBackward {
    fn work(&self) -> Work {
        Work {
            items: self.m * self.partial_rows,
            iterations: self.units() * (self.column() + self.ph() * self.sums()) + 2 * self.taps(),
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
            iterations: self.units() * self.column() + 2 * self.taps(),
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
    /// The input gradient of a stage after the first, whose input has an even width.
    ConvBackwardInput(Stage)
}

impl Spec for ConvBackwardInput {
    fn work(&self) -> Work {
        input_gradient(self)
    }

    fn is_curvature(&self) -> bool {
        self.curvature
    }
}

constants! {
    /// The same for an odd width.
    ConvBackwardOddInput(Stage)
}

impl Spec for ConvBackwardOddInput {
    fn work(&self) -> Work {
        input_gradient(self)
    }

    fn is_curvature(&self) -> bool {
        self.curvature
    }
}

fn input_gradient(k: &Stage) -> Work {
    let row = k.pw() + 1 + k.k * (k.ow() + 1);
    let map = (k.dx_rows + k.k - 1) * row + k.taps() + 1;
    Work {
        items: k.samples * k.c * (k.height / k.dx_rows),
        iterations: k.m * map + k.dx_rows * (k.width + 1),
        multiply_adds: k.multiply_adds(),
    }
}

/// A row of partials reaches over all stages; a stage writes its own columns.
fn of_partials(k: &Stage, binding: &str, words: usize) -> Option<Moved> {
    let own = ((k.partial_rows * k.parameters()) as usize).min(words);
    (binding == "partials").then(|| Moved::written(own))
}
