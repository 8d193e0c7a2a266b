//! From a network to the buffers and dispatches of a training step.

use std::ops::Range;

use super::abi::LABEL_WORDS;
use super::builder::{Builder, Window};
use super::kernels::{Gather, Op, Output, Stage, Update};
use super::limits;
use super::profile::largest_divisor;
use super::{
    Capacity, Criterion, Epilogue, Layout, Optimizer, Plan, Profile, Replica, Steps, Strategy,
};
use crate::error::Result;
use crate::network::tensors::{Block, aligned};
use crate::network::{Kind, Layer, Network};

/// Most outputs of a convolution that one invocation holds. llvmpipe compiled 14x14 for eleven seconds, 10x10 for
/// three.
const MAX_TILE: usize = 112;

/// Most multiply-adds, for each feature map, that a compiler unrolls for one invocation of an input gradient. LeNet-5
/// has as many.
const MAX_SPREAD: usize = 3_500;

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
        if matches!(strategy, Strategy::Inspect | Strategy::Sample) {
            profile.shards = 1;
        }
        limits::within(profile, |profile| {
            let builder =
                Builder::new(network, profile, batch, layout.clone(), optimizer, capacity);
            match strategy {
                Strategy::Sample => builder.samples(),
                _ => Ok(builder.layers(strategy)),
            }
        })
    }
}

impl<'a> Builder<'a> {
    /// The plan, layer by layer, for one replica with all shards or one for each.
    fn layers(mut self, strategy: Strategy) -> Plan {
        self.inspects = strategy == Strategy::Inspect;
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
        let is_cut = self.shards > 1;
        let of_shard = epilogue.map(|it| if is_cut { it.of_shard() } else { it });
        for shard in shards.clone() {
            self.shard = shard;
            self.is_last = shard + 1 == shards.end;
            self.gather();
            let last = self.layout.blocks.len() - 1;
            (0..last).for_each(|block| self.forward(block));
            self.output(last, of_shard);
            if let Some(epilogue) = of_shard {
                self.backward(last, epilogue);
            }
        }
        let mut compute = self.take();
        if let Some(epilogue) = epilogue.filter(|_| is_cut) {
            self.reduce("shards", "shard_gradients", self.shards, self.layout.size, epilogue);
        }
        let mut apply = self.take();
        if shards.len() == self.shards {
            compute.append(&mut apply);
        }
        Steps { compute, apply }
    }

    /// Adds rows of partial sums in their order, and applies the epilogue to the sums.
    fn reduce(
        &mut self,
        label: &str,
        partials: &str,
        rows: usize,
        size: usize,
        epilogue: Epilogue,
    ) {
        let k = Update {
            parameters: size as u32,
            partial_rows: rows as u32,
            stride: size as u32,
            epilogue,
        };
        self.launch(label, Op::Update(k), |builder, name| match name {
            "partials" => builder.view(partials, 0, rows * size),
            "step_state" => builder.whole(name),
            _ => builder.parameters(name, 0, size),
        });
    }

    fn gather(&mut self) {
        let input = self.network.input();
        let (scale, background) = self.network.options.scaling.scale_and_background();
        let k = Gather {
            samples: self.shard_samples as u32,
            before: (self.shard * self.shard_samples) as u32,
            record: self.record(),
            height: input.height as u32,
            width: input.width as u32,
            x_stride: self.layout.widths[0] as u32,
            border: self.network.options.border as u32,
            scale,
            background,
            distort: None,
        };
        self.over_batch("input", Op::Gather(k), 0, self.shard_samples);
    }

    fn forward(&mut self, block: usize) {
        match self.layout.blocks[block] {
            Block::Stage { conv, pool } => self.stage_forward(block, conv, pool),
            Block::Linear(at) => self.linear_forward(block, at),
            Block::Rbf(_) => unreachable!("distances are an output"),
        }
    }

    /// The constants of the kernels of a stage.
    fn stage(&self, block: usize, conv: usize, pool: Option<usize>) -> (&'a Layer, Stage) {
        let layer = &self.network.layers[conv];
        let Kind::Conv(table) = &layer.kind else {
            unreachable!("a stage begins with a convolution")
        };
        let output = self.network.layers[pool.unwrap_or(conv)].output;
        let tiles = self.profile.tiles;
        // Multiply-adds of a row of the input gradient.
        let row = layer.kernel().pow(2) * (layer.input.width + 1 - layer.kernel());
        let stage = Stage {
            samples: 0,
            k: layer.kernel() as u32,
            c: layer.input.maps as u32,
            m: layer.output.maps as u32,
            j: table.count() as u32,
            height: layer.input.height as u32,
            width: layer.input.width as u32,
            x_stride: self.layout.widths[block] as u32,
            s_stride: self.layout.widths[block + 1] as u32,
            tile_width: largest_divisor(output.width, tiles.width(pool.is_some())),
            tile_height: 1,
            dx_rows: largest_divisor(
                layer.input.height,
                tiles.dx_rows.min(MAX_SPREAD / row).max(1),
            ),
            pooling: pool.map(|_| self.network.options.pool),
            input_squash: self.layout.input_squash(self.network, block),
            partial_rows: 0,
            stride: self.layout.stages as u32,
            squash: self.network.options.squash,
            curvature: false,
        };
        (layer, stage)
    }

