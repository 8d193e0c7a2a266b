//! The kernels that do a whole sample in one workgroup, each against its reference.
//!
//! The networks are made for the test: few maps, tables whose maps have different numbers of
//! connections, layers that fill no workgroup. The last batch is not full.

use crate::common::compare::Tolerance;
use crate::common::epilogues::{EPILOGUES, arguments_of};
use crate::common::op::{Case, Numbers, bits, case, empty};
use crate::common::own::{self, conv, linear, pool};
use crate::common::run::network;
use crate::common::{Outcome, Tests, profiles};
use lenet::network::{Network, Options, Output, PoolForm, Scaling, Squash, Table, build};
use lenet::plan::kernels::{Advance, Sample, SampleUpdate};
use lenet::plan::sample::Shapes;
use lenet::plan::{
    Capacity, Distortion, Epilogue, Layout, Op, Optimizer, Plan, Profile, Ranges, STATE_WORDS,
    STEP_WORDS, StepRow, StepSize, Strategy, TOTALS,
};

/// One step adds up what a sample goes through, there and back.
const TOLERANCE: Tolerance = Tolerance { absolute: 2e-5, relative: 2e-5 };
/// Digits that the cases choose from.
const DIGITS: usize = 5;
/// Digits of the step, and samples that the kernels do.
const COUNT: usize = 2;
const SAMPLES: usize = 3;
/// Samples whose sums several invocations share, with some left over.
const MANY_SAMPLES: usize = 45;

/// Two stages and the output, with pooling by the mean.
fn short() -> Table {
    let seen: &[&[usize]] = &[&[0], &[1, 2], &[0, 1, 2], &[2], &[0, 2]];
    let rows = vec![conv("a", 3, None), pool("b"), conv("c", 5, Some(seen)), pool("d")];
    own::table("3-and-5-maps-linear-mean-tanh", rows, |options| {
        options.scaling = Scaling::Symmetric;
        (options.squash, options.pool) = (Squash::Tanh, PoolForm::Mean);
    })
}

/// Distances after two layers; the fourth map of the first stage is not seen.
fn long() -> Table {
    let seen: &[&[usize]] = &[&[4, 0], &[1], &[0, 1, 2, 4], &[2]];
    let stages = vec![conv("a", 5, None), pool("b"), conv("c", 4, Some(seen)), pool("d")];
    let rows = [stages, vec![linear("e", 36), linear("f", 84)]].concat();
    let name = "5-and-4-maps-distances-sum-scaled";
    own::table(name, rows, |options| (options.output, options.border) = (Output::Rbf, 2))
}

/// One map each.
fn narrow(units: usize) -> Table {
    let stages = [conv("a", 1, None), pool("b"), conv("c", 1, None), pool("d")];
    let rows = [&stages[..], &[linear("e", units)]].concat();
    own::table(&format!("1-and-1-map-{units}-units"), rows, |_| {})
}

pub fn add(tests: &mut Tests) {
    // GPUs take this plan by themselves. In the other profile everything is read from storage.
    let [software, gpu] = profiles();
    add_cases(tests, &narrow(20), software);
    [short(), long()].iter().for_each(|table| add_cases(tests, table, gpu));
    tests.rest(|tests| {
        add_cases(tests, &narrow(20), gpu);
        [short(), long()].iter().for_each(|table| add_cases(tests, table, software));
    });
    tests.plain("a sample that does not fit", does_not_fit);
    tests.plain("what auto takes", auto);
}

fn add_cases(tests: &mut Tests, table: &Table, profile: Profile) {
    let network = build(table, table.options).expect("options that fit the table");
    for case in cases(&network) {
        let name = format!("{}{}, {}, {}", case.op.name(), case.name, table.name, profile.name);
        tests.on_adapter(name, move |adapter| case.check(adapter, profile, TOLERANCE));
    }
}

fn cases(network: &Network) -> Vec<Case> {
    let layout = Layout::of(network).expect("layers that kernels are made for");
    let shapes = Shapes::of(network, &layout, SAMPLES).expect("a sample that fits");
    let k = shapes.sample;
    let forward = reads_and_outputs(&k, &layout, &shapes.table);
    let mut step = forward.clone();
    step.push(empty(k.samples * k.trace));
    let distort = Some(Distortion::new(Ranges::default(), DIGITS));
    let distorted = Sample { distort, ..k };
    let mut of_distorted = step.clone();
    // Views 3 and 0 of the two digits of the step.
    of_distorted[1][1] += 3 * DIGITS as u32;
    let cursor = vec![0];
    let step_state = now();
    let mut cases = vec![
        case("", Op::SampleForward(k), forward),
        case("", Op::Advance(Advance {}), vec![step_state, cursor]),
    ];
    for curvature in [false, true] {
        let k = Sample { curvature, exact: curvature, ..k };
        let name = format!(", curvature {curvature}");
        cases.push(case(name, Op::SampleStep(k), step.clone()));
    }
    cases.push(case(", distorted", Op::SampleStep(distorted), of_distorted));
    for samples in [SAMPLES, MANY_SAMPLES] {
        let shapes = Shapes::of(network, &layout, samples).expect("a sample that fits");
        cases.extend(EPILOGUES.map(|epilogue| update(&shapes, &layout, epilogue)));
    }
    cases
}

