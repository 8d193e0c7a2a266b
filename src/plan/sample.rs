//! Shapes of the kernels that do a whole sample in one workgroup, and where each of its numbers
//! stands: in workgroup memory, in the table of shapes, and in the row of traces that it leaves.

use super::criterion::Criterion;
use super::kernels::{LANES, SAMPLE_WORKGROUP, SUMS, Sample};
use super::profile::UNIFORM_WINDOW;
use crate::error::{Error, Result};
use crate::network::tensors::{Block, Layout, QUAD, aligned};
use crate::network::{CLASSES, Connections, DIGIT_SIDE, Kind, Network, bitmaps};

/// Numbers that a workgroup can keep: 16 KiB, WebGPU's default limit.
pub const MEMORY: u32 = 4_096;
/// Words of a row of the table of linear layers.
pub const LAYER_WORDS: usize = 8;

/// A linear layer; in step with `Layer` in `shaders/sample.wgsl`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Layer {
    /// A multiple of 4.
    pub inputs: u32,
    pub outputs: u32,
    /// Places of biases and weights among the parameters behind the stages.
    pub biases: u32,
    pub weights: u32,
    /// Places in memory of what it sees and of what it gives.
    pub x: u32,
    pub y: u32,
    /// Places in a row of traces, multiples of 4.
    pub x_trace: u32,
    pub dy_trace: u32,
}

impl Layer {
    /// As a row of the table.
    pub fn words(&self) -> [u32; LAYER_WORDS] {
        [
            self.inputs,
            self.outputs,
            self.biases,
            self.weights,
            self.x,
            self.y,
            self.x_trace,
            self.dy_trace,
        ]
    }

    /// From a row of the table.
    pub fn of(row: &[u32]) -> Layer {
        Layer {
            inputs: row[0],
            outputs: row[1],
            biases: row[2],
            weights: row[3],
            x: row[4],
            y: row[5],
            x_trace: row[6],
            dy_trace: row[7],
        }
    }
}

/// Everything about a network that the kernels want to know.
#[derive(Debug, Clone, PartialEq)]
pub struct Shapes {
    pub sample: Sample,
    pub layers: Vec<Layer>,
    /// Layers, connection table, and the bitmaps of an RBF output.
    pub table: Vec<u32>,
}

/// The two stages at the beginning of a network.
struct Stages<'a> {
    table: &'a Connections,
    first_maps: u32,
    block_scale: f32,
    /// Numbers in h2 and in s2.
    h2: u32,
    features: u32,
}

fn stages<'a>(network: &'a Network, layout: &Layout) -> Option<Stages<'a>> {
    let [Block::Stage { conv: first, .. }, Block::Stage { conv, pool }, rest @ ..] =
        &layout.blocks[..]
    else {
        return None;
    };
    let (first, conv, pool) =
        (&network.layers[*first], &network.layers[*conv], &network.layers[*pool]);
    let linear = |block: &Block| !matches!(block, Block::Stage { .. });
    let (Kind::Conv(table), Kind::Pool(form)) = (&conv.kind, &pool.kind) else { return None };
    let fits = first.input.maps == 1
        && first.output.maps <= (SAMPLE_WORKGROUP as usize)
        && matches!(rest.first(), Some(Block::Linear(_)))
        && rest.iter().all(linear);
    fits.then_some(Stages {
        table,
        first_maps: first.output.maps as u32,
        block_scale: form.block_scale(),
        h2: conv.output.size() as u32,
        features: pool.output.size() as u32,
    })
}

