//! `lenet train`: from flags to a run and its folder.

use std::ffi::OsString;
use std::path::PathBuf;

use serde_json::{Map, Value, json};

use super::seeds;
use crate::cli::args::config::Config;
use crate::cli::args::results::ResultArgs;
use crate::cli::args::{DataArgs, DeviceArgs, beside, device};
use crate::cli::output;
use crate::cli::view::interrupt;
use crate::data::Mnist;
use crate::device::Device;
use crate::disk;
use crate::error::{Error, Result, need};
use crate::network::Network;
use crate::recipe::{Available, Flags, Origins, Settings};
use crate::report::files::RUN;
use crate::report::finished;
use crate::run::launch::{Beginning, Launch};
use crate::run::page::Test;
use crate::run::record;
use crate::run::resume::Resumed;
use crate::train::Split;
use crate::train::model::Model;

#[derive(Debug, clap::Args)]
pub struct Args {
    /// Take the settings of this run.json, or of a TOML file with the flags as keys; flags that are
    /// typed win
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// Resume the run in this folder where it stopped; with a larger --epochs beyond its end
    #[arg(long, value_name = "DIR", conflicts_with_all = ["config", "out", "force", "from"])]
    resume: Option<PathBuf>,
    /// Start from the parameters of this model, or that of a run's folder, instead of --init
    #[arg(long, value_name = "MODEL")]
    from: Option<PathBuf>,
    /// Train with seeds 1 to N, each in a folder of its own below --out, and tell mean and standard
    /// deviation; the same command continues what was interrupted
    #[arg(long, value_name = "N", conflicts_with_all = ["resume", "from", "seed", "dashboard", "force"])]
    seeds: Option<usize>,
    /// End with exit code 6 if the test error, with --seeds its mean, is above so many per cent
    #[arg(long, value_name = "PERCENT")]
    fail_above: Option<f64>,
    #[command(flatten)]
    settings: Flags,
    #[command(flatten)]
    pub device: DeviceArgs,
    #[command(flatten)]
    data: DataArgs,
    #[command(flatten)]
    pub results: ResultArgs,
}

pub fn run(args: Args) -> Result<()> {
    let source = Source::of(args)?;
    let most = source.args.fail_above;
    need(most.is_none_or(|most| (0.0..=100.0).contains(&most)), || {
        "--fail-above is a test error in per cent: give 0 to 100".into()
    })?;
    let mnist = source.digits()?;
    let mut settings = source.settings(&mnist)?;
    let mnist = mnist.with_classes_of(&settings.network)?;
    let device = device::choose(&source.args.device, device::Purpose::Training)?;
    let about = source.finish(&mut settings, &mnist, &device)?;
    let control = interrupt::stop_on_ctrl_c()?;
    if let Some(seeds) = source.args.seeds {
        let args = &source.args;
        let mean = seeds::run(args, seeds, &settings, (&mnist, &about), &device, &control)?;
        return judge(mean, most);
    }
    let split = Split::draw(&settings, &mnist);
    let lists = split.lists(&mnist);
    // Soon the device has the digits: without the training digits 100 MB less while it trains.
    let test = Test::of(&split, mnist);
    let Source { args, resumed, model, .. } = source;
    let (folder, beginning) = match (resumed, model) {
        (Some(resumed), _) => (Some(resumed.folder), Beginning::Checkpoint),
        (None, Some(model)) => (None, Beginning::Model(model)),
        (None, None) => (None, Beginning::Drawn),
    };
    let results = args.results.open(folder, &settings, &test, &args.device, &control)?;
    let launch = Launch {
        settings: &settings,
        split: &split,
        lists,
        device: &device,
        folder: &results.folder,
        keep: results.keep,
        about: &about,
    };
    let outcome = launch.run(beginning, results.reports, &control)?;
    if !outcome.epochs.is_empty() {
        args.results.finish(&results.folder, &test, &device, args.device.plan);
    }
    if outcome.interrupted {
        return Err(Error::Interrupted(format!(
            "interrupted in epoch {}; `lenet train --resume {}` resumes it",
            outcome.epochs.len() + 1,
            results.folder.name(),
        )));
    }
    judge(outcome.epochs.last().map_or(f64::NAN, |epoch| epoch.error_percent()), most)
}

