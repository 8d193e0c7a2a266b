//! The fast executor of the CPU against the reference: every network, at batches that fill groups of
//! eight samples and at some that do not, with a last batch that is not full.
//!
//! Scores, totals, parameters and velocity have to agree within the tolerances below, with either instruction set.
//! Then the same steps with two and three threads: not a bit may differ.

use crate::common::compare::{Differences, Tolerance};
use crate::common::run::{ADAM, Run, compare_tensors, networks, state, trained};
use crate::common::{Outcome, Tests};
use lenet::cpu::fast::{Fast, Instructions};
use lenet::executor::Executor;
use lenet::network::CLASSES;
use lenet::plan::{Optimizer, Pass, Profile, TOTALS};

const OPTIMIZER: Optimizer = Optimizer::Sgd { momentum: 0.9, weight_decay: 0.01 };
/// One sample, which has kernels of its own; two groups that are full and one that is not.
const BATCHES: [usize; 2] = [1, 19];
/// One group that is not full; groups that all are.
const OTHER_BATCHES: [usize; 2] = [7, 16];
/// Networks whose second derivatives are compared, one for each loss; the batches.
const SECOND: [&str; 3] = ["lenet1", "lenet5, eq. 8", "lenet5, eq. 9"];
const SECOND_BATCHES: [usize; 2] = [1, 9];
/// Larger mu than the paper's: the first weights of these tests are far from a minimum.
const SDLM: [Optimizer; 2] = [
    Optimizer::Sdlm { momentum: 0.0, mu: 1.0, exact: false },
    Optimizer::Sdlm { momentum: 0.5, mu: 1.0, exact: true },
];
/// The digits of the last step are fewer, where a batch has several.
const STEPS: usize = 5;

/// Outputs and distances after one step.
const SCORE: Tolerance = Tolerance { absolute: 2e-6, relative: 1e-5 };
/// The same after several, where the weights differ already.
const LATER_SCORE: Tolerance = Tolerance { absolute: 1e-5, relative: 5e-5 };
/// Loss and errors over all samples; errors are whole numbers and have to agree.
const TOTAL: Tolerance = Tolerance { absolute: 0.0, relative: 1e-5 };
/// Parameters; absolute as a share of the largest of their kind.
const PARAMETER: Tolerance = Tolerance { absolute: 5e-6, relative: 5e-6 };
/// Curvatures and means of squared gradients.
const SECOND_STATE: Tolerance = Tolerance { absolute: 1e-5, relative: 1e-5 };
/// Velocities, which after the first step are the gradients and the decay.
const VELOCITY: Tolerance = Tolerance { absolute: 2e-5, relative: 2e-5 };
/// Velocities of several steps.
const LATER_VELOCITY: Tolerance = Tolerance { absolute: 2e-4, relative: 2e-4 };

/// What an executor has computed.
#[derive(Debug, Clone, PartialEq)]
struct Outcomes {
    scores: Vec<f32>,
    /// `[batch, TOTALS]`: one row for each place in the batch.
    totals: Vec<f32>,
    parameters: Vec<f32>,
    velocity: Vec<f32>,
}

pub fn add(tests: &mut Tests) {
    let mut sets = vec![Instructions::baseline(), Instructions::detect()];
    sets.dedup();
    add_batches(tests, &BATCHES, &sets);
    tests.rest(|tests| add_batches(tests, &OTHER_BATCHES, &sets));
    let sdlm = SECOND.map(|name| (name, "sdlm", &SDLM[..]));
    for (name, label, optimizers) in sdlm.into_iter().chain([("lenet1", "adam", &[ADAM][..])]) {
        for batch in SECOND_BATCHES {
            for instructions in sets.clone() {
                let label = format!("{name}, batch {batch}, {label}, {}", instructions.name());
                tests.plain(label, move || {
                    optimizers.iter().try_for_each(|&optimizer| {
                        let run = Run { optimizer, ..run(name, batch) };
                        state_matches_the_reference(&run, instructions)
                    })
                });
            }
        }
    }
    for name in ["lenet1", "lenet5, eq. 9", "lenet5, linear"] {
        for instructions in sets.clone() {
            tests.plain(format!("{name}, threads, {}", instructions.name()), move || {
                threads_change_no_bit(name, instructions)
            });
        }
    }
}

fn add_batches(tests: &mut Tests, batches: &[usize], sets: &[Instructions]) {
    for trained in networks() {
        for &batch in batches {
            for &instructions in sets {
                let run = run(&trained.name, batch);
                let name = format!("{}, batch {batch}, {}", trained.name, instructions.name());
                tests.plain(&name, {
                    let name = name.clone();
                    move || matches_the_reference(&run, instructions).map_err(|e| named(&name, e))
                });
            }
        }
    }
}

fn named(name: &str, failed: libtest_mimic::Failed) -> libtest_mimic::Failed {
    format!("{name}: {}", failed.message().unwrap_or("failed")).into()
}