impl Shapes {
    /// Lays a sample of a network out.
    ///
    /// # Errors
    /// [`Error::Usage`] if the network has other layers, or does not fit the memory.
    pub fn of(network: &Network, layout: &Layout, samples: usize) -> Result<Shapes> {
        let options = network.options;
        let input = network.input();
        let stages = stages(network, layout).ok_or_else(|| {
            Error::Usage(format!(
                "--plan sample is made for two convolution stages and linear layers behind them, \
                 which {} is not: use --plan layered",
                network.name
            ))
        })?;
        let odd = layout.blocks.iter().zip(&layout.widths).position(|(block, width)| {
            matches!(block, Block::Linear(at) if network.layers[*at].input.size() != *width)
        });
        if let Some(odd) = odd {
            let layer = &network.layers[layout.blocks[odd].output()];
            return Err(Error::Usage(format!(
                "--plan sample does linear layers that see a multiple of {QUAD} inputs, and {:?} of {} \
                 sees {}: use --plan layered",
                layer.name,
                network.name,
                layer.input.size()
            )));
        }
        let s1 = network.layers[1].output.size() as u32;
        let x_h2 = s1;
        let features = x_h2 + stages.h2.max(input.size() as u32);

        let mut trace = layout.stages as u32;
        let (mut x, mut y) = (features, features + stages.features);
        let mut layers: Vec<Layer> = Vec::new();
        let mut widest = 0;
        let mut scratch_size = stages.features.max(LANES * CLASSES as u32);
        for (block, &start) in layout.blocks.iter().zip(&layout.starts) {
            let Block::Linear(at) = *block else { continue };
            let layer = &network.layers[at];
            let (inputs, outputs) = (layer.input.size() as u32, layer.output.maps as u32);
            let biases = (start - layout.stages) as u32;
            layers.push(Layer {
                inputs,
                outputs,
                biases,
                weights: biases + aligned(outputs as usize) as u32,
                x,
                y,
                x_trace: trace,
                dy_trace: trace + inputs,
            });
            trace += inputs + outputs.next_multiple_of(4);
            scratch_size = scratch_size.max(inputs);
            widest = widest.max(inputs).max(outputs);
            (x, y) = (y, y + outputs);
        }
        // Distances come behind the last layer; a linear output is the last layer.
        let criterion = Criterion::of(&options);
        let (scores, scratch) = if criterion.is_rbf() { (y, y + CLASSES as u32) } else { (x, y) };
        let halves = SUMS / 2 * (SAMPLE_WORKGROUP + 1);
        let memory = (scratch + scratch_size).max(halves);
        if memory > MEMORY {
            return Err(Error::Usage(format!(
                "--plan sample keeps a sample in {MEMORY} numbers of workgroup memory, and {} with \
                 --border {} has {memory}: use --plan layered",
                network.name, options.border
            )));
        }

        if widest > 4 * SAMPLE_WORKGROUP {
            return Err(Error::Usage(format!(
                "--plan sample does layers of up to {} units, and {} has {widest} in one: use --plan \
                 layered",
                4 * SAMPLE_WORKGROUP,
                network.name
            )));
        }

        let fits = |what: &str, numbers: usize| match numbers > UNIFORM_WINDOW {
            true => Err(Error::Usage(format!(
                "--plan sample reads {what} through one uniform window of {UNIFORM_WINDOW} numbers, \
                 and {} has {numbers}: use --plan layered",
                network.name
            ))),
            false => Ok(()),
        };
        fits("the parameters of the stages", layout.stages)?;

        let (scale, background) = options.scaling.scale_and_background();
        let sample = Sample {
            samples: samples as u32,
            height: input.height as u32,
            width: input.width as u32,
            border: ((input.height - DIGIT_SIDE) / 2) as u32,
            scale,
            background,
            distort: None,
            first_maps: stages.first_maps,
            maps: stages.table.maps() as u32,
            connections: stages.table.count() as u32,
            block_scale: stages.block_scale,
            second: layout.starts[1] as u32,
            layers: layers.len() as u32,
            linear_weights: layers.iter().map(|layer| layer.inputs * layer.outputs).sum(),
            x_h2,
            features,
            scores,
            scratch,
            memory,
            trace,
            criterion,
            squash: options.squash,
            curvature: false,
            exact: false,
        };
        let mut table: Vec<u32> = layers.iter().flat_map(Layer::words).collect();
        table.extend(stages.table.words());
        if criterion.is_rbf() {
            table.extend(bitmaps::centres().into_iter().map(f32::to_bits));
        }
        fits("its table", table.len())?;
        Ok(Shapes { sample, layers, table })
    }
}
