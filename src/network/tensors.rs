//! Where each parameter stands in the one flat buffer that holds them all.
//!
//! The buffer is a row of groups, one a convolution stage (convolution and a pooling after it)
//! or linear layer, each beginning at a multiple of [`ALIGN`] so that it can be bound alone. Inside
//! a stage: weights `[J, K, K]`, biases `[M]`, and of a trained pooling coefficients `[M]` and biases `[M]`.
//! Inside a linear layer: biases, then from the next multiple of [`ALIGN`] the weights
//! `[outputs, inputs]`.
//!
//! Kernels of linear layers read four inputs side by side. So a linear layer has its inputs and its
//! outputs filled up to a multiple of four ([`Layout::widths`]): its weights have a row stride and some
//! rows more than units. These numbers and all gaps are zero and stay so.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};

use super::build;
use super::{Kind, Layer, Network, Squash};
use crate::error::Result;

/// Numbers between two places where a binding may begin: 256 bytes, WebGPU's default limit.
pub const ALIGN: usize = 64;

/// Numbers in a uniform window: 64 KiB, WebGPU's default limit.
pub const UNIFORM_WINDOW: usize = 16_384;

/// Samples of a window of a stage, where so many fit.
const WINDOW_SAMPLES: usize = 8;

/// Inputs that the kernels of a linear layer read side by side.
pub const QUAD: usize = 4;

/// What a tensor is for, which decides how it starts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Role {
    Weight,
    Bias,
    /// Trained factor of a pooling map.
    Coefficient,
    PoolBias,
}

/// A named piece of the parameter buffer, with the name and shape that the notebook's PyTorch
/// modules would give it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Tensor {
    pub name: String,
    pub shape: Vec<usize>,
    pub role: Role,
    /// Inputs of one of its units, the bias left out.
    pub fan_in: usize,
    /// Place of the first number in the buffer.
    pub start: usize,
    /// Numbers of the buffer from one row to the next. A row is all but the first dimension.
    pub stride: usize,
}

impl Tensor {
    /// Numbers in it.
    pub fn size(&self) -> usize {
        self.shape.iter().product()
    }

    /// Numbers in a row.
    fn row(&self) -> usize {
        self.shape[1..].iter().product()
    }

    /// The place of each number in the buffer, row by row.
    pub fn places(&self) -> impl Iterator<Item = usize> + Clone + use<> {
        let (start, stride, row) = (self.start, self.stride, self.row());
        (0..self.shape[0]).flat_map(move |at| start + at * stride..start + at * stride + row)
    }

    /// Its numbers, row by row, out of a buffer.
    pub fn numbers<'a>(&self, buffer: &'a [f32]) -> Cow<'a, [f32]> {
        match self.stride == self.row() {
            true => Cow::Borrowed(&buffer[self.start..][..self.size()]),
            false => Cow::Owned(self.places().map(|place| buffer[place]).collect()),
        }
    }

    /// Puts its numbers, row by row, into a buffer.
    pub fn put(&self, numbers: &[f32], buffer: &mut [f32]) {
        for (place, &number) in self.places().zip(numbers) {
            buffer[place] = number;
        }
    }
}

/// Layers whose parameters are bound together.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Block {
    /// A convolution and the pooling after it, if there is one, as indices into the layers.
    Stage { conv: usize, pool: Option<usize> },
    /// A linear layer, or a convolution that sees its whole input at once (C5).
    Linear(usize),
    /// The distances to the bitmaps: no parameters.
    Rbf(usize),
}

impl Block {
    /// Index of the layer whose output leaves the block.
    pub fn output(&self) -> usize {
        match *self {
            Block::Stage { conv, pool } => pool.unwrap_or(conv),
            Block::Linear(at) | Block::Rbf(at) => at,
        }
    }
}

/// The buffer of parameters of a network.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Layout {
    pub blocks: Vec<Block>,
    /// Numbers from one sample to the next in front of each block and after the last: those that
    /// there are, filled up in front of a linear layer to a multiple of [`QUAD`], beside a stage so that few samples
    /// make a window.
    pub widths: Vec<usize>,
    /// Place of the first number of each block.
    pub starts: Vec<usize>,
    pub tensors: Vec<Tensor>,
    /// Numbers up to the end of the last convolution stage, gaps included.
    pub stages: usize,
    /// Numbers in all, gaps included.
    pub size: usize,
}

/// The next multiple of [`ALIGN`].
pub fn aligned(size: usize) -> usize {
    size.next_multiple_of(ALIGN)
}

/// Groups the layers of a network into blocks.
///
/// # Errors
/// [`crate::Error::Usage`] if a pooling stands after anything but a convolution.
pub fn blocks(network: &Network) -> Result<Vec<Block>> {
    let layers = &network.layers;
    let mut blocks = Vec::new();
    let mut at = 0;
    while at < layers.len() {
        let pooled = layers.get(at + 1).is_some_and(|next| matches!(next.kind, Kind::Pool(_)));
        let one_by_one = layers[at].output.height == 1;
        let fault = |what: &str| build::fault(&network.name, at, &layers[at].name, what);
        blocks.push(match &layers[at].kind {
            Kind::Conv(_) if pooled => Block::Stage { conv: at, pool: Some(at + 1) },
            Kind::Conv(table) if one_by_one && table.is_full() => Block::Linear(at),
            Kind::Conv(_) => Block::Stage { conv: at, pool: None },
            Kind::Linear => Block::Linear(at),
            Kind::Rbf => Block::Rbf(at),
            Kind::Pool(_) => return Err(fault("a pooling has to stand after a convolution")),
        });
        at = blocks.last().expect("just pushed").output() + 1;
    }
    Ok(blocks)
}

