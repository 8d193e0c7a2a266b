//! `linear_update` and `linear_backward`: the gradient of a linear layer and its epilogue, without and
//! with the input gradient.

use super::{Moved, Work};
use crate::network::Squash;
use crate::plan::constant::constants;
use crate::plan::epilogue::Epilogue;

constants! {
    /// Constants of `linear_update`.
    LinearUpdate {
        samples: u32,
        /// A multiple of 4.
        inputs: u32,
        outputs: u32,
        tile: u32,
        /// Whether the sum over the windows of the batch starts with this one.
        starts: bool,
        /// Whether it ends with this one.
        ends: bool,
        /// Where the weights begin in the layer's parameters, after the biases; a multiple of 4.
        weights: u32,
        epilogue: Epilogue,
    }
}

impl LinearUpdate {
    pub(super) fn work(&self) -> Work {
        Work {
            items: self.outputs.div_ceil(self.tile) * (self.inputs / 4),
            iterations: self.samples * (self.tile + 6) + self.tile,
            multiply_adds: u64::from(self.samples + 3)
                * u64::from(self.inputs)
                * u64::from(self.outputs),
        }
    }

    /// Each window of the batch but the first reads the sum so far, each but the last writes it, and the last
    /// applies the epilogue.
    pub(super) fn moved(&self, binding: &str, words: usize) -> Option<Moved> {
        match binding {
            "gradient" => Some(Moved {
                read: if self.starts { 0 } else { words },
                written: if self.ends { 0 } else { words },
            }),
            "velocity" | "parameters" | "curvature" | "squares" | "shard_gradient"
                if !self.ends =>
            {
                Some(Moved::default())
            }
            _ => None,
        }
    }
}

constants! {
    /// Constants of `linear_backward`, for first derivatives and at most
    /// [`crate::plan::profile::BACKWARD_SAMPLES`] samples, whose x and dx an invocation holds.
    LinearBackward {
        update: LinearUpdate,
        /// The activation that made x; `None` after a plain pooling.
        input_squash: Option<Squash>,
    }
}

impl LinearBackward {
    pub(super) fn work(&self) -> Work {
        let LinearUpdate { samples, inputs, outputs, .. } = self.update;
        Work {
            items: inputs / 4,
            iterations: outputs * (samples + 1) + 8 * samples,
            multiply_adds: u64::from(2 * samples + 3) * u64::from(inputs) * u64::from(outputs),
        }
    }

    pub(super) fn moved(&self, binding: &str, words: usize) -> Option<Moved> {
        let LinearUpdate { ends, epilogue, .. } = self.update;
        match binding {
            // The weights of the input gradient.
            "parameters" if !ends || matches!(epilogue, Epilogue::Store { .. }) => {
                Some(Moved::read(words))
            }
            _ => self.update.moved(binding, words),
        }
    }
}
