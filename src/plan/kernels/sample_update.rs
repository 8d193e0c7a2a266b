//! `sample_update`: the sums over the samples that `sample_step` leaves, and their epilogue.

use super::Work;
use crate::plan::constant::constants;
use crate::plan::epilogue::Epilogue;

/// Samples whose traces it reads together; in step with its shader.
const TOGETHER: u32 = 8;
/// Invocations of a workgroup.
const WORKGROUP: u32 = 64;
/// Invocations that share a sum at most.
const MOST_PARTS: u32 = 8;

constants! {
    /// Constants of `sample_update`.
    SampleUpdate {
        samples: u32,
        /// Parameters, gaps included; a multiple of 4.
        parameters: u32,
        /// Those of the stages, gaps included; a multiple of 4.
        stages: u32,
        layers: u32,
        trace: u32,
        /// Invocations that share the samples; a power of two.
        parts: u32,
        epilogue: Epilogue,
    }
}

impl SampleUpdate {
    /// Invocations that should share the sums over `samples` samples.
    pub fn parts_of(samples: u32) -> u32 {
        (samples / TOGETHER).next_power_of_two().clamp(1, MOST_PARTS)
    }

    pub(super) fn work(&self) -> Work {
        Work {
            items: self.parameters / 4 * self.parts,
            iterations: self.samples + self.samples.div_ceil(TOGETHER) + 1 + self.layers,
            multiply_adds: u64::from(self.parameters) * u64::from(self.samples + 3),
        }
    }

    pub(super) fn launch(&self) -> (u32, u32) {
        (WORKGROUP, (self.parameters / 4).div_ceil(WORKGROUP / self.parts))
    }
}
