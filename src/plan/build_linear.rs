//! The dispatches of linear layers.

use super::Epilogue;
use super::builder::{Builder, Window};
use super::kernels::{Linear, LinearBackward, LinearUpdate, Op};
use crate::network::Layer;
use crate::network::tensors::aligned;

impl<'a> Builder<'a> {
    pub(super) fn linear_forward(&mut self, block: usize, at: usize) {
        let (layer, mut k) = self.linear(block, at);
        let sizes = [k.inputs as usize, k.outputs as usize];
        let samples =
            self.profile.samples_of(self.shard_samples, self.in_windows(&sizes[..1]), &sizes);
        k.samples = samples as u32;
        // What only fills y up stays 0, where an activation need not have f(0) = 0.
        let rows = self.rows([sizes[0], layer.output.size()]);
        for first in (0..self.shard_samples).step_by(samples) {
            for &(row, rows) in &rows {
                k.rows = rows as u32;
                let at = Window { block, first, samples, row, rows, ..Window::default() };
                self.dispatch(&layer.name, Op::LinearForward(k), at);
            }
        }
    }

    /// The constants of the kernels of a linear layer.
    fn linear(&self, block: usize, at: usize) -> (&'a Layer, Linear) {
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
            input_squash: self.layout.input_squash(self.network, block),
            curvature: false,
        };
        (&self.network.layers[at], linear)
    }

    /// The windows of the rows of a weight matrix: the first row of each, and how many it has.
    fn rows(&self, [inputs, outputs]: [usize; 2]) -> Vec<(usize, usize)> {
        let most = self.profile.rows_of(outputs, inputs);
        (0..outputs).step_by(most).map(|row| (row, most.min(outputs - row))).collect()
    }

    /// The input gradient of a linear layer, unless `output` has computed it or no layer needs it, then
    /// its gradients and their epilogue.
    pub(super) fn linear_backward(
        &mut self,
        block: usize,
        at: usize,
        is_output: bool,
        epilogue: Epilogue,
    ) {
        let (_, k) = self.linear(block, at);
        let sizes = [k.inputs as usize, k.outputs as usize];
        let samples = self.profile.samples_of(self.shard_samples, &sizes, &sizes);
        match self.profile.fused_samples(epilogue, self.shard_samples, &sizes) {
            _ if is_output || block == 0 => self.linear_update(block, at, samples, epilogue, false),
            Some(few) => self.linear_update(block, at, few, epilogue, true),
            None => {
                self.linear_backward_input(block, at, samples, epilogue.is_curvature());
                self.linear_update(block, at, samples, epilogue, false);
            }
        }
    }

    fn linear_backward_input(&mut self, block: usize, at: usize, samples: usize, curvature: bool) {
        let (layer, linear) = self.linear(block, at);
        let tile = self.profile.tiles.backward_tile;
        let mut k = Linear { samples: samples as u32, tile, curvature, ..linear };
        for first in (0..self.shard_samples).step_by(samples) {
            for (row, rows) in self.rows([k.inputs as usize, k.outputs as usize]) {
                k.rows = rows as u32;
                k.starts = row == 0;
                k.ends = row + rows >= k.outputs as usize;
                let at = Window { block, first, samples, row, rows, ..Window::default() };
                self.dispatch(&layer.name, Op::LinearBackwardInput(k), at);
            }
        }
    }

    /// The gradients of a linear layer and their epilogue; `is_fused`: and its input gradient, in one
    /// kernel for the few samples that an invocation can hold.
    fn linear_update(
        &mut self,
        block: usize,
        at: usize,
        step: usize,
        epilogue: Epilogue,
        is_fused: bool,
    ) {
        let (layer, Linear { inputs, outputs, input_squash, .. }) = self.linear(block, at);
        let tile = self.profile.tiles.backward_tile;
        let (samples, weights) = (step as u32, aligned(outputs as usize) as u32);
        for first in (0..self.shard_samples).step_by(step) {
            let (starts, ends) = (first == 0, first + step >= self.shard_samples);
            let update =
                LinearUpdate { samples, inputs, outputs, tile, starts, ends, weights, epilogue };
            let op = match is_fused {
                true => Op::LinearBackward(LinearBackward { update, input_squash }),
                false => Op::LinearUpdate(update),
            };
            let at = Window { block, first, samples: step, ..Window::default() };
            self.dispatch(&layer.name, op, at);
        }
    }
}
