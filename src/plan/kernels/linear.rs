//! `linear_forward` and `linear_backward_input`: a linear layer, forward, and its input gradient.

use super::{Moved, Work};
use crate::network::Squash;
use crate::plan::constant::constants;

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
        /// The activation that made x; `None` after a plain pooling.
        input_squash: Option<Squash>,
        /// Whether the backward kernel has second derivatives.
        curvature: bool,
    }
}

impl Linear {
    /// A layer whose weights are one window, with the same activation before and after.
    pub fn whole(
        samples: u32,
        inputs: u32,
        outputs: u32,
        squash: Squash,
        curvature: bool,
    ) -> Linear {
        let (rows, tile, starts, ends, input_squash) = (outputs, 1, true, true, Some(squash));
        Linear {
            samples,
            inputs,
            outputs,
            rows,
            tile,
            starts,
            ends,
            squash,
            input_squash,
            curvature,
        }
    }

    fn multiply_adds(&self) -> u64 {
        u64::from(self.samples) * u64::from(self.inputs) * u64::from(self.rows)
    }

    /// A linear layer, for the rows of w in a window.
    pub(super) fn forward(&self) -> Work {
        Work {
            items: self.samples.div_ceil(4) * self.rows.div_ceil(self.tile),
            iterations: self.inputs / 4 * (self.tile + 1) + 6 * self.tile,
            multiply_adds: self.multiply_adds(),
        }
    }

    /// The input gradient of a linear layer, from the rows of w in a window.
    pub(super) fn backward_input(&self) -> Work {
        Work {
            items: self.samples.div_ceil(self.tile) * (self.inputs / 4),
            iterations: self.rows * (self.tile + 1) + 2 * self.tile,
            multiply_adds: self.multiply_adds(),
        }
    }

    /// What the input gradient moves: later windows of w add to the sum.
    pub(super) fn moved(&self, binding: &str, words: usize) -> Option<Moved> {
        (binding == "dx" && !self.starts).then(|| Moved::both(words))
    }
}
