//! The data set as an executor holds it, and the lists of digits that a session processes.

use crate::data::Digits;
use crate::plan::abi::Record;
use crate::plan::{Capacity, StepRow, StepSize};

/// A list of digits that is processed in steps: the training digits or a set to evaluate.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Part {
    /// First entry of the index list.
    pub first: usize,
    pub digits: usize,
    /// Digits that it may have.
    pub capacity: usize,
    /// First row of the step table.
    pub step: usize,
}

/// The data set as an executor holds it: the digits once, and lists of which to process.
#[derive(Debug, Clone)]
pub struct Lists {
    pub(super) data_set: Vec<u32>,
    digits: usize,
    /// Length of the list to train on.
    train: usize,
    /// Lists to evaluate, as indices of digits.
    pub(super) sets: Vec<Vec<u32>>,
}

impl Lists {
    /// Digits one set after the other: an index counts through all of them.
    pub fn new(digits: &[&Digits], train: usize, sets: Vec<Vec<u32>>) -> Self {
        let record = |set: &Digits| Record { side: set.side() };
        let words = digits.iter().map(|set| set.len() * record(set).words()).sum();
        let mut packed = Vec::with_capacity(words);
        for set in digits {
            record(set).append(&mut packed, set.pixels(), set.labels());
        }
        let digits = digits.iter().map(|set| set.len()).sum();
        Lists { data_set: packed, digits, train, sets }
    }

    fn lengths(&self) -> impl Iterator<Item = usize> {
        std::iter::once(self.train).chain(self.sets.iter().map(Vec::len))
    }

    /// What the buffers of the plan have to hold.
    pub fn capacity(&self, batch: usize) -> Capacity {
        Capacity {
            samples: self.digits,
            indices: self.lengths().sum(),
            steps: self.lengths().map(|length| length.div_ceil(batch)).sum(),
        }
    }

    /// The lists one after the other, as steps of `batch` digits; the one to train on first.
    pub(super) fn parts(&self, batch: usize) -> Vec<Part> {
        let (mut first, mut step) = (0, 0);
        self.lengths()
            .map(|digits| {
                let part = Part { first, digits, capacity: digits, step };
                first += digits;
                step += digits.div_ceil(batch);
                part
            })
            .collect()
    }
}

/// The rows of the step table for `digits` indices from `first` on, in steps of `batch`.
pub(super) fn step_table(
    first: usize,
    digits: usize,
    batch: usize,
    key: u32,
    size: impl Fn(usize) -> StepSize,
) -> Vec<u32> {
    let row = |step: usize| {
        let (first, count) =
            ((first + step * batch) as u32, batch.min(digits - step * batch) as u32);
        StepRow { first, count, size: size(step), key }.words()
    };
    (0..digits.div_ceil(batch)).flat_map(row).collect()
}
