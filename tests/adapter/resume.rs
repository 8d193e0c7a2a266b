//! A run that goes on from any of its states ends with the bits of a run that never stopped, on the CPU
//! and on the adapter; and a checkpoint refuses what it is not meant for.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::common::run::on_adapter as executor_on;
use crate::common::{Outcome, Tests, Way};
use lenet::cpu::fast::{Fast, Instructions};
use lenet::data::{self, Mnist};
use lenet::executor::Executor;
use lenet::gpu::Gpu;
use lenet::network::init;
use lenet::plan::{Interface, Plan, Profile};
use lenet::recipe::{Available, Flags, Settings};
use lenet::train::checkpoint::State;
use lenet::train::control::Control;
use lenet::train::events::{Epoch, Progress, Report, Wants};
use lenet::train::session::Session;
use lenet::train::{self, Split};
use serde_json::json;
use tempfile::TempDir;
use wgpu::Adapter;

const EPOCHS: usize = 3;
const TRAIN: usize = 120;
const TEST: usize = 40;
const BATCH: usize = 16;
/// Flags of runs that carry different things along: no curvature or one, or Adam's means; digits as they are,
/// distorted differently in every epoch, or in fixed copies.
const RUNS: [&str; 7] = [
    "--recipe=lenet1",
    "--recipe=lenet5",
    "--recipe=lenet1 --optimizer=adam",
    "--recipe=lenet5-1998",
    "--recipe=lenet5-distorted",
    "--recipe=lenet5-1998-distorted --distortions=9",
    "--recipe=lenet1 --optimizer=sdlm --distort=on --distortions=9",
];

pub fn add(tests: &mut Tests) {
    for flags in RUNS {
        tests.plain(format!("on the CPU, {flags}"), move || on_cpu(flags));
        let add = |tests: &mut Tests, profile: Profile| {
            let name = format!("on an adapter, {flags}, {}", Way::from(profile));
            tests.on_adapter(name, move |adapter| on_adapter(flags, profile, adapter));
        };
        let replicas = |replicas, profile| Profile { shards: 2, replicas, ..profile };
        match flags {
            "--recipe=lenet1" => add(tests, replicas(2, Profile::gpu())),
            "--recipe=lenet1 --optimizer=sdlm --distort=on --distortions=9" => {
                add(tests, Profile::gpu());
            }
            _ => tests.rest(|tests| add(tests, Profile::gpu())),
        }
        tests.rest(|tests| {
            [1, 2].iter().for_each(|&n| add(tests, replicas(n, Profile::software())))
        });
    }
    tests.on_adapter("a device that is lost in the middle of an epoch", lost);
    tests.plain("stopped_where_it_is", stopped);
    tests.plain("checkpoints_of_other_runs", other_runs);
    tests.plain("checkpoints_that_are_broken", broken);
}

/// A run of three epochs whose last batches are not full.
struct Setup {
    settings: Settings,
    mnist: Mnist,
    split: Split,
}

impl Setup {
    fn new(flags: &str) -> lenet::Result<Self> {
        let mut mnist = data::builtin()?;
        mnist.train.truncate(2 * TRAIN);
        mnist.test.truncate(TEST);
        let shape = [("epochs", EPOCHS), ("batch", BATCH), ("train-limit", TRAIN)];
        let shape = shape.map(|(name, count)| format!("--{name}={count}"));
        let words = flags.split(' ').chain(shape.iter().map(String::as_str));
        let pairs = words.map(|word| word.trim_start_matches('-').split_once('=').expect("a flag"));
        let flags = Flags::of(&pairs.collect::<Vec<_>>())?;
        let available = Available::of(&mnist);
        let settings = Settings::resolve(&flags, available, None)?;
        let split = Split::draw(&settings, &mnist);
        Ok(Setup { settings, mnist, split })
    }

    fn plan(&self, profile: Profile) -> lenet::Result<Plan> {
        let capacity = self.split.lists(&self.mnist).capacity(BATCH);
        self.settings.plan(profile, capacity)
    }

    /// The data set on an executor.
    fn session(&self, executor: Box<dyn Executor>) -> lenet::Result<Session> {
        Session::new(executor, &self.split.lists(&self.mnist))
    }

    /// Before the first step.
    fn start(&self) -> lenet::Result<State> {
        let Settings { network, init, seed, .. } = &self.settings;
        let plan = self.plan(Profile::reference())?;
        let parameters = init::parameters(network, &plan.interface.layout, *init, *seed);
        Ok(State::first(&plan.interface, parameters))
    }

