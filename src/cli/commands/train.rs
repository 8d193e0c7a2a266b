//! `lenet train`: from flags to a run and its folder.

use crate::cli::args::config::Typed;
use crate::cli::args::device;
use crate::cli::args::source::Source;
use crate::cli::args::train::Args;
use crate::cli::view::interrupt;
use crate::data;
use crate::error::{Error, Result};
use crate::run::launch::{Beginning, Launch};
use crate::run::page::Test;
use crate::train::Split;

/// Trains.
///
/// # Errors
/// Everything that [`Error`] knows; what was completed before is on disk.
pub fn run(given: Typed<Args>) -> Result<()> {
    let source = Source::of(given)?;
    let mnist = data::load(source.args.data.data.as_deref())?;
    let mut settings = source.settings(&mnist)?;
    let keep = source.args.results.keep(&settings)?;
    let device = device::choose(&source.args.device, device::Work::Training)?;
    let about = source.finish(&mut settings, &mnist, &device)?;
    let control = interrupt::stop_on_ctrl_c()?;
    let split = Split::draw(&settings, &mnist);
    let lists = split.lists(&mnist);
    // Soon the device has the digits: without the training digits 100 MB less while it trains.
    let test = Test::of(&split, mnist);
    let Source { args, resumed, model, .. } = source;
    let (folder, beginning) = match (resumed, model) {
        (Some(resumed), _) => (resumed.folder, Beginning::Checkpoint),
        (None, Some(model)) => (args.results.folder(&settings)?, Beginning::Model(model)),
        (None, None) => (args.results.folder(&settings)?, Beginning::Drawn),
    };
    let reports = args.results.reports(&settings, &folder, &test, &args.device, &control)?;
    let launch = Launch {
        settings: &settings,
        split: &split,
        lists,
        device: &device,
        folder: &folder,
        keep,
        about: &about,
    };
    let outcome = launch.run(beginning, reports, &control)?;
    if !outcome.epochs.is_empty() {
        args.results.page(&folder, &test, &device, args.device.plan);
    }
    if outcome.interrupted {
        return Err(Error::Interrupted(format!(
            "interrupted in epoch {}; `lenet train --resume {}` goes on from there",
            outcome.epochs.len() + 1,
            folder.name(),
        )));
    }
    Ok(())
}
