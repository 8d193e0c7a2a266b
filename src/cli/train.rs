//! `lenet train`: from flags to a run and its folder.

use std::path::PathBuf;

use clap::ValueEnum;

use super::args::{DataArgs, DeviceArgs, DeviceChoice, NetworkArgs};
use super::console::{Console, Volume};
use super::device::{self, Device};
use super::events::Json;
use super::launch::{self, Beginning, Launch};
use super::output;
use super::ranges::DistortArgs;
use crate::data;
use crate::error::{Error, Result};
use crate::network::init::Init;
use crate::recipe::{Available, Flags, OptimizerArgs, Settings, Shuffle};
use crate::report::Report;
use crate::report::files::Folder;
use crate::train::Split;
use crate::train::model::Model;
use crate::train::schedule::Schedule;

/// Flags of `train`.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Set of defaults: notebook, lenet1, lenet5, lenet5-short, lenet5-1998, lenet5-distorted,
    /// lenet5-1998-distorted [default: the network's, lenet5]
    #[arg(long, value_name = "NAME")]
    recipe: Option<String>,
    #[command(flatten)]
    network: NetworkArgs,
    #[command(flatten)]
    device: DeviceArgs,
    #[command(flatten)]
    training: TrainingArgs,
    #[command(flatten)]
    optimizer: OptimizerArgs,
    #[command(flatten)]
    distort: DistortArgs,
    #[command(flatten)]
    data: DataArgs,
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
    fn flags(&self) -> Flags {
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
        }
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
pub fn run(args: Args) -> Result<()> {
    if args.results.quiet && args.results.json {
        return Err(Error::Usage(
            "--quiet and --json both say what standard output gets: give one of them".into(),
        ));
    }
    let from = args.training.from.as_deref().map(Model::read).transpose()?;
    let mnist = data::load(args.data.data.as_deref())?;
    let available = Available::of(&mnist);
    let network = from.as_ref().map(|model| &model.network);
    let mut settings = Settings::resolve(&args.flags(), available, network)?;
    let keep_best = args.results.select == Select::Best;
    if keep_best && settings.validate == 0 {
        return Err(Error::Usage(
            "--select best chooses by digits that are held back, but none are: give --validate \
             5000, say"
                .into(),
        ));
    }
    let folder =
        Folder::make(args.results.out.as_deref(), settings.network.name, args.results.force)?;
    let chosen = device::choose(&args.device)?;
    for warning in &chosen.warnings {
        output::warn(warning);
    }
    let device = chosen.device;
    let plan = device.strategy(args.device.plan, &settings.network, settings.batch);
    settings.set_plan(plan);

    let mut reports: Vec<Box<dyn Report>> = vec![Box::new(Console::new(args.volume()))];
    if args.results.json {
        reports.push(Box::new(Json));
    }
    let fell_back =
        matches!(device, Device::Cpu { .. }) && args.device.device == DeviceChoice::Auto;
    let beginning = match from {
        Some(model) => Beginning::Model(model),
        None => Beginning::Drawn,
    };
    let stop = launch::stop_on_ctrl_c()?;
    let split = Split::draw(&settings, &mnist);
    let lists = split.lists(&mnist);
    // Soon the device has the digits: 110 MB less while it compiles and trains.
    drop(mnist);
    let launch = Launch {
        settings: &settings,
        split: &split,
        lists,
        device: &device,
        folder: &folder,
        fell_back,
        keep_best,
    };
    let outcome = launch.run(beginning, reports, &stop)?;
    let out = folder.name();
    if outcome.interrupted {
        return Err(Error::Interrupted(match outcome.epochs.len() {
            0 => "interrupted before the first epoch was complete; nothing was written".into(),
            epochs => format!("interrupted; {out} holds the state after epoch {epochs}"),
        }));
    }
    Ok(())
}
