//! A training step as data: named buffers and an ordered list of dispatches.
//!
//! [`Plan::new`] turns a network, a [`Strategy`], a batch and a launch [`Profile`] into buffers,
//! kernels and dispatches; nothing here knows wgpu. The GPU engine, the CPU twins and `lenet plan` all follow
//! the same lists, so a step can be printed, and compared dispatch by dispatch.

mod binding;
mod build;
mod build_half;
mod build_linear;
mod build_sample;
mod builder;
pub mod constant;
mod criterion;
pub mod distortion;
mod header;
pub mod kernels;
pub mod print;
pub mod profile;
pub mod records;
pub mod rule;
pub mod sample;
mod shader;
pub mod strategy;
pub mod traffic;

pub use crate::network::tensors::{ALIGN, Layout};
pub use binding::{Access, Binding, Element};
pub use build::{Room, STEP_WORDS, TOTALS, TRUTH_WORDS};
pub use build_half::HALVES;
pub use criterion::Criterion;
pub use distortion::{Distortion, Ranges};
pub use kernels::Op;
pub use profile::{Profile, Tiles};
pub use rule::{Optimizer, Rule};
pub use shader::Shader;
pub use strategy::Strategy;

/// What a step does with its samples.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Pass {
    /// From the gathering of the samples to the loss: all that an evaluation does.
    Forward,
    /// A whole training step, from the gathering of the samples to the update.
    Training,
    /// The second derivatives, added to the curvature of every parameter; no parameter moves.
    Curvature,
}

/// Uniform arrays have elements of 16 bytes.
pub const UNIFORM_WORDS_PER_VEC4: usize = 4;

/// What a buffer holds before the first dispatch.
#[derive(Debug, Clone, PartialEq)]
pub enum Start {
    Zero,
    /// The same number everywhere.
    Fill(f32),
    Words(Vec<u32>),
}

/// A buffer of 32-bit words.
#[derive(Debug, Clone, PartialEq)]
pub struct Buffer {
    pub name: String,
    /// Length in words: what the views need, room for the last window included.
    pub words: usize,
    pub start: Start,
}

/// Index of a buffer in [`Plan::buffers`].
pub type BufferId = usize;

/// A piece of a buffer, in words.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct View {
    pub buffer: BufferId,
    pub offset: usize,
    pub words: usize,
    /// Whether it is bound as a uniform buffer.
    pub uniform: bool,
}

/// One shader module and pipeline.
#[derive(Debug, Clone, PartialEq)]
pub struct Kernel {
    /// Layer and operation: `c3.conv_pool_forward`.
    pub label: String,
    pub op: Op,
    /// For each binding the words of its uniform window, or `None` where it is storage.
    pub windows: Vec<Option<usize>>,
    pub workgroup: u32,
    pub workgroups: u32,
}

impl Kernel {
    /// Loop iterations of the busiest invocation, loops that may be unrolled included.
    pub fn iterations(&self) -> u32 {
        let rounds = self.op.items().div_ceil(self.workgroup * self.workgroups);
        rounds * (self.op.work().iterations + 1)
    }

    /// The whole WGSL text that the driver gets.
    pub fn wgsl(&self) -> String {
        header::wgsl(self)
    }

    /// Its pipeline constants by name, with the values of the plan: what can be changed without another
    /// plan. The text has them as `override`s with these values.
    pub fn overrides(&self) -> Vec<(&'static str, f64)> {
        header::constants(self).overrides
    }

    /// The generated part of it: constants and declarations.
    pub fn header(&self) -> String {
        header::header(self)
    }
}

/// One launch of a kernel.
#[derive(Debug, Clone, PartialEq)]
pub struct Dispatch {
    /// Index in [`Plan::kernels`].
    pub kernel: usize,
    /// One for each binding of the kernel.
    pub views: Vec<View>,
}

/// Buffers the host writes or reads.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Ports {
    /// The data set: 197 words a digit.
    pub digits: BufferId,
    /// Indices of digits, with a [`Distortion`] together with their views.
    pub order: BufferId,
    /// Four words a step.
    pub steps: BufferId,
    /// The next step.
    pub cursor: BufferId,
    pub parameters: BufferId,
    pub velocity: BufferId,
    /// Curvature of every parameter, which [`Optimizer::Sdlm`] alone has.
    pub curvature: Option<BufferId>,
    /// Gradients by part of the batch, `[2, layout.size]`, which the plan of a half alone has.
    pub shares: Option<BufferId>,
    /// Partial gradients of the stages, `[slots, layout.stages]`, or the traces of
    /// [`Strategy::Sample`], whose rows begin with them.
    pub partials: BufferId,
    /// Outputs `[batch, 10]` of the network.
    pub scores: BufferId,
    /// Sums over steps, `[batch, 4]`.
    pub totals: BufferId,
}

impl Ports {
    /// The buffers that a rule works on, in the order of its bindings.
    fn taken(&self, rule: Rule) -> impl Iterator<Item = BufferId> + use<> {
        let buffers = match rule {
            Rule::Step(_) => [self.curvature, Some(self.velocity), Some(self.parameters)],
            Rule::Share => [self.shares, Some(self.parameters), None],
            Rule::Curvature { .. } => [self.curvature, None, None],
        };
        buffers.into_iter().flatten()
    }

    /// What a run carries from one step to the next, by name, each laid out as the parameters,
    /// which come first. A checkpoint holds these, and in mid-epoch the totals.
    pub fn carried(&self) -> impl Iterator<Item = (&'static str, BufferId)> + use<> {
        let always = [("parameters", self.parameters), ("velocity", self.velocity)];
        always.into_iter().chain(self.curvature.map(|buffer| ("curvature", buffer)))
    }
}

/// A training step of one network at one batch size.
#[derive(Debug, Clone, PartialEq)]
pub struct Plan {
    pub strategy: Strategy,
    pub profile: Profile,
    /// Samples of a full step.
    pub batch: usize,
    /// Where digits whose view is not 0 are distorted.
    pub distortion: Option<Distortion>,
    pub layout: Layout,
    /// Rows of partial gradients.
    pub slots: usize,
    pub buffers: Vec<Buffer>,
    pub kernels: Vec<Kernel>,
    /// Of [`Pass::Forward`].
    pub forward: Vec<Dispatch>,
    /// Of [`Pass::Training`].
    pub training: Vec<Dispatch>,
    /// Of [`Pass::Curvature`]; empty where the optimizer has no use for it.
    pub curvature: Vec<Dispatch>,
    /// Of a half: the step of the parameters, once the shares of both halves are there. Else empty.
    pub merge: Vec<Dispatch>,
    pub ports: Ports,
}

impl Plan {
    /// The dispatches of a step.
    pub fn step(&self, pass: Pass) -> &[Dispatch] {
        match pass {
            Pass::Forward => &self.forward,
            Pass::Training => &self.training,
            Pass::Curvature => &self.curvature,
        }
    }

    /// Every dispatch of every pass, some of them more than once.
    pub fn dispatches(&self) -> impl Iterator<Item = &Dispatch> {
        self.forward.iter().chain(&self.training).chain(&self.curvature).chain(&self.merge)
    }

    /// Loop iterations of the busiest invocation of any kernel.
    pub fn iterations(&self) -> u32 {
        self.kernels.iter().map(Kernel::iterations).max().unwrap_or(0)
    }
}
