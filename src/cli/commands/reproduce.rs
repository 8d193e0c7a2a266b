//! `lenet reproduce`: the table of the papers, recipe by recipe and seed by seed, and its report.

use std::path::PathBuf;

use clap::builder::PossibleValuesParser;
use serde_json::{Value, json};

use crate::cli::args::{self, DataArgs, DeviceArgs, device};
use crate::cli::output;
use crate::cli::view::interrupt;
use crate::cli::view::progress::Board;
use crate::data::{self, Mnist, Source};
use crate::device::Device;
use crate::disk;
use crate::error::{Error, Result, need};
use crate::inference::{EVALUATION_BATCH, Inference};
use crate::plan::Capacity;
use crate::recipe::{
    Available, Flags, MAX_SEEDS, NetworkArgs, NetworkChoice, Range, Settings, TrainingArgs,
};
use crate::report::files::{Folder, Keep};
use crate::report::finished::Answered;
use crate::reproduce::jobs::Job;
use crate::reproduce::report::{self, Experiment, PAGE, PICTURES};
use crate::reproduce::results::RowResults;
use crate::reproduce::rows::{MNIST, ROWS, Row};
use crate::run::launch::{self, Launch};
use crate::run::record;
use crate::run::resume::is_done;
use crate::text::path_on_one_line;
use crate::train::Split;
use crate::train::control::Control;

/// Folder of the runs where none is named.
const OUT: &str = "runs/reproduce";
const OUT_QUICK: &str = "runs/reproduce-quick";
/// What is wanted for the row about zip codes.
const ZIP_CODES: &str = "it needs the zip code digits, which are not part of the program: put zip.train.gz and \
                         zip.test.gz from hastie.su.domains/ElemStatLearn/data.html into a folder, and give \
                         --data FOLDER";
/// Zip code digits for training and for testing.
const OF_1990: (usize, usize) = (7_291, 2_007);

#[derive(Debug, clap::Args)]
pub struct Args {
    /// Recipes to repeat [default: all of the table]
    #[arg(value_name = "RECIPE",
          value_parser = PossibleValuesParser::new(ROWS.iter().map(|row| row.recipe)))]
    recipes: Vec<String>,
    /// Network of your own, the path of its file, or several with commas: a row for each, and no other rows unless
    /// RECIPE names them
    #[arg(long, value_name = "FILE", value_delimiter = ',')]
    network: Vec<String>,
    /// Runs of each recipe, with seeds 1 to N [default: 5, lenet1-1990 10, notebook 20, with --quick 1]
    #[arg(long, value_name = "N")]
    seeds: Option<usize>,
    /// One seed and few epochs: ten minutes on two slow cores, and no more than a trial [default:
    /// off]
    #[arg(long)]
    quick: bool,
    /// Folder of runs and report; what it has of these runs is not done again [default:
    /// runs/reproduce, with --quick runs/reproduce-quick]
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
    /// Epochs of every run, for a trial [default: the recipe's]
    #[arg(long, value_name = "N")]
    epochs: Option<usize>,
    /// Training digits of every run, for a trial [default: the recipe's]
    #[arg(long, value_name = "N")]
    train_limit: Option<usize>,
    /// Test digits of every run, for a trial [default: the recipe's]
    #[arg(long, value_name = "N")]
    test_limit: Option<usize>,
    #[command(flatten)]
    device: DeviceArgs,
    #[command(flatten)]
    data: DataArgs,
}

impl Args {
    /// Returns the rows that were asked for, in the order of the table; the papers' figures stand beside no
    /// other digits than theirs.
    fn rows(&self, are_theirs: impl Fn(&Row) -> bool) -> Vec<Row> {
        let all = self.recipes.is_empty() && self.network.is_empty();
        let asked = |row: &&Row| all || self.recipes.iter().any(|name| name == row.recipe);
        let plain = |row: Row| match are_theirs(&row) {
            true => row,
            false => Row { error: None, rejected: None, floor: None, ..row },
        };
        ROWS.iter().filter(asked).copied().map(plain).collect()
    }

    /// Rows of networks of one's own, whose names live as long as the program, as those of the table do.
    fn own(&self) -> Result<Vec<Row>> {
        let own = |file: &String| {
            let recipe = NetworkChoice::from(file.as_str()).table()?.name.leak();
            need(!recipe.eq_ignore_ascii_case(PICTURES), || {
                format!(
                    "the network in {file} is called {recipe}, as the folder of the report's pictures: give it \
                     another name"
                )
            })?;
            let title = format!("The network in {file}").leak();
            Ok(Row { recipe, title, network: Some(file.clone().leak()), ..MNIST })
        };
        self.network.iter().map(own).collect()
    }

