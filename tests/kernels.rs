//! Every kernel against its twin, on an adapter, through the engine that trains.
//!
//! A case is one dispatch: constants, and random words for every binding. It runs in both profiles,
//! so that reads go once through uniform windows and once through storage, strips are wide and
//! narrow, and tiles full and cut. Shapes are odd on purpose: sides that are no squares, prime
//! widths, maps with different numbers of connections, batches that fill no tile.
//!
//! Twins add up in f64, kernels in f32: a sum of n terms near 1 may differ by a few n 2^-24.

mod common;

use common::compare::{Differences, Tolerance};
use common::op::{Case, Numbers, WHOLE, bits, case, empty, floats, windows};
use common::stages::{self, Arguments, FIRST, owned};
use common::{Outcome, Tests, profiles};
use lenet::network::Squash;
use lenet::plan::constant::LossKind;
use lenet::plan::op::{Gather, Linear, LossShape, Rbf, Stage, Update};
use lenet::plan::records::{PIXEL_WORDS, RECORD_WORDS};
use lenet::plan::{ALIGN, Op, Profile};
use wgpu::Adapter;

/// For values of order 1 behind some hundred terms.
const TOLERANCE: Tolerance = Tolerance { absolute: 1e-5, relative: 1e-5 };
/// For values of A that the squash could not be further from: a few last places.
const SATURATED: Tolerance = Tolerance { absolute: 0.0, relative: 5e-7 };
/// Row of the table of steps that the cases are in, and the digits in it.
const STEP: u32 = 1;
const COUNT: u32 = 5;

fn main() {
    let mut tests = Tests::new();
    /// The cases of a kernel in a profile.
    type Cases = fn(Profile) -> Vec<Case>;
    let kernels: [(&str, Cases); 14] = [
        ("gather", gather),
        ("first_stage_forward", stages::first_stage_forward),
        ("first_stage_backward", stages::first_stage_backward),
        ("conv_pool_forward", stages::conv_pool_forward),
        ("pool_backward", stages::pool_backward),
        ("conv_backward_weights", stages::conv_backward_weights),
        ("conv_backward_input", stages::conv_backward_input),
        ("linear_forward", linear_forward),
        ("linear_backward_input", linear_backward_input),
        ("linear_backward_weights", linear_backward_weights),
        ("rbf_forward", rbf_forward),
        ("rbf_backward", rbf_backward),
        ("loss", loss),
        ("update", update),
    ];
    for profile in profiles() {
        for (name, cases) in kernels {
            tests.on_adapter(format!("{name}, {}", profile.name), move |adapter| {
                cases(profile).iter().try_for_each(|case| {
                    assert_eq!(case.op.name(), name);
                    case.check(adapter, profile, TOLERANCE)
                })
            });
        }
        tests.on_adapter(format!("the squash saturates, {}", profile.name), move |adapter| {
            saturation(adapter, profile)
        });
    }
    tests.run()
}

/// A row of the table of steps with room around it, and that row as `now` holds it.
fn steps(first: u32, count: u32) -> (Vec<u32>, Vec<u32>) {
    let row = [first, count, 0.125_f32.to_bits()];
    ([[7, 7, 7, 7], [row[0], row[1], row[2], 0]].concat(), [&row[..], &[STEP]].concat())
}

fn gather(_: Profile) -> Vec<Case> {
    const DIGITS: u32 = 6;
    const FIRST_IN_ORDER: u32 = 2;
    let shapes = [(1, 0, COUNT), (7, 0, COUNT), (7, 2, COUNT), (3, 5, 3)];
    let cases = shapes.into_iter().map(|(samples, border, count)| {
        let mut digits = Numbers::new(1).any(DIGITS as usize * RECORD_WORDS);
        for (number, record) in digits.chunks_mut(RECORD_WORDS).enumerate() {
            record[PIXEL_WORDS] = number as u32 % 10;
        }
        let order = (0..12).map(|entry| (entry * 5 + 3) % DIGITS).collect();
        let side = 28 + 2 * border;
        let (scale, background) = (1.275 / 255.0, -0.1);
        let op =
            Op::Gather(Gather { samples, height: side, width: side, border, scale, background });
        let (steps, _) = steps(FIRST_IN_ORDER, count);
        let x = empty(samples * side * side);
        let (now, label) = (empty(4), empty(samples));
        let name = format!("{samples} samples, {count} digits, border {border}");
        case(name, op, vec![digits, order, steps, vec![STEP], now, label, x])
    });
    cases.collect()
}

/// Linear layers: (samples, inputs, outputs, first row of w in the window, rows in it).
const LINEAR: [(u32, u32, u32, u32, u32); 3] =
    [(1, 7, 5, 0, 5), (3, 33, 10, 6, 4), (7, 33, 5, 0, 3)];

