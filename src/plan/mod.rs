//! A training step as data: named buffers and ordered lists of dispatches.
//!
//! [`Plan::new`] turns a network, an optimizer, a [`Strategy`], a batch and a launch [`Profile`] into
//! buffers, kernels and dispatches; nothing here knows wgpu. The CPU executors follow a [`Plan`]. The
//! GPU engine follows the [`Program`] that [`Plan::program`] lowers it to, which is also what
//! `lenet plan --json` prints.
//!
//! A batch is cut into **shards**, whose gradients are added in their order: strategy, profile and batch
//! decide how many there are. **Replicas**, one device each, carry shards out; their number changes no bit.

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
mod views;

pub use crate::network::tensors::{ALIGN, Layout};
pub use abi::{LABEL_WORDS, STATE_NUMBER, STATE_WORDS, STEP_WORDS, StepRow, StepSize, TOTALS};
pub use binding::{Access, Binding, Element};
pub use criterion::Criterion;
pub use distortion::{Distortion, Ranges};
pub use epilogue::{Epilogue, Optimizer};
pub use interface::{Activation, Capacity, Interface, Ports};
pub use kernels::{Moved, Op};
pub use profile::{Profile, Tiles};
pub use program::Program;
pub use shader::ShaderFile;
pub use strategy::Strategy;

use serde::{Deserialize, Serialize};

use crate::network::{Network, named};

named! {
    /// What a step does with its samples.
    pub enum Pass {
        /// From the gathering of the samples to the loss: all that an evaluation does.
        Forward = "forward",
        /// A whole training step, from the gathering of the samples to the update.
        Training = "training",
        /// The second derivatives, added to the curvature of every parameter; no parameter moves.
        Curvature = "curvature",
    }
}

/// What a buffer holds before the first dispatch.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Start {
    Zero,
    /// The same f32 everywhere.
    Fill(f32),
    /// These words at its beginning, then 0.
    Words(Vec<u32>),
}

/// A buffer of 32-bit words, for storage and for uniforms.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Buffer {
    pub name: String,
    /// Length in words, a multiple of 4: what the views need, the last window included.
    pub words: usize,
    pub start: Start,
}

impl Buffer {
    /// Its words before the first dispatch.
    pub fn contents(&self) -> Vec<u32> {
        match &self.start {
            Start::Zero => vec![0; self.words],
            Start::Fill(value) => vec![value.to_bits(); self.words],
            Start::Words(held) => {
                let mut words = held.clone();
                words.resize(self.words, 0);
                words
            }
        }
    }
}

/// Index of a buffer in [`Plan::buffers`].
pub type BufferId = usize;

/// A piece of a buffer, in words.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct View {
    pub buffer: BufferId,
    pub offset: usize,
    pub words: usize,
    /// Whether it is bound as a uniform buffer; then with the words up to the next multiple of 4, since a
    /// uniform array is a whole number of vec4s.
    pub uniform: bool,
}

impl View {
    /// Words that are bound.
    pub fn bound(&self) -> usize {
        if self.uniform { self.words.next_multiple_of(4) } else { self.words }
    }
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
}

/// One launch of a kernel.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Dispatch {
    /// Index in [`Plan::kernels`].
    pub kernel: usize,
    /// One for each binding of the kernel.
    pub views: Vec<View>,
}

/// The dispatches of one pass on one replica.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Steps<T = Dispatch> {
    /// Up to the exchange of gradients; the whole pass where one replica has all shards.
    pub compute: Vec<T>,
    /// What follows the exchange, once the replica has the gradients of all shards.
    pub apply: Vec<T>,
}

impl<T> Steps<T> {
    /// Every dispatch, in order.
    pub fn all(&self) -> impl Iterator<Item = &T> {
        self.compute.iter().chain(&self.apply)
    }
}

/// What one device does of a step, in dispatches of a plan or of an engine.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Replica<T = Dispatch> {
    /// From the gathering of the samples to the loss.
    pub forward: Steps<T>,
    /// A training step.
    pub training: Steps<T>,
    /// Second derivatives, added to the curvature; empty where the optimizer has none.
    pub curvature: Steps<T>,
}

impl<T> Replica<T> {
    /// The dispatches of a pass.
    pub fn steps(&self, pass: Pass) -> &Steps<T> {
        match pass {
            Pass::Forward => &self.forward,
            Pass::Training => &self.training,
            Pass::Curvature => &self.curvature,
        }
    }

    /// The same passes, of what each dispatch is lowered to.
    pub fn map<U>(&self, lower: impl Fn(&T) -> U) -> Replica<U> {
        let steps = |steps: &Steps<T>| Steps {
            compute: steps.compute.iter().map(&lower).collect(),
            apply: steps.apply.iter().map(&lower).collect(),
        };
        Replica {
            forward: steps(&self.forward),
            training: steps(&self.training),
            curvature: steps(&self.curvature),
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
    /// Parts of the batch whose gradients are added in their order.
    pub shards: usize,
    /// What a host has to know to feed the plan and to read it back.
    pub interface: Interface,
    /// Every replica has all of them.
    pub buffers: Vec<Buffer>,
    pub kernels: Vec<Kernel>,
    /// One, with all shards, or one for each shard.
    pub replicas: Vec<Replica>,
}

impl Plan {
    /// The dispatches of a pass on the first replica.
    pub fn step(&self, pass: Pass) -> impl Iterator<Item = &Dispatch> {
        self.replicas[0].steps(pass).all()
    }

    /// The words that a dispatch has to move at least, each counted once.
    pub fn moved(&self, dispatch: &Dispatch) -> Moved {
        let op = &self.kernels[dispatch.kernel].op;
        let bound = op.bindings().into_iter().zip(&dispatch.views);
        bound.fold(Moved::default(), |sum, (binding, view)| {
            let Moved { read, written } = op.moved(&binding, view.words);
            Moved { read: sum.read + read, written: sum.written + written }
        })
    }

    /// Whether it has a pass that estimates the curvature.
    pub fn has_curvature(&self) -> bool {
        self.interface.ports.curvature.is_some()
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
}
