//! Twenty steps of every network: the adapter against the CPU, and the same bits every time.
//!
//! One step can hide what adds up: a velocity that is not carried over, a decay on the wrong side,
//! a buffer that keeps what an earlier step left. After twenty steps with momentum and weight decay
//! every parameter and velocity is compared with the CPU executor, in every plan, at a batch that
//! does not fill the tiles, with two networks also at one that does.
//!
//! SDLM runs fewer steps, and each of them first as a pass of second derivatives.
//!
//! Then the same steps once more, one to a submission: not a bit may differ. Nor with another
//! number of threads below the adapter (`LP_NUM_THREADS`, which lavapipe reads when it starts: the
//! test runs itself as another process) or with another number of workgroups.

mod common;

use std::hash::{DefaultHasher, Hash, Hasher};
use std::process::Command;

use common::run::{Run, State, compare_states, networks, state, trained};
use common::{Outcome, Tests, Way, ways};
use lenet::gpu::adapter;
use lenet::plan::{Optimizer, Profile, Strategy};
use wgpu::Adapter;

const STEPS: usize = 20;
const OPTIMIZER: Optimizer = Optimizer::Sgd { momentum: 0.9, weight_decay: 0.01 };
/// Fills no tile; and one that does.
const BATCH: usize = 5;
const FULL_BATCH: usize = 16;
/// Networks that are also tried with a full batch and by second derivatives, by their loss.
const MAIN: [&str; 2] = ["lenet1", "lenet5, eq. 9"];
/// Larger mu than the paper's: the first weights of these tests are far from a minimum.
const SDLM: Optimizer = Optimizer::Sdlm { momentum: 0.5, mu: 1.0, exact: true };
const SDLM_STEPS: usize = 4;

/// What [`PRINT`] calls the steps by second derivatives.
const SDLM_OF_LENET5: &str = "lenet5, sdlm";
/// Names a network: then the process prints what it got and ends.
const PRINT: &str = "LENET_TEST_PRINT";
/// Threads that lavapipe computes with.
const THREADS: &str = "LP_NUM_THREADS";
/// What a process with [`PRINT`] puts before its result.
const RESULT: &str = "bits: ";

fn main() {
    if let Ok(name) = std::env::var(PRINT) {
        return print(&name).expect("the process that asks has found an adapter");
    }
    let mut tests = Tests::new();
    for trained in networks() {
        let full = MAIN.contains(&trained.name).then_some(FULL_BATCH);
        for batch in std::iter::once(BATCH).chain(full) {
            let run = Run::full(trained.clone(), batch, STEPS, OPTIMIZER);
            tests.on_adapter(format!("{}, batch {batch}", trained.name), move |adapter| {
                as_the_cpu(adapter, &run, STEPS, &ways())
            });
        }
    }
    for name in MAIN {
        tests.on_adapter(format!("{name}, sdlm"), move |adapter| {
            as_the_cpu(adapter, &second(name), SDLM_STEPS, &ways())
        });
    }
    tests.on_adapter("lenet5-short, batch 5, other tiles", |adapter| {
        let row = Way { strategy: Strategy::LayeredRow, profile: Profile::software() };
        let pair = Way { strategy: Strategy::LayeredPair, profile: Profile::gpu() };
        let run = Run::full(trained("lenet5-short"), 5, STEPS, OPTIMIZER);
        as_the_cpu(adapter, &run, STEPS, &[row, pair])
    });
    for name in ["lenet5, linear", SDLM_OF_LENET5] {
        tests.on_adapter(format!("{name}, threads of the adapter"), move |_| threads(name));
    }
    tests.on_adapter("lenet1, workgroups of a dispatch", workgroups);
    for name in MAIN {
        tests.on_adapter(format!("{name}, one device or two"), move |adapter| {
            replicas(adapter, name)
        });
    }
    tests.run()
}

/// Steps of a network by second derivatives.
fn second(name: &str) -> Run {
    Run::full(trained(name), BATCH, SDLM_STEPS, SDLM)
}

