//! The kernels. Similar ones share a file, which has their constants, their work items and their cost.
//!
//! The name of a kernel is that of its shader file, of the entry point in it, of its reference in
//! [`crate::cpu`] and of its row in tests and benchmarks. A new kernel is a shader file that says what it
//! uses and binds (`src/plan/shader.rs`), constants and costs in a file here, a row in the table of [`Op`],
//! and a reference.

mod advance;
mod backward;
mod forward;
mod gather;
mod linear;
mod linear_update;
mod output;
mod sample;
mod sample_update;
mod stage;
mod update;

pub use advance::Advance;
pub use gather::Gather;
pub use linear::Linear;
pub use linear_update::{LinearBackward, LinearUpdate};
pub use output::Output;
pub use sample::{SAMPLE_WORKGROUP, SUMS, Sample};
pub use sample_update::SampleUpdate;
pub use stage::Stage;
pub use update::Update;

use super::binding::{Access, Binding};
use super::constant::{Constant, Constants};
use super::epilogue::Epilogue;
use super::shader::{ShaderFile, shader};

/// What a dispatch has to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Work {
    /// Independent pieces of it, ITEMS in the shader: one invocation does one after the other.
    pub items: u32,
    /// Loop iterations that one item takes at most, loops that the driver may unroll included.
    ///
    /// Mesa 22.3 ends loops without an error after 65,535 iterations of one invocation.
    pub iterations: u32,
    /// Multiply-adds of the whole dispatch, the squashes left out.
    pub multiply_adds: u64,
}

/// Words of a binding that a dispatch moves, each counted once.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Moved {
    pub read: usize,
    pub written: usize,
}

impl Moved {
    /// Words that are only read.
    pub fn read(words: usize) -> Moved {
        Moved { read: words, written: 0 }
    }

    /// Words that are only written.
    pub fn written(words: usize) -> Moved {
        Moved { read: 0, written: words }
    }

    /// Words that are read and written.
    pub fn both(words: usize) -> Moved {
        Moved { read: words, written: words }
    }
}