    /// Loads the digits of MNIST's rows, and the zip code digits if `--data` names these.
    fn load(&self) -> Result<(Sets, Option<Sets>)> {
        let sets =
            |source: &Source, mnist: Mnist| Sets { record: record::digits(source, &mnist), mnist };
        let given = sets(&self.data.source, self.data.load()?);
        match self.data.source.is_zip_codes() {
            false => Ok((given, None)),
            true => Ok((sets(&Source::default(), data::builtin()?), Some(given))),
        }
    }

    fn seeds(&self, row: &Row) -> Result<usize> {
        let seeds = self.seeds.unwrap_or(if self.quick { 1 } else { row.seeds });
        Range::Count(MAX_SEEDS, "runs of a recipe").check("seeds", &seeds)?;
        Ok(seeds)
    }

    fn out(&self) -> PathBuf {
        let default = if self.quick { OUT_QUICK } else { OUT };
        self.out.clone().unwrap_or_else(|| default.into())
    }

    /// Returns why this is not the whole experiment, where it is not.
    fn trial(&self, are_theirs: bool) -> Option<&'static str> {
        let limited = [self.epochs, self.train_limit, self.test_limit].iter().any(Option::is_some);
        match (self.quick, limited) {
            _ if !are_theirs => Some("its digits are not those that the papers' figures are about"),
            (_, true) => Some("epochs or digits were limited by flags"),
            (true, false) => Some("--quick trains for fewer epochs"),
            (false, false) => None,
        }
    }

    fn settings(&self, row: &Row, seed: usize, available: Available) -> Result<Settings> {
        let network = row.network.map(NetworkChoice::from);
        let flags = Flags {
            recipe: network.is_none().then(|| row.recipe.into()),
            network: NetworkArgs { network, ..NetworkArgs::default() },
            training: TrainingArgs {
                seed: Some(seed as u64),
                epochs: self.epochs.or(self.quick.then_some(row.quick_epochs)),
                train_limit: self.train_limit,
                test_limit: self.test_limit,
                ..TrainingArgs::default()
            },
            ..Flags::default()
        };
        Settings::resolve(&flags, available, None)
    }
}

/// Makes the runs that are missing, then writes the report.
pub fn run(args: Args) -> Result<()> {
    let (main, zip_codes) = args.load()?;
    let is_mnist = args.data.source == Source::default()
        || zip_codes.is_some()
        || main.mnist == data::builtin()?;
    let is_of_1990 = zip_codes.as_ref().is_some_and(|sets| sets.are_of_1990(&args.data.source));
    let are_theirs = |row: &Row| if row.zip_codes { is_of_1990 } else { is_mnist };
    let (mut rows, without): (Vec<Row>, Vec<Row>) =
        args.rows(are_theirs).into_iter().partition(|row| !row.zip_codes || zip_codes.is_some());
    rows.extend(args.own()?);
    for (at, row) in rows.iter().enumerate() {
        need(rows[..at].iter().all(|other| other.recipe != row.recipe), || {
            format!("{} is the name of two rows: give a network file another name", row.recipe)
        })?;
    }
    let missing = without.first().map(|row| format!("{} is left out: {ZIP_CODES}", row.recipe));
    need(!rows.is_empty(), || missing.clone().unwrap_or_default())?;
    let device = device::choose(&args.device, device::Purpose::Training)?;
    let shared =
        Shared { args: &args, device: &device, main: &main, zip_codes: zip_codes.as_ref() };
    let jobs = shared.jobs(&rows)?;
    let out = args.out();
    disk::make_folder(&out)?;
    disk::try_out(&out.join(PAGE))?;
    let done = jobs.iter().filter(|job| job.done).count();
    output::print(&format!(
        "device   {}\nresults  {}\nruns     {}, of which {done} are there\n",
        device.describe(),
        path_on_one_line(&out),
        jobs.len()
    ))?;
    missing.iter().for_each(|missing| output::note(missing));
    let control = interrupt::stop_on_ctrl_c()?;
    shared.train(&jobs, &control)?;
    let results = rows.iter().map(|row| match control.stopped() {
        true => Err(Error::Interrupted("interrupted; the same command writes the report".into())),
        false => shared.results(row, &jobs),
    });
    let experiment = Experiment {
        rows: &results.collect::<Result<Vec<_>>>()?,
        command: &record::command(),
        trial: args.trial(rows.iter().all(are_theirs)),
        missing: missing.as_deref(),
    };
    report::write(&out, &experiment)?;
    output::print(&format!("report   {}\n", path_on_one_line(&out.join(PAGE))))
}

