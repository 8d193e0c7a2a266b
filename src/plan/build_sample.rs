//! From a network to the dispatches of [`Strategy::Sample`].

use super::abi::SAMPLE_WORDS;
use super::builder::launch;
use super::kernels::{Advance, Op, Sample, SampleForward, SampleStep, SampleUpdate};
use super::sample::{LAYER_WORDS, Shapes};
use super::{
    Activation, Buffer, BufferId, Capacity, Epilogue, Layout, Optimizer, Plan, Ports, Profile,
    Replica, STATE_WORDS, STEP_WORDS, Start, Steps, Strategy, TOTALS, View,
};
use crate::error::Result;
use crate::network::{CLASSES, Network};

/// Plans a training step of two dispatches, and an evaluation.
pub(super) fn plan(
    network: &Network,
    profile: Profile,
    batch: usize,
    optimizer: Optimizer,
    capacity: Capacity,
) -> Result<Plan> {
    let layout = Layout::of(network)?;
    let Shapes { sample, table, .. } = Shapes::of(network, &layout, batch)?;
    let trace = sample.trace as usize;
    let mut buffers = Vec::new();
    let mut add = |name: &str, words: usize, start: Start| {
        buffers.push(Buffer { name: name.into(), words, start });
        buffers.len() - 1
    };
    let output = network.layers.last().map_or("output", |layer| &layer.name);
    let mut ports = Ports {
        data_set: add("data_set", capacity.samples * SAMPLE_WORDS, Start::Zero),
        indices: add("indices", capacity.indices, Start::Zero),
        step_table: add("step_table", capacity.steps * STEP_WORDS, Start::Zero),
        cursor: add("cursor", 1, Start::Zero),
        parameters: add("parameters", layout.size, Start::Zero),
        velocity: add("velocity", layout.size, Start::Zero),
        curvature: None,
        shard_gradients: None,
        partials: add("traces", batch * trace, Start::Zero),
        scores: add(output, batch * CLASSES, Start::Zero),
        totals: add("totals", batch * TOTALS, Start::Zero),
    };
    let step_state = add("step_state", STATE_WORDS, Start::Zero);
    let table = add("table", table.len(), Start::Words(table));
    if let Optimizer::Sdlm { .. } = optimizer {
        ports.curvature = Some(add("curvature", layout.size, Start::Zero));
    }

    let piece = |buffer: BufferId, offset: usize, words: usize| View {
        buffer,
        offset,
        words,
        uniform: false,
    };
    let whole: Vec<View> =
        buffers.iter().enumerate().map(|(id, buffer)| piece(id, 0, buffer.words)).collect();
    let whole = |id: BufferId| whole[id];
    let mut views: Vec<View> =
        [ports.data_set, ports.indices, ports.step_table, ports.cursor].map(whole).to_vec();
    views.extend([
        piece(ports.parameters, 0, layout.stages),
        piece(ports.parameters, layout.stages, layout.size - layout.stages),
    ]);
    views.extend([table, step_state, ports.scores, ports.totals].map(whole));

    let mut kernels = Vec::new();
    let mut dispatch =
        |op: Op, views| launch(&profile, &mut buffers, &mut kernels, &network.name, op, views);
    let forward = vec![
        dispatch(SampleForward(sample).into(), views.clone()),
        dispatch(Advance.into(), vec![whole(step_state), whole(ports.cursor)]),
    ];
    views.push(whole(ports.partials));
    let update = |epilogue| SampleUpdate {
        samples: batch as u32,
        parameters: layout.size as u32,
        stages: layout.stages as u32,
        layers: sample.layers,
        trace: sample.trace,
        epilogue,
    };
    let of_update = vec![
        whole(ports.partials),
        piece(table, 0, LAYER_WORDS * sample.layers as usize),
        whole(step_state),
        whole(ports.cursor),
    ];
    let mut step = |sample, epilogue| {
        let mut of_update = of_update.clone();
        of_update.extend(ports.epilogue_buffers(epilogue).map(whole));
        vec![
            dispatch(SampleStep(sample).into(), views.clone()),
            dispatch(update(epilogue).into(), of_update),
        ]
    };
    let training = step(sample, Epilogue::Apply(optimizer));
    let curvature = match optimizer {
        Optimizer::Sgd { .. } => Vec::new(),
        Optimizer::Sdlm { exact, .. } => {
            step(Sample { curvature: true, exact, ..sample }, Epilogue::Accumulate { exact })
        }
    };
    let alone = |compute| Steps { compute, apply: Vec::new() };
    let replica =
        Replica { forward: alone(forward), training: alone(training), curvature: alone(curvature) };
    let output = network.layers.last().expect("a network has an output");
    let scores = Activation {
        layer: output.name.clone(),
        buffer: ports.scores,
        shape: output.output,
        stride: CLASSES,
    };
    Ok(Plan {
        network: network.clone(),
        optimizer,
        strategy: Strategy::Sample,
        profile,
        batch,
        shards: 1,
        distortion: None,
        layout,
        buffers,
        kernels,
        replicas: vec![replica],
        ports,
        activations: vec![scores],
    })
}