/// Full steps, and a last one that is not.
fn run(name: &str, batch: usize) -> Run {
    let mut steps = vec![batch; STEPS];
    steps[STEPS - 1] = batch.div_ceil(3);
    Run { trained: trained(name), batch, steps, optimizer: OPTIMIZER }
}

fn fast(run: &Run, threads: usize, instructions: Instructions) -> lenet::Result<Box<dyn Executor>> {
    let plan = run.plan(Profile::reference());
    run.prepared(Box::new(Fast::new(plan, threads, instructions)))
}

fn read_outcomes(executor: &mut dyn Executor) -> lenet::Result<Outcomes> {
    let plan = executor.interface();
    let (ports, batch, size) = (plan.ports, plan.batch, plan.layout.size);
    Ok(Outcomes {
        scores: executor.read_f32(ports.scores, batch * CLASSES)?,
        totals: executor.read_f32(ports.totals, batch * TOTALS)?,
        parameters: executor.read_f32(ports.parameters, size)?,
        velocity: executor.read_f32(ports.velocity, size)?,
    })
}

/// Compares after one training step, after all of them, and after the first step once more, forward only.
fn matches_the_reference(run: &Run, instructions: Instructions) -> Outcome {
    let (mut found, mut expected) = (fast(run, 2, instructions)?, run.on_cpu()?);
    for (count, pass, score, velocity, which) in [
        (1, Pass::Training, SCORE, VELOCITY, "one step"),
        (STEPS - 1, Pass::Training, LATER_SCORE, LATER_VELOCITY, "all steps"),
        (1, Pass::Forward, LATER_SCORE, LATER_VELOCITY, "forward only"),
    ] {
        let cursor = found.interface().ports.cursor;
        if pass == Pass::Forward {
            found.write(cursor, 0, &[0])?;
            expected.write(cursor, 0, &[0])?;
        }
        found.run(count, pass)?;
        expected.run(count, pass)?;
        let layout = found.interface().layout.clone();
        assert_eq!(found.read(cursor, 1)?, expected.read(cursor, 1)?, "the next step");
        let (found, expected) = (read_outcomes(found.as_mut())?, read_outcomes(expected.as_mut())?);
        let mut differences = Differences::default();
        differences.numbers("scores", &found.scores, &expected.scores, score);
        let (found_totals, expected_totals) = (columns(&found.totals), columns(&expected.totals));
        differences.numbers("totals", &found_totals, &expected_totals, TOTAL);
        let mut tensors = |what, found, expected, tolerance| {
            compare_tensors(&mut differences, what, &layout, found, expected, tolerance);
        };
        tensors("parameters", &found.parameters, &expected.parameters, PARAMETER);
        tensors("velocity", &found.velocity, &expected.velocity, velocity);
        differences.outcome(which)?;
    }
    Ok(())
}

/// Steps, after a pass of the curvature where the optimizer has one.
fn state_matches_the_reference(run: &Run, instructions: Instructions) -> Outcome {
    let (mut found, mut expected) = (fast(run, 2, instructions)?, run.on_cpu()?);
    run.train(found.as_mut(), STEPS, STEPS)?;
    run.train(expected.as_mut(), STEPS, STEPS)?;
    let layout = found.interface().layout.clone();
    let (found, expected) = (state(found.as_mut())?, state(expected.as_mut())?);
    let mut differences = Differences::default();
    let mut tensors = |what, found, expected, tolerance| {
        compare_tensors(&mut differences, what, &layout, found, expected, tolerance);
    };
    tensors("second", &found.second, &expected.second, SECOND_STATE);
    tensors("parameters", &found.parameters, &expected.parameters, PARAMETER);
    tensors("velocity", &found.velocity, &expected.velocity, LATER_VELOCITY);
    differences.outcome(format!("{:?}", run.optimizer))
}

/// Each column of the totals, added up over the batch.
fn columns(totals: &[f32]) -> Vec<f32> {
    let sum = |column| -> f64 { totals.chunks(TOTALS).map(|row| f64::from(row[column])).sum() };
    (0..TOTALS).map(|column| sum(column) as f32).collect()
}

fn threads_change_no_bit(name: &'static str, instructions: Instructions) -> Outcome {
    // Five groups: three threads have two, two and one.
    let run = run(name, 37);
    let with = |threads| -> lenet::Result<Outcomes> {
        let mut executor = fast(&run, threads, instructions)?;
        executor.run(STEPS, Pass::Training)?;
        read_outcomes(executor.as_mut())
    };
    let one = with(1)?;
    for threads in [2, 3] {
        let mut differences = Differences::default();
        let many = with(threads)?;
        let bits = |numbers: &[f32]| numbers.iter().map(|n| n.to_bits()).collect::<Vec<u32>>();
        for (what, many, one) in [
            ("scores", &many.scores, &one.scores),
            ("totals", &many.totals, &one.totals),
            ("parameters", &many.parameters, &one.parameters),
            ("velocity", &many.velocity, &one.velocity),
        ] {
            differences.words(what, &bits(many), &bits(one));
        }
        differences.outcome(format!("{threads} threads, not one"))?;
    }
    Ok(())
}