    fn stage_forward(&mut self, block: usize, conv: usize, pool: Option<usize>) {
        let (layer, mut k) = self.stage(block, conv, pool);
        let [x, h, s] = k.sizes().map(|size| size as usize);
        if block == 0 && !self.inspects {
            assert_eq!((k.c, k.j), (1, k.m), "the first stage sees one map");
            let samples = self.profile.samples_of(self.shard_samples, &[x], &[s]);
            k.samples = samples as u32;
            self.over_batch(&layer.name, Op::FirstStageForward(k), block, samples);
        } else {
            let samples = self.profile.samples_of(self.shard_samples, &[x], &[s, h]);
            k.samples = samples as u32;
            let most = (MAX_TILE / (k.p() * k.p() * k.tile_width) as usize).max(1);
            let height = self.profile.tiles.height(pool.is_some()).min(most);
            k.tile_height = largest_divisor(k.ph() as usize, height);
            match pool {
                Some(_) => self.over_batch(&layer.name, Op::ConvPoolForward(k), block, samples),
                None => self.over_batch(&layer.name, Op::ConvForward(k), block, samples),
            }
        }
    }

    /// The last block forward, the loss, and the input gradient of the block, which a backward pass with
    /// this epilogue goes on from.
    fn output(&mut self, block: usize, epilogue: Option<Epilogue>) {
        let options = self.network.options;
        let is_rbf = matches!(self.layout.blocks[block], Block::Rbf(_));
        let layer = &self.network.layers[self.layout.blocks[block].output()];
        let inputs = self.layout.widths[block];
        let sizes = [inputs, options.classes, LABEL_WORDS];
        let samples = self.profile.samples_of(self.shard_samples, &sizes, &sizes);
        let k = Output {
            samples: samples as u32,
            before: (self.shard * self.shard_samples) as u32,
            advances: self.is_last,
            inputs: inputs as u32,
            classes: options.classes as u32,
            weights: if is_rbf { 0 } else { aligned(options.classes) as u32 },
            criterion: Criterion::of(&options),
            squash: options.squash.of_output(),
            input_squash: self.layout.input_squash(self.network, block),
            curvature: epilogue.is_some_and(|epilogue| epilogue.is_curvature()),
            exact: epilogue.is_some_and(|epilogue| epilogue.is_exact()),
        };
        self.over_batch(&layer.name, Op::Output(k), block, samples);
    }

    /// From the last block to the first. Of a linear layer: the input gradient, then gradients and their epilogue. Of a
    /// stage: partial gradients, then the input gradient; one `update` adds these of all stages in the end.
    fn backward(&mut self, last: usize, epilogue: Epilogue) {
        for block in (0..=last).rev() {
            match self.layout.blocks[block] {
                Block::Rbf(_) => {}
                Block::Linear(at) => self.linear_backward(block, at, block == last, epilogue),
                Block::Stage { conv, pool } => {
                    self.stage_backward(block, conv, pool, epilogue.is_curvature());
                }
            }
        }
        if self.layout.stages > 0 {
            self.reduce("stages", "partials", self.partial_rows, self.layout.stages, epilogue);
        }
    }

    fn stage_backward(&mut self, block: usize, conv: usize, pool: Option<usize>, curvature: bool) {
        let (layer, stage) = self.stage(block, conv, pool);
        let mut k = Stage { curvature, ..stage };
        let [x, h, s] = k.sizes().map(|size| size as usize);
        if block == 0 {
            // Each ds is read once for a hundred multiply-adds.
            let samples =
                self.profile.samples_of(self.shard_samples, self.in_windows(&[x, s]), &[x, s]);
            for at in self.stage_windows(block, &mut k, samples) {
                self.dispatch(&layer.name, Op::FirstStageBackward(k), at);
            }
        } else {
            let samples = self.profile.samples_of(self.shard_samples, &[x, h, s], &[x]);
            for at in self.stage_windows(block, &mut k, samples) {
                self.dispatch(&layer.name, Op::ConvBackwardWeights(k), at);
                match k.width.is_multiple_of(2) {
                    true => self.dispatch(&layer.name, Op::ConvBackwardInput(k), at),
                    false => self.dispatch(&layer.name, Op::ConvBackwardOddInput(k), at),
                }
            }
        }
    }

    /// The windows of the batch in which a stage goes backward, each with rows of partial gradients of its
    /// own; completes the constants of the kernels.
    fn stage_windows(&mut self, block: usize, k: &mut Stage, samples: usize) -> Vec<Window> {
        k.samples = samples as u32;
        let partial_rows = self.profile.partial_rows.min((k.samples * k.across()) as usize);
        k.partial_rows = partial_rows as u32;
        let windows = (0..self.shard_samples).step_by(samples);
        let above = (windows.len() - 1) * self.profile.partial_rows;
        self.partial_rows = self.partial_rows.max(above + partial_rows);
        let window = |first| Window { block, first, samples, partial_rows, ..Window::default() };
        windows.map(window).collect()
    }
}
