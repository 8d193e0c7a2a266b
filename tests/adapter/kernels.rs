//! Every kernel against its reference, on an adapter, through the engine that trains.
//!
//! A case is one dispatch: constants, and random words for every binding. Cases alternate between the profiles,
//! so that reads go once through uniform windows and once through storage, strips are wide and
//! narrow, and tiles full and cut. Shapes are odd on purpose: sides that are no squares, prime
//! widths, maps with different numbers of connections, batches that fill no tile.
//!
//! The driver compiles a kernel for every case, so each case runs in one profile. `./tests/run --all` also runs it in
//! the other.
//!
//! References add up in f64, kernels in f32: a sum of n terms near 1 may differ by a few n 2^-24.

use crate::common::compare::{Differences, Tolerance};
use crate::common::epilogues::{EPILOGUES, PASSES, arguments_of};
use crate::common::linear;
use crate::common::loss::{LINEAR_MSE, RBF_EQ8, RBF_EQ9, SOFTMAX};
use crate::common::op::{COUNT, Case, Numbers, STEP, bits, case, empty, floats, steps};
use crate::common::stages::{self, Arguments, FIRST, owned};
use crate::common::{Outcome, Tests, profiles};
use lenet::network::Squash;
use lenet::plan::abi::Record;
use lenet::plan::kernels::{Gather, Linear, Output, Stage, Update};
use lenet::plan::{ALIGN, Criterion, Distortion, Op, Profile, Ranges, STATE_WORDS, STEP_WORDS};
use wgpu::Adapter;

/// For values of order 1 after some hundred terms.
const TOLERANCE: Tolerance = Tolerance { absolute: 1e-5, relative: 1e-5 };
/// For values of A that the squash could not be further from: a few last places.
const SATURATED: Tolerance = Tolerance { absolute: 0.0, relative: 5e-7 };
/// Far arguments of the squash, as many as the stage has maps whose biases they are.
const FAR: [f32; 5] = [100.0, -100.0, -1e4, 3e38, -3e38];

pub fn add(tests: &mut Tests) {
    /// The cases of a kernel in a profile.
    type Cases = fn(Profile) -> Vec<Case>;
    let kernels: [(&str, Cases); 14] = [
        ("gather", gather),
        ("first_stage_forward", stages::first_stage_forward),
        ("first_stage_backward", stages::first_stage_backward),
        ("conv_pool_forward", stages::conv_pool_forward),
        ("conv_forward", stages::conv_forward),
        ("conv_backward_weights", stages::conv_backward_weights),
        ("conv_backward_input", stages::conv_backward_input),
        ("conv_backward_odd_input", stages::conv_backward_odd_input),
        ("linear_forward", linear::linear_forward),
        ("linear_backward_input", linear::linear_backward_input),
        ("linear_update", linear::linear_update),
        ("linear_backward", linear::linear_backward),
        ("output", output),
        ("update", update),
    ];
    for (number, profile) in profiles().into_iter().enumerate() {
        for (name, cases) in kernels {
            let add = |tests: &mut Tests, turn: usize, which: &str| {
                tests.on_adapter(format!("{name}, {}{which}", profile.name), move |adapter| {
                    let cases = cases(profile).into_iter().enumerate();
                    cases.filter(|(place, _)| turn_of(*place) == turn).try_for_each(|(_, case)| {
                        assert_eq!(case.op.name(), name);
                        case.check(adapter, profile, TOLERANCE)
                    })
                });
            };
            add(tests, number, "");
            tests.rest(|tests| add(tests, 1 - number, ", the other cases"));
        }
        tests.on_adapter(format!("the squash saturates, {}", profile.name), move |adapter| {
            saturation(adapter, profile)
        });
    }
}

/// Which profile a case is always tried in: 0, 1, 1, 0 and so on, so that cases which come in pairs, as of gradients
/// and of second derivatives, meet both.
fn turn_of(place: usize) -> usize {
    (place ^ (place >> 1)) & 1
}

