//! Twenty steps of every network: the adapter against the CPU, and the same bits every time.
//!
//! One step can hide what adds up: a velocity that is not carried over, a decay on the wrong side,
//! a buffer that keeps what an earlier step left. After twenty steps with momentum and weight decay
//! every parameter and velocity is compared with the CPU reference, at a batch that does not fill the tiles,
//! with two networks also at one that does.
//!
//! SDLM runs fewer steps. All of them run first as a curvature pass, then as training.
//!
//! Then the same steps run once more, one to a submission: not a bit may differ. Other tests repeat them with another
//! number of workgroups, and with two devices in place of one. `cores.rs` changes the threads of the driver.

use crate::common::run::{ADAM, Run, State, compare_states, networks, state, trained};
use crate::common::{Outcome, Tests, Way, all_ways, other_ways, software, ways};
use lenet::plan::{Optimizer, Profile, Strategy};
use wgpu::Adapter;

const STEPS: usize = 20;
const OPTIMIZER: Optimizer = Optimizer::Sgd { momentum: 0.9, weight_decay: 0.01 };
/// A batch that does not fill the tiles.
const BATCH: usize = 5;
/// A batch that does.
const FULL_BATCH: usize = 16;
/// Networks that are also tried with a full batch and by second derivatives.
const MAIN: [&str; 2] = ["lenet1", "lenet5, eq. 9"];
/// Networks that differ from those in constants alone.
const ALIKE: [&str; 2] = ["lenet1, tanh", "lenet5, eq. 8"];
/// A network whose last stage is filled up: the rows of weights of its output layer are longer than the stage's output.
const PADDED: &str = "lenet1, border 2";
/// Larger mu than the paper's: the first weights of these tests are far from a minimum.
const SDLM: Optimizer = Optimizer::Sdlm { momentum: 0.5, mu: 1.0, exact: true };
const SDLM_STEPS: usize = 4;

/// An optimizer, and a batch that two devices share.
type Shared = (Optimizer, usize);
const SHARED: [Shared; 3] = [(OPTIMIZER, 21), (SDLM, 16), (ADAM, 21)];

/// Adds a test of a run for each of these ways.
fn add_run(tests: &mut Tests, name: &str, run: &Run, ways: &[Way]) {
    for &way in ways {
        let run = run.clone();
        tests.on_adapter(format!("{name}, {way}"), move |adapter| as_the_cpu(adapter, &run, way));
    }
}

pub fn add(tests: &mut Tests) {
    for (number, trained) in networks().into_iter().enumerate() {
        let run = Run::full(trained.clone(), BATCH, STEPS, OPTIMIZER);
        let [layered, sample] = ways();
        // The other networks differ in constants, which `kernels.rs` and `sample.rs` try one by one.
        let (always, rest) = match &*trained.name {
            name if MAIN.contains(&name) => (vec![layered, sample, software()], vec![]),
            PADDED => (vec![layered, sample], vec![software()]),
            name if ALIKE.contains(&name) => (vec![], vec![layered, sample, software()]),
            _ if number % 2 == 0 => (vec![layered], vec![sample, software()]),
            _ => (vec![sample], vec![layered, software()]),
        };
        add_run(tests, &trained.name, &run, &always);
        tests.rest(|tests| {
            add_run(tests, &trained.name, &run, &rest);
            add_run(tests, &trained.name, &run, &other_ways());
        });
    }
    for name in MAIN {
        let full = Run::full(trained(name), FULL_BATCH, STEPS, OPTIMIZER);
        let full_name = format!("{name}, batch {FULL_BATCH}");
        tests.rest(|tests| add_run(tests, &full_name, &full, &all_ways()));
        let second = Run::full(trained(name), BATCH, SDLM_STEPS, SDLM);
        let second_name = format!("{name}, sdlm");
        add_run(tests, &second_name, &second, &ways());
        tests.rest(|tests| {
            add_run(tests, &second_name, &second, &[software()]);
            add_run(tests, &second_name, &second, &other_ways());
        });
    }
    let adam = Run::full(trained(MAIN[0]), BATCH, STEPS, ADAM);
    add_run(tests, "lenet1, adam", &adam, &ways());
    tests.rest(|tests| {
        add_run(tests, "lenet1, adam", &adam, &[software()]);
        let of_lenet5 = Run::full(trained(MAIN[1]), BATCH, STEPS, ADAM);
        add_run(tests, "lenet5, adam", &of_lenet5, &all_ways());
    });
    let other_tiles = [Strategy::LayeredRow, Strategy::LayeredPair]
        .map(|strategy| Way { strategy, profile: Profile::gpu() });
    let short = Run::full(trained("lenet5-short"), BATCH, STEPS, OPTIMIZER);
    add_run(tests, "lenet5-short", &short, &other_tiles);
    let software = software();
    tests.on_adapter("lenet1, workgroups of a dispatch", move |a| workgroups(a, software));
    let add = |tests: &mut Tests, name: &'static str, which: &str, shared: &'static [Shared]| {
        let name_of_test = format!("{name}, one device or two{which}");
        tests.on_adapter(name_of_test, move |adapter| replicas(adapter, name, shared));
    };
    let (sgd, others) = SHARED.split_at(1);
    add(tests, MAIN[0], "", sgd);
    tests.rest(|tests| {
        add(tests, MAIN[0], ", other optimizers", others);
        add(tests, MAIN[1], "", &SHARED);
        let row = Way { strategy: Strategy::LayeredRow, ..software };
        add_run(tests, "lenet5-short", &short, &[row]);
    });
}