fn as_the_cpu(adapter: &Adapter, run: &Run, steps: usize, ways: &[Way]) -> Outcome {
    let name = run.trained.name;
    let mut cpu = run.on_cpu()?;
    run.train(cpu.as_mut(), steps, steps)?;
    let expected = state(cpu.as_mut())?;
    for &way in ways {
        let mut executor = run.on_adapter(adapter, way)?;
        run.train(executor.as_mut(), steps, steps)?;
        let found = state(executor.as_mut())?;
        let name = format!("{name}, batch {}, {way}", run.batch);
        compare_states(run, &found, &expected).outcome(&name)?;

        run.reset(executor.as_mut())?;
        run.train(executor.as_mut(), steps, 1)?;
        if hash(&state(executor.as_mut())?) != hash(&found) {
            return Err(format!("{name}: a second time, a step to a submission, differs").into());
        }
    }
    Ok(())
}

/// The bits of a run, in every plan and both profiles.
fn print(name: &str) -> lenet::Result<()> {
    let run = match name {
        SDLM_OF_LENET5 => second("lenet5, eq. 9"),
        _ => Run::full(trained(name), FULL_BATCH, STEPS, OPTIMIZER),
    };
    let adapter = &adapter::find(None)?[0];
    let bits: Vec<String> = ways()
        .into_iter()
        .map(|way| Ok(hash(&trained_state(&run, adapter, way)?)))
        .collect::<lenet::Result<_>>()?;
    println!("{RESULT}{}", bits.join(" "));
    Ok(())
}

fn trained_state(run: &Run, adapter: &Adapter, way: Way) -> lenet::Result<State> {
    let mut executor = run.on_adapter(adapter, way)?;
    run.train(executor.as_mut(), run.steps.len(), run.steps.len())?;
    state(executor.as_mut())
}

fn hash(state: &State) -> String {
    let mut hasher = DefaultHasher::new();
    for number in [&state.parameters, &state.velocity, &state.curvature].into_iter().flatten() {
        number.to_bits().hash(&mut hasher);
    }
    format!("{:016x}", hasher.finish())
}

fn threads(name: &str) -> Outcome {
    let bits = |threads: &str| -> Result<String, String> {
        let program = std::env::current_exe().map_err(|error| error.to_string())?;
        let output = Command::new(program)
            .env(PRINT, name)
            .env(THREADS, threads)
            .output()
            .map_err(|error| format!("cannot run the test a second time: {error}"))?;
        let text = String::from_utf8_lossy(&output.stdout);
        let line = text.lines().find_map(|line| line.strip_prefix(RESULT));
        line.map(str::to_string).ok_or_else(|| {
            format!("{THREADS}={threads}: {}", String::from_utf8_lossy(&output.stderr))
        })
    };
    let one = bits("1")?;
    for threads in ["0", "2"] {
        let other = bits(threads)?;
        if one != other {
            let found = format!("{name}: {one} with {THREADS}=1, but {other} with {threads}");
            return Err(found.into());
        }
    }
    Ok(())
}

/// Two devices with a shard each leave what one device leaves that has both, to the last bit. The last
/// step has fewer samples than a shard.
fn replicas(adapter: &Adapter, name: &str) -> Outcome {
    for (batch, optimizer) in [(16, OPTIMIZER), (21, OPTIMIZER), (16, SDLM)] {
        let steps = vec![batch, batch, 7];
        let run = Run { trained: trained(name), batch, steps, optimizer };
        let with = |replicas| {
            let profile = Profile { replicas, ..Profile::software() };
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
fn workgroups(adapter: &Adapter) -> Outcome {
    let run = Run::full(trained("lenet1"), FULL_BATCH, STEPS, OPTIMIZER);
    for strategy in [Strategy::Layered, Strategy::Sample] {
        let with = |workgroups| {
            let profile = Profile { workgroups: Some(workgroups), ..Profile::software() };
            trained_state(&run, adapter, Way { strategy, profile }).map(|state| hash(&state))
        };
        let [few, many] = [with(2)?, with(9)?];
        if few != many {
            let name = strategy.name();
            return Err(format!("{name}: {few} with 2 workgroups, but {many} with 9").into());
        }
    }
    Ok(())
}
