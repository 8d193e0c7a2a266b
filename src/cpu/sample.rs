//! References of the kernels that process a whole sample at once, composed of those of the layers.

use super::conv::{
    conv_backward_input, conv_backward_weights, conv_pool_forward, first_stage_backward,
    first_stage_forward,
};
use super::linear::{linear_backward_input, linear_forward};
use super::update::{advance, gather};
use super::{Epilogue, local, output};
use crate::plan::kernels::{Gather, Linear, Output, Sample, SampleUpdate};
use crate::plan::sample::Layer;
use crate::plan::{LABEL_WORDS, StepSize, TOTALS};

/// The window that holds a whole weight matrix.
const FIRST_ROW: [u32; 1] = [0];

/// The read bindings of `sample_forward` and `sample_step`, in their order.
#[derive(Debug, Clone, Copy)]
pub struct Inputs<'a> {
    data_set: &'a [u32],
    indices: &'a [u32],
    step_table: &'a [u32],
    cursor: &'a [u32],
    p: &'a [f32],
    w: &'a [f32],
    table: &'a [u32],
}

impl<'a> Inputs<'a> {
    /// Takes the read bindings.
    ///
    /// # Panics
    /// If there are not seven.
    pub fn of(reads: &[&'a [u32]]) -> Self {
        let &[data_set, indices, step_table, cursor, p, w, table] = reads else {
            panic!("seven bindings")
        };
        let (p, w) = (bytemuck::cast_slice(p), bytemuck::cast_slice(w));
        Inputs { data_set, indices, step_table, cursor, p, w, table }
    }

    fn layers(&self, k: &Sample) -> &'a [Layer] {
        bytemuck::cast_slice(&self.table[..k.connection_table()])
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

/// The tensors of one sample: activations, and the gradients with respect to the pre-activations.
struct Pass {
    x: Vec<f32>,
    s1: Vec<f32>,
    h2: Vec<f32>,
    /// s2, then the output of each linear layer.
    values: Vec<Vec<f32>>,
    /// The gradient with respect to each of these.
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
    let Sample { samples, record, height, width, border, scale, background, distort, .. } = *k;
    let before = 0;
    let shape = Gather {
        samples,
        before,
        record,
        height,
        width,
        border,
        x_stride: height * width,
        scale,
        background,
        distort,
    };
    let size = (height * width) as usize;
    let mut x = vec![background; samples as usize * size];
    let mut labels = vec![0; samples as usize * LABEL_WORDS];
    let Inputs { data_set, indices, step_table, cursor, .. } = *from;
    gather(&shape, data_set, indices, step_table, cursor, step_state, &mut labels, &mut x);
    let rows = labels
        .chunks(LABEL_WORDS)
        .zip(y.chunks_mut(k.classes as usize))
        .zip(totals.chunks_mut(TOTALS));
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
    let ([_, _, s1], [_, h2, s2]) = (first.sizes(), second.sizes());
    let (mut s1, mut h2, mut s2) = (zeros(s1), zeros(h2), zeros(s2));
    first_stage_forward(&first, x, from.p, &mut s1);
    let p2 = &from.p[k.second as usize..];
    conv_pool_forward(&second, &s1, p2, from.connections(k), &mut h2, &mut s2);

    let layers = from.layers(k);
    let hidden = hidden(k, layers.len());
    // Rows of weights may be longer than s2: the inputs beyond it are 0.
    s2.resize(layers[0].inputs as usize, 0.0);
    let mut values = vec![s2];
    for layer in &layers[..hidden] {
        let (bias, weights) = from.of_layer(layer);
        let mut next = zeros(layer.outputs);
        let x = &values[values.len() - 1];
        linear_forward(&linear(k, layer), x, weights, bias, &FIRST_ROW, &mut next);
        values.push(next);
    }
    let below = &values[hidden];
    // Biases and weights of a linear output, or the centres of an RBF output.
    let (weights, p) = match layers.get(hidden) {
        Some(last) => (last.weights - last.biases, &from.w[last.biases as usize..]),
        None => (0, bytemuck::cast_slice(&from.table[k.centres()..])),
    };
    let (inputs, before, advances) = (below.len() as u32, 0, true);
    let Sample { classes, criterion, squash, curvature, exact, .. } = *k;
    let shape = Output {
        samples: 1,
        before,
        advances,
        inputs,
        classes,
        weights,
        criterion,
        squash,
        input_squash: Some(squash),
        curvature,
        exact,
    };
    let (mut dy, mut dx) = (vec![0.0; classes as usize], vec![0.0; below.len()]);
    // The cursor moves only after this kernel.
    output(&shape, below, p, labels, y, &mut dy, &mut dx, totals, &mut [0]);
    let mut deltas: Vec<Vec<f32>> = values.iter().map(|values| vec![0.0; values.len()]).collect();
    deltas[hidden] = dx;
    if hidden < layers.len() {
        values.push(y.to_vec());
        deltas.push(dy);
    }
    Pass { x: x.to_vec(), s1, h2, values, deltas }
}

/// The linear layers below the output, of `layers` in all.
fn hidden(k: &Sample, layers: usize) -> usize {
    layers - usize::from(!k.criterion.is_rbf())
}

/// The whole of a linear layer, for one sample.
fn linear(k: &Sample, layer: &Layer) -> Linear {
    let Sample { squash, curvature, .. } = *k;
    let Layer { inputs, outputs, .. } = *layer;
    Linear::whole(1, inputs, outputs, squash, curvature)
}

/// Forward pass: from the digits to the loss.
pub fn sample_forward(
    k: &Sample,
    from: &Inputs,
    step_state: &mut [u32],
    y: &mut [f32],
    totals: &mut [f32],
) {
    passes(k, from, step_state, y, totals);
}

/// Forward and backward pass: from the digits to the gradients of each sample.
pub fn sample_step(
    k: &Sample,
    from: &Inputs,
    step_state: &mut [u32],
    y: &mut [f32],
    totals: &mut [f32],
    traces: &mut [f32],
) {
    let layers = from.layers(k);
    let passes = passes(k, from, step_state, y, totals);
    for (mut pass, trace) in passes.into_iter().zip(traces.chunks_mut(k.trace as usize)) {
        for at in (0..hidden(k, layers.len())).rev() {
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
    let size = StepSize::of(step_state);
    let rows = || traces.chunks(k.trace as usize).take(k.samples as usize);
    let mut step = |place: usize, sum: f64| epilogue.apply(place, sum as f32, size);
    for place in 0..k.stages as usize {
        step(place, rows().map(|row| f64::from(row[place])).sum());
    }
    for layer in bytemuck::cast_slice::<u32, Layer>(layers) {
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
