//! From a network to the buffers and dispatches of a training step.

use super::builder::Builder;
use super::constant::LossKind;
use super::op::{Gather, LossShape, Op, Update};
use super::profile::UNIFORM_WINDOW;
use super::{BufferId, Layout, Plan, Ports, Profile, Start};
use crate::error::Result;
use crate::network::tensors::Block;
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

/// What the update does besides the learning rate, which comes with each step.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Optimizer {
    pub momentum: f32,
    pub weight_decay: f32,
}

/// Words of a row of the table of steps.
pub const STEP_WORDS: usize = 4;
/// Numbers of a row of the totals.
pub const TOTALS: usize = 4;

impl Plan {
    /// Plans a training step.
    ///
    /// # Errors
    /// [`crate::Error::Usage`] if the network has a layer that no kernel is made for.
    pub fn new(
        network: &Network,
        profile: Profile,
        batch: usize,
        optimizer: Optimizer,
        room: Room,
    ) -> Result<Plan> {
        let layout = Layout::of(network)?;
        let slots = profile.slots_of(layout.stages, batch);
        let mut builder = Builder::new(network, profile, batch, layout, slots, room);
        builder.gather();
        for block in 0..builder.layout.blocks.len() {
            builder.forward(block);
        }
        builder.loss();
        let forward = std::mem::take(&mut builder.dispatches);
        for block in (0..builder.layout.blocks.len()).rev() {
            builder.backward(block);
        }
        builder.update(optimizer);
        Ok(builder.finish(forward))
    }
}

