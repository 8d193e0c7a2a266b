//! From a network to the buffers and dispatches of a training step.

use std::ops::Range;

use super::abi::{LABEL_WORDS, STATE_WORDS, TOTALS};
use super::builder::Builder;
use super::kernels::{
    ConvBackwardInput, ConvBackwardWeights, ConvPoolForward, FirstStageBackward, FirstStageForward,
    Gather, Output, Update,
};
use super::limits;
use super::profile::largest_divisor;
use super::{
    BufferId, Criterion, Epilogue, Layout, Optimizer, Plan, Ports, Profile, Replica, Start, Steps,
    Strategy,
};
use crate::error::Result;
use crate::network::tensors::{Block, aligned};
use crate::network::{CLASSES, DIGIT_SIDE, Network};

/// How many samples, indices and steps the buffers of a plan hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Capacity {
    /// Samples of the data set, training and test together.
    pub samples: usize,
    /// Entries of the index list.
    pub indices: usize,
    /// Rows of the table of steps.
    pub steps: usize,
}

impl Plan {
    /// Plans a training step.
    ///
    /// # Errors
    /// [`crate::Error::Usage`] if the network has a layer that no kernel is made for, does not fit the
    /// strategy, or is larger than every device can be trusted with.
    pub fn new(
        network: &Network,
        strategy: Strategy,
        profile: Profile,
        batch: usize,
        optimizer: Optimizer,
        capacity: Capacity,
    ) -> Result<Plan> {
        let layout = Layout::of(network)?;
        limits::check(network, batch, layout.size)?;
        let tiles = strategy.tiles().unwrap_or(profile.tiles);
        let mut profile = Profile { tiles, ..profile };
        if strategy == Strategy::Inspect {
            profile.shards = 1;
        }
        limits::within(profile, |profile| {
            if strategy == Strategy::Sample {
                return super::build_sample::plan(network, profile, batch, optimizer, capacity);
            }
            let mut builder =
                Builder::new(network, profile, batch, layout.clone(), optimizer, capacity);
            builder.inspects = strategy == Strategy::Inspect;
            Ok(builder.layers(strategy))
        })
    }
}