fn linear(profile: Profile, shape: (u32, u32, u32, u32, u32)) -> (String, Linear) {
    let (samples, inputs, outputs, row, rows) = shape;
    let squash = if samples == 3 { Squash::Tanh } else { Squash::Scaled };
    let weights = ALIGN as u32;
    let k = Linear { samples, inputs, outputs, rows, tile: profile.tile, weights, squash };
    (format!("{samples} samples, {inputs} -> {outputs}, rows {row}..{}", row + rows), k)
}

fn linear_forward(profile: Profile) -> Vec<Case> {
    let cases = LINEAR.into_iter().map(|shape| {
        let (name, k) = linear(profile, shape);
        let mut numbers = Numbers::new(7);
        let x = numbers.words((k.samples * k.inputs) as usize, 1.0);
        let w = numbers.words((k.rows * k.inputs) as usize, 0.5);
        let bias = numbers.words(k.outputs as usize, 0.5);
        let part = vec![shape.3, 1, 1, 0];
        let y = empty(k.samples * k.outputs);
        case(name, Op::LinearForward(k), vec![x, w, bias, part, y])
    });
    cases.collect()
}

fn linear_backward_input(profile: Profile) -> Vec<Case> {
    let mut cases = Vec::new();
    for (shape, starts, ends) in
        [(LINEAR[0], 1, 1), (LINEAR[1], 0, 1), (LINEAR[2], 1, 0), (LINEAR[1], 0, 0)]
    {
        let (name, k) = linear(profile, shape);
        let mut numbers = Numbers::new(8);
        let x = numbers.words((k.samples * k.inputs) as usize, 1.0);
        let w = numbers.words((k.rows * k.inputs) as usize, 0.5);
        let dy = numbers.words((k.samples * k.outputs) as usize, 0.5);
        let dx = if starts == 1 { empty(x.len() as u32) } else { numbers.words(x.len(), 1.0) };
        let part = vec![shape.3, starts, ends, 0];
        let name = format!("{name}, starts {starts}, ends {ends}");
        cases.push(case(name, Op::LinearBackwardInput(k), vec![x, w, dy, part, dx]));
    }
    cases
}

fn linear_backward_weights(profile: Profile) -> Vec<Case> {
    let cases = LINEAR.into_iter().flat_map(|shape| {
        let (name, k) = linear(profile, shape);
        let k = Linear { rows: k.outputs, ..k };
        windows(&name, |part| {
            let mut numbers = Numbers::new(9);
            let x = numbers.words((k.samples * k.inputs) as usize, 1.0);
            let dy = numbers.words((k.samples * k.outputs) as usize, 0.5);
            let size = (k.weights + k.inputs * k.outputs) as usize;
            let gradient =
                if part == WHOLE { empty(size as u32) } else { numbers.words(size, 1.0) };
            let arguments = vec![x, dy, part.to_vec(), gradient];
            case("", Op::LinearBackwardWeights(k), arguments)
        })
    });
    cases.collect()
}

/// Layers before the RBF: (samples, units).
const RBF: [(u32, u32); 3] = [(1, 84), (3, 33), (7, 84)];

fn rbf_forward(_: Profile) -> Vec<Case> {
    let cases = RBF.into_iter().map(|(samples, units)| {
        let mut numbers = Numbers::new(10);
        let x = numbers.words((samples * units) as usize, 1.7);
        let centre = numbers.words(10 * units as usize, 1.0);
        let op = Op::RbfForward(Rbf { samples, units, squash: Squash::Scaled });
        let name = format!("{samples} samples, {units} units");
        case(name, op, vec![x, centre, empty(samples * 10)])
    });
    cases.collect()
}

fn rbf_backward(_: Profile) -> Vec<Case> {
    let cases = RBF.into_iter().map(|(samples, units)| {
        let mut numbers = Numbers::new(11);
        let x = numbers.words((samples * units) as usize, 1.7);
        let dy = numbers.words(samples as usize * 10, 0.5);
        let centre = numbers.words(10 * units as usize, 1.0);
        let op = Op::RbfBackward(Rbf { samples, units, squash: Squash::Scaled });
        let name = format!("{samples} samples, {units} units");
        case(name, op, vec![x, dy, centre, empty(samples * units)])
    });
    cases.collect()
}

