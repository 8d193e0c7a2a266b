//! What an operation costs: pieces of work, loop iterations, multiply-adds.

use super::op::{Op, Stage};
use super::sample::{SAMPLE_WORKGROUP, TOGETHER};
use crate::network::{CLASSES, DIGIT_SIDE, TAPS};

impl Op {
    /// Independent pieces of work, ITEMS in the shader: one invocation does one after the other.
    pub fn items(&self) -> u32 {
        let tiles = |n: u32, tile: u32| n.div_ceil(tile);
        match self {
            Op::Gather(k) => k.samples * k.rows(),
            Op::FirstStageForward(k) => k.samples * k.blocks(),
            Op::ConvPoolForward(k) => k.samples * k.m * k.blocks(),
            Op::FirstStageBackward(k) => k.m * k.slots,
            Op::ConvBackwardWeights(k) => k.j * k.slots,
            Op::ConvBackwardInput(k) => k.samples * k.c * (k.height / k.below),
            Op::LinearForward(k) => tiles(k.samples, 4) * tiles(k.rows, k.tile),
            Op::LinearBackwardInput(k) => tiles(k.samples, k.tile) * (k.inputs / 4),
            Op::LinearUpdate(k) => tiles(k.outputs, k.tile) * (k.inputs / 4),
            Op::LinearBackward(k) => k.inputs / 4,
            Op::Output(k) => k.samples,
            Op::Update(k) => k.parameters / 4,
            Op::SampleForward(k) | Op::SampleStep(k) => k.samples * SAMPLE_WORKGROUP,
            Op::SampleUpdate(k) => k.parameters / 4,
            Op::Advance => 1,
        }
    }

    /// Loop iterations that one item takes at most, loops that the driver may unroll included.
    ///
    /// Mesa 22.3 ends loops without an error after 65,535 iterations of one invocation.
    pub fn iterations_per_item(&self) -> u32 {
        // Reading what a block sees and the kernel; a loop over a row of the block for each tap row.
        let see = |k: &Stage| (k.rows() + 4) * (2 * k.strip + 5) + 26;
        let taps = |k: &Stage| 5 * k.rows() * (2 * k.strip + 1);
        let finish = |k: &Stage| k.rows() * (4 * k.strip + 2) + k.tall * (k.strip + 1);
        // Columns of blocks, each of as many as there are pooled rows.
        let units = |k: &Stage| (k.samples * k.across()).div_ceil(k.slots);
        let column = |k: &Stage| see(k) + k.ph() * (taps(k) + see(k) + finish(k) + 1) + 1;
        match self {
            Op::Gather(k) => 36.max(k.width + 1),
            Op::FirstStageForward(k) => k.m * (taps(k) + finish(k) + 26) + see(k),
            // A feature map sees at most all C input maps.
            Op::ConvPoolForward(k) => k.c * (taps(k) + see(k)) + finish(k),
            Op::FirstStageBackward(k) => units(k) * (column(k) + k.ph() * taps(k)) + 50,
            Op::ConvBackwardWeights(k) => units(k) * column(k) + 50,
            Op::ConvBackwardInput(k) => {
                let row = k.pw() + 1 + 5 * (k.ow() + 1);
                k.m * ((k.below + 4) * row + 26) + k.below * (k.width + 1)
            }
            Op::LinearForward(k) => k.inputs / 4 * (k.tile + 1) + 6 * k.tile,
            Op::LinearBackwardInput(k) => k.rows * (k.tile + 1) + 2 * k.tile,
            Op::LinearUpdate(k) => k.samples * (k.tile + 6) + k.tile,
            Op::LinearBackward(k) => k.outputs * (k.samples + 1) + 8 * k.samples,
            Op::Output(k) => k.inputs / 2 * (CLASSES as u32 + 1) + 8 * CLASSES as u32,
            Op::Update(k) => k.slots,
            Op::SampleForward(k) => k.forward_iterations(),
            Op::SampleStep(k) => k.forward_iterations() + k.backward_iterations(),
            Op::SampleUpdate(k) => k.samples + k.samples.div_ceil(TOGETHER) + 1 + k.layers,
            Op::Advance => 0,
        }
    }

    /// Multiply-adds of one dispatch, the squashes left out.
    pub fn multiply_adds(&self) -> u64 {
        let area = |k: &Stage| u64::from(k.samples * k.oh() * k.ow());
        let taps = |k: &Stage| area(k) * u64::from(k.j) * TAPS as u64;
        let pool = |k: &Stage| area(k) * u64::from(k.m);
        match self {
            Op::Gather(k) => {
                // Of a distorted pixel: two shares of four bytes, and the place it comes from.
                let pixel = if k.distort.is_some() { 7 * k.width } else { DIGIT_SIDE as u32 };
                u64::from(k.samples * k.rows() * pixel)
            }
            Op::FirstStageForward(k) | Op::ConvPoolForward(k) => taps(k) + pool(k),
            Op::FirstStageBackward(k) => 2 * taps(k) + 2 * pool(k),
            Op::ConvBackwardWeights(k) | Op::ConvBackwardInput(k) => taps(k) + pool(k),
            Op::LinearForward(k) | Op::LinearBackwardInput(k) => {
                u64::from(k.samples) * u64::from(k.inputs) * u64::from(k.rows)
            }
            Op::LinearUpdate(k) => {
                u64::from(k.samples + 3) * u64::from(k.inputs) * u64::from(k.outputs)
            }
            Op::LinearBackward(k) => {
                u64::from(2 * k.samples + 3) * u64::from(k.inputs) * u64::from(k.outputs)
            }
            Op::Output(k) => 2 * u64::from(k.samples) * u64::from(k.inputs) * CLASSES as u64,
            Op::Update(k) => u64::from(k.parameters) * u64::from(k.slots + 3),
            Op::SampleForward(k) => u64::from(k.samples) * k.forward_multiply_adds(),
            Op::SampleStep(k) => {
                let backward = k.backward_multiply_adds();
                u64::from(k.samples) * (k.forward_multiply_adds() + backward)
            }
            Op::SampleUpdate(k) => u64::from(k.parameters) * u64::from(k.samples + 3),
            Op::Advance => 0,
        }
    }
}