/// A row has the variant with its constants, the shader file, and the method of the constants that gives the work.
macro_rules! kernels {
    ($($(#[$doc:meta])* $kernel:ident($constants:ty) = $file:literal, $work:ident;)*) => {
        /// A kernel with its constants.
        #[derive(Debug, Clone, Copy, PartialEq)]
        pub enum Op { $($(#[$doc])* $kernel($constants),)* }

        impl Op {
            /// Its file, which says what it uses and binds.
            pub fn shader(&self) -> &'static ShaderFile {
                match self { $(Op::$kernel(_) => shader!($file),)* }
            }

            /// Declares its constants.
            pub(super) fn declare(&self, constants: &mut Constants) {
                match self { $(Op::$kernel(k) => k.declare("", constants),)* }
            }

            /// The work items and their cost.
            pub fn work(&self) -> Work {
                match self { $(Op::$kernel(k) => k.$work(),)* }
            }
        }
    };
}

kernels! {
    /// The samples of a step.
    Gather(Gather) = "gather", work;
    /// The first stage, which sees one map.
    FirstStageForward(Stage) = "first_stage_forward", first_forward;
    /// Every gradient of the first stage, which has no input gradient.
    FirstStageBackward(Stage) = "first_stage_backward", first_backward;
    /// A stage with a pooling; the first stage only where all activations are stored.
    ConvPoolForward(Stage) = "conv_pool_forward", forward;
    /// A stage without a pooling; the first stage only where all activations are stored.
    ConvForward(Stage) = "conv_forward", forward;
    /// Every gradient of a stage after the first.
    ConvBackwardWeights(Stage) = "conv_backward_weights", backward_weights;
    /// The input gradient of a stage after the first, whose input has an even width.
    ConvBackwardInput(Stage) = "conv_backward_input", backward_input;
    /// The same for an odd width.
    ConvBackwardOddInput(Stage) = "conv_backward_odd_input", backward_input;
    /// A linear layer, for the rows of w in a window.
    LinearForward(Linear) = "linear_forward", forward;
    /// The input gradient of a linear layer, from the rows of w in a window.
    LinearBackwardInput(Linear) = "linear_backward_input", backward_input;
    /// The gradient of a linear layer and its epilogue.
    LinearUpdate(LinearUpdate) = "linear_update", work;
    /// The same with the input gradient.
    LinearBackward(LinearBackward) = "linear_backward", work;
    /// The last layer forward and backward, and the loss.
    Output(Output) = "output", work;
    /// Adds the rows of partial or shard gradients, and applies the epilogue.
    Update(Update) = "update", work;
    /// Everything from the digit to the loss.
    SampleForward(Sample) = "sample_forward", forward;
    /// Everything from the digit to the gradients of each sample.
    SampleStep(Sample) = "sample_step", step;
    /// The sums over the samples that `sample_step` leaves, and their epilogue.
    SampleUpdate(SampleUpdate) = "sample_update", work;
    /// The cursor, where no other kernel moves it.
    Advance(Advance) = "advance", work;
}

impl Op {
    /// Name of shader file, entry point and reference.
    pub fn name(&self) -> &'static str {
        self.shader().name
    }

    /// The arguments, in the order of the shader's bindings and of the reference's parameters.
    pub fn bindings(&self) -> Vec<Binding> {
        self.shader().bindings(self.epilogue().map(|epilogue| epilogue.shader()))
    }

    /// What it does with the sums of a backward pass, if it has any.
    pub fn epilogue(&self) -> Option<Epilogue> {
        match self {
            Op::LinearUpdate(k) => Some(k.epilogue),
            Op::LinearBackward(k) => Some(k.update.epilogue),
            Op::Update(k) => Some(k.epilogue),
            Op::SampleUpdate(k) => Some(k.epilogue),
            _ => None,
        }
    }

    /// Whether it computes second derivatives: a kernel of [`super::Pass::Curvature`] alone.
    pub fn is_curvature(&self) -> bool {
        match self {
            Op::FirstStageBackward(k)
            | Op::ConvBackwardWeights(k)
            | Op::ConvBackwardInput(k)
            | Op::ConvBackwardOddInput(k) => k.curvature,
            Op::LinearBackwardInput(k) => k.curvature,
            Op::Output(k) => k.curvature,
            Op::SampleStep(k) => k.curvature,
            _ => self.epilogue().is_some_and(|epilogue| epilogue.is_curvature()),
        }
    }

    /// Invocations in a workgroup, and workgroups, where the kernel leaves the profile no choice.
    pub fn launch(&self) -> Option<(u32, u32)> {
        match self {
            Op::SampleForward(k) | Op::SampleStep(k) => Some(k.launch()),
            Op::SampleUpdate(k) => Some(k.launch()),
            _ => None,
        }
    }

    /// What one dispatch moves of a binding of `words` words: what the kernel says of it, else what the
    /// epilogue does, else what its access means.
    pub fn moved(&self, binding: &Binding, words: usize) -> Moved {
        let name = binding.name;
        let by_kernel = match self {
            Op::Gather(k) => k.moved(name, words),
            Op::FirstStageBackward(k) | Op::ConvBackwardWeights(k) => k.moved(name, words),
            Op::LinearBackwardInput(k) => k.moved(name, words),
            Op::LinearUpdate(k) => k.moved(name, words),
            Op::LinearBackward(k) => k.moved(name, words),
            Op::Output(k) => k.moved(name),
            Op::SampleForward(k) | Op::SampleStep(k) => k.moved(name, words),
            _ => None,
        };
        let by_epilogue = || self.epilogue().and_then(|it| it.moved(name, words));
        let by_access = || match binding.access {
            Access::Write => Moved::written(words),
            Access::Read | Access::ReadStorage | Access::ReadUniform => Moved::read(words),
        };
        by_kernel.or_else(by_epilogue).unwrap_or_else(by_access)
    }
}