/// Outputs for the losses: random ones, all equal, and those that the squash saturates at (or, for
/// distances, as far as they get).
fn outputs(samples: u32, loss: LossKind) -> [(&'static str, Vec<f32>); 3] {
    let count = samples as usize * 10;
    let mut numbers = Numbers::new(12);
    let distance = |value: f32| (value + 1.0) * 310.0;
    if loss == LossKind::Targets {
        let signs = numbers.symmetric(count, 1.0);
        let extreme = signs.iter().map(|sign| 1.7159_f32.copysign(*sign)).collect();
        return [
            ("random", numbers.symmetric(count, 1.7)),
            ("equal", vec![0.25; count]),
            ("saturated", extreme),
        ];
    }
    let near = numbers.symmetric(count, 4.0).into_iter().map(|value| value + 8.0).collect();
    let far = numbers.symmetric(count, 1.0).into_iter().map(distance).collect();
    [("near", near), ("equal", vec![12.0; count]), ("far", far)]
}

fn loss(_: Profile) -> Vec<Case> {
    let kinds = [
        (LossKind::Targets, 10.0, Squash::Tanh, 1),
        (LossKind::Targets, 10.0, Squash::Scaled, 7),
        (LossKind::Distance, 10.0, Squash::Scaled, 7),
        (LossKind::Competition, 10.0, Squash::Scaled, 7),
        (LossKind::Competition, 0.1, Squash::Scaled, 3),
    ];
    let mut cases = Vec::new();
    for (loss, j, squash, samples) in kinds {
        let op = Op::Loss(LossShape { samples, loss, j, squash });
        for (name, y) in outputs(samples, loss) {
            // Two of the seven places have no digit: 10, as gather says it, and any larger number.
            let label = [9, 0, 3, 10, 5, 4711, 1][..samples as usize].to_vec();
            let (_, now) = steps(0, COUNT);
            let totals = Numbers::new(13).words(samples as usize * 4, 1.0);
            let dy = empty(samples * 10);
            let name = format!("{loss:?}, j {j}, {samples} samples, {name}");
            cases.push(case(name, op, vec![bits(&y), label, now, dy, totals, vec![0]]));
        }
    }
    cases
}

fn update(_: Profile) -> Vec<Case> {
    /// (parameters, slots, stride, momentum, weight decay)
    type Shape = (u32, u32, u32, f32, f32);
    let shapes: [Shape; 3] =
        [(64, 1, 0, 0.9, 0.0), (132, 5, 160, 0.9, 0.01), (68, 40, 68, 0.0, 0.0)];
    let cases = shapes.into_iter().map(|(parameters, slots, stride, momentum, weight_decay)| {
        let mut numbers = Numbers::new(14);
        let partials = numbers.words((slots * stride).max(parameters) as usize, 1.0);
        let (_, now) = steps(0, COUNT);
        let velocity = numbers.words(parameters as usize, 1.0);
        let values = numbers.words(parameters as usize, 1.0);
        let op = Op::Update(Update { parameters, slots, stride, momentum, weight_decay });
        let name = format!("{parameters} parameters, {slots} slots");
        case(name, op, vec![partials, now, velocity, values])
    });
    cases.collect()
}

/// Far arguments of the squash give +-A, never NaN: in a linear layer, in both squashes of a stage,
/// and as a slope of 0 behind them.
fn saturation(adapter: &Adapter, profile: Profile) -> Outcome {
    const FAR: [f32; 6] = [100.0, -100.0, 1e4, -1e4, 3e38, -3e38];
    for squash in [Squash::Tanh, Squash::Scaled] {
        let (amplitude, _) = squash.amplitude_and_slope();
        let (_, k) = linear(profile, (1, 7, FAR.len() as u32, 0, FAR.len() as u32));
        let op = Op::LinearForward(Linear { squash, ..k });
        let x = bits(&[0.0; 7]);
        let w = bits(&[0.5; 7 * FAR.len()]);
        let arguments = vec![x, w, bits(&FAR), WHOLE.to_vec(), empty(FAR.len() as u32)];
        let case = case("far", op, arguments);
        let y = floats(&case.on_adapter(adapter, profile)?[4][ALIGN..][..FAR.len()]);
        let expected = FAR.map(|argument| amplitude.copysign(argument));
        let mut differences = Differences::default();
        differences.numbers("y", &y, &expected, SATURATED);
        differences.outcome(format!("linear_forward, {squash:?}"))?;
    }
    let k = FIRST[1].stage(profile);
    for far in FAR {
        stage_saturates(adapter, profile, k, far)?;
    }
    Ok(())
}

fn stage_saturates(adapter: &Adapter, profile: Profile, k: Stage, far: f32) -> Outcome {
    let mut arguments = Arguments::of(&k, 15);
    let maps = k.m as usize;
    arguments.p[k.bias()..][..maps].fill(far.to_bits());
    arguments.p[k.pool_bias()..][..maps].fill((-far).to_bits());
    let [_, _, s] = k.sizes().map(|size| size * k.samples);
    let Arguments { x, p, ds, partials, .. } = arguments;
    let name = format!("bias {far}");
    let forward = vec![x.clone(), p.clone(), empty(s)];
    let forward = case(&name, Op::FirstStageForward(k), forward);
    let found = floats(&forward.on_adapter(adapter, profile)?[2][ALIGN..][..s as usize]);
    let (amplitude, _) = k.squash.amplitude_and_slope();
    let expected = vec![amplitude.copysign(-far); s as usize];
    let mut differences = Differences::default();
    differences.numbers("s", &found, &expected, SATURATED);
    differences.outcome(format!("first_stage_forward, {name}"))?;
    let backward = vec![x, p, ds, WHOLE.to_vec(), partials];
    let partials = owned(&k, 0..k.parameters() as usize);
    let backward = Case { partials, ..case(&name, Op::FirstStageBackward(k), backward) };
    backward.check(adapter, profile, TOLERANCE)
}
