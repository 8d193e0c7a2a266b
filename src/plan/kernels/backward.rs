//! `first_stage_backward`, `conv_backward_weights` and `conv_backward_input`: a convolution stage,
//! backward.

use super::{Moved, Spec, Stage, Work};
use crate::plan::binding::Binding;
use crate::plan::constant::Constants;
use crate::plan::shader::{ShaderFile, shader};

/// Every gradient of the first stage, which hands nothing down.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct FirstStageBackward(pub Stage);

impl Spec for FirstStageBackward {
    fn shader(&self) -> &'static ShaderFile {
        shader!("first_stage_backward")
    }

    fn declare(&self, constants: &mut Constants) {
        self.0.declare_fields(constants);
    }

    fn work(&self) -> Work {
        let k = &self.0;
        Work {
            items: self.0.m * self.0.partial_rows,
            iterations: k.units() * (k.column() + k.ph() * k.taps()) + 50,
            multiply_adds: 2 * (self.0.convolution() + self.0.pooling()),
        }
    }

    fn is_curvature(&self) -> bool {
        self.0.curvature
    }

    fn moved(&self, binding: &Binding, words: usize) -> Moved {
        of_partials(&self.0, binding, words)
    }
}

/// Every gradient of a stage after the first.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ConvBackwardWeights(pub Stage);

impl Spec for ConvBackwardWeights {
    fn shader(&self) -> &'static ShaderFile {
        shader!("conv_backward_weights")
    }

    fn declare(&self, constants: &mut Constants) {
        self.0.declare_fields(constants);
    }

    fn work(&self) -> Work {
        Work {
            items: self.0.j * self.0.partial_rows,
            iterations: self.0.units() * self.0.column() + 50,
            multiply_adds: self.0.convolution() + self.0.pooling(),
        }
    }

    fn is_curvature(&self) -> bool {
        self.0.curvature
    }

    fn moved(&self, binding: &Binding, words: usize) -> Moved {
        of_partials(&self.0, binding, words)
    }
}

/// The input gradient of a stage after the first.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ConvBackwardInput(pub Stage);

impl Spec for ConvBackwardInput {
    fn shader(&self) -> &'static ShaderFile {
        shader!("conv_backward_input")
    }

    fn declare(&self, constants: &mut Constants) {
        self.0.declare_fields(constants);
    }

    fn work(&self) -> Work {
        let k = &self.0;
        let row = k.pw() + 1 + 5 * (k.ow() + 1);
        Work {
            items: self.0.samples * self.0.c * (self.0.height / self.0.dx_rows),
            iterations: k.m * ((k.dx_rows + 4) * row + 26) + k.dx_rows * (k.width + 1),
            multiply_adds: self.0.convolution() + self.0.pooling(),
        }
    }

    fn is_curvature(&self) -> bool {
        self.0.curvature
    }
}

/// Of the rows of partials, which reach over all stages, a stage writes its own columns.
fn of_partials(k: &Stage, binding: &Binding, words: usize) -> Moved {
    match binding.name {
        "partials" => Moved::written(((k.partial_rows * k.parameters()) as usize).min(words)),
        _ => Moved::all(binding, words),
    }
}
