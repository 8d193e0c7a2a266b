//! The dispatches of linear layers.

use super::STATE_WORDS;
use super::builder::Builder;
use super::kernels::{LinearBackward, LinearBackwardInput, LinearForward, LinearUpdate};
use crate::network::tensors::aligned;

impl Builder<'_> {
    pub(super) fn linear_forward(&mut self, block: usize, at: usize) {
        let (layer, mut k) = self.linear(block, at);
        let (inputs, outputs) = (k.inputs, k.outputs as usize);
        let sizes = [inputs as usize, outputs];
        let step = self.profile.samples_of(self.batch, self.in_windows(&sizes[..1]), &sizes);
        let rows = self.profile.rows_of(outputs, inputs as usize);
        for first in (0..self.batch).step_by(step) {
            for row in (0..outputs).step_by(rows) {
                k.samples = step as u32;
                k.rows = rows.min(outputs - row) as u32;
                let views = vec![
                    self.samples(self.activations[block], inputs, first, step),
                    self.weights(block, &k, row),
                    self.parameters(block, k.outputs),
                    self.row(row),
                    self.samples(self.activations[block + 1], k.outputs, first, step),
                ];
                self.dispatch(&layer.name, LinearForward(k), views);
            }
        }
    }

    /// The input gradient of a linear layer, unless the output has made it already or nothing is below,
    /// then its gradients and their epilogue.
    pub(super) fn linear_ways_back(&mut self, block: usize, at: usize, is_output: bool) {
        let (_, k) = self.linear(block, at);
        let sizes = [k.inputs as usize, k.outputs as usize];
        match self.profile.fused_samples(self.epilogue, self.batch, &sizes) {
            _ if is_output || block == 0 => self.linear_update(block, at),
            Some(samples) => self.linear_backward(block, at, samples),
            None => {
                self.linear_backward_input(block, at);
                self.linear_update(block, at);
            }
        }
    }

    fn linear_backward_input(&mut self, block: usize, at: usize) {
        let (layer, mut k) = self.linear(block, at);
        k.tile = self.profile.tiles.backward_tile;
        k.curvature = self.epilogue.is_curvature();
        let (inputs, outputs) = (k.inputs, k.outputs as usize);
        let step = self.linear_samples(&k);
        let rows = self.profile.rows_of(outputs, inputs as usize);
        for first in (0..self.batch).step_by(step) {
            k.samples = step as u32;
            for row in (0..outputs).step_by(rows) {
                k.rows = rows.min(outputs - row) as u32;
                k.starts = row == 0;
                k.ends = row + rows >= outputs;
                let views = vec![
                    self.samples(self.activations[block], inputs, first, step),
                    self.weights(block, &k, row),
                    self.samples(self.deltas[block], k.outputs, first, step),
                    self.row(row),
                    self.samples(self.deltas[block - 1], inputs, first, step),
                ];
                self.dispatch(&layer.name, LinearBackwardInput(k), views);
            }
        }
    }

    fn linear_update(&mut self, block: usize, at: usize) {
        let (layer, k) = self.linear(block, at);
        let step = self.linear_samples(&k);
        let weights = aligned(k.outputs as usize) as u32;
        let start = self.layout.starts[block];
        let size = (weights + k.inputs * k.outputs) as usize;
        for first in (0..self.batch).step_by(step) {
            let op = LinearUpdate {
                samples: step as u32,
                inputs: k.inputs,
                outputs: k.outputs,
                tile: self.profile.tiles.backward_tile,
                starts: first == 0,
                ends: first + step >= self.batch,
                weights,
                epilogue: self.epilogue,
            };
            let mut views = vec![
                self.samples(self.activations[block], k.inputs, first, step),
                self.samples(self.deltas[block], k.outputs, first, step),
                self.view(self.step_state, 0, STATE_WORDS),
                self.view(self.gradient, start - self.layout.stages, size),
            ];
            views.extend(self.epilogue_views(start, size));
            self.dispatch(&layer.name, op, views);
        }
    }

    fn linear_backward(&mut self, block: usize, at: usize, step: usize) {
        let (layer, k) = self.linear(block, at);
        let weights = aligned(k.outputs as usize) as u32;
        let start = self.layout.starts[block];
        let size = (weights + k.inputs * k.outputs) as usize;
        for first in (0..self.batch).step_by(step) {
            let op = LinearBackward {
                samples: step as u32,
                inputs: k.inputs,
                outputs: k.outputs,
                starts: first == 0,
                ends: first + step >= self.batch,
                weights,
                squash: k.squash,
                epilogue: self.epilogue,
            };
            let mut views = vec![
                self.samples(self.activations[block], k.inputs, first, step),
                self.samples(self.deltas[block], k.outputs, first, step),
                self.view(self.step_state, 0, STATE_WORDS),
                self.samples(self.deltas[block - 1], k.inputs, first, step),
                self.view(self.gradient, start - self.layout.stages, size),
            ];
            views.extend(self.epilogue_views(start, size));
            self.dispatch(&layer.name, op, views);
        }
    }
}