fn gather(_: Profile) -> Vec<Case> {
    const DIGITS: u32 = 6;
    const FIRST_IN_ORDER: u32 = 2;
    let wide = Ranges { shift: 6.5, scale: 0.4, squeeze: 0.4, shear: 0.9 };
    let ranges = [Some(Ranges::default()), Some(wide), None];
    // Side, samples, samples of the step before these, border, digits of the step.
    let shapes = [
        (28, 1, 0, 0, COUNT),
        (28, 7, 0, 0, COUNT),
        (28, 7, 0, 2, COUNT),
        (28, 3, 0, 5, 3),
        (28, 3, 3, 1, COUNT),
        (9, 7, 0, 1, COUNT),
        (30, 3, 0, 0, COUNT),
        (64, 2, 0, 2, COUNT),
    ];
    let cases = shapes.into_iter().flat_map(|shape| ranges.map(|ranges| (shape, ranges)));
    let cases = cases.map(|((side, samples, before, border, count), ranges)| {
        let record = Record { side };
        let mut digits = Numbers::new(1).any(DIGITS as usize * record.words());
        for (number, sample) in digits.chunks_mut(record.words()).enumerate() {
            sample[record.pixel_words()] = number as u32 % 10;
        }
        let distort = ranges.map(|ranges| Distortion::new(ranges, DIGITS as usize));
        // With a distortion, views 0 to 3.
        let views = if distort.is_some() { 4 } else { 1 };
        let order = (0..12).map(|entry| (entry * 5 + 3) % (DIGITS * views)).collect();
        let side = side as u32 + 2 * border;
        let (scale, background) = (1.275 / 255.0, -0.1);
        let (height, width) = (side, side);
        // As in front of a linear layer.
        let x_stride = (side * side).next_multiple_of(4);
        let k = Gather {
            samples,
            before,
            record,
            height,
            width,
            border,
            x_stride,
            scale,
            background,
            distort,
        };
        let (mut steps, _) = steps(FIRST_IN_ORDER, count);
        steps[STEP as usize * STEP_WORDS + 3] = 0x1234_5678;
        let x = empty(samples * x_stride);
        let (step_state, labels) = (empty(STATE_WORDS as u32), empty(4 * samples));
        let name = format!(
            "{record:?}, {samples} after {before}, {count} digits, border {border}, {ranges:?}"
        );
        case(name, Op::Gather(k), vec![digits, order, steps, vec![STEP], step_state, labels, x])
    });
    cases.collect()
}

fn output(_: Profile) -> Vec<Case> {
    let kinds = [
        (LINEAR_MSE, Squash::Tanh, 1, 8, 10, 0.5),
        (LINEAR_MSE, Squash::Scaled, 7, 36, 10, 0.5),
        // Weights that the squash saturates at.
        (LINEAR_MSE, Squash::Scaled, 7, 36, 10, 40.0),
        (LINEAR_MSE, Squash::Scaled, 7, 36, 2, 0.5),
        (LINEAR_MSE, Squash::Tanh, 3, 8, 26, 0.5),
        (LINEAR_MSE, Squash::Scaled, 3, 36, 64, 0.5),
        (LINEAR_MSE, Squash::Scaled, 3, 12, 10, 0.5),
        (SOFTMAX, Squash::Relu, 7, 36, 26, 0.5),
        // Sums whose e^y overflows.
        (SOFTMAX, Squash::Logistic, 3, 12, 10, 40.0),
        (RBF_EQ8, Squash::Scaled, 7, 84, 10, 1.0),
        (RBF_EQ9, Squash::Scaled, 7, 8, 10, 1.0),
        // Distances of some hundred, where e^-y is 0.
        (RBF_EQ9, Squash::Scaled, 7, 84, 10, 2.0),
        (Criterion { j: 0.1, ..RBF_EQ9 }, Squash::Scaled, 3, 8, 10, 0.5),
    ];
    let mut cases = Vec::new();
    for (criterion, squash, samples, inputs, classes, limit) in kinds {
        let all = [false, true].into_iter().flat_map(|equal| PASSES.map(|pass| (equal, pass)));
        for (equal, (curvature, exact)) in all {
            // Sums of thousands leave f' few digits, and its square fewer; who wins is the same.
            if curvature && (limit > 2.0 || equal) {
                continue;
            }
            let mut numbers = Numbers::new(12);
            let weights = if !criterion.is_rbf() { ALIGN as u32 } else { 0 };
            // A whole batch, or a shard with another before and one after it.
            let (before, advances) = if samples == 7 { (0, true) } else { (2, false) };
            let k = Output {
                samples,
                before,
                advances,
                inputs,
                classes,
                weights,
                criterion,
                squash: squash.of_output(),
                input_squash: if inputs == 12 { None } else { Some(squash) },
                curvature,
                exact,
            };
            let x = numbers.words((samples * inputs) as usize, 1.7);
            let mut p = numbers.words((weights + classes * inputs) as usize, limit);
            if equal {
                // Every class has the weights of the first: all outputs are equal.
                p[..weights as usize].fill(0);
                let first = p[weights as usize..][..inputs as usize].to_vec();
                p[weights as usize..]
                    .chunks_mut(inputs as usize)
                    .for_each(|w| w.copy_from_slice(&first));
            }
            // Two of the seven places have no digit, whatever their label.
            let labels =
                [(9, COUNT), (0, COUNT), (3, COUNT), (4, 0), (5, COUNT), (0, 0), (1, COUNT)];
            let labels = labels[..samples as usize].iter();
            let labels = labels.flat_map(|&(label, samples)| [label % classes, samples, STEP, 0]);
            let [dy, dx] = [classes, inputs].map(|size| empty(samples * size));
            let y = empty((before + samples) * classes);
            let totals = numbers.words((before + samples) as usize * 4, 1.0);
            let arguments = vec![x, p, labels.collect(), y, dy, dx, totals, vec![0]];
            let name = format!("{samples} samples, equal {equal}, {k:?}");
            cases.push(case(name, Op::Output(k), arguments));
        }
    }
    cases
}

