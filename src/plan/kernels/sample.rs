//! `sample_forward` and `sample_step`: a whole sample in one workgroup.

use super::gather::of_data_set;
use super::stage::Stage;
use super::{Moved, Work};
use crate::network::{KERNEL, PoolForm, Squash, bitmaps};
use crate::plan::abi::Record;
use crate::plan::constant::constants;
use crate::plan::criterion::Criterion;
use crate::plan::distortion::Distortion;
use crate::plan::sample::LAYER_WORDS;

/// Invocations of the workgroup that does a sample.
pub const SAMPLE_WORKGROUP: u32 = 256;
/// Side of the kernels.
const K: u32 = KERNEL as u32;
/// Gradients of one map of the first stage: those of a kernel, a bias, a coefficient and a pooling bias.
pub const SUMS: u32 = K * K + 3;
/// Most invocations that share one sum of a linear layer; an RBF distance always has this many.
pub const LANES: u32 = 8;

constants! {
    /// Constants of `sample_forward` and `sample_step`, in step with `shaders/sample.wgsl`. A
    /// network of two convolution stages, of which the first sees one map, and linear layers.
    Sample {
        /// Samples of the batch.
        samples: u32,
        record: Record,
        height: u32,
        width: u32,
        border: u32,
        scale: f32,
        background: f32,
        distort: Option<Distortion>,
        /// Feature maps of the first stage.
        first_maps: u32,
        /// Feature maps of the second stage.
        maps: u32,
        /// Connections of the second stage.
        connections: u32,
        pooling: Option<PoolForm>,
        /// Where the parameters of the second stage begin in p.
        second: u32,
        /// Linear layers, a linear output included.
        layers: u32,
        /// Outputs.
        classes: u32,
        /// Number of weights of all linear layers, gaps in their rows included.
        linear_weights: u32,
        /// Place in memory of x and h2.
        x_h2: u32,
        /// Place in memory of s2, and of all y after it.
        features: u32,
        /// Place in memory of the outputs.
        scores: u32,
        /// Place in memory of what several invocations add up.
        scratch: u32,
        /// Numbers in memory.
        memory: u32,
        /// Numbers in a row of traces.
        trace: u32,
        criterion: Criterion,
        squash: Squash,
        /// Whether the backward pass has second derivatives.
        curvature: bool,
        /// Whether those of eq. 9 are exact, not constant.
        exact: bool,
    }
}

impl Sample {
    fn stage(&self, c: u32, m: u32, j: u32, height: u32, width: u32) -> Stage {
        let mut stage = Stage {
            samples: 1,
            k: K,
            c,
            m,
            j,
            height,
            width,
            x_stride: c * height * width,
            s_stride: 0,
            tile_width: 1,
            tile_height: 1,
            dx_rows: height,
            pooling: self.pooling,
            input_squash: Some(self.squash),
            partial_rows: 1,
            stride: self.trace,
            squash: self.squash,
            curvature: self.curvature,
        };
        stage.s_stride = m * stage.ph() * stage.pw();
        stage
    }

    /// The first stage, for one sample.
    pub fn first_stage(&self) -> Stage {
        self.stage(1, self.first_maps, self.first_maps, self.height, self.width)
    }

    /// The second stage, for one sample.
    pub fn second_stage(&self) -> Stage {
        let first = self.first_stage();
        self.stage(self.first_maps, self.maps, self.connections, first.ph(), first.pw())
    }

    /// Where the connection table begins in the table.
    pub fn connection_table(&self) -> usize {
        self.layers as usize * LAYER_WORDS
    }

    /// Where the bitmaps begin in the table.
    pub fn centres(&self) -> usize {
        let (maps, first_maps) = (self.maps as usize, self.first_maps as usize);
        self.connection_table() + maps + first_maps + 2 + 3 * self.connections as usize
    }
}

/// Iterations to load an input patch of (K + 1) x (K + 1) values.
const LOAD: u32 = (K + 1) * (K + 2);
/// Iterations over the taps of a kernel.
const TAP_LOOPS: u32 = K * (K + 1);

/// What the samples of a batch cost.
impl Sample {
    /// Everything from the digit to the loss.
    pub(super) fn forward(&self) -> Work {
        Work {
            items: self.samples * SAMPLE_WORKGROUP,
            iterations: self.forward_iterations(),
            multiply_adds: u64::from(self.samples) * self.forward_multiply_adds(),
        }
    }

    /// Everything from the digit to the gradients of each sample.
    pub(super) fn step(&self) -> Work {
        let of_sample = self.forward_multiply_adds() + self.backward_multiply_adds();
        Work {
            items: self.samples * SAMPLE_WORKGROUP,
            iterations: self.forward_iterations() + self.backward_iterations(),
            multiply_adds: u64::from(self.samples) * of_sample,
        }
    }

    /// A workgroup a sample.
    pub(super) fn launch(&self) -> (u32, u32) {
        (SAMPLE_WORKGROUP, self.samples)
    }

    /// Most loop iterations of the busiest invocation up to the loss.
    fn forward_iterations(&self) -> u32 {
        let (first, second) = (self.first_stage(), self.second_stage());
        let digit = rounds(self.height * self.width);
        let first = rounds(first.blocks()) * (LOAD + self.first_maps * (TAP_LOOPS + 1));
        let second = rounds(self.maps * second.blocks()) * self.first_maps * (LOAD + TAP_LOOPS);
        let linear = self.layers * (self.widest() / 4 + 5 * LANES);
        digit + first + second + linear + 12 * LANES + 40
    }

    /// The same from the loss to the gradients.
    fn backward_iterations(&self) -> u32 {
        let (first, second) = (self.first_stage(), self.second_stage());
        let digit = rounds(self.height * self.width);
        let linear = self.layers * (3 * self.widest() + 5 * LANES) + self.classes;
        let area = second.oh() * (second.ow() + 1);
        let weights = rounds(K * self.connections + 3 * self.maps) * (area + K);
        let input = rounds(self.first_maps * first.blocks() / 4);
        let input = input * self.maps * (LOAD + TAP_LOOPS + 1);
        let threads = SAMPLE_WORKGROUP / self.first_maps;
        let blocks = first.blocks().div_ceil(threads) * (LOAD + 2 * (TAP_LOOPS + 1));
        let sums = SUMS + 2 * rounds(SUMS / 2 * self.first_maps) * threads;
        digit + linear + weights + input + blocks + sums
    }

    /// Upper bound of the units of a linear layer.
    fn widest(&self) -> u32 {
        self.scratch - self.features
    }

    /// Multiply-adds of a sample up to the loss, the squashes left out.
    fn forward_multiply_adds(&self) -> u64 {
        let distances = if self.criterion.is_rbf() { bitmaps::centres().len() as u64 } else { 0 };
        self.stages() + u64::from(self.linear_weights) + distances
    }

    /// The same from the loss to the gradients: the first stage recomputes h1 and has no input gradient.
    fn backward_multiply_adds(&self) -> u64 {
        2 * self.stages() + u64::from(self.linear_weights)
    }

    fn stages(&self) -> u64 {
        self.first_stage().multiply_adds() + self.second_stage().multiply_adds()
    }

    pub(super) fn moved(&self, binding: &str, words: usize) -> Option<Moved> {
        match binding {
            "totals" => Some(Moved::both(words)),
            _ => of_data_set(self.record, self.samples as usize, binding, words),
        }
    }
}

/// Number of items that the busiest invocation computes.
fn rounds(items: u32) -> u32 {
    items.div_ceil(SAMPLE_WORKGROUP)
}
