//! What planning works with: buffers as they come up, views of them, and the dispatches so far.

use super::abi::SAMPLE_WORDS;
use super::abi::{LABEL_WORDS, STATE_WORDS, STEP_WORDS, TOTALS};
use super::build::Capacity;
use super::kernels::{Linear, Op, Stage};
use super::profile::largest_divisor;
use super::{
    ALIGN, Activation, Buffer, BufferId, Dispatch, Epilogue, Kernel, Layout, Optimizer, Plan,
    Ports, Profile, Replica, Start, Strategy, View,
};
use crate::network::tensors::aligned;
use crate::network::{Kind, Layer, Network, bitmaps};

/// A plan in the making.
pub(super) struct Builder<'a> {
    pub(super) network: &'a Network,
    pub(super) optimizer: Optimizer,
    pub(super) profile: Profile,
    /// Samples of the whole batch.
    pub(super) whole: usize,
    /// Parts that the batch is cut into.
    pub(super) shards: usize,
    /// Samples of a shard.
    pub(super) batch: usize,
    pub(super) layout: Layout,
    pub(super) partial_rows: usize,
    /// What backward passes are for at present.
    pub(super) epilogue: Epilogue,
    /// The shard that is being planned.
    pub(super) shard: usize,
    /// Whether it is the last one that this replica carries out.
    pub(super) is_last: bool,
    /// Whether all activations are stored: [`Strategy::Inspect`].
    pub(super) inspects: bool,
    pub(super) buffers: Vec<Buffer>,
    pub(super) kernels: Vec<Kernel>,
    pub(super) dispatches: Vec<Dispatch>,
    pub(super) ports: Ports,
    pub(super) labels: BufferId,
    pub(super) gradient: BufferId,
    pub(super) step_state: BufferId,
    /// Numbers of rows of weights, each in a binding of its own.
    pub(super) rows: BufferId,
    /// Behind the squash of each block, the input first: `activations[b]` is what block b sees.
    pub(super) activations: Vec<BufferId>,
    /// The loss by what the squash of each block got; for the RBF by its outputs.
    pub(super) deltas: Vec<BufferId>,
}

impl<'a> Builder<'a> {
    pub(super) fn new(
        network: &'a Network,
        profile: Profile,
        whole: usize,
        layout: Layout,
        optimizer: Optimizer,
        capacity: Capacity,
    ) -> Self {
        let shards = profile.shards_of(whole);
        let batch = whole.div_ceil(shards);
        let mut buffers = Vec::new();
        let mut add = |name: &str, words: usize, start: Start| {
            buffers.push(Buffer { name: name.into(), words, start });
            buffers.len() - 1
        };
        let (_, background) = network.options.scaling.scale_and_background();
        let input = layout.widths[0] * batch;
        let mut activations = vec![add("input", input, Start::Fill(background))];
        let mut deltas = Vec::new();
        for (block, width) in layout.blocks.iter().zip(&layout.widths[1..]) {
            let name = &network.layers[block.output()].name;
            activations.push(add(name, width * batch, Start::Zero));
            deltas.push(add(&format!("d.{name}"), width * batch, Start::Zero));
        }
        let mut own_if =
            |wanted: bool, name: &str, words: usize| wanted.then(|| add(name, words, Start::Zero));
        let curvature =
            own_if(matches!(optimizer, Optimizer::Sdlm { .. }), "curvature", layout.size);
        let shard_gradients = own_if(shards > 1, "shard_gradients", shards * layout.size);
        let linear = layout.size - layout.stages;
        let ports = Ports {
            data_set: add("data_set", capacity.samples * SAMPLE_WORDS, Start::Zero),
            indices: add("indices", capacity.indices, Start::Zero),
            step_table: add("step_table", capacity.steps * STEP_WORDS, Start::Zero),
            cursor: add("cursor", 1, Start::Zero),
            parameters: add("parameters", layout.size, Start::Zero),
            velocity: add("velocity", layout.size, Start::Zero),
            curvature,
            shard_gradients,
            partials: add("partials", 0, Start::Zero),
            scores: *activations.last().expect("a network has an output"),
            totals: add("totals", whole * TOTALS, Start::Zero),
        };
        let labels = add("labels", batch * LABEL_WORDS, Start::Zero);
        let gradient = add("gradient", linear, Start::Zero);
        let step_state = add("step_state", STATE_WORDS, Start::Zero);
        let rows = add("row", 0, Start::Words(Vec::new()));
        Builder {
            network,
            optimizer,
            profile,
            whole,
            shards,
            batch,
            layout,
            partial_rows: 0,
            epilogue: Epilogue::Apply(optimizer),
            shard: 0,
            is_last: true,
            inspects: false,
            buffers,
            kernels: Vec::new(),
            dispatches: Vec::new(),
            ports,
            labels,
            gradient,
            step_state,
            rows,
            activations,
            deltas,
        }
    }

