//! What a host has to know of a plan to feed it and to read it back.

use serde::{Deserialize, Serialize};

use super::abi::Record;
use super::{BufferId, Distortion, Layout};
use crate::network::Shape;

/// How many samples, indices and steps the buffers of a plan hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Capacity {
    /// Samples of the data set, training and test together.
    pub samples: usize,
    /// Entries of the index list.
    pub indices: usize,
    /// Rows of the step table.
    pub steps: usize,
}

/// Buffers the host writes or reads.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ports {
    /// The data set: [`Record::words`] words a sample.
    pub data_set: BufferId,
    /// Indices of samples, with a [`Distortion`] together with their views.
    pub indices: BufferId,
    /// The step table: [`super::STEP_WORDS`] words a step.
    pub step_table: BufferId,
    /// The next step.
    pub cursor: BufferId,
    pub parameters: BufferId,
    pub velocity: BufferId,
    /// Curvature of every parameter, which [`super::Optimizer::Sdlm`] alone has.
    pub curvature: Option<BufferId>,
    /// Mean of the squared gradient of every parameter, which [`super::Optimizer::Adam`] alone has.
    #[serde(default)]
    pub squares: Option<BufferId>,
    /// Gradients by shard, `[shards, layout.size]`; a plan with one shard has none.
    pub shard_gradients: Option<BufferId>,
    /// Outputs `[batch, classes]` of the network.
    pub scores: BufferId,
    /// Sums over steps, `[batch, 4]`.
    pub totals: BufferId,
}

impl Ports {
    /// What a run carries from one step to the next, by name, each laid out as the parameters,
    /// which come first. A checkpoint holds these, and in mid-epoch the totals.
    pub fn carried(&self) -> impl Iterator<Item = (&'static str, BufferId)> + use<> {
        let always = [("parameters", self.parameters), ("velocity", self.velocity)];
        let curvature = self.curvature.map(|buffer| ("curvature", buffer));
        let squares = self.squares.map(|buffer| ("squares", buffer));
        always.into_iter().chain(curvature).chain(squares)
    }
}

/// Where the output of a layer stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Activation {
    /// Name of the layer; `input` for the input of the first.
    pub layer: String,
    /// `[samples of a shard, maps, height, width]`, overwritten by each shard.
    pub buffer: BufferId,
    pub shape: Shape,
    /// Numbers from one sample to the next.
    pub stride: usize,
}

/// What a host has to know of a plan.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Interface {
    /// Samples of a full step.
    pub batch: usize,
    /// Samples of a shard; rows of scores and totals are those of the first shard, then those of the
    /// next.
    pub shard: usize,
    /// What a sample is in the data set.
    #[serde(default)]
    pub record: Record,
    /// What makes an entry of the indices out of a sample and a view.
    pub distortion: Option<Distortion>,
    pub layout: Layout,
    pub ports: Ports,
    pub activations: Vec<Activation>,
}

impl Interface {
    /// Classes, each with an output.
    pub fn classes(&self) -> usize {
        self.layout.widths[self.layout.blocks.len()]
    }
}