    /// Trains from a state on.
    fn train(&self, session: &mut Session, from: State, watch: Watch) -> lenet::Result<Kept> {
        let control = Control::default();
        let mut keeper = Keeper { control: &control, watch, kept: Kept::default() };
        let Setup { settings, split, .. } = self;
        let outcome = train::run(session, settings, split, from, &mut keeper, &control)?;
        assert_eq!(outcome.interrupted, matches!(watch, Watch::StopIn(_)));
        Ok(keeper.kept)
    }
}

/// What is done to a run.
#[derive(Clone, Copy)]
enum Watch {
    Nothing,
    /// It is asked for its state after every submission.
    States,
    /// It is stopped after the first submission of this epoch.
    StopIn(usize),
}

/// What a run reported.
#[derive(Default)]
struct Kept {
    /// Number, loss and errors.
    epochs: Vec<(usize, f64, usize)>,
    /// In the order they came, those after epochs included.
    states: Vec<State>,
}

impl Kept {
    fn last(&self) -> &State {
        self.states.last().expect("a state")
    }
}

/// Keeps what a run reports.
struct Keeper<'a> {
    control: &'a Control,
    watch: Watch,
    kept: Kept,
}

impl Report for Keeper<'_> {
    fn progress(&mut self, progress: Progress) {
        if matches!(self.watch, Watch::StopIn(epoch) if epoch == progress.epoch) {
            self.control.stop();
        }
    }

    fn wants(&self) -> Wants {
        match self.watch {
            Watch::States => Wants::State,
            _ => Wants::Nothing,
        }
    }

    fn state(&mut self, state: &State) -> lenet::Result<()> {
        self.kept.states.push(state.clone());
        Ok(())
    }

    fn epoch(&mut self, epoch: &Epoch, state: &State) -> lenet::Result<()> {
        self.kept.epochs.push((epoch.epoch, epoch.train.loss, epoch.test.errors));
        self.state(state)
    }
}

/// Trains at one go, then again from every other state as a file has it. One executor for all: to
/// compile the kernels takes longer than the runs, and what an executor kept beside the checkpoint
/// would show.
fn compare(setup: &Setup, executor: Box<dyn Executor>) -> Outcome {
    let mut session = setup.session(executor)?;
    // A new session begins with submissions of 1, 2 and 4 steps, of 8 in an epoch.
    let watched = setup.train(&mut session, setup.start()?, Watch::States)?;
    let whole = setup.train(&mut session, setup.start()?, Watch::Nothing)?;
    assert_eq!(whole.epochs.len(), EPOCHS);
    assert_eq!(watched.epochs, whole.epochs);
    assert!(watched.last() == whole.last(), "other bits for being asked");
    let within = watched.states.iter().filter(|state| state.position.is_some());
    assert!(within.count() >= 2, "no state in the middle of an epoch");

    let folder = TempDir::new()?;
    let file = folder.path().join("state");
    let plan = setup.plan(Profile::reference())?;
    let identity = json!({ "seed": 1 });
    for state in watched.states.iter().skip(1).step_by(2) {
        fs::write(&file, state.to_bytes(&plan.interface, &identity)?)?;
        let (read, of) = State::read(&file, &plan.interface)?;
        assert!(read == *state && of == identity, "another state comes back");
        let done = read.history.len();
        let rest = setup.train(&mut session, read, Watch::Nothing)?;
        let place = (done, state.position.as_ref().map(|position| position.step));
        assert_eq!(rest.epochs, whole.epochs[done..], "from {place:?}");
        assert!(rest.last() == whole.last(), "other bits from {place:?} on");
    }
    Ok(())
}

/// Keeps the states of a run, whose device it takes away in the second epoch.
struct Robber {
    device: wgpu::Device,
    states: Vec<State>,
}

impl Report for Robber {
    fn progress(&mut self, progress: Progress) {
        if progress.epoch == 2 {
            self.device.destroy();
        }
    }

    fn wants(&self) -> Wants {
        Wants::State
    }

    fn state(&mut self, state: &State) -> lenet::Result<()> {
        self.states.push(state.clone());
        Ok(())
    }

    fn epoch(&mut self, _epoch: &Epoch, state: &State) -> lenet::Result<()> {
        self.state(state)
    }
}