    pub(super) fn buffer(&mut self, name: String, start: Start) -> BufferId {
        let words = if let Start::Words(words) = &start { words.len() } else { 0 };
        self.buffers.push(Buffer { name, words, start });
        self.buffers.len() - 1
    }

    pub(super) fn find_or_add(&mut self, name: &str, start: impl FnOnce() -> Start) -> BufferId {
        match self.buffers.iter().position(|buffer| buffer.name == name) {
            Some(id) => id,
            None => self.buffer(name.into(), start()),
        }
    }

    /// Where the loss by what a block sees goes. Below the first block nobody reads it.
    pub(super) fn below(&mut self, block: usize) -> BufferId {
        match block.checked_sub(1) {
            Some(below) => self.deltas[below],
            None => self.find_or_add("d.input", || Start::Zero),
        }
    }

    /// A binding with the number of a row of w.
    pub(super) fn row(&mut self, row: usize) -> View {
        let Start::Words(words) = &mut self.buffers[self.rows].start else {
            unreachable!("rows holds words")
        };
        let known = words.iter().step_by(ALIGN).position(|&known| known == row as u32);
        let index = known.unwrap_or_else(|| {
            words.push(row as u32);
            words.resize(words.len().next_multiple_of(ALIGN), 0);
            words.len() / ALIGN - 1
        });
        self.view(self.rows, index * ALIGN, 1)
    }

    pub(super) fn view(&self, buffer: BufferId, offset: usize, words: usize) -> View {
        View { buffer, offset, words, uniform: false }
    }

    /// `samples` samples of `size` words from sample `first` on.
    pub(super) fn samples(
        &self,
        buffer: BufferId,
        size: u32,
        first: usize,
        samples: usize,
    ) -> View {
        self.view(buffer, first * size as usize, samples * size as usize)
    }

    pub(super) fn dispatch(&mut self, layer: &str, op: impl Into<Op>, views: Vec<View>) {
        let Builder { profile, buffers, kernels, .. } = self;
        let dispatch = launch(profile, buffers, kernels, layer, op.into(), views);
        self.dispatches.push(dispatch);
    }

    /// Removes and returns the dispatches planned so far.
    pub(super) fn take(&mut self) -> Vec<Dispatch> {
        std::mem::take(&mut self.dispatches)
    }

    pub(super) fn finish(self, strategy: Strategy, replicas: Vec<Replica>) -> Plan {
        let activations = self.stored();
        Plan {
            network: self.network.clone(),
            optimizer: self.optimizer,
            strategy,
            profile: self.profile,
            batch: self.whole,
            shards: self.shards,
            distortion: None,
            layout: self.layout,
            buffers: self.buffers,
            kernels: self.kernels,
            replicas,
            ports: self.ports,
            activations,
        }
    }

    /// The layers whose outputs stand in a buffer.
    fn stored(&self) -> Vec<Activation> {
        let input = ("input", self.network.input());
        let layers = self.network.layers.iter().map(|layer| (layer.name.as_str(), layer.output));
        let find = |name: &str| self.buffers.iter().position(|buffer| buffer.name == name);
        let width = |buffer: BufferId| {
            let block = self.activations.iter().position(|&other| other == buffer)?;
            Some(self.layout.widths[block])
        };
        std::iter::once(input)
            .chain(layers)
            .filter_map(|(layer, shape)| {
                let buffer = find(layer)?;
                let stride = width(buffer).unwrap_or(shape.size());
                Some(Activation { layer: layer.into(), buffer, shape, stride })
            })
            .collect()
    }

    pub(super) fn stage(&self, block: usize, conv: usize, pool: usize) -> (Layer, Stage) {
        let (layer, pool) = (self.network.layers[conv].clone(), &self.network.layers[pool]);
        let (Kind::Conv(table), Kind::Pool(form)) = (&layer.kind, &pool.kind) else {
            unreachable!("a stage is a convolution and a pooling")
        };
        let stage = Stage {
            samples: 0,
            c: layer.input.maps as u32,
            m: layer.output.maps as u32,
            j: table.count() as u32,
            height: layer.input.height as u32,
            width: layer.input.width as u32,
            s_stride: self.layout.widths[block + 1] as u32,
            tile_width: largest_divisor(pool.output.width, self.profile.tiles.tile_width),
            tile_height: 1,
            dx_rows: largest_divisor(layer.input.height, self.profile.tiles.dx_rows),
            block_scale: form.block_scale(),
            partial_rows: 0,
            stride: self.layout.stages as u32,
            squash: self.network.options.squash,
            curvature: false,
        };
        (layer, stage)
    }

