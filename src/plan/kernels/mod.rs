//! The kernels there are, each in a file of its own: its constants, its work items, what it costs.
//!
//! The name of a kernel is that of its shader file, of the entry point in it, of its reference in
//! [`crate::cpu`] and of its row in tests and benchmarks. A new kernel is a shader file that says what it
//! uses and binds (`src/plan/shader.rs`), a type here that implements [`Spec`], a row in the table of
//! [`Op`], and a reference.

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
pub use backward::{
    ConvBackwardInput, ConvBackwardOddInput, ConvBackwardWeights, FirstStageBackward,
};
pub use forward::{ConvForward, ConvPoolForward, FirstStageForward};
pub use gather::Gather;
pub use linear::{Linear, LinearBackwardInput, LinearForward};
pub use linear_update::{LinearBackward, LinearUpdate};
pub use output::Output;
pub use sample::{SAMPLE_WORKGROUP, SUMS, Sample, SampleForward, SampleStep};
pub use sample_update::SampleUpdate;
pub use stage::Stage;
pub use update::Update;

use super::binding::{Access, Binding};
use super::constant::{Constant, Constants};
use super::epilogue::Epilogue;
use super::shader::{ShaderFile, shader};

/// What a kernel says of itself, with its constants.
pub trait Spec {
    /// Returns the work items and their cost.
    fn work(&self) -> Work;

    /// What it does with the sums of a backward pass, if it has any.
    fn epilogue(&self) -> Option<Epilogue> {
        None
    }

    /// Whether it computes second derivatives: a kernel of [`super::Pass::Curvature`] alone.
    fn is_curvature(&self) -> bool {
        self.epilogue().is_some_and(|epilogue| epilogue.is_curvature())
    }

    /// Invocations in a workgroup, and workgroups, where the kernel leaves the profile no choice.
    fn launch(&self) -> Option<(u32, u32)> {
        None
    }

    /// What one dispatch moves of a binding of so many words, if it is not what the epilogue or the
    /// access of the binding says.
    fn moved(&self, _binding: &str, _words: usize) -> Option<Moved> {
        None
    }
}

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

macro_rules! kernels {
    ($($kernel:ident = $file:literal,)*) => {
        /// A kernel with its constants.
        #[derive(Debug, Clone, Copy, PartialEq)]
        pub enum Op { $($kernel($kernel),)* }

        $(impl From<$kernel> for Op {
            fn from(k: $kernel) -> Op {
                Op::$kernel(k)
            }
        })*

        /// Whatever the kernel, its [`Spec`].
        impl std::ops::Deref for Op {
            type Target = dyn Spec;

            fn deref(&self) -> &(dyn Spec + 'static) {
                match self { $(Op::$kernel(k) => k,)* }
            }
        }

        impl Op {
            /// Its file, which says what it uses and binds.
            pub fn shader(&self) -> &'static ShaderFile {
                match self { $(Op::$kernel(_) => shader!($file),)* }
            }

            /// Declares its constants.
            pub(super) fn declare(&self, constants: &mut Constants) {
                match self { $(Op::$kernel(k) => k.declare("", constants),)* }
            }
        }
    };
}

kernels! {
    Gather = "gather",
    FirstStageForward = "first_stage_forward",
    FirstStageBackward = "first_stage_backward",
    ConvPoolForward = "conv_pool_forward",
    ConvForward = "conv_forward",
    ConvBackwardWeights = "conv_backward_weights",
    ConvBackwardInput = "conv_backward_input",
    ConvBackwardOddInput = "conv_backward_odd_input",
    LinearForward = "linear_forward",
    LinearBackwardInput = "linear_backward_input",
    LinearUpdate = "linear_update",
    LinearBackward = "linear_backward",
    Output = "output",
    Update = "update",
    SampleForward = "sample_forward",
    SampleStep = "sample_step",
    SampleUpdate = "sample_update",
    Advance = "advance",
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

    /// What one dispatch moves of a binding of so many words.
    pub fn traffic(&self, binding: &Binding, words: usize) -> Moved {
        let by_epilogue = || self.epilogue().and_then(|it| it.moved(binding.name, words));
        let by_access = || match binding.access {
            Access::Write => Moved::written(words),
            Access::Read | Access::ReadStorage | Access::ReadUniform => Moved::read(words),
        };
        self.moved(binding.name, words).or_else(by_epilogue).unwrap_or_else(by_access)
    }
}
