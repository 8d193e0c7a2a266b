//! The page of a finished run.

use std::path::{Path, PathBuf};

use crate::data::{Digits, Mnist};
use crate::device::{Device, PlanChoice};
use crate::error::Result;
use crate::inference::{EVALUATION_BATCH, Inference};
use crate::report::finished::Answered;
use crate::report::html;
use crate::train::Split;

/// The test digits of a run.
pub struct Test {
    /// Their numbers in the test set.
    pub numbers: Vec<usize>,
    /// All of the test set.
    pub digits: Digits,
}

impl Test {
    /// Takes the digits that a run is tested on.
    pub fn of(split: &Split, mnist: Mnist) -> Self {
        Test { numbers: split.test_numbers(&mnist), digits: mnist.test }
    }
}

/// Asks the model in a folder about the test digits of its run and writes the report.
pub fn write(folder: &Path, test: &Test, device: &Device, plan: PlanChoice) -> Result<PathBuf> {
    let mut digits = test.digits.clone();
    let answered = Answered::ask(folder, |model| {
        digits = digits.clone().with_classes_of(&model.network)?;
        let mut inference = Inference::new(model, device, plan, EVALUATION_BATCH, &[&digits])?;
        inference.choose(0, &test.numbers)?;
        Ok(inference.answers(0)?.scores.about(test.numbers.iter().copied(), &digits))
    })?;
    html::write(folder, &answered, &digits)
}
