//! Shapes of the kernels that do a whole sample in one workgroup, and where each of its numbers
//! stands: in workgroup memory, in the table of shapes, and in the row of traces that it leaves.

use super::abi::Record;
use super::criterion::Criterion;
use super::kernels::{SAMPLE_WORKGROUP, SUMS, Sample};
use super::profile::UNIFORM_WINDOW;
use crate::error::{Error, Result};
use crate::network::tensors::{Block, Layout, QUAD, aligned};
use crate::network::{KERNEL, Kind, Layer as NetworkLayer, Network, Output, bitmaps};

/// Numbers that a workgroup can keep: 16 KiB, WebGPU's default limit.
pub const MEMORY: u32 = 4_096;
/// What the first stage needs: an invocation for each of its maps.
const FEW_MAPS: &str = "at most 256 maps in the first convolution";
const _: () = assert!(SAMPLE_WORKGROUP == 256);
/// Words of a row of the table of linear layers.
pub const LAYER_WORDS: usize = size_of::<Layer>() / size_of::<u32>();

/// A linear layer, a row of the table; in step with `Layer` in `shaders/sample.wgsl`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, bytemuck::Pod, bytemuck::Zeroable)]
#[repr(C)]
pub struct Layer {
    /// A multiple of 4.
    pub inputs: u32,
    pub outputs: u32,
    /// Places of biases and weights among the parameters after the stages.
    pub biases: u32,
    pub weights: u32,
    /// Places in memory of its input and of its output.
    pub x: u32,
    pub y: u32,
    /// Places in a row of traces, multiples of 4.
    pub x_trace: u32,
    pub dy_trace: u32,
}

/// The shapes of a network, as the kernels need them.
#[derive(Debug, Clone, PartialEq)]
pub struct Shapes {
    pub sample: Sample,
    pub layers: Vec<Layer>,
    /// Layers, connection table, and the bitmaps of an RBF output.
    pub table: Vec<u32>,
}

