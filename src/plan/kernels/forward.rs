//! `first_stage_forward` and `conv_pool_forward`: a convolution stage, forward.

use super::stage::Stage;
use super::{Spec, Work};
use crate::network::TAPS;
use crate::plan::constant::constants;

constants! {
    /// The first stage, which sees one map.
    FirstStageForward(Stage)
}

impl Spec for FirstStageForward {
    fn work(&self) -> Work {
        Work {
            items: self.samples * self.blocks(),
            iterations: self.m * (self.taps() + self.finish() + TAPS as u32 + 1) + self.load(),
            multiply_adds: self.multiply_adds(),
        }
    }
}

constants! {
    /// A stage after the first.
    ConvPoolForward(Stage)
}

impl Spec for ConvPoolForward {
    fn work(&self) -> Work {
        // A feature map sees at most all C input maps.
        Work {
            items: self.samples * self.m * self.blocks(),
            iterations: self.c * (self.taps() + self.load()) + self.finish(),
            multiply_adds: self.multiply_adds(),
        }
    }
}