/// The run ends with an error, and goes on from the last state that it handed out.
fn lost(adapter: &Adapter) -> Outcome {
    let setup = Setup::new("--recipe=lenet1")?;
    let program = setup.plan(Profile::gpu())?.program();
    let mut session = setup.session(executor_on(adapter, program.clone())?)?;
    let whole = setup.train(&mut session, setup.start()?, Watch::Nothing)?;

    let (device, queue) = pollster::block_on(adapter.request_device(&Default::default()))?;
    let gpu = Gpu::on_device(device.clone(), queue, Arc::new(program), 0)?;
    let mut robbed = setup.session(Box::new(gpu))?;
    let mut robber = Robber { device, states: Vec::new() };
    let (Setup { settings, split, .. }, start) = (&setup, setup.start()?);
    let control = Control::default();
    let error = train::run(&mut robbed, settings, split, start, &mut robber, &control)
        .expect_err("its device is gone");
    assert_eq!(error.exit_code(), 4, "{error}");
    assert_eq!(error.to_string().lines().count(), 1, "{error}");

    let last = robber.states.pop().expect("a state");
    assert_eq!(last.history.len(), 1, "of the epoch before");
    let rest = setup.train(&mut session, last, Watch::Nothing)?;
    assert!(rest.last() == whole.last(), "other bits after the loss");
    Ok(())
}

/// A run that is stopped hands out where it is.
fn stopped() -> Outcome {
    let setup = Setup::new("--recipe=lenet1")?;
    let mut session = setup.session(fast(&setup)?)?;
    let first = setup.train(&mut session, setup.start()?, Watch::StopIn(2))?;
    assert_eq!((first.epochs.len(), first.last().history.len()), (1, 1));
    assert!(first.last().position.as_ref().is_some_and(|position| position.step > 0));
    Ok(())
}

/// The fast executor.
fn fast(setup: &Setup) -> lenet::Result<Box<dyn Executor>> {
    let plan = setup.plan(Profile::reference())?;
    Ok(Box::new(Fast::new(plan, 2, Instructions::detect())))
}

fn on_cpu(flags: &str) -> Outcome {
    let setup = Setup::new(flags)?;
    compare(&setup, fast(&setup)?)
}

fn on_adapter(flags: &str, profile: Profile, adapter: &Adapter) -> Outcome {
    let setup = Setup::new(flags)?;
    compare(&setup, executor_on(adapter, setup.plan(profile)?.program())?)
}

/// A state in the middle of an epoch in a file, and the plan of its run.
fn written(folder: &Path) -> lenet::Result<(PathBuf, Interface)> {
    let setup = Setup::new("--recipe=lenet1")?;
    let mut session = setup.session(fast(&setup)?)?;
    let kept = setup.train(&mut session, setup.start()?, Watch::StopIn(2))?;
    let (file, plan) = (folder.join("state"), setup.plan(Profile::reference())?.interface);
    fs::write(&file, kept.last().to_bytes(&plan, &json!({}))?).expect("a file");
    Ok((file, plan))
}

fn refuses(file: &Path, plan: &Interface, word: &str) {
    let error = State::read(file, plan).expect_err(word);
    assert_eq!(error.exit_code(), 3);
    let said = error.to_string();
    assert!(said.contains(word), "{said}");
}

fn other_runs() -> Outcome {
    let folder = TempDir::new()?;
    let (file, plan) = written(folder.path())?;
    let other = |flags: &str| -> lenet::Result<Interface> {
        Ok(Setup::new(flags)?.plan(Profile::reference())?.interface)
    };
    refuses(&file, &other("--recipe=lenet5")?, "parameters.c1.weight");
    let batch = Interface { batch: BATCH + 1, ..plan.clone() };
    refuses(&file, &batch, "[16, 4]");
    let sdlm = Interface { ports: other("--recipe=lenet5-1998")?.ports, ..plan.clone() };
    refuses(&file, &sdlm, "curvature.h1.weight");
    // And the other way round.
    let setup = Setup::new("--recipe=lenet5-1998")?;
    let state = setup.start()?;
    fs::write(&file, state.to_bytes(&setup.plan(Profile::reference())?.interface, &json!({}))?)?;
    refuses(&file, &other("--recipe=lenet5")?, "curvature.");
    Ok(())
}

fn broken() -> Outcome {
    let folder = TempDir::new()?;
    let (file, plan) = written(folder.path())?;
    let bytes = fs::read(&file)?;
    fs::write(&file, &bytes[..bytes.len() - 8])?;
    refuses(&file, &plan, "state");
    fs::write(&file, [&bytes[..bytes.len() - 4], &f32::NAN.to_le_bytes()].concat())?;
    refuses(&file, &plan, "finite");
    fs::remove_file(&file)?;
    refuses(&file, &plan, "state");
    Ok(())
}
