//! References of the kernels that do a whole sample at once, put together from those of the layers.

use super::conv::{
    conv_backward_input, conv_backward_weights, conv_pool_forward, first_stage_backward,
    first_stage_forward,
};
use super::linear::{linear_backward_input, linear_forward};
use super::update::gather;
use super::{Epilogue, local, output};
use crate::network::CLASSES;
use crate::plan::kernels::{Gather, Linear, Output, Sample, SampleUpdate};
use crate::plan::sample::{LAYER_WORDS, Layer};
use crate::plan::{LABEL_WORDS, STATE_WORDS, TOTALS};

/// The whole of a weight matrix.
const FIRST_ROW: [u32; 1] = [0];

/// What `sample_forward` and `sample_step` read, in the order of their bindings.
#[derive(Debug, Clone, Copy)]
pub struct Inputs<'a> {
    digits: &'a [u32],
    order: &'a [u32],
    steps: &'a [u32],
    cursor: &'a [u32],
    p: &'a [f32],
    w: &'a [f32],
    table: &'a [u32],
}

impl<'a> Inputs<'a> {
    /// From the read bindings.
    ///
    /// # Panics
    /// If there are fewer than seven.
    pub fn of(reads: &[&'a [u32]]) -> Self {
        Inputs {
            digits: reads[0],
            order: reads[1],
            steps: reads[2],
            cursor: reads[3],
            p: bytemuck::cast_slice(reads[4]),
            w: bytemuck::cast_slice(reads[5]),
            table: reads[6],
        }
    }

    fn layers(&self, k: &Sample) -> Vec<Layer> {
        self.table[..k.connection_table()].chunks(LAYER_WORDS).map(Layer::of).collect()
    }

    fn connections(&self, k: &Sample) -> &[u32] {
        &self.table[k.connection_table()..k.centres()]
    }

    /// Biases and weights of a linear layer.
    fn of_layer(&self, layer: &Layer) -> (&[f32], &[f32]) {
        let weights = (layer.inputs * layer.outputs) as usize;
        let at = |place: u32, count: usize| &self.w[place as usize..][..count];
        (at(layer.biases, layer.outputs as usize), at(layer.weights, weights))
    }
}

/// What one sample has on its way to the loss, and the loss by what each squash got.
struct Pass {
    x: Vec<f32>,
    s1: Vec<f32>,
    h2: Vec<f32>,
    /// s2, and behind each linear layer.
    values: Vec<Vec<f32>>,
    /// Of each of these.
    deltas: Vec<Vec<f32>>,
}

/// From the digits to the loss; leaves everything that a backward pass needs.
fn passes(
    k: &Sample,
    from: &Inputs,
    step_state: &mut [u32],
    y: &mut [f32],
    totals: &mut [f32],
) -> Vec<Pass> {
    let samples = k.samples as usize;
    let size = (k.height * k.width) as usize;
    let mut x = vec![k.background; samples * size];
    let mut labels = vec![0; samples * LABEL_WORDS];
    let digit = Gather {
        samples: k.samples,
        before: 0,
        height: k.height,
        width: k.width,
        border: k.border,
        scale: k.scale,
        background: k.background,
        distort: k.distort,
    };
    let Inputs { digits, order, steps, cursor, .. } = *from;
    gather(&digit, digits, order, steps, cursor, step_state, &mut labels, &mut x);
    let rows = labels.chunks(LABEL_WORDS).zip(y.chunks_mut(CLASSES)).zip(totals.chunks_mut(TOTALS));
    x.chunks(size)
        .zip(rows)
        .map(|(x, ((labels, y), totals))| pass(k, from, x, labels, y, totals))
        .collect()
}

fn pass(
    k: &Sample,
    from: &Inputs,
    x: &[f32],
    labels: &[u32],
    y: &mut [f32],
    totals: &mut [f32],
) -> Pass {
    let zeros = |count: u32| vec![0.0; count as usize];
    let (first, second) = (k.first_stage(), k.second_stage());
    let mut s1 = zeros(first.sizes()[2]);
    first_stage_forward(&first, x, from.p, &mut s1);
    let [_, h2, s2] = second.sizes();
    let (mut h2, mut s2) = (zeros(h2), zeros(s2));
    let p2 = &from.p[k.second as usize..];
    conv_pool_forward(&second, &s1, p2, from.connections(k), &mut h2, &mut s2);

    let layers = from.layers(k);
    let linear_output = !k.criterion.is_rbf();
    let hidden = layers.len() - usize::from(linear_output);
    let mut values = vec![s2];
    for layer in &layers[..hidden] {
        let (bias, weights) = from.of_layer(layer);
        let mut next = zeros(layer.outputs);
        linear_forward(
            &linear(k, layer),
            &values[values.len() - 1],
            weights,
            bias,
            &FIRST_ROW,
            &mut next,
        );
        values.push(next);
    }
    let below = &values[hidden];
    let mut p: Vec<f32> = Vec::new();
    let weights = if linear_output { layers[hidden].weights - layers[hidden].biases } else { 0 };
    if linear_output {
        p.extend(&from.w[layers[hidden].biases as usize..]);
    } else {
        p.extend(from.table[k.centres()..].iter().map(|&bits| f32::from_bits(bits)));
    }
    let shape = Output {
        samples: 1,
        before: 0,
        advances: true,
        inputs: below.len() as u32,
        weights,
        criterion: k.criterion,
        squash: k.squash,
        curvature: k.curvature,
        exact: k.exact,
    };
    let (mut dy, mut dx) = (vec![0.0; CLASSES], vec![0.0; below.len()]);
    // The cursor moves only behind this kernel.
    let mut cursor = [0];
    output(&shape, below, &p, labels, y, &mut dy, &mut dx, totals, &mut cursor);
    let mut deltas: Vec<Vec<f32>> = values.iter().map(|values| vec![0.0; values.len()]).collect();
    deltas[hidden] = dx;
    if linear_output {
        values.push(y.to_vec());
        deltas.push(dy);
    }
    Pass { x: x.to_vec(), s1, h2, values, deltas }
}

fn linear(k: &Sample, layer: &Layer) -> Linear {
    Linear {
        samples: 1,
        inputs: layer.inputs,
        outputs: layer.outputs,
        rows: layer.outputs,
        tile: 1,
        starts: true,
        ends: true,
        squash: k.squash,
        curvature: k.curvature,
    }
}

/// Everything from the digits to the loss.
pub fn sample_forward(
    k: &Sample,
    from: &Inputs,
    step_state: &mut [u32],
    y: &mut [f32],
    totals: &mut [f32],
) {
    passes(k, from, step_state, y, totals);
}

/// Everything from the digits to the gradients of each sample.
pub fn sample_step(
    k: &Sample,
    from: &Inputs,
    step_state: &mut [u32],
    y: &mut [f32],
    totals: &mut [f32],
    traces: &mut [f32],
) {
    let layers = from.layers(k);
    let linear_output = !k.criterion.is_rbf();
    let passes = passes(k, from, step_state, y, totals);
    for (mut pass, trace) in passes.into_iter().zip(traces.chunks_mut(k.trace as usize)) {
        let handed_down = if linear_output { layers.len() - 1 } else { layers.len() };
        for at in (0..handed_down).rev() {
            let (_, weights) = from.of_layer(&layers[at]);
            let (below, above) = pass.deltas.split_at_mut(at + 1);
            let shape = linear(k, &layers[at]);
            let x = &pass.values[at];
            linear_backward_input(&shape, x, weights, &above[0], &FIRST_ROW, &mut below[at]);
        }
        for (at, layer) in layers.iter().enumerate() {
            trace[layer.x_trace as usize..][..layer.inputs as usize]
                .copy_from_slice(&pass.values[at]);
            trace[layer.dy_trace as usize..][..layer.outputs as usize]
                .copy_from_slice(&pass.deltas[at + 1]);
        }
        let second = k.second as usize;
        let mut ds1 = vec![0.0; pass.s1.len()];
        let (stage, p, table) = (k.second_stage(), &from.p[second..], from.connections(k));
        let (s1, h2, ds2) = (&pass.s1, &pass.h2, &pass.deltas[0]);
        conv_backward_weights(&stage, s1, p, h2, ds2, table, &mut trace[second..]);
        conv_backward_input(&stage, s1, p, h2, ds2, table, &mut ds1);
        first_stage_backward(&k.first_stage(), &pass.x, from.p, &ds1, trace);
    }
}

/// The sums over all samples, and their epilogue.
pub fn sample_update(
    k: &SampleUpdate,
    traces: &[f32],
    layers: &[u32],
    step_state: &[u32],
    cursor: &mut [u32],
    mut epilogue: Epilogue,
) {
    let rate = f32::from_bits(step_state[2]);
    let rows = || traces.chunks(k.trace as usize).take(k.samples as usize);
    let mut step = |place: usize, sum: f64| epilogue.apply(place, sum as f32, rate);
    for place in 0..k.stages as usize {
        step(place, rows().map(|row| f64::from(row[place])).sum());
    }
    for layer in layers.chunks(LAYER_WORDS).map(Layer::of) {
        let x = |row: &[f32], i: u32| {
            local(k.epilogue.is_curvature(), f64::from(row[(layer.x_trace + i) as usize]))
        };
        let dy = |row: &[f32], o: u32| f64::from(row[(layer.dy_trace + o) as usize]);
        for o in 0..layer.outputs {
            step((k.stages + layer.biases + o) as usize, rows().map(|row| dy(row, o)).sum());
            for i in 0..layer.inputs {
                let place = k.stages + layer.weights + o * layer.inputs + i;
                step(place as usize, rows().map(|row| dy(row, o) * x(row, i)).sum());
            }
        }
    }
    advance(step_state, cursor);
}

/// Moves the cursor on.
pub fn advance(step_state: &[u32], cursor: &mut [u32]) {
    cursor[0] = step_state[STATE_WORDS - 1] + 1;
}
