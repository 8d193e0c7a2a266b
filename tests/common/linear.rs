//! Linear layers for the tests of single kernels: batches that fill no tile, widths that are no multiples of four, and
//! windows of rows.

use lenet::network::Squash;
use lenet::plan::kernels::{Linear, LinearBackward, LinearUpdate};
use lenet::plan::{ALIGN, Epilogue, Op, Profile};

use super::epilogues::{EPILOGUES, arguments_of};
use super::op::{COUNT, Case, Numbers, case, empty, steps};

/// Samples, inputs, outputs, first row of w in the window, rows in it.
type Shape = (u32, u32, u32, u32, u32);

/// Batches that fill no tile; the second is a window of rows.
const SHAPES: [Shape; 3] = [(1, 8, 5, 0, 5), (3, 36, 10, 6, 4), (7, 36, 5, 0, 3)];

/// A layer of that shape, and what it is called.
pub fn layer(profile: Profile, shape: Shape) -> (String, Linear) {
    let (samples, inputs, outputs, row, rows) = shape;
    let squash = if samples == 3 { Squash::Tanh } else { Squash::Scaled };
    // After a plain pooling, a relu and a tanh.
    let input_squash = [None, Some(Squash::Relu), Some(squash)][samples as usize % 3];
    let whole = Linear::whole(samples, inputs, outputs, squash, false);
    let k = Linear { rows, tile: profile.tiles.tile, input_squash, ..whole };
    (format!("{samples} samples, {inputs} -> {outputs}, rows {row}..{}", row + rows), k)
}

pub fn linear_forward(profile: Profile) -> Vec<Case> {
    let cases = SHAPES.into_iter().map(|shape| {
        let (name, k) = layer(profile, shape);
        let mut numbers = Numbers::new(7);
        let x = numbers.words((k.samples * k.inputs) as usize, 1.0);
        let w = numbers.words((k.rows * k.inputs) as usize, 0.5);
        let bias = numbers.words(k.outputs as usize, 0.5);
        let y = empty(k.samples * k.outputs);
        case(name, Op::LinearForward(k), vec![x, w, bias, vec![shape.3], y])
    });
    cases.collect()
}

pub fn linear_backward_input(profile: Profile) -> Vec<Case> {
    let windows = [
        (SHAPES[0], true, true),
        (SHAPES[1], false, true),
        (SHAPES[2], true, false),
        (SHAPES[1], false, false),
    ];
    let both = windows.into_iter().flat_map(|window| [(window, false), (window, true)]);
    let cases = both.map(|((shape, starts, ends), curvature)| {
        let (name, k) = layer(profile, shape);
        let k = Linear { starts, ends, curvature, tile: profile.tiles.backward_tile, ..k };
        let mut numbers = Numbers::new(8);
        let x = numbers.words((k.samples * k.inputs) as usize, 1.0);
        let w = numbers.words((k.rows * k.inputs) as usize, 0.5);
        let dy = numbers.words((k.samples * k.outputs) as usize, 0.5);
        let dx = if starts { empty(x.len() as u32) } else { numbers.words(x.len(), 1.0) };
        let name = format!("{name}, starts {starts}, ends {ends}, curvature {curvature}");
        case(name, Op::LinearBackwardInput(k), vec![x, w, dy, vec![shape.3], dx])
    });
    cases.collect()
}

/// An epilogue with every shape if it is the first, else with one: shapes and epilogues do not meet in the kernel.
fn epilogue_and_shapes(epilogue: Epilogue) -> impl Iterator<Item = (Epilogue, Shape)> {
    let number = EPILOGUES.iter().position(|&other| other == epilogue).expect("one of them");
    let shapes = if number == 0 { &SHAPES[..] } else { &SHAPES[number % SHAPES.len()..][..1] };
    shapes.iter().map(move |&shape| (epilogue, shape))
}

pub fn linear_update(profile: Profile) -> Vec<Case> {
    let windows = [(true, true), (true, false), (false, false), (false, true)];
    let mut cases = Vec::new();
    for (epilogue, (samples, inputs, outputs, ..)) in
        EPILOGUES.into_iter().flat_map(epilogue_and_shapes)
    {
        // What is left for later depends on no epilogue.
        let windows = windows.iter().filter(|(_, ends)| *ends || epilogue == EPILOGUES[0]);
        for &(starts, ends) in windows {
            let k = LinearUpdate {
                samples,
                inputs,
                outputs,
                tile: profile.tiles.backward_tile,
                starts,
                ends,
                weights: ALIGN as u32,
                epilogue,
            };
            let mut numbers = Numbers::new(9);
            let x = numbers.words((samples * inputs) as usize, 1.0);
            let dy = numbers.words((samples * outputs) as usize, 0.5);
            let (_, step_state) = steps(0, COUNT);
            let mut layer = || parameters(&mut numbers, inputs, outputs);
            let mut arguments = vec![x, dy, step_state, layer()];
            arguments.extend(arguments_of(epilogue, layer));
            let shape = format!("{samples} samples, {inputs} -> {outputs}");
            let name = format!("{shape}, {starts}, {ends}, {epilogue:?}");
            cases.push(case(name, Op::LinearUpdate(k), arguments));
        }
    }
    cases
}

/// Of a linear layer: the gap between biases and weights is 0 and stays so.
fn parameters(numbers: &mut Numbers, inputs: u32, outputs: u32) -> Vec<u32> {
    let mut words = numbers.words(ALIGN + (inputs * outputs) as usize, 1.0);
    words[outputs as usize..ALIGN].fill(0);
    words
}

pub fn linear_backward(profile: Profile) -> Vec<Case> {
    let windows = [(true, true), (true, false), (false, false), (false, true)];
    let epilogues = EPILOGUES.into_iter().filter(|epilogue| !epilogue.is_curvature());
    let cases = epilogues
        .flat_map(epilogue_and_shapes)
        .flat_map(|case| windows.map(|window| (case, window)));
    let cases = cases.map(|((epilogue, (samples, inputs, outputs, ..)), (starts, ends))| {
        let input_squash = [None, Some(Squash::Relu), Some(Squash::Tanh)][samples as usize % 3];
        let (tile, weights) = (profile.tiles.backward_tile, ALIGN as u32);
        let update =
            LinearUpdate { samples, inputs, outputs, tile, starts, ends, weights, epilogue };
        let k = LinearBackward { update, input_squash };
        let mut numbers = Numbers::new(10);
        let x = numbers.words((samples * inputs) as usize, 1.0);
        let dy = numbers.words((samples * outputs) as usize, 0.5);
        let (_, step_state) = steps(0, COUNT);
        let mut layer = || parameters(&mut numbers, inputs, outputs);
        let mut arguments = vec![x, dy, step_state, empty(samples * inputs), layer()];
        arguments.extend(arguments_of(epilogue, layer));
        let shape = format!("{samples} samples, {inputs} -> {outputs}");
        case(format!("{shape}, {starts}, {ends}, {epilogue:?}"), Op::LinearBackward(k), arguments)
    });
    cases.collect()
}