fn update(_: Profile) -> Vec<Case> {
    // (parameters, partial_rows, stride)
    let shapes = [(64, 1, 0), (132, 5, 160), (68, 40, 68)];
    let all = EPILOGUES.into_iter().flat_map(|epilogue| shapes.map(|shape| (epilogue, shape)));
    let cases = all.map(|(epilogue, (parameters, partial_rows, stride))| {
        let mut numbers = Numbers::new(14);
        let partials = numbers.words((partial_rows * stride).max(parameters) as usize, 1.0);
        let (_, step_state) = steps(0, COUNT);
        let mut arguments = vec![partials, step_state];
        arguments.extend(arguments_of(epilogue, || numbers.words(parameters as usize, 1.0)));
        let op = Op::Update(Update { parameters, partial_rows, stride, epilogue });
        case(format!("{parameters} parameters, {partial_rows} rows, {epilogue:?}"), op, arguments)
    });
    cases.collect()
}

/// Far arguments of the squash give +-A, never NaN: in a linear layer, in both squashes of a stage,
/// and as a slope of 0 after them.
fn saturation(adapter: &Adapter, profile: Profile) -> Outcome {
    for squash in [Squash::Tanh, Squash::Scaled] {
        let amplitude = squash.limits()[1];
        let (_, k) = linear::layer(profile, (1, 8, FAR.len() as u32, 0, FAR.len() as u32));
        let op = Op::LinearForward(Linear { squash, ..k });
        let x = bits(&[0.0; 8]);
        let w = bits(&[0.5; 8 * FAR.len()]);
        let arguments = vec![x, w, bits(&FAR), vec![0], empty(FAR.len() as u32)];
        let case = case("far", op, arguments);
        let y = floats(&case.on_adapter(adapter, profile)?[4][ALIGN..][..FAR.len()]);
        let expected = FAR.map(|argument| amplitude.copysign(argument));
        let mut differences = Differences::default();
        differences.numbers("y", &y, &expected, SATURATED);
        differences.outcome(format!("linear_forward, {squash:?}"))?;
    }
    let mut k = FIRST[1].stage(profile);
    // No gaps: every number of s is looked at.
    k.s_stride = k.m * k.ph() * k.pw();
    stage_saturates(adapter, profile, k)
}

fn stage_saturates(adapter: &Adapter, profile: Profile, k: Stage) -> Outcome {
    let mut arguments = Arguments::of(&k, 15);
    assert_eq!(k.m as usize, FAR.len());
    for (map, far) in FAR.iter().enumerate() {
        arguments.p[k.bias() + map] = far.to_bits();
        arguments.p[k.pool_bias() + map] = (-far).to_bits();
    }
    let [_, _, s] = k.sizes().map(|size| size * k.samples);
    let Arguments { x, p, ds, partials, .. } = arguments;
    let forward = case("far", Op::FirstStageForward(k), vec![x.clone(), p.clone(), empty(s)]);
    let found = floats(&forward.on_adapter(adapter, profile)?[2][ALIGN..][..s as usize]);
    let amplitude = k.squash.limits()[1];
    let map = |place: u32| (place / (k.ph() * k.pw()) % k.m) as usize;
    let expected: Vec<f32> = (0..s).map(|place| amplitude.copysign(-FAR[map(place)])).collect();
    let mut differences = Differences::default();
    differences.numbers("s", &found, &expected, SATURATED);
    differences.outcome("first_stage_forward, far")?;
    let backward = case("far", Op::FirstStageBackward(k), vec![x, p, ds, partials]);
    Case { partials: owned(&k), ..backward }.check(adapter, profile, TOLERANCE)
}
