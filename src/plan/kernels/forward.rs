//! `first_stage_forward`, `conv_pool_forward` and `conv_forward`: a convolution stage, forward.

use super::stage::Stage;
use super::{Spec, Work};
use crate::plan::constant::constants;

constants! {
    /// The first stage, which sees one map.
    FirstStageForward(Stage)
}

impl Spec for FirstStageForward {
    fn work(&self) -> Work {
        Work {
            items: self.samples * self.blocks(),
            iterations: self.m * (self.sums() + self.finish() + self.taps() + 1) + self.load(),
            multiply_adds: self.multiply_adds(),
        }
    }
}

constants! {
    /// A stage after the first, with a pooling.
    ConvPoolForward(Stage)
}

impl Spec for ConvPoolForward {
    fn work(&self) -> Work {
        later(self)
    }
}

constants! {
    /// A stage after the first, without a pooling.
    ConvForward(Stage)
}

impl Spec for ConvForward {
    fn work(&self) -> Work {
        later(self)
    }
}

fn later(k: &Stage) -> Work {
    // A feature map sees at most all C input maps.
    Work {
        items: k.samples * k.m * k.blocks(),
        iterations: k.c * (k.sums() + k.load()) + k.finish(),
        multiply_adds: k.multiply_adds(),
    }
}
