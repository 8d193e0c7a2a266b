//! The kernels there are: for each its constants, its bindings and its header.
//!
//! The name of an operation is the name of its shader file, of the entry point in it, of its CPU
//! twin in [`crate::cpu`] and of its row in tests and benchmarks.

use super::binding::{
    Binding, read, read_vec4, storage_words, taken, uniform, uniform_words, words, write,
    write_vec2, write_vec4, write_words,
};
use super::constant::{LossKind, constants};
use super::distortion::Distortion;
pub use super::linear::{Linear, LinearBackward, LinearUpdate};
use super::rule::Rule;
use super::sample::{Sample, SampleUpdate};
use crate::network::{DIGIT_SIDE, Squash, TAPS};

constants! {
    /// Constants of `gather`.
    Gather {
        /// Samples of the batch, room for a last window included.
        samples: u32,
        /// Samples of a step that come before: another device does those.
        before: u32,
        height: u32,
        width: u32,
        border: u32,
        scale: f32,
        background: f32,
        distort: Option<Distortion>,
    }
}

impl Gather {
    /// Rows of x that it makes: without distortion the border stays as it is.
    pub fn rows(&self) -> u32 {
        if self.distort.is_some() { self.height } else { DIGIT_SIDE as u32 }
    }
}

constants! {
    /// Constants of the kernels of a convolution stage, in step with `shaders/conv_pool.wgsl`.
    Stage {
        samples: u32,
        /// Input maps.
        c: u32,
        /// Feature maps.
        m: u32,
        /// Connections.
        j: u32,
        /// Of the input.
        height: u32,
        width: u32,
        /// Pooled outputs side by side in a block; divides the pooled width.
        strip: u32,
        /// Pooled rows in a block, at most 8; divides the pooled height. 1 but in `conv_pool_forward`.
        tall: u32,
        /// Rows of dx that one invocation makes, at most 14; divides the height of the input.
        below: u32,
        /// 1/4 (mean) or 1 (sum).
        block_scale: f32,
        /// Rows of partial gradients.
        slots: u32,
        /// Numbers in such a row, over all stages.
        stride: u32,
        squash: Squash,
        /// Whether a backward kernel has second derivatives.
        curvature: bool,
    }
}

constants! {
    /// Constants of `output`.
    Output {
        samples: u32,
        /// Samples of the step that earlier shards of the batch have: where these begin in `y` and in
        /// `totals`, which all shards share.
        before: u32,
        /// Whether it moves the cursor: of shards that a device does one after the other only the last.
        advances: bool,
        /// A multiple of 4.
        inputs: u32,
        /// Where the weights begin in p; a multiple of 4.
        weights: u32,
        /// Also says whether the outputs are linear or distances.
        loss: LossKind,
        /// j of eq. 9.
        j: f32,
        squash: Squash,
        /// Whether it hands down second derivatives.
        curvature: bool,
        /// Whether those of eq. 9 are exact, not constant.
        exact: bool,
    }
}

constants! {
    /// Constants of `update`.
    Update {
        /// Parameters in the window; a multiple of 4.
        parameters: u32,
        slots: u32,
        stride: u32,
        rule: Rule,
    }
}

impl Stage {
    /// Height of h.
    pub fn oh(&self) -> u32 {
        self.height - 4
    }
    /// Width of h.
    pub fn ow(&self) -> u32 {
        self.width - 4
    }
    /// Height of s.
    pub fn ph(&self) -> u32 {
        self.oh() / 2
    }
    /// Width of s.
    pub fn pw(&self) -> u32 {
        self.ow() / 2
    }
    /// Numbers in p: weights, biases, coefficients, pooling biases.
    pub fn parameters(&self) -> u32 {
        self.j * TAPS as u32 + 3 * self.m
    }
    /// Where the biases begin in p.
    pub fn bias(&self) -> usize {
        self.j as usize * TAPS
    }
    /// Where the coefficients begin in p.
    pub fn coefficient(&self) -> usize {
        self.bias() + self.m as usize
    }
    /// Where the pooling biases begin in p.
    pub fn pool_bias(&self) -> usize {
        self.coefficient() + self.m as usize
    }
    /// Numbers in x, h and s of one sample.
    pub fn sizes(&self) -> [u32; 3] {
        let [x, h, s] = [self.height * self.width, self.oh() * self.ow(), self.ph() * self.pw()];
        [self.c * x, self.m * h, self.m * s]
    }
    /// Blocks of one map of one sample.
    pub fn blocks(&self) -> u32 {
        self.ph() * self.pw() / (self.strip * self.tall)
    }
    /// Columns of blocks of one map of one sample.
    pub fn across(&self) -> u32 {
        self.pw() / self.strip
    }
    /// Rows of h in a block.
    pub fn rows(&self) -> u32 {
        2 * self.tall
    }
}

/// A kernel with its constants.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Op {
    Gather(Gather),
    FirstStageForward(Stage),
    FirstStageBackward(Stage),
    ConvPoolForward(Stage),
    ConvBackwardWeights(Stage),
    ConvBackwardInput(Stage),
    LinearForward(Linear),
    LinearBackwardInput(Linear),
    LinearUpdate(LinearUpdate),
    LinearBackward(LinearBackward),
    Output(Output),
    Update(Update),
    SampleForward(Sample),
    SampleStep(Sample),
    SampleUpdate(SampleUpdate),
    Advance,
}

