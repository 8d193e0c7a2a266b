//! A training step as data: named buffers and ordered lists of dispatches.
//!
//! [`Plan::new`] turns a network, an optimizer, a [`Strategy`], a batch and a launch [`Profile`] into
//! buffers, kernels and dispatches; nothing here knows wgpu. The CPU executors follow a [`Plan`]. The
//! GPU engine follows the [`Program`] that [`Plan::program`] lowers it to, which is also what
//! `lenet plan --json` prints.
//!
//! A batch is cut into **shards**, whose gradients are added in their order: profile and batch decide how
//! many there are. **Replicas**, one device each, carry shards out; their number changes no bit.

pub mod abi;
mod binding;
mod build;
mod build_linear;
mod build_sample;
mod builder;
pub mod constant;
mod criterion;
pub mod distortion;
pub mod epilogue;
mod header;
mod interface;
pub mod kernels;
mod limits;
pub mod print;
pub mod profile;
pub mod program;
pub mod sample;
mod shader;
pub mod strategy;
pub mod traffic;

pub use crate::network::tensors::{ALIGN, Layout};
pub use abi::{LABEL_WORDS, STATE_WORDS, STEP_WORDS, StepRow, TOTALS};
pub use binding::{Access, Binding, Element};
pub use build::Capacity;
pub use criterion::Criterion;
pub use distortion::{Distortion, Ranges};
pub use epilogue::{Epilogue, Optimizer};
pub use interface::{Activation, Interface, Ports};
pub use kernels::Op;
pub use profile::{Profile, Tiles};
pub use program::Program;
pub use shader::ShaderFile;
pub use strategy::Strategy;

use serde::{Deserialize, Serialize};

use crate::network::Network;

/// What a step does with its samples.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
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
    /// Length in words: what the views need, the last window included.
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
        let rounds = self.op.work().items.div_ceil(self.workgroup * self.workgroups);
        rounds.saturating_mul(self.op.work().iterations + 1)
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

/// The dispatches of one pass on one replica.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Steps {
    /// Up to the exchange of gradients; the whole pass where one replica has all shards.
    pub compute: Vec<Dispatch>,
    /// What follows the exchange, once the replica has the gradients of all shards.
    pub apply: Vec<Dispatch>,
}

impl Steps {
    /// Every dispatch, in order.
    pub fn all(&self) -> impl Iterator<Item = &Dispatch> {
        self.compute.iter().chain(&self.apply)
    }
}

/// What one device does of a step.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Replica {
    pub forward: Steps,
    pub training: Steps,
    /// Empty where the optimizer has no curvature.
    pub curvature: Steps,
}

impl Replica {
    /// The dispatches of a pass.
    pub fn steps(&self, pass: Pass) -> &Steps {
        match pass {
            Pass::Forward => &self.forward,
            Pass::Training => &self.training,
            Pass::Curvature => &self.curvature,
        }
    }
}

/// A training step of one network at one batch size.
#[derive(Debug, Clone, PartialEq)]
pub struct Plan {
    pub network: Network,
    pub optimizer: Optimizer,
    pub strategy: Strategy,
    pub profile: Profile,
    /// Samples of a full step.
    pub batch: usize,
    /// Parts of the batch whose gradients are added in their order.
    pub shards: usize,
    /// How digits whose view is not 0 are distorted.
    pub distortion: Option<Distortion>,
    pub layout: Layout,
    /// Every replica has all of them.
    pub buffers: Vec<Buffer>,
    pub kernels: Vec<Kernel>,
    /// One, with all shards, or one for each shard.
    pub replicas: Vec<Replica>,
    pub ports: Ports,
    /// Where the input and the output of each block stand, as far as the plan stores them.
    pub activations: Vec<Activation>,
}

impl Plan {
    /// The dispatches of a pass on the first replica.
    pub fn step(&self, pass: Pass) -> impl Iterator<Item = &Dispatch> {
        self.replicas[0].steps(pass).all()
    }

    /// Whether it has a pass that estimates the curvature.
    pub fn has_curvature(&self) -> bool {
        self.ports.curvature.is_some()
    }

    /// Samples of a shard; the last one may have fewer.
    pub fn shard(&self) -> usize {
        self.batch.div_ceil(self.shards)
    }

    /// Every dispatch of every pass and replica, some of them more than once.
    pub fn dispatches(&self) -> impl Iterator<Item = &Dispatch> {
        let passes = [Pass::Forward, Pass::Training, Pass::Curvature];
        self.replicas
            .iter()
            .flat_map(move |replica| passes.into_iter().flat_map(|pass| replica.steps(pass).all()))
    }

    /// Loop iterations of the busiest invocation of any kernel.
    pub fn iterations(&self) -> u32 {
        self.kernels.iter().map(Kernel::iterations).max().unwrap_or(0)
    }

    /// What a host has to know to feed the plan and to read it back.
    pub fn interface(&self) -> Interface {
        Interface {
            batch: self.batch,
            shard: self.shard(),
            distortion: self.distortion,
            layout: self.layout.clone(),
            ports: self.ports,
            activations: self.activations.clone(),
        }
    }
}