fn widths(network: &Network, blocks: &[Block]) -> Vec<usize> {
    let in_front = |index: usize| {
        let before = index.checked_sub(1).map(|before| &blocks[before]);
        let size = match before {
            Some(before) => network.layers[before.output()].output.size(),
            None => network.input().size(),
        };
        match blocks.get(index) {
            // The bitmaps have 84 numbers.
            Some(Block::Rbf(_)) | None => size,
            Some(block) => {
                let before = before.map_or(1, |before| multiple(network, before));
                size.next_multiple_of(multiple(network, block).max(before))
            }
        }
    };
    (0..=blocks.len()).map(in_front).collect()
}

/// What the numbers from one sample to the next are a multiple of in front of a block and after it. Windows of
/// [`WINDOW_SAMPLES`] samples of a stage, or of as few as a uniform window holds, begin where a binding may.
fn multiple(network: &Network, block: &Block) -> usize {
    let &Block::Stage { conv, pool } = block else { return QUAD };
    let Layer { input, output, .. } = &network.layers[conv];
    // The first stage stores no output of the convolution.
    let most = match pool {
        Some(pool) if conv == 0 => network.layers[pool].output.size(),
        _ => output.size(),
    };
    let samples = (UNIFORM_WINDOW / most.max(input.size())).clamp(1, WINDOW_SAMPLES);
    // A power of two divides ALIGN.
    ALIGN >> samples.ilog2()
}

impl Layout {
    /// The activation that made the input of a block; `None` after a plain pooling.
    pub fn input_squash(&self, network: &Network, block: usize) -> Option<Squash> {
        let before = block.checked_sub(1).map(|before| &self.blocks[before]);
        let pooled =
            before.is_some_and(|block| matches!(block, Block::Stage { pool: Some(_), .. }));
        let options = network.options;
        (!pooled || options.pool.is_trained()).then_some(options.squash)
    }

    /// Lays out the parameters of a network.
    ///
    /// # Errors
    /// The errors of [`blocks`].
    pub fn of(network: &Network) -> Result<Layout> {
        let blocks = blocks(network)?;
        let widths = widths(network, &blocks);
        let (starts, tensors) = (Vec::new(), Vec::new());
        let mut layout = Layout { blocks, widths, starts, tensors, stages: 0, size: 0 };
        for (index, block) in layout.blocks.clone().into_iter().enumerate() {
            let start = layout.size;
            layout.starts.push(start);
            match block {
                Block::Stage { conv, pool } => {
                    let pool = pool.map(|pool| &network.layers[pool]);
                    layout.stage(start, &network.layers[conv], pool);
                    layout.stages = layout.size;
                }
                Block::Linear(at) => layout.linear(start, index, &network.layers[at]),
                Block::Rbf(_) => {}
            }
        }
        Ok(layout)
    }

    fn push(&mut self, name: String, shape: &[usize], role: Role, fan_in: usize, start: usize) {
        let stride = shape[1..].iter().product();
        let tensor = Tensor { name, shape: shape.to_vec(), role, fan_in, start, stride };
        self.size = aligned(start + tensor.size()).max(self.size);
        self.tensors.push(tensor);
    }

    fn stage(&mut self, start: usize, conv: &Layer, pool: Option<&Layer>) {
        let Kind::Conv(table) = &conv.kind else {
            unreachable!("a stage begins with a convolution")
        };
        let (kernel, taps) = (conv.kernel(), conv.taps());
        let (maps, bias) = (table.maps(), start + table.count() * taps);
        // Of each pair of tensors: prefix of the name, feature maps, input maps.
        let pairs = match table.is_full() {
            true => vec![(conv.name.clone(), maps, table.inputs())],
            false => (0..maps)
                .map(|map| (format!("{}.convs.{map}", conv.name), 1, table.row(map).len()))
                .collect(),
        };
        let (mut weights, mut biases) = (start, bias);
        for (prefix, maps, inputs) in pairs {
            let (fan_in, shape) = (inputs * taps, [maps, inputs, kernel, kernel]);
            self.push(format!("{prefix}.weight"), &shape, Role::Weight, fan_in, weights);
            self.push(format!("{prefix}.bias"), &[maps], Role::Bias, fan_in, biases);
            weights += maps * fan_in;
            biases += maps;
        }
        let trained = |layer: &&Layer| layer.parameters() > 0;
        let Some(pool) = pool.filter(trained) else { return };
        let (name, shape) = (&pool.name, [maps, 1, 1]);
        self.push(format!("{name}.weight"), &shape, Role::Coefficient, 4, bias + maps);
        self.push(format!("{name}.bias"), &shape, Role::PoolBias, 4, bias + 2 * maps);
    }

    fn linear(&mut self, start: usize, block: usize, layer: &Layer) {
        let (units, inputs) = (layer.output.maps, layer.input.size());
        let shape = match layer.kind {
            Kind::Conv(_) => vec![units, layer.input.maps, layer.input.height, layer.input.width],
            _ => vec![units, inputs],
        };
        let [stride, rows] = [self.widths[block], self.widths[block + 1]];
        let weights = start + aligned(rows);
        self.push(format!("{}.weight", layer.name), &shape, Role::Weight, inputs, weights);
        self.tensors.last_mut().expect("just pushed").stride = stride;
        self.push(format!("{}.bias", layer.name), &[units], Role::Bias, inputs, start);
        self.size = aligned(weights + rows * stride);
    }
}
