//! What a whole sample costs: loop iterations, multiply-adds.

use super::constant::LossKind;
use super::sample::{LANES, SAMPLE_WORKGROUP, SUMS, Sample};
use crate::network::{CLASSES, TAPS, bitmaps};

impl Sample {
    /// Loop iterations of the busiest invocation up to the loss, at most.
    pub(super) fn forward_iterations(&self) -> u32 {
        let rounds = |items: u32| items.div_ceil(SAMPLE_WORKGROUP);
        let (first, second) = (self.first_stage(), self.second_stage());
        let patch = 42 + 30;
        let digit = rounds(self.height * self.width);
        let first = rounds(first.blocks()) * (42 + self.first_maps * 31);
        let second = rounds(self.maps * second.blocks()) * self.first_maps * patch;
        let linear = self.layers * (self.widest() / 4 + 5 * LANES);
        digit + first + second + linear + 12 * LANES + 40
    }

    /// The same from the loss to the gradients.
    pub(super) fn backward_iterations(&self) -> u32 {
        let rounds = |items: u32| items.div_ceil(SAMPLE_WORKGROUP);
        let (first, second) = (self.first_stage(), self.second_stage());
        let digit = rounds(self.height * self.width);
        let linear = self.layers * (3 * self.widest() + 5 * LANES) + CLASSES as u32;
        let area = second.oh() * (second.ow() + 1);
        let weights = rounds(5 * self.connections + 3 * self.maps) * (area + 5);
        let input = rounds(self.first_maps * first.blocks() / 4) * self.maps * (42 + 31);
        let slots = SAMPLE_WORKGROUP / self.first_maps;
        let blocks = first.blocks().div_ceil(slots) * (42 + 31 + 31);
        let sums = SUMS + 2 * rounds(SUMS / 2 * self.first_maps) * slots;
        digit + linear + weights + input + blocks + sums
    }

    /// Units of a linear layer at most.
    fn widest(&self) -> u32 {
        self.scratch - self.features
    }

    /// Multiply-adds of a sample up to the loss, the squashes left out.
    pub(super) fn forward_multiply_adds(&self) -> u64 {
        let distances = if self.loss == LossKind::Targets { 0 } else { bitmaps::centres().len() };
        self.stage_multiply_adds().iter().sum::<u64>()
            + u64::from(self.linear_weights)
            + distances as u64
    }

    /// The same from the loss to the gradients: the first stage makes h1 anew and hands nothing on.
    pub(super) fn backward_multiply_adds(&self) -> u64 {
        let [first, second] = self.stage_multiply_adds();
        2 * first + 2 * second + u64::from(self.linear_weights)
    }

    fn stage_multiply_adds(&self) -> [u64; 2] {
        [self.first_stage(), self.second_stage()]
            .map(|k| u64::from(k.oh() * k.ow()) * u64::from(k.j * TAPS as u32 + k.m))
    }
}