/// Digits, and what records say of them.
struct Sets {
    mnist: Mnist,
    record: Value,
}

impl Sets {
    /// Whether these are all zip code digits, as their files have them.
    fn are_of_1990(&self, source: &Source) -> bool {
        let Mnist { train, test } = &self.mnist;
        let plain = Source { path: source.path.clone(), ..Source::default() };
        (train.len(), test.len()) == OF_1990 && *source == plain
    }
}

/// What all runs share.
struct Shared<'a> {
    args: &'a Args,
    device: &'a Device,
    /// MNIST, or what `--data` names in its place.
    main: &'a Sets,
    zip_codes: Option<&'a Sets>,
}

impl<'a> Shared<'a> {
    /// The digits of a row.
    fn sets(&self, row: &Row) -> &'a Sets {
        self.zip_codes.filter(|_| row.zip_codes).unwrap_or(self.main)
    }

    /// Returns every run of the table. Seeds go round the recipes, so that a part of the table has all rows.
    fn jobs(&self, rows: &[Row]) -> Result<Vec<Job>> {
        let Shared { args, device, .. } = self;
        let (out, mut jobs) = (args.out(), Vec::new());
        let seeds = rows.iter().map(|row| args.seeds(row)).collect::<Result<Vec<_>>>()?;
        for seed in 1..=seeds.iter().copied().max().unwrap_or(0) {
            for (row, _) in rows.iter().zip(&seeds).filter(|(_, seeds)| seed <= **seeds) {
                let Sets { mnist, record } = self.sets(row);
                let mut settings = args.settings(row, seed, Available::of(mnist))?;
                let plan = device.strategy(args.device.plan, &settings.network, settings.batch)?;
                settings.set_plan(plan);
                if seed == 1 {
                    // Plan the row now, not after hours of training others. What can fail is the network, whatever the digits.
                    let plan = settings.plan(device.profile(), Capacity::default());
                    plan.map_err(|error| match error {
                        Error::Usage(what) => Error::Usage(format!("{}: {what}", row.recipe)),
                        error => error,
                    })?;
                }
                let folder = out.join(row.recipe).join(format!("seed-{seed}"));
                let done = is_done(&folder, &launch::identity(&settings, device, record))?;
                jobs.push(Job { row: *row, settings, folder, done });
            }
        }
        Ok(jobs)
    }

    /// Makes the runs that are missing.
    fn train(&self, jobs: &[Job], control: &Control) -> Result<()> {
        let Shared { args, device, .. } = *self;
        let missing: Vec<&Job> = jobs.iter().filter(|job| !job.done).collect();
        let keep = Keep { best: false, every: Some(launch::CHECKPOINT_EVERY) };
        let mut board = Board::new(missing.clone());
        for job in missing {
            let folder = Folder::make(Some(&job.folder), job.row.recipe, true)?;
            let Sets { mnist, record } = self.sets(&job.row);
            let mnist = mnist.clone().with_classes_of(&job.settings.network)?;
            let about = json!({
                "command": record::command(),
                "data": record,
                "flags": args::beside(&args.device),
            });
            let split = Split::draw(&job.settings, &mnist);
            let lists = split.lists(&mnist);
            drop(mnist);
            let launch = Launch {
                settings: &job.settings,
                lists,
                split: &split,
                device,
                folder: &folder,
                keep,
                about: &about,
            };
            let made = launch.complete(vec![Box::new(&mut board)], control);
            made.inspect_err(|_| board.finish())?;
        }
        board.finish();
        Ok(())
    }

    /// Reads the runs of a row and asks each network about its test digits.
    fn results(&self, row: &Row, jobs: &[Job]) -> Result<RowResults> {
        let Shared { args, device, .. } = self;
        let mnist = &self.sets(row).mnist;
        let jobs: Vec<&Job> = jobs.iter().filter(|job| job.row == *row).collect();
        let settings = &jobs.first().expect("every row has a run").settings;
        let test = mnist.test.clone().with_classes_of(&settings.network)?;
        let (plan, batch) = (args.device.plan, EVALUATION_BATCH);
        let mut inference = Inference::empty(&settings.network, device, plan, batch, &[&test])?;
        let mut run = |job: &&Job| {
            Answered::ask(&job.folder, |model| {
                inference.replace(&model.parameters)?;
                let numbers = Split::draw(&job.settings, mnist).test_numbers(mnist);
                inference.choose(0, &numbers)?;
                Ok(inference.answers(0)?.scores.about(numbers, &test))
            })
        };
        let runs = jobs.iter().map(&mut run).collect::<Result<Vec<_>>>()?;
        Ok(RowResults { row: *row, settings: settings.clone(), test, runs })
    }
}
