//! The views that kernels bind. A kernel says in the head of its shader what it binds, by name.

use super::abi::{LABEL_WORDS, TOTALS};
use super::builder::{Builder, Window};
use super::kernels::Op;
use super::{ALIGN, Start, View};
use crate::network::tensors::{Block, aligned};
use crate::network::{Kind, bitmaps};

impl<'a> Builder<'a> {
    /// A view of the buffer of that name, which is added if it is new.
    pub fn view(&mut self, name: &str, offset: usize, words: usize) -> View {
        let (_, background) = self.network.options.scaling.scale_and_background();
        let buffer = self.find(name).unwrap_or_else(|| match name {
            "input" => self.add(name, 0, Start::Fill(background)),
            _ => self.add(name, 0, Start::Zero),
        });
        View { buffer, offset, words, uniform: false }
    }

    /// A view of all words of a buffer so far.
    pub fn whole(&mut self, name: &str) -> View {
        let words = self.find(name).map_or(0, |id| self.buffers[id].words);
        self.view(name, 0, words)
    }

    /// A view of a buffer that holds these words.
    fn table(&mut self, name: &str, words: impl FnOnce() -> Vec<u32>) -> View {
        if self.find(name).is_none() {
            let words = words();
            self.add(name, words.len(), Start::Words(words));
        }
        self.whole(name)
    }

    /// A view of parameters from place `start` on, or of what is laid out as they are.
    pub fn parameters(&mut self, name: &str, start: usize, words: usize) -> View {
        match name {
            "shard_gradient" => {
                let row = self.shard * self.layout.size;
                self.view("shard_gradients", row + start, words)
            }
            _ => self.view(name, start, words),
        }
    }

    /// The layer whose output a block reads, `input` for the first.
    pub(super) fn input_of(&self, block: usize) -> &'a str {
        match block.checked_sub(1) {
            Some(before) => &self.network.layers[self.layout.blocks[before].output()].name,
            None => "input",
        }
    }

    /// Finds what a kernel binds under that name.
    pub(super) fn bound(&mut self, op: &Op, name: &str, at: Window) -> View {
        let Window { block, first, samples, row, rows, .. } = at;
        let [input, output] = [self.input_of(block), self.input_of(block + 1)];
        let [inputs, outputs] = [self.layout.widths[block], self.layout.widths[block + 1]];
        let layer = match self.layout.blocks[block] {
            Block::Stage { conv, .. } => conv,
            Block::Linear(at) | Block::Rbf(at) => at,
        };
        let layer = &self.network.layers[layer];
        let start = self.layout.starts[block];
        let weights = aligned(outputs);
        let parameters = match self.layout.blocks[block] {
            Block::Stage { conv, pool } => {
                let of = |at: usize| self.network.layers[at].parameters();
                of(conv) + pool.map_or(0, of)
            }
            _ => weights + inputs * outputs,
        };
        // Rows of all shards stand in one buffer; the kernel knows which come before its own.
        let of_batch = self.shard * self.batch + samples;
        match (name, op) {
            ("x", _) => self.view(input, first * inputs, samples * inputs),
            ("dx", _) => self.view(&format!("d.{input}"), first * inputs, samples * inputs),
            ("y", Op::Output(_)) => self.view(output, first * outputs, of_batch * outputs),
            ("y" | "s", _) => self.view(output, first * outputs, samples * outputs),
            ("dy" | "ds", _) => {
                self.view(&format!("d.{output}"), first * outputs, samples * outputs)
            }
            ("h", _) => {
                let size = layer.output.size();
                self.view(&layer.name, first * size, samples * size)
            }
            ("p", _) if layer.kind == Kind::Rbf => self.table("rbf.centres", || {
                bitmaps::centres().into_iter().map(f32::to_bits).collect()
            }),
            ("p", _) => self.view("parameters", start, parameters),
            ("bias", _) => self.view("parameters", start, outputs),
            ("w", _) => self.view("parameters", start + weights + row * inputs, rows * inputs),
            ("row", _) => self.row(row),
            ("table", _) => {
                let Kind::Conv(table) = &layer.kind else { unreachable!("only stages have one") };
                self.table(&format!("{}.table", layer.name), || table.words())
            }
            ("labels", _) => self.view("labels", first * LABEL_WORDS, samples * LABEL_WORDS),
            ("totals", _) => self.view("totals", first * TOTALS, of_batch * TOTALS),
            ("partials", _) => {
                let stages = self.layout.stages;
                let row = first / samples * self.profile.partial_rows;
                self.view("partials", row * stages + start, at.partial_rows * stages - start)
            }
            ("gradient", _) => self.view("gradient", start - self.layout.stages, parameters),
            ("parameters" | "velocity" | "curvature" | "squares" | "shard_gradient", _) => {
                self.parameters(name, start, parameters)
            }
            _ => self.whole(name),
        }
    }

    /// A binding with the number of a row of weights; each number has a binding of its own.
    fn row(&mut self, row: usize) -> View {
        let id = self.find("row").unwrap_or_else(|| self.add("row", 0, Start::Words(Vec::new())));
        let Start::Words(words) = &mut self.buffers[id].start else {
            unreachable!("it starts with words")
        };
        let known = words.iter().step_by(ALIGN).position(|&known| known == row as u32);
        let index = known.unwrap_or_else(|| {
            words.push(row as u32);
            words.resize(words.len().next_multiple_of(ALIGN), 0);
            words.len() / ALIGN - 1
        });
        self.view("row", index * ALIGN, 1)
    }
}
