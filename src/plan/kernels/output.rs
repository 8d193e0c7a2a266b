//! `output`: the last layer forward and backward, and the loss.

use super::{Moved, Work};
use crate::network::Squash;
use crate::plan::TOTALS;
use crate::plan::constant::constants;
use crate::plan::criterion::Criterion;

constants! {
    /// Constants of `output`.
    Output {
        samples: u32,
        /// Samples of the step that earlier shards of the batch have: where these begin in `y` and in
        /// `totals`, which all shards share.
        before: u32,
        /// Whether it moves the cursor: of shards that a device does one after the other only the last.
        advances: bool,
        /// A multiple of 4.
        inputs: u32,
        classes: u32,
        /// Where the weights begin in p; a multiple of 4.
        weights: u32,
        criterion: Criterion,
        squash: Squash,
        /// The activation that made x; `None` after a plain pooling.
        input_squash: Option<Squash>,
        /// Whether the input gradient holds second derivatives.
        curvature: bool,
        /// Whether those of eq. 9 are exact, not constant.
        exact: bool,
    }
}

impl Output {
    pub(super) fn work(&self) -> Work {
        Work {
            items: self.samples,
            iterations: self.inputs / 2 * (self.classes + 1) + 8 * self.classes,
            multiply_adds: 2
                * u64::from(self.samples)
                * u64::from(self.inputs)
                * u64::from(self.classes),
        }
    }

    pub(super) fn moved(&self, binding: &str) -> Option<Moved> {
        let samples = self.samples as usize;
        match binding {
            "y" => Some(Moved::written(samples * self.classes as usize)),
            "totals" => Some(Moved::both(samples * TOTALS)),
            "cursor" if !self.advances => Some(Moved::default()),
            _ => None,
        }
    }
}
