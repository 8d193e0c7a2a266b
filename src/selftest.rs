//! A known-answer test before an adapter is trusted.
//!
//! A driver that this user has not used before has to repeat one small training step of the CPU
//! reference, to give the squash of large arguments, and to show how many loop iterations an invocation
//! really runs: Debian 12's lavapipe ends loops after 65,535 without a word. That it passed is kept in
//! the user's cache folder, by adapter, driver, version of Vulkan and version of this program.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::cache;
use crate::cpu::Cpu;
use crate::data::{DIGIT_PIXELS, Digits};
use crate::error::{Error, Result};
use crate::executor::Executor;
use crate::gpu::check::Checker;
use crate::gpu::probe::{self, Health, LOOPS_ASKED, near};
use crate::gpu::{Adapter, Gpu, adapter};
use crate::network::{build, init, lenet};
use crate::plan::profile::ITERATION_LIMIT;
use crate::plan::{Optimizer, Plan, Profile, Strategy, Tiles};
use crate::rng::{Rng, Stream};
use crate::train::session::{Lists, Session};
use crate::version;

/// Where the answers are kept.
const FILE: &str = "adapters.json";

/// Samples of the small step.
const SAMPLES: usize = 3;

/// How far a parameter may be from the reference's after the step.
const TOLERANCE: f32 = 1e-4;

/// Tests an adapter, or remembers that it passed.
pub fn examine(adapter: &Adapter) -> Result<Health> {
    let info = adapter.get_info();
    let interface = adapter::vulkan_version(adapter).map(|version| format!(" / Vulkan {version}"));
    let interface = interface.unwrap_or_default();
    let key = format!("{}{interface} / lenet {}", adapter::describe(&info), version::VERSION);
    // A cache that is broken or cannot be written costs the next run a second, nothing else.
    let known: BTreeMap<String, Value> = cache::read(FILE).unwrap_or_default();
    let health = known.get(&key).and_then(|health| serde_json::from_value(health.clone()).ok());
    // Only adapters that pass are remembered: anything else was not written by this program. The same driver may be
    // named by a file that offers less of it, so that it gives no device.
    if let Some(health) = health.filter(suffices) {
        return Checker::new(adapter).map(|_| health);
    }
    let health = test(adapter)?;
    // Another process may have tested another adapter meanwhile.
    let mut known: BTreeMap<String, Value> = cache::read(FILE).unwrap_or_default();
    known.insert(key, json!(health));
    let _ = cache::write(FILE, &known);
    Ok(health)
}

/// Tests an adapter.
pub fn test(adapter: &Adapter) -> Result<Health> {
    let refused = |what: String| {
        Error::Adapter(format!(
            "{} computes wrongly and is not used: {what}; update its driver, choose another with \
             --adapter, or compute with --device cpu",
            adapter::describe(&adapter.get_info())
        ))
    };
    let health = probe::ask(adapter, LOOPS_ASKED)?.map_err(refused)?;
    if !suffices(&health) {
        return Err(refused(format!(
            "it ends loops after {} iterations, and plans have up to {ITERATION_LIMIT}",
            health.loops
        )));
    }
    small_step(adapter)?.map_err(refused)?;
    Ok(health)
}

/// Whether an adapter runs the loops of every plan.
fn suffices(health: &Health) -> bool {
    (ITERATION_LIMIT..=LOOPS_ASKED).contains(&health.loops)
}

/// One training step of LeNet-1 on made-up digits, on the adapter and by the reference.
fn small_step(adapter: &Adapter) -> Result<std::result::Result<(), String>> {
    let mut rng = Rng::new(0, Stream::Test);
    let pixels = (0..SAMPLES * DIGIT_PIXELS).map(|_| rng.below(256) as u8).collect();
    let digits = Digits::new(pixels, (0..SAMPLES as u8).collect())?;
    let lists = Lists::new(&[&digits], SAMPLES, Vec::new());
    let network = build(lenet::lenet1(), lenet::lenet1().options)?;
    // Small blocks make small kernels, which compile quickly.
    let suited = adapter::profile(&adapter.get_info());
    let profile = Profile { tiles: Tiles::ONE, ..suited };

    let step = |profile: Profile, gpu: bool| -> Result<Vec<f32>> {
        let optimizer = Optimizer::Sgd { momentum: 0.9, weight_decay: 0.0 };
        let (strategy, capacity) = (Strategy::Layered, lists.capacity(SAMPLES));
        let plan = Plan::new(&network, strategy, profile, SAMPLES, optimizer, capacity)?;
        let start = init::parameters(&network, &plan.interface.layout, init::Init::Pytorch, 0);
        let executor: Box<dyn Executor> = match gpu {
            true => Box::new(Gpu::new(adapter, plan.program())?),
            false => Box::new(Cpu::new(plan)),
        };
        let mut session = Session::new(executor, &lists)?;
        session.set_parameters(&start)?;
        let order: Vec<u32> = (0..SAMPLES as u32).collect();
        session.epoch(&order, 1, |_| 0.1.into(), &mut |_| true)?;
        session.parameters()
    };
    let (here, reference) = (step(profile, true)?, step(Profile::reference(), false)?);
    let wrong = here.iter().zip(&reference).position(|(&a, &b)| !near(a, b, TOLERANCE));
    Ok(match wrong {
        None => Ok(()),
        Some(place) => Err(format!(
            "after one training step of LeNet-1, parameter {place} is {} where {} is right",
            here[place], reference[place]
        )),
    })
}
