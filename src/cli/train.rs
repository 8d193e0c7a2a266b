//! `lenet train`: from flags to a run and its folder.

use std::path::PathBuf;
use std::sync::Arc;

use clap::ValueEnum;
use clap::builder::PossibleValuesParser;

use super::args::{DataArgs, DeviceArgs, DeviceChoice, NetworkArgs, PlanChoice};
use super::device::{self, Device};
use super::inference::{EVALUATION_BATCH, Inference};
use super::launch::{self, Beginning, Launch};
use super::ranges::DistortArgs;
use super::{output, report};
use crate::data::{self, Digits, Mnist};
use crate::error::{Error, Result};
use crate::network::init::Init;
use crate::recipe::{self, Available, Flags, OptimizerArgs, Settings, Shuffle};
use crate::report::Report;
use crate::report::console::{Console, Volume};
use crate::report::dashboard::{Ask, Dashboard, screen};
use crate::report::files::Folder;
use crate::report::finished::confusion;
use crate::report::json::Json;
use crate::report::paper::REPORT;
use crate::report::tensorboard::TensorBoard;
use crate::train::Split;
use crate::train::control::Control;
use crate::train::model::Model;
use crate::train::schedule::Schedule;

/// Flags of `train`.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Set of defaults [default: the network's, lenet5]
    #[arg(long, value_name = "NAME", value_parser = PossibleValuesParser::new(recipe::names()))]
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
    /// Samples in a step, 1 to 1,024 [default: the recipe's]
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
    /// Show the run in a live view with keys instead of lines; plain lines where there is no terminal
    #[arg(long, conflicts_with_all = ["quiet", "json"])]
    dashboard: bool,
    /// Write an event file for TensorBoard into DIR [default: off, without DIR the run's folder]
    #[arg(long, value_name = "DIR", num_args = 0..=1)]
    tensorboard: Option<Option<PathBuf>>,
    /// Leave out report.html, the page that shows the run: curves, settings, mistakes, kernels and
    /// feature maps [default: off]
    #[arg(long)]
    no_report: bool,
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
    let available = Available { train: mnist.train.len(), test: mnist.test.len() };
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

    let fell_back =
        matches!(device, Device::Cpu { .. }) && args.device.device == DeviceChoice::Auto;
    let beginning = match from {
        Some(model) => Beginning::Model(model),
        None => Beginning::Drawn,
    };
    let control = launch::stop_on_ctrl_c()?;
    let split = Split::draw(&settings, &mnist);
    let lists = split.lists(&mnist);
    let numbers = split.test_numbers(&mnist);
    // Soon the device has the digits: 100 MB less while it compiles and trains.
    let Mnist { train, test } = mnist;
    drop(train);
    let reports = reports(&args, &settings, &folder, &numbers, &test, &control)?;
    let launch = Launch {
        settings: &settings,
        split: &split,
        lists,
        device: &device,
        folder: &folder,
        fell_back,
        keep_best,
    };
    let outcome = launch.run(beginning, reports, &control)?;
    if !outcome.epochs.is_empty() {
        page(&args, &folder, &numbers, &test, &device);
    }
    let out = folder.name();
    if outcome.interrupted {
        return Err(Error::Interrupted(match outcome.epochs.len() {
            0 => "interrupted before the first epoch was complete; nothing was written".into(),
            epochs => format!("interrupted; {out} holds the state after epoch {epochs}"),
        }));
    }
    Ok(())
}

/// Where the events of the run go, besides the files of its folder.
fn reports(
    args: &Args,
    settings: &Settings,
    folder: &Folder,
    numbers: &[usize],
    test: &Digits,
    control: &Arc<Control>,
) -> Result<Vec<Box<dyn Report>>> {
    let mut reports: Vec<Box<dyn Report>> = Vec::new();
    let mut volume = args.volume();
    if args.results.dashboard && screen::is_there() {
        let ask = mistakes_of(settings, test.pick(numbers.iter().copied()), &args.device)?;
        reports.push(Box::new(Dashboard::new(control.clone(), ask)));
        // Lines would spoil the view; the result is said once it is gone.
        volume = Volume::Quiet;
    } else if args.results.dashboard {
        output::note("no terminal for --dashboard: plain lines instead");
    }
    reports.push(Box::new(Console::new(volume)));
    if args.results.json {
        reports.push(Box::new(Json));
    }
    if let Some(place) = &args.results.tensorboard {
        reports.push(Box::new(TensorBoard::new(place.as_deref().unwrap_or(folder.path()))));
    }
    Ok(reports)
}

/// What the dashboard asks once an epoch: the CPU answers, which takes it a moment, so that nothing
/// has to be read back from a device in the middle of its work.
fn mistakes_of(settings: &Settings, test: Digits, device: &DeviceArgs) -> Result<Ask> {
    let cpu = Device::Cpu { threads: device::threads(device)? };
    let (network, plan) = (&settings.network, PlanChoice::Auto);
    let mut inference = Inference::empty(network, &cpu, plan, EVALUATION_BATCH, &[&test])?;
    let numbers: Vec<usize> = (0..test.len()).collect();
    Ok(Box::new(move |parameters| {
        inference.replace(parameters)?;
        Ok(confusion(&inference.answers(0)?.about(&numbers, &test)))
    }))
}

/// Writes the page of the run; one that cannot be written does not make the run a failed one.
fn page(args: &Args, folder: &Folder, numbers: &[usize], test: &Digits, device: &Device) {
    if args.results.no_report {
        // An overwritten run may have left one; mostly there is none.
        let _ = std::fs::remove_file(folder.path().join(REPORT));
        return;
    }
    match report::write(folder.path(), numbers, test, device, args.device.plan) {
        Ok(path) if !args.results.quiet => output::note(&format!("report in {}", path.display())),
        Ok(_) => {}
        Err(error) => output::warn(&format!(
            "the run is there, but not its report: {error}; lenet report {} makes it anew",
            folder.name()
        )),
    }
}