/// Compares the test error with `--fail-above`.
fn judge(percent: f64, most: Option<f64>) -> Result<()> {
    match most {
        Some(most) if percent.is_nan() || percent > most => Err(Error::Missed(format!(
            "the test error is {percent:.2} %, above the {most} % of --fail-above"
        ))),
        _ => Ok(()),
    }
}

/// Where the settings of a run come from: what was typed, a file, or the run that is resumed.
struct Source {
    /// What was typed, over what the file says.
    args: Args,
    file: Option<Config>,
    /// The run that is resumed.
    resumed: Option<Resumed>,
    /// The model that a new run starts from.
    model: Option<Model>,
    /// The network of the model that a run starts or started from.
    network: Option<Network>,
}

impl Source {
    /// Puts what was typed over the file that it names.
    fn of(given: Args) -> Result<Source> {
        let resumed = given.resume.as_deref().map(Resumed::open).transpose()?;
        let file = match (&resumed, &given.config) {
            (Some(Resumed { folder, record }), _) => {
                Some(Config::of_run(&folder.path().join(RUN), record)?)
            }
            (None, Some(file)) => Some(Config::read(file)?),
            (None, None) => None,
        };
        // After the names of the program and the command.
        let typed: Vec<OsString> = std::env::args_os().skip(2).collect();
        let (mut args, origins) = match &file {
            Some(file) => file.under::<Args>(&typed)?,
            None => (given, Origins::new()),
        };
        if let Some(file) = &file {
            file.name_network(&mut args.settings.network.network);
        }
        args.settings.origins = origins;
        let model = args.from.as_deref().map(finished::model).transpose()?;
        let network = match &resumed {
            Some(resumed) => resumed.network_of_model()?,
            None => model.as_ref().map(|model| model.network.clone()),
        };
        Ok(Source { args, file, resumed, model, network })
    }

    /// Loads the digits; of a run that is resumed, those that it has.
    fn digits(&self) -> Result<Mnist> {
        let data = &self.args.data;
        match &self.resumed {
            Some(Resumed { folder, record }) => data.load_run(folder.path(), &record["data"]),
            None => data.load(),
        }
    }

    /// Returns the settings of a run on these digits, without the plan.
    fn settings(&self, mnist: &Mnist) -> Result<Settings> {
        let available = Available::of(mnist);
        let settings = Settings::resolve(&self.args.settings, available, self.network.as_ref());
        settings.map_err(|error| match (error, &self.file) {
            (Error::Usage(what), Some(file)) => {
                Error::Usage(format!("{what} (what was not typed is in {})", file.name))
            }
            (error, _) => error,
        })
    }

    /// Adds how a step is cut into dispatches, which depends on the device. Checks that a resumed run
    /// keeps its settings, warns where bits will differ, and returns what the record says besides.
    fn finish(&self, settings: &mut Settings, mnist: &Mnist, device: &Device) -> Result<Value> {
        let Args { settings: flags, device: on, data, results, from, .. } = &self.args;
        let (plan, origin) = device.strategy(on.plan, &settings.network, settings.batch)?;
        settings.set_plan((plan, flags.origins.get("plan").cloned().unwrap_or(origin)));
        let made_on = self.file.as_ref().and_then(|file| file.made_on.as_deref());
        let here = device.arithmetic();
        if let Some(made_on) = made_on.filter(|made_on| *made_on != here) {
            output::warn(&format!(
                "the run to repeat was made on {made_on}, and this is {here}: the last bits of the \
                 results will differ"
            ));
        }
        let mut beside = beside(on);
        if results.best() {
            beside["select"] = json!("best");
        }
        if let Some(model) = from {
            beside["from"] = json!(disk::absolute(model).display().to_string());
        }
        let mut kept = Map::new();
        if let Some(resumed) = &self.resumed {
            let warning = resumed.check(settings, &beside)?;
            warning.iter().for_each(|warning| output::warn(warning));
            kept = resumed.kept();
        }
        let mut about = json!({
            "command": record::command(),
            "flags": beside,
            "data": record::digits(&data.source, mnist),
        });
        about.as_object_mut().expect("an object").extend(kept);
        Ok(about)
    }
}
