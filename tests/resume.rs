//! A run that stops in an epoch and goes on from its checkpoint ends with the bits of a run that
//! never stopped, on the CPU and on the adapter; and a checkpoint refuses what it is not meant for.

mod common;

use std::fs;
use std::path::{Path, PathBuf};

use common::{Outcome, Tests};
use lenet::cpu::fast::{Fast, Instructions};
use lenet::data::{self, Mnist};
use lenet::executor::Executor;
use lenet::gpu::Gpu;
use lenet::network::init;
use lenet::plan::{Layout, Plan, Profile, Strategy};
use lenet::recipe::{Available, Flags, Settings};
use lenet::report::{Epoch, Progress, Report};
use lenet::train::checkpoint::{Slot, State};
use lenet::train::control::Control;
use lenet::train::session::Session;
use lenet::train::{self, Split};
use serde_json::json;
use tempfile::TempDir;
use wgpu::Adapter;

const EPOCHS: usize = 3;
const TRAIN: usize = 120;
const TEST: usize = 40;
const BATCH: usize = 16;

fn main() {
    let mut tests = Tests::new();
    for network in ["lenet1", "lenet5"] {
        tests.plain(format!("resumed_on_the_cpu, {network}"), move || on_cpu(network));
        tests.on_adapter(format!("resumed_on_an_adapter, {network}"), move |adapter| {
            on_adapter(network, adapter)
        });
    }
    tests.plain("checkpoints_of_other_runs", other_runs);
    tests.plain("checkpoints_that_are_broken", broken);
    tests.run()
}

/// A run of three epochs whose last batches are not full.
struct Setup {
    settings: Settings,
    mnist: Mnist,
    split: Split,
}

impl Setup {
    fn new(network: &str) -> lenet::Result<Self> {
        let mut mnist = data::builtin()?;
        mnist.train.truncate(2 * TRAIN);
        mnist.test.truncate(TEST);
        let flags = Flags {
            recipe: Some(network.into()),
            epochs: Some(EPOCHS),
            batch: Some(BATCH),
            train_limit: Some(TRAIN),
            ..Flags::default()
        };
        let available = Available { train: mnist.train.len(), test: mnist.test.len() };
        let settings = Settings::resolve(&flags, available, None)?;
        let split = Split::draw(&settings, &mnist);
        Ok(Setup { settings, mnist, split })
    }

    fn plan(&self, profile: Profile) -> lenet::Result<Plan> {
        let room = self.split.lists(&self.mnist).room(BATCH);
        let network = &self.settings.network;
        Plan::new(network, Strategy::Layered, profile, BATCH, self.settings.optimizer, room)
    }

    /// The data set on an executor.
    fn session(&self, executor: Box<dyn Executor>) -> lenet::Result<Session> {
        Session::new(executor, &self.split.lists(&self.mnist))
    }

    /// Before the first step.
    fn start(&self) -> lenet::Result<State> {
        let Settings { network, init, seed, .. } = &self.settings;
        let layout = Layout::of(network)?;
        let parameters = init::parameters(network, &layout, *init, *seed);
        let velocity = vec![0.0; layout.size];
        let slots = [("parameters", parameters), ("velocity", velocity)];
        let slot = |(name, numbers): (&str, _)| Slot { name: name.into(), numbers };
        Ok(State { slots: slots.map(slot).into(), history: Vec::new() })
    }

    /// Trains from a state on, and in the epoch `stop_in` no further.
    fn train(
        &self,
        session: &mut Session,
        from: State,
        stop_in: Option<usize>,
    ) -> lenet::Result<Kept> {
        session.restore(&from.slots)?;
        let control = Control::default();
        let mut keeper = Keeper { control: &control, stop_in, kept: Kept::default() };
        let Setup { settings, split, .. } = self;
        let outcome = train::run(session, settings, split, from.history, &mut keeper, &control)?;
        assert_eq!(outcome.interrupted, stop_in.is_some());
        assert_eq!(outcome.epochs, keeper.kept.last().history);
        Ok(keeper.kept)
    }
}

/// What a run reported.
#[derive(Default)]
struct Kept {
    /// Number, loss and errors.
    epochs: Vec<(usize, f64, usize)>,
    last: Option<State>,
}

impl Kept {
    fn last(&self) -> &State {
        self.last.as_ref().expect("an epoch")
    }
}

/// Keeps what a run reports, and stops it in an epoch.
struct Keeper<'a> {
    control: &'a Control,
    stop_in: Option<usize>,
    kept: Kept,
}