/// The steps leave what the CPU leaves, and the same bits a second time.
fn as_the_cpu(adapter: &Adapter, run: &Run, way: Way) -> Outcome {
    let steps = run.steps.len();
    let mut cpu = run.on_cpu()?;
    run.train(cpu.as_mut(), steps, steps)?;
    let mut executor = run.on_adapter(adapter, way)?;
    run.train(executor.as_mut(), steps, steps)?;
    let found = state(executor.as_mut())?;
    compare_states(run, &found, &state(cpu.as_mut())?).outcome("against the CPU")?;

    run.reset(executor.as_mut())?;
    run.train(executor.as_mut(), steps, 1)?;
    if state(executor.as_mut())? != found {
        return Err("the second time, with one step a submission, the bits differ".into());
    }
    Ok(())
}

fn trained_state(run: &Run, adapter: &Adapter, way: Way) -> lenet::Result<State> {
    let mut executor = run.on_adapter(adapter, way)?;
    run.train(executor.as_mut(), run.steps.len(), run.steps.len())?;
    state(executor.as_mut())
}

/// Two devices with one shard each leave the same bits as one device with both shards. The last step has fewer samples
/// than a shard.
fn replicas(adapter: &Adapter, name: &str, shared: &[Shared]) -> Outcome {
    for &(optimizer, batch) in shared {
        let steps = vec![batch, batch, 7];
        let run = Run { trained: trained(name), batch, steps, optimizer };
        let with = |replicas| {
            let profile = Profile { shards: 2, replicas, ..Profile::gpu() };
            let way = Way { strategy: Strategy::Layered, profile };
            assert_eq!(run.plan(way).replicas.len(), replicas);
            trained_state(&run, adapter, way)
        };
        let [one, two] = [with(1)?, with(2)?];
        if one != two {
            let name = format!("{name}, batch {batch}, {optimizer:?}");
            return Err(format!("{name}: two devices leave other bits than one").into());
        }
    }
    Ok(())
}

/// A machine with more cores gets more workgroups: the bits have to be the same there.
fn workgroups(adapter: &Adapter, way: Way) -> Outcome {
    let run = Run::full(trained("lenet1"), FULL_BATCH, STEPS, OPTIMIZER);
    let with = |workgroups| {
        let profile = Profile { workgroups: Some(workgroups), ..way.profile };
        trained_state(&run, adapter, Way { profile, ..way })
    };
    match with(2)? == with(9)? {
        true => Ok(()),
        false => Err(format!("{way}: 2 workgroups leave other bits than 9").into()),
    }
}