impl Op {
    /// Name of shader file, entry point and twin.
    pub fn name(&self) -> &'static str {
        match self {
            Op::Gather(_) => "gather",
            Op::FirstStageForward(_) => "first_stage_forward",
            Op::FirstStageBackward(_) => "first_stage_backward",
            Op::ConvPoolForward(_) => "conv_pool_forward",
            Op::ConvBackwardWeights(_) => "conv_backward_weights",
            Op::ConvBackwardInput(_) => "conv_backward_input",
            Op::LinearForward(_) => "linear_forward",
            Op::LinearBackwardInput(_) => "linear_backward_input",
            Op::LinearUpdate(_) => "linear_update",
            Op::LinearBackward(_) => "linear_backward",
            Op::Output(_) => "output",
            Op::Update(_) => "update",
            Op::SampleForward(_) => "sample_forward",
            Op::SampleStep(_) => "sample_step",
            Op::SampleUpdate(_) => "sample_update",
            Op::Advance => "advance",
        }
    }

    /// Whether it has to do with second derivatives: a kernel of [`super::Pass::Curvature`] alone.
    pub fn is_curvature(&self) -> bool {
        match self {
            Op::FirstStageBackward(k) | Op::ConvBackwardWeights(k) | Op::ConvBackwardInput(k) => {
                k.curvature
            }
            Op::LinearBackwardInput(k) => k.curvature,
            Op::LinearUpdate(k) => k.rule.is_curvature(),
            Op::Output(k) => k.curvature,
            Op::Update(k) => k.rule.is_curvature(),
            Op::SampleStep(k) => k.curvature,
            Op::SampleUpdate(k) => k.rule.is_curvature(),
            Op::Gather(_)
            | Op::FirstStageForward(_)
            | Op::ConvPoolForward(_)
            | Op::LinearForward(_)
            | Op::LinearBackward(_)
            | Op::SampleForward(_)
            | Op::Advance => false,
        }
    }

    /// The arguments, in the order of the shader's bindings and of the twin's parameters.
    pub fn bindings(&self) -> Vec<Binding> {
        match self {
            Op::Gather(_) => vec![
                storage_words("digits"),
                storage_words("order"),
                storage_words("steps"),
                storage_words("cursor"),
                write_words("now"),
                write_words("truth"),
                write("x"),
            ],
            Op::FirstStageForward(_) => vec![read("x"), read("p"), write("s")],
            Op::ConvPoolForward(_) => {
                vec![read("x"), read("p"), words("table"), write_vec2("h"), write("s")]
            }
            Op::FirstStageBackward(_) => {
                vec![read("x"), read("p"), read("ds"), write("partials")]
            }
            Op::ConvBackwardWeights(_) => {
                vec![read("x"), read("p"), read("h"), read("ds"), words("table"), write("partials")]
            }
            Op::ConvBackwardInput(_) => {
                vec![read("x"), read("p"), read("h"), read("ds"), words("table"), write_vec2("dx")]
            }
            Op::LinearForward(_) => {
                vec![read_vec4("x"), read_vec4("w"), read("bias"), words("row"), write("y")]
            }
            Op::LinearBackwardInput(_) => {
                vec![read_vec4("x"), read_vec4("w"), read("dy"), words("row"), write_vec4("dx")]
            }
            Op::LinearUpdate(k) => [
                vec![read_vec4("x"), read("dy"), words("now"), write_vec4("gradient")],
                taken(&k.rule),
            ]
            .concat(),
            Op::LinearBackward(k) => [
                vec![
                    read_vec4("x"),
                    read("dy"),
                    words("now"),
                    write_vec4("dx"),
                    write_vec4("gradient"),
                ],
                taken(&k.rule),
            ]
            .concat(),
            Op::Output(_) => vec![
                read_vec4("x"),
                read_vec4("p"),
                words("truth"),
                write("y"),
                write("dy"),
                write_vec4("dx"),
                write("totals"),
                write_words("cursor"),
            ],
            Op::Update(k) => [vec![read_vec4("partials"), words("now")], taken(&k.rule)].concat(),
            Op::SampleForward(_) | Op::SampleStep(_) => {
                let mut bindings = vec![
                    storage_words("digits"),
                    storage_words("order"),
                    storage_words("steps"),
                    uniform_words("cursor"),
                    uniform("p"),
                    read_vec4("w"),
                    uniform_words("table"),
                    write_words("now"),
                    write("y"),
                    write("totals"),
                ];
                if let Op::SampleStep(_) = self {
                    bindings.push(write("traces"));
                }
                bindings
            }
            Op::SampleUpdate(k) => [
                vec![
                    read_vec4("traces"),
                    uniform_words("layers"),
                    uniform_words("now"),
                    write_words("cursor"),
                ],
                taken(&k.rule),
            ]
            .concat(),
            Op::Advance => vec![uniform_words("now"), write_words("cursor")],
        }
    }

    /// Appends the constants to the header of the shader.
    pub fn declare(&self, header: &mut String) {
        match self {
            Op::Gather(k) => k.declare(header),
            Op::FirstStageForward(k)
            | Op::FirstStageBackward(k)
            | Op::ConvPoolForward(k)
            | Op::ConvBackwardWeights(k)
            | Op::ConvBackwardInput(k) => k.declare(header),
            Op::LinearForward(k) | Op::LinearBackwardInput(k) => k.declare(header),
            Op::LinearUpdate(k) => k.declare(header),
            Op::LinearBackward(k) => k.declare(header),
            Op::Output(k) => k.declare(header),
            Op::Update(k) => k.declare(header),
            Op::SampleForward(k) | Op::SampleStep(k) => k.declare(header),
            Op::SampleUpdate(k) => k.declare(header),
            Op::Advance => {}
        }
    }
}
