//! `lenet train`: from flags to a run and its folder.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::Duration;

use clap::ValueEnum;
use serde_json::{Value, json};

use super::args::{DataArgs, DeviceArgs, DeviceChoice, NetworkArgs};
use super::config::Typed;
use super::device::{self, Chosen, Device};
use super::launch::{self, Beginning, Launch};
use super::output;
use super::provenance;
use super::ranges::DistortArgs;
use super::source::Source;
use crate::data;
use crate::error::{Error, Result};
use crate::network::init::Init;
use crate::recipe::{Flags, OptimizerArgs, Settings, Shuffle};
use crate::report::Report;
use crate::report::console::{Console, Volume};
use crate::report::files::{Folder, Keep};
use crate::report::json::Json;
use crate::train::Split;
use crate::train::schedule::Schedule;

/// Flags of `train`.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Set of defaults: notebook, lenet1, lenet5, lenet5-short, lenet5-1998, lenet5-distorted,
    /// lenet5-1998-distorted [default: the network's, lenet5]
    #[arg(long, value_name = "NAME")]
    recipe: Option<String>,
    /// Take the settings of this run.json, or of a TOML file with the flags as keys; flags that are
    /// typed go before
    #[arg(long, value_name = "FILE")]
    pub(super) config: Option<PathBuf>,
    /// Go on with the run in this folder where it stopped; with a larger --epochs beyond its end
    #[arg(long, value_name = "DIR", conflicts_with_all = ["config", "out", "force", "from"])]
    pub(super) resume: Option<PathBuf>,
    #[command(flatten)]
    network: NetworkArgs,
    #[command(flatten)]
    pub(super) device: DeviceArgs,
    #[command(flatten)]
    training: TrainingArgs,
    #[command(flatten)]
    optimizer: OptimizerArgs,
    #[command(flatten)]
    distort: DistortArgs,
    #[command(flatten)]
    pub(super) data: DataArgs,
    #[command(flatten)]
    results: ResultArgs,
}

#[derive(Debug, clap::Args)]
#[command(next_help_heading = "Training")]
struct TrainingArgs {
    /// Passes over the training digits [default: the recipe's]
    #[arg(long, value_name = "N")]
    epochs: Option<usize>,
    /// Steps in all, instead of --epochs
    #[arg(long, value_name = "N")]
    steps: Option<usize>,
    /// Samples in a step, 1 to 1,024 [default: 16, lenet5-1998 1]
    #[arg(long, value_name = "N")]
    batch: Option<usize>,
    /// Learning rate [default: the recipe's, by output and loss; sdlm 0.0005, times --eta-scale]
    #[arg(long, value_name = "RATE")]
    lr: Option<f32>,
    /// Learning rate over the run: constant, cosine, step:EPOCH:FACTOR, lecun1998 [default: the
    /// recipe's, sdlm lecun1998]
    #[arg(long, value_name = "SCHEDULE")]
    schedule: Option<Schedule>,
    /// Momentum m of v = m v + g, w = w - lr v; 0 to below 1 [default: 0.9, sdlm 0]
    #[arg(long, value_name = "M")]
    momentum: Option<f32>,
    /// sgd: weight decay d: g + d w takes the place of g [default: 0]
    #[arg(long, value_name = "D")]
    weight_decay: Option<f32>,
    /// Seed of weights, order and drawn digits [default: 1]
    #[arg(long, value_name = "SEED")]
    seed: Option<u64>,
    /// Order of the digits: on, a new one in every epoch; once, a random one; off, as they are
    /// stored [default: on, lenet5-1998 once]
    #[arg(long, value_enum)]
    shuffle: Option<Shuffle>,
    /// Training digits, drawn at random by the seed [default: all, notebook 9,840]
    #[arg(long, value_name = "N")]
    train_limit: Option<usize>,
    /// Test digits, drawn at random by the seed [default: all, notebook 2,707]
    #[arg(long, value_name = "N")]
    test_limit: Option<usize>,
    /// Hold back the last N training digits and report the error on them [default: 0]
    #[arg(long, value_name = "N")]
    validate: Option<usize>,
    /// With --distort: the digits and N distorted copies of each, fixed, of which an epoch takes its
    /// share; 9 in the paper [default: every epoch distorts anew]
    #[arg(long, value_name = "N")]
    distortions: Option<usize>,
    /// First weights, in +-2.4/F, +-1.2/sqrt(F) or +-1/sqrt(F), F the fan-in [default: lecun,
    /// lenet5-1998 lecun-sqrt]
    #[arg(long, value_enum)]
    init: Option<Init>,
    /// Start from the parameters of this model instead of --init
    #[arg(long, value_name = "MODEL")]
    from: Option<PathBuf>,
}

/// Which networks a run leaves behind.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Select {
    /// That after the last epoch.
    Last,
    /// That after the last epoch, and the best by validation.
    Best,
}

