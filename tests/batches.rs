//! One training step of whole networks at every kind of batch, from one sample to the largest.
//!
//! Mesa 22.3 ends loops without a word after 65,535 iterations of an invocation: gradients then
//! are wrong at large batches while the loss still falls. So every gradient and every parameter is
//! compared, in every plan and both profiles, with the CPU executor, whose twins sum in f64 and in one piece. A
//! batch of 1 and of 7 fills no tile and no slot, 256 takes several windows of 64 KiB, 1,024
//! several of everything; of 65, 100 and 300 the last window reaches behind the batch.

mod common;

use common::compare::{Differences, Tolerance};
use common::run::{Run, State, compare_tensors, state, trained};
use common::{Outcome, Tests, ways};
use lenet::executor::Executor;
use lenet::plan::{Epilogue, Layout, Optimizer, Pass, Profile, TOTALS};
use wgpu::Adapter;

const OPTIMIZER: Optimizer = Optimizer::Sgd { momentum: 0.9, weight_decay: 0.001 };
/// Velocities, which after one step are the gradients and the decay: f32 sums over up to a million
/// positions; absolute as a share of the largest of their kind.
const VELOCITY: Tolerance = Tolerance { absolute: 1e-5, relative: 1e-5 };
/// Parameters after one step, which a gradient moves by far less than their size.
const PARAMETER: Tolerance = Tolerance { absolute: 1e-6, relative: 1e-6 };
/// Outputs, squashed or distances: near 0 the squash of the kernels is exact to 1e-7.
const SCORE: Tolerance = Tolerance { absolute: 1e-6, relative: 1e-5 };
/// Loss and errors, summed over the batch; errors are whole numbers and have to agree.
const TOTAL: Tolerance = Tolerance { absolute: 0.0, relative: 1e-5 };

/// (network, batches), the slowest first. The twins take five seconds for the largest batch of
/// LeNet-5, which therefore runs with one of its two outputs.
const BATCHES: [(&str, &[usize]); 3] = [
    ("lenet5, linear", &[1, 7, 100, 256, 1_024]),
    ("lenet5, eq. 9", &[7, 256]),
    ("lenet1", &[1, 7, 65, 300, 256, 1_024]),
];

fn main() {
    let mut tests = Tests::new();
    for (name, batches) in BATCHES {
        for &batch in batches {
            tests.on_adapter(format!("{name}, batch {batch}"), move |adapter| {
                one_step(adapter, name, batch)
            });
        }
    }
    tests.on_adapter("lenet1, a last batch that is not full", |adapter| {
        last_batch(adapter, "lenet1")
    });
    tests.plain("few samples to an invocation of linear_backward", few_samples);
    tests.run()
}

/// Where windows of so few cannot begin, the two ways back are kernels of their own.
fn few_samples() -> Outcome {
    let epilogue = Epilogue::Apply(OPTIMIZER);
    let fused = |outputs| Profile::software().fused_samples(epilogue, 256, &[400, outputs]);
    assert_eq!((fused(120), fused(84), fused(90)), (Some(24), Some(16), None));
    assert_eq!(Profile::software().fused_samples(epilogue, 16, &[400, 90]), Some(16));
    assert_eq!(Profile::gpu().fused_samples(epilogue, 16, &[400, 120]), None);
    Ok(())
}

fn one_step(adapter: &Adapter, name: &'static str, batch: usize) -> Outcome {
    let run = Run::full(trained(name), batch, 1, OPTIMIZER);
    let stepped = |mut executor: Box<dyn Executor>| -> lenet::Result<State> {
        executor.run(1, Pass::Training)?;
        state(executor.as_mut())
    };
    let expected = stepped(run.on_cpu()?)?;
    for way in ways() {
        let found = stepped(run.on_adapter(adapter, way)?)?;
        let layout = run.plan(way).interface.layout;
        compare(&layout, &found, &expected).outcome(format!("{name}, batch {batch}, {way}"))?;
    }
    Ok(())
}

fn compare(layout: &Layout, found: &State, expected: &State) -> Differences {
    let mut differences = Differences::default();
    let (scores, reference) = (&found.scores, &expected.scores);
    differences.numbers("scores", scores, reference, SCORE);
    let mut tensors = |what, found, reference, tolerance| {
        compare_tensors(&mut differences, what, layout, found, reference, tolerance);
    };
    tensors("velocity", &found.velocity, &expected.velocity, VELOCITY);
    tensors("parameters", &found.parameters, &expected.parameters, PARAMETER);
    let narrow = |totals: [f64; TOTALS]| totals.map(|total| total as f32);
    differences.numbers("totals", &narrow(found.totals), &narrow(expected.totals), TOTAL);
    differences
}

/// 23 digits in batches of 16: the second step is the mean over the 7 that are left, as a plan
/// whose batch is 7 has it.
fn last_batch(adapter: &Adapter, name: &'static str) -> Outcome {
    const FULL: usize = 16;
    const REST: usize = 7;
    let epoch =
        Run { trained: trained(name), batch: FULL, steps: vec![FULL, REST], optimizer: OPTIMIZER };
    let small = Run { batch: REST, ..epoch.clone() };
    let executors = |run: &Run| -> lenet::Result<Vec<(String, Box<dyn Executor>)>> {
        let mut executors = vec![("cpu".to_string(), run.on_cpu()?)];
        for way in ways() {
            executors.push((way.to_string(), run.on_adapter(adapter, way)?));
        }
        Ok(executors)
    };
    for ((way, mut epoch), (_, mut rest)) in executors(&epoch)?.into_iter().zip(executors(&small)?)
    {
        epoch.run(1, Pass::Training)?;
        let between = state(epoch.as_mut())?;
        epoch.run(1, Pass::Training)?;
        let mut found = state(epoch.as_mut())?;
        let ports = rest.interface().ports;
        rest.write_f32(ports.parameters, &between.parameters)?;
        rest.write_f32(ports.velocity, &between.velocity)?;
        rest.write(ports.cursor, 0, &[1])?;
        rest.run(1, Pass::Training)?;
        let expected = state(rest.as_mut())?;
        found.scores.truncate(expected.scores.len());
        found.totals.iter_mut().zip(between.totals).for_each(|(sum, before)| *sum -= before);
        compare(&rest.interface().layout, &found, &expected)
            .outcome(format!("{name}, {FULL} then {REST} digits, {way}"))?;
    }
    Ok(())
}