/// Both convolutions of a network that fits the sample plan, or what the plan needs that the network lacks.
fn stages<'a>(
    network: &'a Network,
    layout: &Layout,
) -> std::result::Result<[&'a NetworkLayer; 2], &'static str> {
    const LAYERS: &str = "two convolutions, each with a pooling, and linear layers after them";
    let [
        Block::Stage { conv: first, pool: Some(_) },
        Block::Stage { conv, pool: Some(_) },
        Block::Linear(_),
        rest @ ..,
    ] = &layout.blocks[..]
    else {
        return Err(LAYERS);
    };
    let stages @ [first, conv] = [first, conv].map(|&at| &network.layers[at]);
    let options = network.options;
    let needs = [
        (!rest.iter().any(|block| matches!(block, Block::Stage { .. })), LAYERS),
        ([first, conv].iter().all(|layer| layer.kernel() == KERNEL), "5x5 kernels"),
        (options.pool.is_trained(), "a trained pooling (mean or sum)"),
        (options.squash.of_output() == options.squash, "a tanh after every layer"),
        (options.output != Output::Softmax, "an output that is no softmax"),
        (first.input.maps == 1, "one input map"),
        (first.output.maps <= SAMPLE_WORKGROUP as usize, FEW_MAPS),
    ];
    match needs.into_iter().find(|(met, _)| !met) {
        None => Ok(stages),
        Some((_, need)) => Err(need),
    }
}

impl Shapes {
    /// Lays out the memory, the table and the traces of a sample.
    ///
    /// # Errors
    /// [`Error::Usage`] if the network has other layers, or does not fit the memory.
    pub fn of(network: &Network, layout: &Layout, samples: usize) -> Result<Shapes> {
        let [first, conv] = stages(network, layout)
            .map_err(|need| refused(format!("needs {need}, which {} lacks", network.name)))?;
        let Kind::Conv(table) = &conv.kind else {
            unreachable!("a stage begins with a convolution")
        };
        let odd = network.layers[4..]
            .iter()
            .find(|layer| layer.kind != Kind::Rbf && !layer.input.size().is_multiple_of(QUAD));
        if let Some(odd) = odd {
            return Err(refused(format!(
                "does linear layers that see a multiple of {QUAD} inputs, and {:?} of {} sees {}",
                odd.name,
                network.name,
                odd.input.size()
            )));
        }

        let options = network.options;
        let input = network.input();
        let x_h2 = network.layers[1].output.size() as u32;
        let features = x_h2 + conv.output.size().max(input.size()) as u32;
        let (layers, trace) = linear_layers(network, layout, features);
        let widest = layers.iter().map(|layer| layer.inputs.max(layer.outputs)).max().unwrap_or(0);
        // The scores are distances, which come after the last layer, or the outputs of the last layer itself.
        let criterion = Criterion::of(&options);
        let last = layers.last().expect("a network has an output");
        let (scores, scratch) = match criterion.is_rbf() {
            true => (last.y + last.outputs, last.y + last.outputs + options.classes as u32),
            false => (last.y, last.y + last.outputs),
        };
        let inputs = layers.iter().map(|layer| layer.inputs);
        // The larger of two uses: where invocations share sums, half of them leave a vec4 each; and the second pooling
        // leaves a term for each number of s2 (sample_second_backward.wgsl), which the first linear layer reads.
        let scratch_size = inputs.fold(2 * SAMPLE_WORKGROUP, u32::max);
        // The sums of the first stage take the memory from 0 on, over what stood there.
        let memory = (scratch + scratch_size).max(SUMS / 2 * (SAMPLE_WORKGROUP + 1));
        let mut words: Vec<u32> = bytemuck::cast_slice(&layers).to_vec();
        words.extend(table.words());
        if criterion.is_rbf() {
            words.extend(bitmaps::centres().into_iter().map(f32::to_bits));
        }
        within(
            network,
            [
                ("numbers in the workgroup memory of a sample", memory, MEMORY),
                ("units in a layer", widest, 4 * SAMPLE_WORKGROUP),
                ("parameters in its stages", layout.stages as u32, UNIFORM_WINDOW as u32),
                ("words in its table", words.len() as u32, UNIFORM_WINDOW as u32),
            ],
        )?;

        let (scale, background) = options.scaling.scale_and_background();
        let sample = Sample {
            samples: samples as u32,
            record: Record { side: options.side },
            height: input.height as u32,
            width: input.width as u32,
            border: options.border as u32,
            scale,
            background,
            distort: None,
            first_maps: first.output.maps as u32,
            maps: table.maps() as u32,
            connections: table.count() as u32,
            pooling: Some(options.pool),
            second: layout.starts[1] as u32,
            layers: layers.len() as u32,
            classes: options.classes as u32,
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
        Ok(Shapes { sample, layers, table: words })
    }
}

fn refused(what: String) -> Error {
    Error::Usage(format!("--plan sample {what}: use --plan layered"))
}

/// Refuses a network that has more of something than the kernels can take: what, how many, the most.
fn within(network: &Network, limits: [(&str, u32, u32); 4]) -> Result<()> {
    match limits.into_iter().find(|(_, found, most)| found > most) {
        None => Ok(()),
        Some((what, found, most)) => Err(refused(format!(
            "takes at most {most} {what}, and {} with --border {} has {found}",
            network.name, network.options.border
        ))),
    }
}

/// The linear layers of a network, and the length of a row of traces. Their workgroup memory begins at word `x`, with
/// what the first of them reads. The inputs of a layer are the numbers of a row of its weights, gaps included.
fn linear_layers(network: &Network, layout: &Layout, mut x: u32) -> (Vec<Layer>, u32) {
    let mut trace = layout.stages as u32;
    let mut layers = Vec::new();
    for (index, (block, &start)) in layout.blocks.iter().zip(&layout.starts).enumerate() {
        let Block::Linear(at) = *block else { continue };
        let (inputs, outputs) =
            (layout.widths[index] as u32, network.layers[at].output.maps as u32);
        let biases = (start - layout.stages) as u32;
        let weights = biases + aligned(outputs as usize) as u32;
        let (x_trace, dy_trace) = (trace, trace + inputs);
        let y = x + inputs;
        layers.push(Layer { inputs, outputs, biases, weights, x, y, x_trace, dy_trace });
        trace += inputs + outputs.next_multiple_of(4);
        x = y;
    }
    (layers, trace)
}