    pub(super) fn linear(&self, block: usize, at: usize) -> (Layer, Linear) {
        let layer = self.network.layers[at].clone();
        let [inputs, outputs] = [block, block + 1].map(|at| self.layout.widths[at] as u32);
        let linear = Linear {
            samples: 0,
            inputs,
            outputs,
            rows: outputs,
            tile: self.profile.tiles.tile,
            starts: true,
            ends: true,
            squash: self.network.options.squash,
            curvature: false,
        };
        (layer, linear)
    }

    /// Which of a kernel's inputs, by the numbers that a sample has in each, come in uniform windows. The
    /// last of them is read little: from storage, but where a batch has several shards, whose devices mostly
    /// compute in the thread that submits: a dispatch for each window costs next to nothing there.
    pub(super) fn in_windows<'s>(&self, sizes: &'s [usize]) -> &'s [usize] {
        if self.shards > 1 { sizes } else { &sizes[..sizes.len() - 1] }
    }

    pub(super) fn linear_samples(&self, k: &Linear) -> usize {
        let sizes = [k.inputs as usize, k.outputs as usize];
        self.profile.samples_of(self.batch, &sizes, &sizes)
    }

    /// What the epilogue works on, of a range of the parameters.
    pub(super) fn epilogue_views(&self, start: usize, words: usize) -> impl Iterator<Item = View> {
        self.ports.epilogue_buffers(self.epilogue).map(move |buffer| {
            let row = if Some(buffer) == self.ports.shard_gradients { self.shard } else { 0 };
            self.view(buffer, row * self.layout.size + start, words)
        })
    }

    pub(super) fn parameters(&self, block: usize, words: u32) -> View {
        self.view(self.ports.parameters, self.layout.starts[block], words as usize)
    }

    pub(super) fn weights(&self, block: usize, k: &Linear, row: usize) -> View {
        let start = self.layout.starts[block] + aligned(k.outputs as usize);
        let inputs = k.inputs as usize;
        self.view(self.ports.parameters, start + row * inputs, k.rows as usize * inputs)
    }

    /// The rows of partials of a window of the batch; also says how many rows it has.
    pub(super) fn partials(&mut self, block: usize, k: &mut Stage, window: usize) -> View {
        let units = (k.samples * k.across()) as usize;
        let partial_rows = self.profile.partial_rows.min(units);
        k.partial_rows = partial_rows as u32;
        let stages = self.layout.stages;
        let first = window * self.profile.partial_rows;
        self.partial_rows = self.partial_rows.max(first + partial_rows);
        let start = self.layout.starts[block];
        self.view(self.ports.partials, first * stages + start, partial_rows * stages - start)
    }

    pub(super) fn table(&mut self, layer: &Layer) -> View {
        let Kind::Conv(table) = &layer.kind else { unreachable!("only convolutions have a table") };
        let words = table.words();
        let length = words.len();
        let id = self.find_or_add(&format!("{}.table", layer.name), || Start::Words(words));
        self.view(id, 0, length)
    }

    pub(super) fn centres(&mut self) -> View {
        let centres = bitmaps::centres();
        let length = centres.len();
        let words = || Start::Words(centres.into_iter().map(f32::to_bits).collect());
        let id = self.find_or_add("rbf.centres", words);
        self.view(id, 0, length)
    }
}

/// A launch of an operation on views of buffers, which grow where a view needs it; its kernel joins
/// the list unless it is there already.
pub(super) fn launch(
    profile: &Profile,
    buffers: &mut [Buffer],
    kernels: &mut Vec<Kernel>,
    layer: &str,
    op: Op,
    mut views: Vec<View>,
) -> Dispatch {
    let bindings = op.bindings();
    assert_eq!(bindings.len(), views.len(), "{} has other bindings", op.name());
    for (binding, view) in bindings.iter().zip(&mut views) {
        view.uniform = profile.reads_uniform(binding, view.words, view.offset);
        // Uniform arrays come in vec4s; the rest of the last one is never looked at.
        let end = (view.offset + view.words).next_multiple_of(4);
        let words = &mut buffers[view.buffer].words;
        *words = end.max(*words);
    }
    let windows = views.iter().map(|view| view.uniform.then_some(view.words)).collect();
    let (workgroup, workgroups) = profile.launch(&op);
    let of_curvature = if op.is_curvature() { ".curvature" } else { "" };
    let label = format!("{layer}.{}{of_curvature}", op.name());
    let kernel = Kernel { label, op, windows, workgroup, workgroups };
    let known = kernels.iter().position(|other| *other == kernel);
    let index = known.unwrap_or_else(|| {
        kernels.push(kernel);
        kernels.len() - 1
    });
    Dispatch { kernel: index, views }
}
