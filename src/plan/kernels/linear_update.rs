//! `linear_update` and `linear_backward`: the gradient of a linear layer and its epilogue, without and
//! with the input gradient.

use super::{Moved, Spec, Work};
use crate::network::Squash;
use crate::plan::binding::Binding;
use crate::plan::constant::{Constants, constants};
use crate::plan::epilogue::Epilogue;
use crate::plan::shader::{ShaderFile, shader};

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
    fn shader(&self) -> &'static ShaderFile {
        shader!("linear_update")
    }

    fn declare(&self, constants: &mut Constants) {
        self.declare_fields(constants);
    }

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

    fn moved(&self, binding: &Binding, words: usize) -> Moved {
        match binding.name {
            "gradient" => of_gradient(self.starts, self.ends, words),
            "velocity" | "parameters" | "curvature" | "shard_gradient" if !self.ends => {
                Moved::default()
            }
            _ => self.moved_by_epilogue(binding, words),
        }
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
        /// A step: second derivatives go the way of `linear_backward_input` and `linear_update`.
        epilogue: Epilogue,
    }
}

impl Spec for LinearBackward {
    fn shader(&self) -> &'static ShaderFile {
        shader!("linear_backward")
    }

    fn declare(&self, constants: &mut Constants) {
        self.declare_fields(constants);
    }

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

    fn moved(&self, binding: &Binding, words: usize) -> Moved {
        match binding.name {
            "gradient" => of_gradient(self.starts, self.ends, words),
            // The weights of the input gradient.
            "parameters" if !self.ends || matches!(self.epilogue, Epilogue::Store { .. }) => {
                Moved::read(words)
            }
            "velocity" | "curvature" | "shard_gradient" if !self.ends => Moved::default(),
            _ => self.moved_by_epilogue(binding, words),
        }
    }
}

/// The sum over the windows of the batch: each but the first reads it, each but the last leaves it.
fn of_gradient(starts: bool, ends: bool, words: usize) -> Moved {
    Moved { read: if starts { 0 } else { words }, written: if ends { 0 } else { words } }
}
