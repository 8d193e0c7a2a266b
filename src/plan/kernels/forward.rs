//! `first_stage_forward`, `conv_pool_forward` and `conv_forward`: a convolution stage, forward.

use super::Work;
use super::stage::Stage;

impl Stage {
    /// The first stage, which sees one map.
    pub(super) fn first_forward(&self) -> Work {
        Work {
            items: self.samples * self.blocks(),
            iterations: self.m * (self.sums() + self.finish() + self.taps() + 1) + self.load(),
            multiply_adds: self.multiply_adds(),
        }
    }

    /// A stage after the first, whose feature maps see at most all C input maps.
    pub(super) fn forward(&self) -> Work {
        Work {
            items: self.samples * self.m * self.blocks(),
            iterations: self.c * (self.sums() + self.load()) + self.finish(),
            multiply_adds: self.multiply_adds(),
        }
    }
}