impl Builder<'_> {
    fn gather(&mut self) {
        let input = self.network.input();
        let (scale, background) = self.network.options.scaling.scale_and_background();
        let op = Op::Gather(Gather {
            samples: self.batch as u32,
            height: input.height as u32,
            width: input.width as u32,
            border: ((input.height - DIGIT_SIDE) / 2) as u32,
            scale,
            background,
        });
        let whole = |id: BufferId| self.view(id, 0, self.buffers[id].words);
        let Ports { digits, order, steps, cursor, .. } = self.ports;
        let views = [digits, order, steps, cursor, self.now, self.label, self.activations[0]]
            .map(whole)
            .to_vec();
        self.dispatch("input", op, views);
    }

    fn forward(&mut self, block: usize) {
        match self.layout.blocks[block] {
            Block::Stage { conv, pool } if block == 0 => self.first_forward(conv, pool),
            Block::Stage { conv, pool } => self.stage_forward(block, conv, pool),
            Block::Linear(at) => {
                let (layer, mut k) = self.linear(at);
                let (inputs, outputs) = (k.inputs, k.outputs);
                let step = self.linear_samples(&k);
                let rows = self.profile.rows_of(outputs as usize, inputs as usize);
                for first in (0..self.batch).step_by(step) {
                    for row in (0..outputs as usize).step_by(rows) {
                        k.samples = step as u32;
                        k.rows = rows.min(outputs as usize - row) as u32;
                        let views = vec![
                            self.samples(self.activations[block], inputs, first, step),
                            self.weights(block, &k, row),
                            self.parameters(block, outputs),
                            self.part(row, true, true),
                            self.samples(self.activations[block + 1], outputs, first, step),
                        ];
                        self.dispatch(layer.name, Op::LinearForward(k), views);
                    }
                }
            }
            Block::Rbf(at) => {
                let (layer, mut k) = self.rbf(at);
                let centre = self.centres();
                let classes = CLASSES as u32;
                let sizes = ([k.units as usize], [CLASSES]);
                let step = self.profile.samples_of(self.batch, &sizes.0, &sizes.1);
                for first in (0..self.batch).step_by(step) {
                    k.samples = step as u32;
                    let views = vec![
                        self.samples(self.activations[block], k.units, first, step),
                        centre,
                        self.samples(self.activations[block + 1], classes, first, step),
                    ];
                    self.dispatch(layer.name, Op::RbfForward(k), views);
                }
            }
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
            self.dispatch(layer.name, Op::FirstStageForward(k), views);
        }
    }

    fn stage_forward(&mut self, block: usize, conv: usize, pool: usize) {
        let (layer, mut k) = self.stage(conv, pool);
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
            self.dispatch(layer.name, Op::ConvPoolForward(k), views);
        }
    }

    fn loss(&mut self) {
        let options = self.network.options;
        let op = Op::Loss(LossShape {
            samples: self.batch as u32,
            loss: LossKind::of(options.output, options.loss),
            j: options.j,
            squash: options.squash,
        });
        let scores = self.batch * CLASSES;
        let delta = *self.deltas.last().expect("a network has an output");
        let views = vec![
            self.view(self.ports.scores, 0, scores),
            self.view(self.label, 0, self.batch),
            self.view(self.now, 0, STEP_WORDS),
            self.view(delta, 0, scores),
            self.view(self.ports.totals, 0, self.batch * TOTALS),
            self.view(self.ports.cursor, 0, 1),
        ];
        self.dispatch("output", op, views);
    }

    fn backward(&mut self, block: usize) {
        match self.layout.blocks[block] {
            Block::Rbf(at) => self.rbf_backward(block, at),
            Block::Linear(at) => self.linear_backward(block, at),
            Block::Stage { conv, pool } if block == 0 => self.first_backward(conv, pool),
            Block::Stage { conv, pool } => self.stage_backward(block, conv, pool),
        }
    }

    fn rbf_backward(&mut self, block: usize, at: usize) {
        let (layer, mut k) = self.rbf(at);
        let centre = self.centres();
        let step =
            self.profile.samples_of(self.batch, &[k.units as usize, CLASSES], &[k.units as usize]);
        for first in (0..self.batch).step_by(step) {
            k.samples = step as u32;
            let views = vec![
                self.samples(self.activations[block], k.units, first, step),
                self.samples(self.deltas[block], CLASSES as u32, first, step),
                centre,
                self.samples(self.deltas[block - 1], k.units, first, step),
            ];
            self.dispatch(layer.name, Op::RbfBackward(k), views);
        }
    }

    fn linear_backward(&mut self, block: usize, at: usize) {
        let (layer, mut k) = self.linear(at);
        let (inputs, outputs) = (k.inputs, k.outputs as usize);
        let step = self.linear_samples(&k);
        let rows = self.profile.rows_of(outputs, inputs as usize);
        for first in (0..self.batch).step_by(step) {
            k.samples = step as u32;
            k.rows = k.outputs;
            let x = self.samples(self.activations[block], inputs, first, step);
            let dy = self.samples(self.deltas[block], k.outputs, first, step);
            let start = self.layout.starts[block] - self.layout.stages;
            let size = (k.weights + k.inputs * k.outputs) as usize;
            let views = vec![
                x,
                dy,
                self.part(0, first == 0, true),
                self.view(self.ports.gradient, start, size),
            ];
            self.dispatch(layer.name, Op::LinearBackwardWeights(k), views);
            if block == 0 {
                continue;
            }
            for row in (0..outputs).step_by(rows) {
                k.rows = rows.min(outputs - row) as u32;
                let views = vec![
                    x,
                    self.weights(block, &k, row),
                    dy,
                    self.part(row, row == 0, row + rows >= outputs),
                    self.samples(self.deltas[block - 1], inputs, first, step),
                ];
                self.dispatch(layer.name, Op::LinearBackwardInput(k), views);
            }
        }
    }

    fn first_backward(&mut self, conv: usize, pool: usize) {
        let (layer, mut k) = self.stage(conv, pool);
        let [x, _, s] = k.sizes();
        let step = self.profile.samples_of(self.batch, &[x as usize, s as usize], &[]);
        for first in (0..self.batch).step_by(step) {
            k.samples = step as u32;
            let views = vec![
                self.samples(self.activations[0], x, first, step),
                self.parameters(0, k.parameters()),
                self.samples(self.deltas[0], s, first, step),
                self.part(0, first == 0, true),
                self.partials(0),
            ];
            self.dispatch(layer.name, Op::FirstStageBackward(k), views);
        }
    }

    fn stage_backward(&mut self, block: usize, conv: usize, pool: usize) {
        let (layer, mut k) = self.stage(conv, pool);
        let [x, h, s] = k.sizes();
        let [x_size, h_size, s_size] = [x as usize, h as usize, s as usize];
        let h_buffer = self.find_or_add(layer.name, || Start::Zero);
        let dh_buffer = self.find_or_add(&format!("d.{}", layer.name), || Start::Zero);
        let table = self.table(&layer);
        let p = self.parameters(block, k.parameters());
        let partials = self.partials(block);

        let step = self.profile.samples_of(self.batch, &[h_size, s_size], &[h_size]);
        for first in (0..self.batch).step_by(step) {
            k.samples = step as u32;
            let views = vec![
                self.samples(h_buffer, h, first, step),
                p,
                self.samples(self.deltas[block], s, first, step),
                self.part(0, first == 0, true),
                self.samples(dh_buffer, h, first, step),
                partials,
            ];
            self.dispatch(self.network.layers[pool].name, Op::PoolBackward(k), views);
        }
        let step = self.profile.samples_of(self.batch, &[x_size, h_size], &[x_size]);
        for first in (0..self.batch).step_by(step) {
            k.samples = step as u32;
            let x_view = self.samples(self.activations[block], x, first, step);
            let dh = self.samples(dh_buffer, h, first, step);
            let part = self.part(0, first == 0, true);
            let weights = vec![x_view, dh, table, part, partials];
            self.dispatch(layer.name, Op::ConvBackwardWeights(k), weights);
            let dx = self.samples(self.deltas[block - 1], x, first, step);
            let input = vec![x_view, p, dh, table, dx];
            self.dispatch(layer.name, Op::ConvBackwardInput(k), input);
        }
    }

    fn update(&mut self, optimizer: Optimizer) {
        let Layout { stages, size, .. } = self.layout;
        let Ports { parameters, velocity, partials, gradient, .. } = self.ports;
        let window = if self.profile.uniform { UNIFORM_WINDOW } else { size };
        let pieces = [(0, stages, self.slots, stages, partials)]
            .into_iter()
            .filter(|piece| piece.1 > 0)
            .chain(
                (stages..size)
                    .step_by(window)
                    .map(|at| (at, window.min(size - at), 1, 0, gradient)),
            );
        for (at, words, slots, stride, source) in pieces.collect::<Vec<_>>() {
            let op = Op::Update(Update {
                parameters: words as u32,
                slots: slots as u32,
                stride: stride as u32,
                momentum: optimizer.momentum,
                weight_decay: optimizer.weight_decay,
            });
            let from = if source == partials { 0 } else { at - stages };
            let views = vec![
                self.view(source, from, words * slots),
                self.view(self.now, 0, STEP_WORDS),
                self.view(velocity, at, words),
                self.view(parameters, at, words),
            ];
            self.dispatch(if source == partials { "stages" } else { "linear" }, op, views);
        }
    }
}
