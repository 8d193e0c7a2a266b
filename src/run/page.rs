//! The page of a finished run.

use std::path::{Path, PathBuf};

use crate::data::Digits;
use crate::device::{Device, PlanChoice};
use crate::error::Result;
use crate::inference::{EVALUATION_BATCH, Inference};
use crate::report::files::MODEL;
use crate::report::finished::Run;
use crate::report::html;
use crate::train::model::Model;

/// Asks the model in a folder about the test digits of its run, by their numbers, and writes the
/// report.
///
/// # Errors
/// [`crate::Error::Data`] if the folder holds no run with a completed epoch, [`crate::Error::Adapter`] if
/// the adapter fails.
pub fn write(
    folder: &Path,
    numbers: &[usize],
    test: &Digits,
    device: &Device,
    plan: PlanChoice,
) -> Result<PathBuf> {
    let model = Model::read(&folder.join(MODEL))?;
    let mut inference = Inference::new(&model, device, plan, EVALUATION_BATCH, &[test])?;
    let answers = inference.answers(0)?.scores.about(numbers, test);
    html::write(folder, &Run::read(folder, model, answers)?, test)
}
