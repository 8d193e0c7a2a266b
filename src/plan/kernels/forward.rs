//! `first_stage_forward` and `conv_pool_forward`: a convolution stage, forward.

use super::{Spec, Stage, Work};
use crate::plan::constant::Constants;
use crate::plan::shader::{ShaderFile, shader};

/// The first stage, which sees one map.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct FirstStageForward(pub Stage);

impl Spec for FirstStageForward {
    fn shader(&self) -> &'static ShaderFile {
        shader!("first_stage_forward")
    }

    fn declare(&self, constants: &mut Constants) {
        self.0.declare_fields(constants);
    }

    fn work(&self) -> Work {
        let k = &self.0;
        Work {
            items: self.0.samples * self.0.blocks(),
            iterations: k.m * (k.taps() + k.finish() + 26) + k.see(),
            multiply_adds: self.0.convolution() + self.0.pooling(),
        }
    }
}

/// A stage after the first.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ConvPoolForward(pub Stage);

impl Spec for ConvPoolForward {
    fn shader(&self) -> &'static ShaderFile {
        shader!("conv_pool_forward")
    }

    fn declare(&self, constants: &mut Constants) {
        self.0.declare_fields(constants);
    }

    fn work(&self) -> Work {
        let k = &self.0;
        // A feature map sees at most all C input maps.
        Work {
            items: self.0.samples * self.0.m * self.0.blocks(),
            iterations: k.c * (k.taps() + k.see()) + k.finish(),
            multiply_adds: self.0.convolution() + self.0.pooling(),
        }
    }
}
