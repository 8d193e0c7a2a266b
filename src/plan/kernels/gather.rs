//! `gather`: the samples of a step.

use super::{Moved, Spec, Work};
use crate::network::DIGIT_SIDE;
use crate::plan::STEP_WORDS;
use crate::plan::abi::SAMPLE_WORDS;
use crate::plan::binding::Binding;
use crate::plan::constant::{Constants, constants};
use crate::plan::distortion::Distortion;
use crate::plan::shader::{ShaderFile, shader};

constants! {
    /// Constants of `gather`.
    Gather {
        /// Samples of the batch, the last window included.
        samples: u32,
        /// Samples of the step that earlier shards of the batch have.
        before: u32,
        height: u32,
        width: u32,
        border: u32,
        scale: f32,
        background: f32,
        distort: Option<Distortion>,
    }
}

impl Gather {
    /// Rows of x that it makes: without distortion the border stays as it is.
    fn rows(&self) -> u32 {
        if self.distort.is_some() { self.height } else { DIGIT_SIDE as u32 }
    }
}

impl Spec for Gather {
    fn shader(&self) -> &'static ShaderFile {
        shader!("gather")
    }

    fn declare(&self, constants: &mut Constants) {
        self.declare_fields(constants);
    }

    fn work(&self) -> Work {
        // Of a distorted pixel: two shard_gradients of four bytes, and the place it comes from.
        let pixel = if self.distort.is_some() { 7 * self.width } else { DIGIT_SIDE as u32 };
        Work {
            items: self.samples * self.rows(),
            iterations: 36.max(self.width + 1),
            multiply_adds: u64::from(self.samples * self.rows() * pixel),
        }
    }

    fn moved(&self, binding: &Binding, words: usize) -> Moved {
        let samples = self.samples as usize;
        match binding.name {
            // The border already stands there.
            "x" if self.distort.is_none() => Moved::written(samples * DIGIT_SIDE * DIGIT_SIDE),
            _ => of_data_set(samples, binding, words),
        }
    }
}

/// What the samples of a step take from the data set.
pub(super) fn of_data_set(samples: usize, binding: &Binding, words: usize) -> Moved {
    match binding.name {
        "data_set" => Moved::read((samples * SAMPLE_WORDS).min(words)),
        "indices" => Moved::read(samples.min(words)),
        "step_table" => Moved::read(STEP_WORDS),
        _ => Moved::all(binding, words),
    }
}
