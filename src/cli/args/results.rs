//! What becomes of a training run besides its last network: what is kept, who is told, and its page.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use clap::ValueEnum;

use crate::cli::args::{DeviceArgs, device};
use crate::cli::output;
use crate::cli::view::console::{Console, Volume};
use crate::cli::view::dashboard::{Ask, Dashboard, screen};
use crate::cli::view::json::Json;
use crate::data::Digits;
use crate::device::{Device, PlanChoice};
use crate::error::{Error, Result};
use crate::evaluation::confusion;
use crate::inference::{EVALUATION_BATCH, Inference};
use crate::recipe::Settings;
use crate::report::files::{Folder, Keep};
use crate::report::tensorboard::{self, TensorBoard};
use crate::run::launch;
use crate::run::page::{self, Test};
use crate::text::path_on_one_line;
use crate::train::control::Control;
use crate::train::events::Report;
use crate::train::model::FILE as MODEL;

/// Which networks a run leaves behind.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Select {
    /// That after the last epoch.
    Last,
    /// That after the last epoch, and the best by validation.
    Best,
}

#[derive(Debug, Clone, clap::Args)]
#[command(next_help_heading = "Results")]
pub struct ResultArgs {
    /// Folder for model, settings and metrics [default: a new one under runs/]
    #[arg(long, value_name = "DIR")]
    pub out: Option<PathBuf>,
    /// best keeps, besides the network after the last epoch, that of the epoch with the fewest errors
    /// on the digits that --validate holds back, as best.safetensors [default: last]
    #[arg(long, value_enum, default_value = "last", hide_default_value = true)]
    select: Select,
    /// Write a checkpoint to resume from whenever so many seconds have passed, besides those at the
    /// ends of epochs; 0: only there [default: 60]
    #[arg(long, value_name = "SECONDS")]
    checkpoint_seconds: Option<f64>,
    /// Show the run in a live view with keys instead of lines; plain lines where there is no terminal
    /// [default: off]
    #[arg(long, conflicts_with_all = ["quiet", "json"])]
    dashboard: bool,
    /// Write an event file for TensorBoard, with DIR into a folder there that is named as the run
    /// [default: off, unless the run's folder has one; without DIR the run's folder]
    #[arg(long, value_name = "DIR", num_args = 0..=1)]
    tensorboard: Option<Option<PathBuf>>,
    /// Leave out report.html, the page that shows the run: curves, settings, mistakes, kernels and
    /// feature maps [default: off]
    #[arg(long)]
    no_report: bool,
    /// Overwrite the run that --out holds [default: off]
    #[arg(long)]
    force: bool,
    /// One JSON object a line on standard output, everything else on standard error [default: off]
    #[arg(long)]
    pub json: bool,
    /// Say nothing but the result [default: off]
    #[arg(long, conflicts_with = "json")]
    pub quiet: bool,
}

/// What is ready before a run starts.
pub struct Results {
    pub folder: Folder,
    pub keep: Keep,
    /// Where the events of the run go, besides the files of its folder.
    pub reports: Vec<Box<dyn Report>>,
}

impl ResultArgs {
    /// Whether the best network by validation is kept as well.
    pub fn best(&self) -> bool {
        self.select == Select::Best
    }

    /// Opens the folder of the run, a new one unless it is resumed in `folder`, and all views of it.
    pub fn open(
        &self,
        folder: Option<Folder>,
        settings: &Settings,
        test: &Test,
        device: &DeviceArgs,
        control: &Arc<Control>,
    ) -> Result<Results> {
        let keep = self.keep(settings)?;
        let folder = match folder {
            Some(folder) => folder,
            None => Folder::make(self.out.as_deref(), &settings.network.name, self.force)?,
        };
        let mut reports: Vec<Box<dyn Report>> = Vec::new();
        let mut volume = match (self.quiet, self.json) {
            (true, _) => Volume::Quiet,
            (false, true) => Volume::Aside,
            (false, false) => Volume::Full,
        };
        if self.dashboard && screen::is_there() {
            let ask = answers(settings, test.digits.pick(test.numbers.iter().copied()), device)?;
            reports.push(Box::new(Dashboard::new(control.clone(), ask)));
            // Lines would spoil the view; the result is said once it is gone.
            volume = Volume::Quiet;
        } else if self.dashboard {
            output::note("no terminal for --dashboard: plain lines instead");
        }
        reports.push(Box::new(Console::new(volume)));
        if self.json {
            reports.push(Box::new(Json));
        }
        // What is there must not end before the run does, or tell of an earlier one.
        if self.tensorboard.is_some() || tensorboard::is_in(folder.path()) {
            let place = self.tensorboard.as_ref().and_then(Option::as_deref);
            reports.push(Box::new(TensorBoard::new(place, folder.path())));
        }
        Ok(Results { folder, keep, reports })
    }

    /// Returns what is kept of a run besides its last network.
    fn keep(&self, settings: &Settings) -> Result<Keep> {
        let best = self.best();
        if best && settings.validate == 0 {
            return Err(Error::Usage(
                "--select best chooses by digits that are held back, but none are: give --validate \
                 5000, say"
                    .into(),
            ));
        }
        let seconds = self.checkpoint_seconds.unwrap_or(launch::CHECKPOINT_EVERY.as_secs_f64());
        let every = Duration::try_from_secs_f64(seconds).map_err(|_| {
            Error::Usage(format!(
                "--checkpoint-seconds is {seconds}, but must be a number of seconds, or 0 for none in mid-epoch"
            ))
        })?;
        Ok(Keep { best, every: (!every.is_zero()).then_some(every) })
    }

    /// Writes the page of the run, if one is wanted. A page that cannot be written does not make the run a
    /// failed one.
    pub fn page(
        &self,
        folder: &Folder,
        test: &Test,
        device: &Device,
        plan: PlanChoice,
    ) -> Option<PathBuf> {
        if self.no_report {
            return None;
        }
        let warn = |error| {
            let name = folder.name();
            output::warn(&format!(
                "the run is there, but not its report: {error}; `lenet report {name}` rebuilds it"
            ));
        };
        page::write(folder.path(), test, device, plan).map_err(warn).ok()
    }

    /// Writes the page of the run and says what can be done next.
    pub fn finish(&self, folder: &Folder, test: &Test, device: &Device, plan: PlanChoice) {
        let name = path_on_one_line(folder.path());
        let mut next = format!("next     lenet predict {name}/{MODEL} PICTURE");
        match self.page(folder, test, device, plan) {
            Some(path) => next = format!("report   {}\n{next}", path_on_one_line(&path)),
            None if self.no_report => next.push_str(&format!(", lenet report {name}")),
            None => {}
        }
        self.say(&next);
    }

    /// Says something beside the result, unless `--quiet` asks for the result alone.
    pub fn say(&self, note: &str) {
        if !self.quiet {
            output::note(note);
        }
    }
}

/// Returns what the dashboard asks once an epoch. The CPU answers, which takes it a moment, so that
/// nothing has to be read back from a device in the middle of its work.
fn answers(settings: &Settings, test: Digits, device: &DeviceArgs) -> Result<Ask> {
    let cpu = Device::cpu_on(device::threads(device)?);
    let (network, plan) = (&settings.network, PlanChoice::Auto);
    let mut inference = Inference::empty(network, &cpu, plan, EVALUATION_BATCH, &[&test])?;
    Ok(Box::new(move |parameters| {
        inference.replace(parameters)?;
        let answers = inference.answers(0)?.scores.about(0..test.len(), &test);
        Ok(confusion(&answers, test.classes()))
    }))
}
