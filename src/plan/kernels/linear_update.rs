//! `linear_update` and `linear_backward`: the gradient of a linear layer and its epilogue, without and
//! with the input gradient.

use super::{Moved, Spec, Work};
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
        /// Where the weights begin in the layer's parameters, behind the biases; a multiple of 4.
        weights: u32,
        epilogue: Epilogue,
    }
}

impl Spec for LinearUpdate {
    fn work(&self) -> Work {
        Work {
            items: self.outputs.div_ceil(self.tile) * (self.inputs / 4),
            iterations: self.samples * (self.tile + 6) + self.tile,
            multiply_adds: u64::from(self.samples + 3)
                * u64::from(self.inputs)
                * u64::from(self.outputs),
        }
    }

    fn epilogue(&self) -> Option<Epilogue> {
        Some(self.epilogue)
    }

    fn moved(&self, binding: &str, words: usize) -> Option<Moved> {
        of_windows(self.starts, self.ends, binding, words)
    }
}

constants! {
    /// Constants of `linear_backward`.
    LinearBackward {
        /// Whose x and dx an invocation holds: at most [`crate::plan::profile::BACKWARD_SAMPLES`].
        samples: u32,
        /// A multiple of 4.
        inputs: u32,
        outputs: u32,
        /// Whether the sum over the windows of the batch starts with this one.
        starts: bool,
        /// Whether it ends with this one.
        ends: bool,
        /// Where the weights begin in the layer's parameters, behind the biases; a multiple of 4.
        weights: u32,
        squash: Squash,
        /// Of gradients: second derivatives take `linear_backward_input` and `linear_update`.
        epilogue: Epilogue,
    }
}

impl Spec for LinearBackward {
    fn work(&self) -> Work {
        Work {
            items: self.inputs / 4,
            iterations: self.outputs * (self.samples + 1) + 8 * self.samples,
            multiply_adds: u64::from(2 * self.samples + 3)
                * u64::from(self.inputs)
                * u64::from(self.outputs),
        }
    }

    fn epilogue(&self) -> Option<Epilogue> {
        Some(self.epilogue)
    }

    fn moved(&self, binding: &str, words: usize) -> Option<Moved> {
        let stays = !self.ends || matches!(self.epilogue, Epilogue::Store { .. });
        match binding {
            // The weights of the input gradient.
            "parameters" if stays => Some(Moved::read(words)),
            _ => of_windows(self.starts, self.ends, binding, words),
        }
    }
}

/// Of the sum over the windows of the batch: each but the first reads it, each but the last writes it, and
/// the last applies the epilogue.
fn of_windows(starts: bool, ends: bool, binding: &str, words: usize) -> Option<Moved> {
    match binding {
        "gradient" => Some(Moved {
            read: if starts { 0 } else { words },
            written: if ends { 0 } else { words },
        }),
        "velocity" | "parameters" | "curvature" | "shard_gradient" if !ends => {
            Some(Moved::default())
        }
        _ => None,
    }
}