impl Builder<'_> {
    /// The plan, layer by layer, for one replica with all shards or one for each.
    fn layers(mut self, strategy: Strategy) -> Plan {
        let replicas = self.profile.replicas.clamp(1, self.shards);
        let shards = self.shards.div_ceil(replicas);
        let replicas = (0..replicas)
            .map(|replica| {
                let shards = replica * shards..(replica * shards + shards).min(self.shards);
                self.replica(shards)
            })
            .collect();
        self.finish(strategy, replicas)
    }

    fn replica(&mut self, shards: Range<usize>) -> Replica {
        let optimizer = self.optimizer;
        let forward = self.steps(&shards, None);
        if self.inspects {
            return Replica { forward, ..Replica::default() };
        }
        let training = self.steps(&shards, Some(Epilogue::Apply(optimizer)));
        let mut replica = Replica { forward, training, ..Replica::default() };
        if let Optimizer::Sdlm { exact, .. } = optimizer {
            replica.curvature = self.steps(&shards, Some(Epilogue::Accumulate { exact }));
        }
        replica
    }

    /// A pass over these shards: forward alone, or with an epilogue the backward pass as well.
    fn steps(&mut self, shards: &Range<usize>, epilogue: Option<Epilogue>) -> Steps {
        let optimizer = self.optimizer;
        for shard in shards.clone() {
            self.shard = shard;
            self.is_last = shard + 1 == shards.end;
            self.epilogue = match epilogue {
                Some(epilogue) if self.shards > 1 => epilogue.of_shard(),
                epilogue => epilogue.unwrap_or(Epilogue::Apply(optimizer)),
            };
            self.gather();
            let last = self.layout.blocks.len() - 1;
            (0..last).for_each(|block| self.forward(block));
            self.output(last);
            if epilogue.is_some() {
                self.backward(last);
            }
        }
        let mut compute = self.take();
        if let Some(epilogue) = epilogue {
            self.add_shards(epilogue);
        }
        let mut apply = self.take();
        if shards.len() == self.shards {
            compute.append(&mut apply);
        }
        Steps { compute, apply }
    }

    /// Adds the gradients of all shards in their order, and applies the epilogue to the sums.
    fn add_shards(&mut self, epilogue: Epilogue) {
        let Some(shard_gradients) = self.ports.shard_gradients else { return };
        self.epilogue = epilogue;
        let size = self.layout.size;
        let op = Update {
            parameters: size as u32,
            partial_rows: self.shards as u32,
            stride: size as u32,
            epilogue,
        };
        let mut views = vec![
            self.view(shard_gradients, 0, self.shards * size),
            self.view(self.step_state, 0, STATE_WORDS),
        ];
        views.extend(self.epilogue_views(0, size));
        self.dispatch("shards", op, views);
    }

    fn gather(&mut self) {
        let input = self.network.input();
        let before = self.shard * self.batch;
        let (scale, background) = self.network.options.scaling.scale_and_background();
        let op = Gather {
            samples: self.batch as u32,
            before: before as u32,
            height: input.height as u32,
            width: input.width as u32,
            border: ((input.height - DIGIT_SIDE) / 2) as u32,
            scale,
            background,
            distort: None,
        };
        let whole = |id: BufferId| self.view(id, 0, self.buffers[id].words);
        let Ports { data_set, indices, step_table, cursor, .. } = self.ports;
        let views = [
            data_set,
            indices,
            step_table,
            cursor,
            self.step_state,
            self.labels,
            self.activations[0],
        ]
        .map(whole)
        .to_vec();
        self.dispatch("input", op, views);
    }

    fn forward(&mut self, block: usize) {
        match self.layout.blocks[block] {
            Block::Stage { conv, pool } if block == 0 && !self.inspects => {
                self.first_forward(conv, pool);
            }
            Block::Stage { conv, pool } => self.stage_forward(block, conv, pool),
            Block::Linear(at) => self.linear_forward(block, at),
            Block::Rbf(_) => unreachable!("distances are an output"),
        }
    }

    fn first_forward(&mut self, conv: usize, pool: usize) {
        let (layer, mut k) = self.stage(0, conv, pool);
        assert_eq!((k.c, k.j), (1, k.m), "the first stage sees one map");
        let [x, _, s] = k.sizes();
        let step = self.profile.samples_of(self.batch, &[x as usize], &[s as usize]);
        for first in (0..self.batch).step_by(step) {
            k.samples = step as u32;
            let views = vec![
                self.samples(self.activations[0], x, first, step),
                self.parameters(0, k.parameters()),
                self.samples(self.activations[1], s, first, step),
            ];
            self.dispatch(&layer.name, FirstStageForward(k), views);
        }
    }

    fn stage_forward(&mut self, block: usize, conv: usize, pool: usize) {
        let (layer, mut k) = self.stage(block, conv, pool);
        k.tile_height = largest_divisor(k.ph() as usize, self.profile.tiles.tile_height);
        let [x, h, s] = k.sizes();
        let h_buffer = self.find_or_add(&layer.name, || Start::Zero);
        let table = self.table(&layer);
        let writes = [s as usize, h as usize];
        let step = self.profile.samples_of(self.batch, &[x as usize], &writes);
        for first in (0..self.batch).step_by(step) {
            k.samples = step as u32;
            let views = vec![
                self.samples(self.activations[block], x, first, step),
                self.parameters(block, k.parameters()),
                table,
                self.samples(h_buffer, h, first, step),
                self.samples(self.activations[block + 1], s, first, step),
            ];
            self.dispatch(&layer.name, ConvPoolForward(k), views);
        }
    }

    /// The last block, forward and backward to what it sees, and the loss.
    fn output(&mut self, block: usize) {
        let options = self.network.options;
        let layer = &self.network.layers[self.layout.blocks[block].output()];
        let inputs = self.layout.widths[block] as u32;
        let (weights, p) = match self.layout.blocks[block] {
            Block::Rbf(_) => (0, self.centres()),
            _ => {
                let weights = aligned(CLASSES) as u32;
                (weights, self.parameters(block, weights + inputs * CLASSES as u32))
            }
        };
        let below = self.below(block);
        let classes = CLASSES as u32;
        let before = self.shard * self.batch;
        let sizes = [inputs as usize, CLASSES, LABEL_WORDS];
        let step = self.profile.samples_of(self.batch, &sizes, &sizes);
        for first in (0..self.batch).step_by(step) {
            let op = Output {
                samples: step as u32,
                before: before as u32,
                advances: self.is_last,
                inputs,
                weights,
                criterion: Criterion::of(&options),
                squash: options.squash,
                curvature: self.epilogue.is_curvature(),
                exact: self.epilogue.is_exact(),
            };
            let views = vec![
                self.samples(self.activations[block], inputs, first, step),
                p,
                self.samples(self.labels, LABEL_WORDS as u32, first, step),
                self.samples(self.activations[block + 1], classes, first, before + step),
                self.samples(self.deltas[block], classes, first, step),
                self.samples(below, inputs, first, step),
                self.samples(self.ports.totals, TOTALS as u32, first, before + step),
                self.view(self.ports.cursor, 0, 1),
            ];
            self.dispatch(&layer.name, op, views);
        }
    }

    /// From the last block to the first: its input gradient, then its gradients and their epilogue.
    fn backward(&mut self, last: usize) {
        for block in (0..=last).rev() {
            match self.layout.blocks[block] {
                Block::Rbf(_) => {}
                Block::Linear(at) => self.linear_ways_back(block, at, block == last),
                Block::Stage { conv, pool } if block == 0 => self.first_backward(conv, pool),
                Block::Stage { conv, pool } => self.stage_backward(block, conv, pool),
            }
        }
        self.update();
    }

    fn first_backward(&mut self, conv: usize, pool: usize) {
        let (layer, mut k) = self.stage(0, conv, pool);
        k.curvature = self.epilogue.is_curvature();
        let [x, _, s] = k.sizes();
        // Each ds is read once for a hundred multiply-adds.
        let sizes = [x as usize, s as usize];
        let step = self.profile.samples_of(self.batch, self.in_windows(&sizes), &sizes);
        for (window, first) in (0..self.batch).step_by(step).enumerate() {
            k.samples = step as u32;
            let partials = self.partials(0, &mut k, window);
            let views = vec![
                self.samples(self.activations[0], x, first, step),
                self.parameters(0, k.parameters()),
                self.samples(self.deltas[0], s, first, step),
                partials,
            ];
            self.dispatch(&layer.name, FirstStageBackward(k), views);
        }
    }

    fn stage_backward(&mut self, block: usize, conv: usize, pool: usize) {
        let (layer, mut k) = self.stage(block, conv, pool);
        k.curvature = self.epilogue.is_curvature();
        let [x, h, s] = k.sizes();
        let h_buffer = self.find_or_add(&layer.name, || Start::Zero);
        let table = self.table(&layer);
        let p = self.parameters(block, k.parameters());
        let reads = [x as usize, h as usize, s as usize];
        let step = self.profile.samples_of(self.batch, &reads, &[x as usize]);
        for (window, first) in (0..self.batch).step_by(step).enumerate() {
            k.samples = step as u32;
            let partials = self.partials(block, &mut k, window);
            let mut views = vec![
                self.samples(self.activations[block], x, first, step),
                p,
                self.samples(h_buffer, h, first, step),
                self.samples(self.deltas[block], s, first, step),
                table,
                partials,
            ];
            self.dispatch(&layer.name, ConvBackwardWeights(k), views.clone());
            views[5] = self.samples(self.deltas[block - 1], x, first, step);
            self.dispatch(&layer.name, ConvBackwardInput(k), views);
        }
    }

    fn update(&mut self) {
        let stages = self.layout.stages;
        if stages == 0 {
            return;
        }
        let op = Update {
            parameters: stages as u32,
            partial_rows: self.partial_rows as u32,
            stride: stages as u32,
            epilogue: self.epilogue,
        };
        let mut views = vec![
            self.view(self.ports.partials, 0, stages * self.partial_rows),
            self.view(self.step_state, 0, STATE_WORDS),
        ];
        views.extend(self.epilogue_views(0, stages));
        self.dispatch("stages", op, views);
    }
}
