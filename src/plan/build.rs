//! From a network to the buffers and dispatches of a training step.

use super::builder::Builder;
use super::kernels::{
    ConvBackwardInput, ConvBackwardWeights, ConvPoolForward, FirstStageBackward, FirstStageForward,
    Gather, Output, Update,
};
use super::profile::largest_divisor;
use super::{BufferId, Criterion, Layout, Optimizer, Plan, Ports, Profile, Rule, Start, Strategy};
use crate::error::Result;
use crate::network::tensors::{Block, aligned};
use crate::network::{CLASSES, DIGIT_SIDE, Network};

/// What the data set and the epochs need on the device.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Room {
    /// Digits of the data set, training and test together.
    pub digits: usize,
    /// Entries of the index list.
    pub order: usize,
    /// Rows of the table of steps.
    pub steps: usize,
}

/// Words of a row of the table of steps.
pub const STEP_WORDS: usize = 4;
/// Words that a sample has in the table of what is true of it.
pub const TRUTH_WORDS: usize = 4;
/// Numbers of a row of the totals.
pub const TOTALS: usize = 4;

impl Plan {
    /// Plans a training step.
    ///
    /// # Errors
    /// [`crate::Error::Usage`] if the network has a layer that no kernel is made for, or does not
    /// fit the strategy.
    pub fn new(
        network: &Network,
        strategy: Strategy,
        profile: Profile,
        batch: usize,
        optimizer: Optimizer,
        room: Room,
    ) -> Result<Plan> {
        if strategy == Strategy::Sample {
            return super::build_sample::plan(network, profile, batch, optimizer, room);
        }
        let tiles = strategy.tiles().unwrap_or(profile.tiles);
        let profile = Profile { tiles, ..profile };
        let layout = Layout::of(network)?;
        let builder = Builder::new(network, profile, batch, layout, optimizer, room);
        Ok(builder.layers(strategy, optimizer))
    }
}

impl Builder<'_> {
    /// The plan, layer by layer.
    pub(super) fn layers(mut self, strategy: Strategy, optimizer: Optimizer) -> Plan {
        self.gather();
        let last = self.layout.blocks.len() - 1;
        for block in 0..last {
            self.forward(block);
        }
        let hidden = std::mem::take(&mut self.dispatches);
        self.output(last);
        let forward = [&hidden, &self.dispatches[..]].concat();
        self.backward(last);
        let training = [&hidden, &std::mem::take(&mut self.dispatches)[..]].concat();
        let mut curvature = Vec::new();
        if let Optimizer::Sdlm { exact, .. } = optimizer {
            self.rule = Rule::Curvature { exact };
            self.output(last);
            self.backward(last);
            curvature = [hidden, std::mem::take(&mut self.dispatches)].concat();
        }
        self.merge(optimizer);
        let merge = std::mem::take(&mut self.dispatches);
        self.finish(strategy, [forward, training, curvature, merge])
    }

    fn gather(&mut self) {
        let input = self.network.input();
        let (scale, background) = self.network.options.scaling.scale_and_background();
        let op = Gather {
            samples: self.batch as u32,
            before: (self.half * self.batch) as u32,
            height: input.height as u32,
            width: input.width as u32,
            border: ((input.height - DIGIT_SIDE) / 2) as u32,
            scale,
            background,
            distort: None,
        };
        let whole = |id: BufferId| self.view(id, 0, self.buffers[id].words);
        let Ports { digits, order, steps, cursor, .. } = self.ports;
        let views = [digits, order, steps, cursor, self.now, self.truth, self.activations[0]]
            .map(whole)
            .to_vec();
        self.dispatch("input", op, views);
    }

    fn forward(&mut self, block: usize) {
        match self.layout.blocks[block] {
            Block::Stage { conv, pool } if block == 0 => self.first_forward(conv, pool),
            Block::Stage { conv, pool } => self.stage_forward(block, conv, pool),
            Block::Linear(at) => self.linear_forward(block, at),
            Block::Rbf(_) => unreachable!("distances are an output"),
        }
    }

    fn first_forward(&mut self, conv: usize, pool: usize) {
        let (layer, mut k) = self.stage(conv, pool);
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
            self.dispatch(layer.name, FirstStageForward(k), views);
        }
    }

    fn stage_forward(&mut self, block: usize, conv: usize, pool: usize) {
        let (layer, mut k) = self.stage(conv, pool);
        k.tall = largest_divisor(k.ph() as usize, self.profile.tiles.tall);
        let [x, h, s] = k.sizes();
        let h_buffer = self.find_or_add(layer.name, || Start::Zero);
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
            self.dispatch(layer.name, ConvPoolForward(k), views);
        }
    }

    /// The last block, forward and backward to what it sees, and the loss.
    fn output(&mut self, block: usize) {
        let options = self.network.options;
        let layer = &self.network.layers[self.layout.blocks[block].output()];
        let inputs = layer.input.size() as u32;
        let (weights, p) = match self.layout.blocks[block] {
            Block::Rbf(_) => (0, self.centres()),
            _ => {
                let weights = aligned(CLASSES) as u32;
                (weights, self.parameters(block, weights + inputs * CLASSES as u32))
            }
        };
        let classes = CLASSES as u32;
        let sizes = [inputs as usize, CLASSES, TRUTH_WORDS];
        let step = self.profile.samples_of(self.batch, &sizes, &sizes);
        for first in (0..self.batch).step_by(step) {
            let op = Output {
                samples: step as u32,
                before: 0,
                advances: true,
                inputs,
                weights,
                criterion: Criterion::of(&options),
                squash: options.squash,
                curvature: self.rule.is_curvature(),
                exact: self.rule == Rule::Curvature { exact: true },
            };
            let views = vec![
                self.samples(self.activations[block], inputs, first, step),
                p,
                self.samples(self.truth, TRUTH_WORDS as u32, first, step),
                self.samples(self.activations[block + 1], classes, first, step),
                self.samples(self.deltas[block], classes, first, step),
                self.samples(self.deltas[block - 1], inputs, first, step),
                self.samples(self.ports.totals, TOTALS as u32, first, step),
                self.view(self.ports.cursor, 0, 1),
            ];
            self.dispatch(layer.name, op, views);
        }
    }

    /// From the last block to the first: what it hands down, then what becomes of its sums.
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
        let (layer, mut k) = self.stage(conv, pool);
        k.curvature = self.rule.is_curvature();
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
            self.dispatch(layer.name, FirstStageBackward(k), views);
        }
    }

    fn stage_backward(&mut self, block: usize, conv: usize, pool: usize) {
        let (layer, mut k) = self.stage(conv, pool);
        k.curvature = self.rule.is_curvature();
        let [x, h, s] = k.sizes();
        let h_buffer = self.find_or_add(layer.name, || Start::Zero);
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
            self.dispatch(layer.name, ConvBackwardWeights(k), views.clone());
            views[5] = self.samples(self.deltas[block - 1], x, first, step);
            self.dispatch(layer.name, ConvBackwardInput(k), views);
        }
    }

    fn update(&mut self) {
        let stages = self.layout.stages;
        let op = Update {
            parameters: stages as u32,
            slots: self.slots as u32,
            stride: stages as u32,
            rule: self.rule,
        };
        let mut views = vec![
            self.view(self.ports.partials, 0, stages * self.slots),
            self.view(self.now, 0, STEP_WORDS),
        ];
        views.extend(self.taken(0, stages));
        self.dispatch("stages", op, views);
    }
}
