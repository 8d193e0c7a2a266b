//! What planning works with: the buffers and kernels so far. `views.rs` finds what each kernel binds; a buffer
//! comes into being, and grows, where a view needs it.

use super::abi::{Record, STATE_WORDS, STEP_WORDS, TOTALS};
use super::kernels::Op;
use super::{
    Activation, Buffer, BufferId, Capacity, Dispatch, Interface, Kernel, Layout, Optimizer, Plan,
    Ports, Profile, Replica, Start, Strategy, View,
};
use crate::network::{Network, Shape};

/// A plan in the making.
pub(super) struct Builder<'a> {
    pub network: &'a Network,
    pub optimizer: Optimizer,
    pub profile: Profile,
    /// Samples of the whole batch.
    pub batch: usize,
    /// Parts that the batch is cut into.
    pub shards: usize,
    /// Samples of a shard.
    pub shard_samples: usize,
    pub layout: Layout,
    /// Rows of partial gradients of the stages, over all windows of a shard.
    pub partial_rows: usize,
    /// The shard that is being planned.
    pub shard: usize,
    /// Whether it is the last one that this replica carries out.
    pub is_last: bool,
    /// Whether all activations are stored: [`Strategy::Inspect`].
    pub inspects: bool,
    pub(super) buffers: Vec<Buffer>,
    kernels: Vec<Kernel>,
    dispatches: Vec<Dispatch>,
}

/// What one dispatch works on: samples of a shard, in a block of layers.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Window {
    pub block: usize,
    /// First sample.
    pub first: usize,
    pub samples: usize,
    /// Rows of the weights of a linear layer: the first, and how many.
    pub row: usize,
    pub rows: usize,
    /// Rows of partial gradients that a stage writes.
    pub partial_rows: usize,
}

impl<'a> Builder<'a> {
    pub fn new(
        network: &'a Network,
        profile: Profile,
        batch: usize,
        layout: Layout,
        optimizer: Optimizer,
        capacity: Capacity,
    ) -> Self {
        let shards = profile.shards_of(batch);
        let size = layout.size;
        let mut builder = Builder {
            network,
            optimizer,
            profile,
            batch,
            shards,
            shard_samples: batch.div_ceil(shards),
            layout,
            partial_rows: 0,
            shard: 0,
            is_last: true,
            inspects: false,
            buffers: Vec::new(),
            kernels: Vec::new(),
            dispatches: Vec::new(),
        };
        let buffers = [
            ("data_set", Some(capacity.samples * builder.record().words())),
            ("indices", Some(capacity.indices)),
            ("step_table", Some(capacity.steps * STEP_WORDS)),
            ("cursor", Some(1)),
            ("step_state", Some(STATE_WORDS)),
            ("parameters", Some(size)),
            ("velocity", Some(size)),
            ("curvature", matches!(optimizer, Optimizer::Sdlm { .. }).then_some(size)),
            ("squares", matches!(optimizer, Optimizer::Adam { .. }).then_some(size)),
            ("shard_gradients", (shards > 1).then_some(shards * size)),
            ("totals", Some(batch * TOTALS)),
        ];
        for (name, words) in buffers {
            if let Some(words) = words {
                builder.add(name, words, Start::Zero);
            }
        }
        builder
    }

    /// What a sample is in the data set.
    pub fn record(&self) -> Record {
        Record { side: self.network.options.side }
    }

    /// Adds a buffer of `words` words.
    pub fn add(&mut self, name: &str, words: usize, start: Start) -> BufferId {
        self.buffers.push(Buffer { name: name.into(), words, start });
        self.buffers.len() - 1
    }

    pub(super) fn find(&self, name: &str) -> Option<BufferId> {
        self.buffers.iter().position(|buffer| buffer.name == name)
    }

    /// Plans a launch of a kernel on the views of a window.
    pub fn dispatch(&mut self, layer: &str, op: Op, at: Window) {
        self.launch(layer, op, |builder, name| builder.bound(&op, name, at));
    }