#[derive(Debug, clap::Args)]
#[command(next_help_heading = "Results")]
struct ResultArgs {
    /// Folder for model, settings and metrics [default: a new one under runs/]
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
    /// best keeps, besides the network after the last epoch, that of the epoch with the fewest errors
    /// on the digits that --validate holds back, as best.safetensors [default: last]
    #[arg(long, value_enum, default_value = "last", hide_default_value = true)]
    select: Select,
    /// Write a checkpoint to go on from whenever so many seconds have passed, besides those at the
    /// ends of epochs; 0: only there [default: 60]
    #[arg(long, value_name = "SECONDS")]
    checkpoint_seconds: Option<f64>,
    /// Overwrite the run that --out holds
    #[arg(long)]
    force: bool,
    /// One JSON object a line on standard output, everything else on standard error
    #[arg(long)]
    json: bool,
    /// Say nothing but the result
    #[arg(long)]
    quiet: bool,
}

impl Args {
    pub(super) fn flags(&self, origins: &BTreeMap<String, String>) -> Flags {
        let t = &self.training;
        Flags {
            recipe: self.recipe.clone(),
            network: self.network.clone(),
            epochs: t.epochs,
            steps: t.steps,
            batch: t.batch,
            lr: t.lr,
            schedule: t.schedule,
            momentum: t.momentum,
            weight_decay: t.weight_decay,
            seed: t.seed,
            optimizer: self.optimizer,
            shuffle: t.shuffle,
            train_limit: t.train_limit,
            test_limit: t.test_limit,
            validate: t.validate,
            init: t.init,
            distort: self.distort.flags(t.distortions),
            origins: origins.clone(),
        }
    }

    /// What is kept of a run besides its last network.
    fn keep(&self, settings: &Settings) -> Result<Keep> {
        let best = self.results.select == Select::Best;
        if best && settings.validate == 0 {
            return Err(Error::Usage(
                "--select best chooses by digits that are held back, but none are: give --validate \
                 5000, say"
                    .into(),
            ));
        }
        let seconds = self.results.checkpoint_seconds;
        let every = match seconds.map(Duration::try_from_secs_f64) {
            None => Some(launch::CHECKPOINT_EVERY),
            Some(Ok(every)) => Some(every).filter(|every| !every.is_zero()),
            Some(Err(error)) => {
                return Err(Error::Usage(format!(
                    "--checkpoint-seconds is {}: {error}; give seconds, or 0 for none in mid-epoch",
                    seconds.unwrap_or_default()
                )));
            }
        };
        Ok(Keep { best, every })
    }

    /// The flags that are no settings, for the record.
    pub(super) fn beside(&self) -> Value {
        let mut flags = provenance::flags(&self.device, &self.data);
        if self.results.select == Select::Best {
            flags["select"] = json!("best");
        }
        if let Some(model) = &self.training.from {
            flags["from"] = json!(provenance::absolute(model));
        }
        flags
    }

    /// The model to start from.
    pub(super) fn from(&self) -> Option<&Path> {
        self.training.from.as_deref()
    }

    /// The folder of a new run.
    fn folder(&self, settings: &Settings) -> Result<Folder> {
        let ResultArgs { out, force, .. } = &self.results;
        Folder::make(out.as_deref(), settings.network.name, *force)
    }

    fn reports(&self) -> Vec<Box<dyn Report>> {
        let mut reports: Vec<Box<dyn Report>> = vec![Box::new(Console::new(self.volume()))];
        if self.results.json {
            reports.push(Box::new(Json));
        }
        reports
    }

    fn volume(&self) -> Volume {
        match (self.results.quiet, self.results.json) {
            (true, _) => Volume::Quiet,
            (false, true) => Volume::Aside,
            (false, false) => Volume::Full,
        }
    }
}

/// Trains.
///
/// # Errors
/// Everything that [`Error`] knows; what was completed before is on disk.
pub fn run(given: Typed<Args>) -> Result<()> {
    let source = Source::of(given)?;
    let args = &source.args;
    if args.results.quiet && args.results.json {
        return Err(Error::Usage(
            "--quiet and --json both say what standard output gets: give one of them".into(),
        ));
    }
    let mnist = data::load(args.data.data.as_deref())?;
    let mut settings = source.settings(&mnist)?;
    let keep = args.keep(&settings)?;
    let Chosen { device, warnings } = device::choose(&args.device)?;
    warnings.iter().for_each(|warning| output::warn(warning));
    source.set_plan(&mut settings, &device);
    source.warn_of_device(&device);
    source.check(&settings, &mnist, &device)?;
    let about = source.about(&mnist);
    let stop = launch::stop_on_ctrl_c()?;
    let split = Split::draw(&settings, &mnist);
    let lists = split.lists(&mnist);
    // Soon the device has the digits: 110 MB less while it compiles and trains.
    drop(mnist);
    let Source { args, resumed, model, .. } = source;
    let (folder, beginning) = match (resumed, model) {
        (Some(resumed), _) => (resumed.folder, Beginning::Checkpoint),
        (None, Some(model)) => (args.folder(&settings)?, Beginning::Model(model)),
        (None, None) => (args.folder(&settings)?, Beginning::Drawn),
    };
    let launch = Launch {
        settings: &settings,
        split: &split,
        lists,
        device: &device,
        folder: &folder,
        fell_back: matches!(device, Device::Cpu { .. }) && args.device.device == DeviceChoice::Auto,
        keep,
        about: &about,
    };
    let outcome = launch.run(beginning, args.reports(), &stop)?;
    if outcome.interrupted {
        return Err(Error::Interrupted(format!(
            "interrupted in epoch {}; `lenet train --resume {}` goes on from there",
            outcome.epochs.len() + 1,
            folder.name(),
        )));
    }
    Ok(())
}