/// The second of three steps, as `step_state` holds it.
fn now() -> Vec<u32> {
    let size = StepSize { rate: 0.05, corrections: [1.5, 2.5] };
    StepRow { first: 1, count: COUNT as u32, size, key: 1 }.words().to_vec()
}

fn reads_and_outputs(k: &Sample, layout: &Layout, table: &[u32]) -> Vec<Vec<u32>> {
    let mut numbers = Numbers::new(21);
    let pixels: Vec<u8> =
        numbers.any(DIGITS * k.record.side.pow(2)).into_iter().map(|word| word as u8).collect();
    let mut digits = Vec::new();
    k.record.append(&mut digits, &pixels, &[7, 0, 9, 3, 1].map(|label| label % k.classes as u8));
    let mut steps = vec![0; 3 * STEP_WORDS];
    steps[STEP_WORDS..2 * STEP_WORDS].copy_from_slice(&now());
    steps[STEP_WORDS + 3] = 0x1234_5678;
    let p = numbers.words(layout.stages, 0.3);
    let w = numbers.words(layout.size - layout.stages, 0.3);
    let totals = numbers.words(k.samples as usize * TOTALS, 1.0);
    let y = empty(k.classes * k.samples);
    let order = vec![0, 4, 2, 1, 3];
    vec![digits, order, steps, vec![1], p, w, table.to_vec(), empty(STATE_WORDS as u32), y, totals]
}

fn update(shapes: &Shapes, layout: &Layout, epilogue: Epilogue) -> Case {
    let Sample { samples, layers, trace, .. } = shapes.sample;
    let mut numbers = Numbers::new(22);
    let mut traces = numbers.symmetric((samples * trace) as usize, 1.0);
    // What is left of the last four deltas stays 0, and so do gaps between parameters.
    for row in traces.chunks_mut(trace as usize) {
        for layer in &shapes.layers {
            let end = (layer.dy_trace + layer.outputs) as usize;
            row[end..end.next_multiple_of(4)].fill(0.0);
        }
    }
    let parameters = || {
        let mut all = vec![0.0; layout.size];
        for tensor in &layout.tensors {
            let values = numbers.symmetric(tensor.size(), 1.0);
            tensor.put(&values, &mut all);
        }
        bits(&all)
    };
    let k = SampleUpdate {
        samples,
        parameters: layout.size as u32,
        stages: layout.stages as u32,
        layers,
        trace,
        parts: SampleUpdate::parts_of(samples),
        epilogue,
    };
    let rows = shapes.table[..shapes.sample.connection_table()].to_vec();
    let mut arguments = vec![bits(&traces), rows, now(), vec![0]];
    arguments.extend(arguments_of(epilogue, parameters));
    case(format!(" of {samples}, {epilogue:?}"), Op::SampleUpdate(k), arguments)
}

fn wide(options: &mut Options) {
    options.border = 16;
}

fn does_not_fit() -> Outcome {
    let optimizer = Optimizer::Sgd { momentum: 0.9, weight_decay: 0.0 };
    let capacity = Capacity { samples: 1, indices: 1, steps: 1 };
    let network = network("lenet1", wide);
    let plan = Plan::new(&network, Strategy::Sample, Profile::gpu(), 1, optimizer, capacity);
    let message = plan.expect_err("60x60 inputs fill the memory").to_string();
    for part in ["--plan sample", "lenet1", "--border 16", "--plan layered"] {
        assert!(message.contains(part), "{message}");
    }

    let table = narrow(1_028);
    let network = build(&table, table.options)?;
    let message = Shapes::of(&network, &Layout::of(&network)?, 1).expect_err("wide").to_string();
    for part in ["--plan sample", "1024", "1028", "--plan layered"] {
        assert!(message.contains(part), "{message}");
    }
    Ok(())
}

fn auto() -> Outcome {
    let lenet5 = network("lenet5", |_| {});
    let chosen = |network, profile, batch| Strategy::choose(network, profile, batch).0;
    assert_eq!(chosen(&lenet5, Profile::gpu(), 1), Strategy::Sample);
    assert_eq!(chosen(&lenet5, Profile::gpu(), 1_024), Strategy::Sample);
    assert_eq!(chosen(&lenet5, Profile::software(), 1), Strategy::Layered);
    assert_eq!(chosen(&lenet5, Profile::reference(), 1), Strategy::Layered);
    assert_eq!(chosen(&lenet5, Profile::software(), 256), Strategy::Layered);
    assert_eq!(chosen(&network("lenet1", wide), Profile::gpu(), 1), Strategy::Layered);
    Ok(())
}
