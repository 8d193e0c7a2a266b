//! One training step of whole networks at every kind of batch, from one sample to the largest.
//!
//! Mesa 22.3 ends loops without a word after 65,535 iterations of an invocation: gradients then
//! are wrong at large batches while the loss still falls. So every gradient and every parameter is
//! compared with the CPU executor, whose references sum in f64 and in one piece. A batch of 1 or 7 fills no
//! tile and no partial row, 256 takes several windows of 64 KiB, 1,024 several of everything; of 65, 100
//! and 300 the last window reaches past the batch.

use crate::common::compare::{Differences, Tolerance};
use crate::common::run::{Run, State, compare_tensors, state, trained};
use crate::common::{Outcome, Tests, Way, all_ways, other_ways, software, ways};
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

/// The edges of a batch: one sample, a window that reaches past the batch, several windows, and the most
/// there can be, of which the references take long for LeNet-5.
const BATCHES: [(&str, &[usize]); 2] = [("lenet1", &[1, 65, 1_024]), ("lenet5, linear", &[256])];
/// Batches that show the same on another network.
const OTHERS: [(&str, &[usize]); 3] = [
    ("lenet1", &[7, 300, 256]),
    ("lenet5, linear", &[1, 7, 100, 1_024]),
    ("lenet5, eq. 9", &[7, 256]),
];

pub fn add(tests: &mut Tests) {
    add_batches(tests, &BATCHES, &ways());
    add_last_batch(tests, &ways());
    tests.rest(|tests| {
        add_batches(tests, &BATCHES, &[software()]);
        add_batches(tests, &BATCHES, &other_ways());
        add_batches(tests, &OTHERS, &all_ways());
        add_last_batch(tests, &[software()]);
        add_last_batch(tests, &other_ways());
    });
    tests.plain("lenet1, a last batch that is not full, cpu", || last_batch(Run::on_cpu));
    tests.plain("few samples to an invocation of linear_backward", few_samples);
}

fn add_batches(tests: &mut Tests, batches: &[(&'static str, &[usize])], ways: &[Way]) {
    for &(name, batches) in batches {
        for (&batch, &way) in batches.iter().flat_map(|batch| ways.iter().map(move |w| (batch, w)))
        {
            tests.on_adapter(format!("{name}, batch {batch}, {way}"), move |adapter| {
                one_step(adapter, name, batch, way)
            });
        }
    }
}

fn add_last_batch(tests: &mut Tests, ways: &[Way]) {
    for &way in ways {
        let name = format!("lenet1, a last batch that is not full, {way}");
        tests.on_adapter(name, move |adapter| last_batch(|run| run.on_adapter(adapter, way)));
    }
}

/// Where windows of so few cannot begin, the input gradient and weight gradient are kernels of their own.
fn few_samples() -> Outcome {
    let epilogue = Epilogue::Apply(OPTIMIZER);
    let fused = |outputs| Profile::software().fused_samples(epilogue, 256, &[400, outputs]);
    assert_eq!((fused(120), fused(84), fused(90)), (Some(24), Some(16), None));
    assert_eq!(Profile::software().fused_samples(epilogue, 16, &[400, 90]), Some(16));
    assert_eq!(Profile::gpu().fused_samples(epilogue, 16, &[400, 120]), None);
    Ok(())
}

fn one_step(adapter: &Adapter, name: &str, batch: usize, way: Way) -> Outcome {
    let run = Run::full(trained(name), batch, 1, OPTIMIZER);
    let stepped = |mut executor: Box<dyn Executor>| -> lenet::Result<State> {
        executor.run(1, Pass::Training)?;
        state(executor.as_mut())
    };
    let (found, expected) = (stepped(run.on_adapter(adapter, way)?)?, stepped(run.on_cpu()?)?);
    compare(&run.plan(way).interface.layout, &found, &expected).outcome("against the CPU")
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

/// Trains 23 digits in batches of 16: the second step is the mean over the 7 that are left, the same as in a plan
/// with a batch of 7.
fn last_batch(executor: impl Fn(&Run) -> lenet::Result<Box<dyn Executor>>) -> Outcome {
    const FULL: usize = 16;
    const REST: usize = 7;
    let steps = vec![FULL, REST];
    let run = Run { trained: trained("lenet1"), batch: FULL, steps, optimizer: OPTIMIZER };
    let (mut epoch, mut rest) = (executor(&run)?, executor(&Run { batch: REST, ..run })?);
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
    compare(&rest.interface().layout, &found, &expected).outcome("against a batch of 7")
}