impl Report for Keeper<'_> {
    fn progress(&mut self, progress: Progress) {
        if Some(progress.epoch) == self.stop_in {
            self.control.stop();
        }
    }

    fn epoch(&mut self, epoch: &Epoch, state: &State) -> lenet::Result<()> {
        self.kept.epochs.push((epoch.epoch, epoch.train.loss, epoch.test.errors));
        self.kept.last = Some(state.clone());
        Ok(())
    }
}

/// Trains at one go, and again with a stop in the second epoch. One executor for all: to compile
/// the kernels takes longer than the runs, and what an executor kept beside the checkpoint would
/// show.
fn compare(setup: &Setup, executor: Box<dyn Executor>) -> Outcome {
    let mut session = setup.session(executor)?;
    let whole = setup.train(&mut session, setup.start()?, None)?;
    assert_eq!(whole.epochs.len(), EPOCHS);
    let first = setup.train(&mut session, setup.start()?, Some(2))?;
    assert_eq!(first.epochs, whole.epochs[..1]);

    let folder = TempDir::new()?;
    let file = folder.path().join("state");
    let layout = Layout::of(&setup.settings.network)?;
    let identity = json!({ "seed": 1 });
    fs::write(&file, first.last().to_bytes(&layout, &identity)?)?;
    let state = State::read(&file, &layout, &["parameters", "velocity"], &identity)?;
    assert_eq!(state.history.len(), 1);
    assert!(state.slots[1].numbers.iter().any(|&number| number != 0.0), "a velocity of 0");
    let second = setup.train(&mut session, state, None)?;
    assert_eq!(second.epochs, whole.epochs[1..]);
    assert!(second.last() == whole.last(), "other bits after a stop");
    Ok(())
}

/// The fast executor.
fn fast(setup: &Setup) -> lenet::Result<Box<dyn Executor>> {
    let plan = setup.plan(Profile::reference())?;
    let (network, optimizer) = (&setup.settings.network, setup.settings.optimizer);
    Ok(Box::new(Fast::new(plan, network, optimizer, 2, Instructions::detect())))
}

fn on_cpu(network: &str) -> Outcome {
    let setup = Setup::new(network)?;
    compare(&setup, fast(&setup)?)
}

fn on_adapter(network: &str, adapter: &Adapter) -> Outcome {
    let setup = Setup::new(network)?;
    compare(&setup, Box::new(Gpu::new(adapter, setup.plan(Profile::software())?)?))
}

/// A state of one epoch in a file, and the layout of its network.
fn written(folder: &Path) -> lenet::Result<(PathBuf, Layout)> {
    let setup = Setup::new("lenet1")?;
    let layout = Layout::of(&setup.settings.network)?;
    let mut session = setup.session(fast(&setup)?)?;
    let kept = setup.train(&mut session, setup.start()?, Some(2))?;
    let file = folder.join("state");
    fs::write(&file, kept.last().to_bytes(&layout, &json!({ "seed": 1 }))?).expect("a file");
    Ok((file, layout))
}

fn refuses(file: &Path, layout: &Layout, names: &[&str], seed: u32, word: &str) {
    let error = State::read(file, layout, names, &json!({ "seed": seed })).expect_err(word);
    assert_eq!(error.exit_code(), 3);
    let said = error.to_string();
    assert!(said.contains(word) && said.contains("start the run again"), "{said}");
}

fn other_runs() -> Outcome {
    let folder = TempDir::new()?;
    let (file, layout) = written(folder.path())?;
    refuses(&file, &layout, &["parameters", "velocity"], 2, "another device");
    refuses(&file, &layout, &["parameters", "curvature"], 1, "curvature.h1.weight is missing");
    refuses(&file, &layout, &["parameters"], 1, "there is no tensor velocity.");
    let lenet5 = Setup::new("lenet5")?;
    let other = Layout::of(&lenet5.settings.network)?;
    refuses(&file, &other, &["parameters", "velocity"], 1, "parameters.c1.weight is missing");
    Ok(())
}

fn broken() -> Outcome {
    let folder = TempDir::new()?;
    let (file, layout) = written(folder.path())?;
    let names = ["parameters", "velocity"];
    let bytes = fs::read(&file)?;
    fs::write(&file, &bytes[..bytes.len() - 8])?;
    refuses(&file, &layout, &names, 1, "a cut one");
    fs::write(&file, [&bytes[..bytes.len() - 4], &f32::NAN.to_le_bytes()].concat())?;
    refuses(&file, &layout, &names, 1, "not finite");
    fs::remove_file(&file)?;
    refuses(&file, &layout, &names, 1, "cannot read");
    Ok(())
}
