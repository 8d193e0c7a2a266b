//! `gather`: the samples of a step.

use super::{Moved, Work};
use crate::plan::STEP_WORDS;
use crate::plan::abi::Record;
use crate::plan::constant::constants;
use crate::plan::distortion::Distortion;

constants! {
    /// Constants of `gather`.
    Gather {
        /// Samples of the shard.
        samples: u32,
        /// Samples of the step that earlier shards of the batch have.
        before: u32,
        record: Record,
        height: u32,
        width: u32,
        border: u32,
        /// Numbers from one sample to the next in x.
        x_stride: u32,
        scale: f32,
        background: f32,
        distort: Option<Distortion>,
    }
}

impl Gather {
    /// Rows of x that it writes: without distortion the border stays as it is.
    fn rows(&self) -> u32 {
        if self.distort.is_some() { self.height } else { self.record.side as u32 }
    }

    pub(super) fn work(&self) -> Work {
        // A distorted pixel: two blends of two bytes each, their sum, and the place it comes from.
        let row = if self.distort.is_some() { 7 * self.width } else { self.record.side as u32 };
        // A loop over four bytes in a loop over words, or a loop over the columns of a distorted row.
        let loops = (5 * self.record.row_words() as u32 + 1).max(self.width + 1);
        Work {
            items: self.samples * self.rows(),
            iterations: loops + self.x_stride - self.height * self.width,
            multiply_adds: u64::from(self.samples * self.rows() * row),
        }
    }

    pub(super) fn moved(&self, binding: &str, words: usize) -> Option<Moved> {
        let samples = self.samples as usize;
        match binding {
            // The border already stands there.
            "x" if self.distort.is_none() => {
                Some(Moved::written(samples * self.record.side.pow(2)))
            }
            _ => of_data_set(self.record, samples, binding, words),
        }
    }
}

/// What the samples of a step read of the data set and the tables beside it.
pub(super) fn of_data_set(
    record: Record,
    samples: usize,
    binding: &str,
    words: usize,
) -> Option<Moved> {
    let words = match binding {
        "data_set" => (samples * record.words()).min(words),
        "indices" => samples.min(words),
        "step_table" => STEP_WORDS,
        _ => return None,
    };
    Some(Moved::read(words))
}