    /// Plans the same launch for every window of `samples` samples.
    pub fn over_batch(&mut self, layer: &str, op: Op, block: usize, samples: usize) {
        for first in (0..self.shard_samples).step_by(samples) {
            self.dispatch(layer, op, Window { block, first, samples, ..Window::default() });
        }
    }

    /// Plans a launch of a kernel on the views that `view` finds for the names of its bindings. Buffers
    /// grow where a view needs it; the kernel joins the list unless it is there already.
    pub fn launch(&mut self, layer: &str, op: Op, view: impl Fn(&mut Self, &str) -> View) {
        let mut views = Vec::new();
        for binding in op.bindings() {
            let mut view = view(self, binding.name);
            view.uniform = self.profile.reads_uniform(&binding, view.words, view.offset);
            let words = &mut self.buffers[view.buffer].words;
            *words = (view.offset + view.words).max(*words);
            views.push(view);
        }
        let windows = views.iter().map(|view| view.uniform.then_some(view.words)).collect();
        let (workgroup, workgroups) = self.profile.launch(&op);
        let of_curvature = if op.is_curvature() { ".curvature" } else { "" };
        let label = format!("{layer}.{}{of_curvature}", op.name());
        let kernel = Kernel { label, op, windows, workgroup, workgroups };
        let known = self.kernels.iter().position(|other| *other == kernel);
        let kernel = known.unwrap_or_else(|| {
            self.kernels.push(kernel);
            self.kernels.len() - 1
        });
        self.dispatches.push(Dispatch { kernel, views });
    }

    /// Removes and returns the dispatches planned so far.
    pub fn take(&mut self) -> Vec<Dispatch> {
        std::mem::take(&mut self.dispatches)
    }

    pub fn finish(mut self, strategy: Strategy, replicas: Vec<Replica>) -> Plan {
        // Uniform arrays come in vec4s; the rest of the last one is never looked at.
        for Buffer { words, start, .. } in &mut self.buffers {
            let held = if let Start::Words(held) = start { held.len() } else { 0 };
            *words = held.max(*words).max(4).next_multiple_of(4);
        }
        let port = |name: &str| self.find(name).expect("a buffer of every plan");
        let ports = Ports {
            data_set: port("data_set"),
            indices: port("indices"),
            step_table: port("step_table"),
            cursor: port("cursor"),
            parameters: port("parameters"),
            velocity: port("velocity"),
            curvature: self.find("curvature"),
            squares: self.find("squares"),
            shard_gradients: self.find("shard_gradients"),
            scores: port(self.input_of(self.layout.blocks.len())),
            totals: port("totals"),
        };
        Plan {
            network: self.network.clone(),
            optimizer: self.optimizer,
            strategy,
            profile: self.profile,
            shards: self.shards,
            interface: Interface {
                batch: self.batch,
                shard: self.shard_samples,
                record: self.record(),
                distortion: None,
                activations: self.stored(),
                layout: self.layout,
                ports,
            },
            buffers: self.buffers,
            kernels: self.kernels,
            replicas,
        }
    }

    /// The layers whose outputs stand in a buffer.
    fn stored(&self) -> Vec<Activation> {
        let input = ("input", self.network.input());
        let layers = self.network.layers.iter().map(|layer| (layer.name.as_str(), layer.output));
        let activation = |(layer, shape): (&str, Shape)| {
            let buffer = self.find(layer)?;
            let widths = &self.layout.widths;
            let block = (0..widths.len()).find(|&block| self.input_of(block) == layer);
            let stride = block.map_or(shape.size(), |block| widths[block]);
            Some(Activation { layer: layer.into(), buffer, shape, stride })
        };
        std::iter::once(input).chain(layers).filter_map(activation).collect()
    }

    /// The inputs of a kernel that come in uniform windows, by the numbers that a sample has in each. The last input is
    /// read little and needs no window. With several shards it gets windows too: their devices mostly compute in the
    /// thread that submits, where one more dispatch costs next to nothing.
    pub fn in_windows<'s>(&self, sizes: &'s [usize]) -> &'s [usize] {
        if self.shards > 1 { sizes } else { &sizes[..sizes.len() - 1] }
    }
}
