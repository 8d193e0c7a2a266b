//! Samples on their way through the network: what sample groups and a batch of one have in common.

use std::borrow::Cow;

use super::conv::{SLACK, Stage};
use super::distort::distort;
use super::lanes::{LANES, Lanes, V};
use super::program::{Program, Work};
use crate::cpu::output::{distance_seed, judge};
use crate::plan::kernels::Output;
use crate::plan::{StepRow, TOTALS};

/// Where the samples of a step come from.
#[derive(Clone, Copy)]
pub struct Source<'a> {
    pub data_set: &'a [u32],
    pub indices: &'a [u32],
    pub step: StepRow,
}

/// T samples, 8 or 1, innermost in every tensor; with one sample, slack follows (`conv.rs`).
#[derive(Debug)]
pub struct Samples<const T: usize> {
    /// Number of the first in the batch.
    first: usize,
    classes: usize,
    /// `None` where there is no digit.
    labels: [Option<usize>; T],
    /// `activations[b]` is the input of block b; the last are the scores.
    activations: Vec<Vec<V>>,
    /// Of each stage the output of its convolution, then the gradient with respect to its pre-activation; else
    /// empty.
    hidden: Vec<Vec<V>>,
    /// The gradient with respect to the pre-activation of each pooled block; for the RBF, to its outputs.
    pub deltas: Vec<Vec<V>>,
    /// Gradients of the stages, laid out as their parameters.
    pub partials: Vec<V>,
    /// Sums over steps, a row a sample.
    pub totals: [[f32; TOTALS]; T],
}

/// Input and output of a block in the backward pass.
pub struct Backward<'a> {
    pub x: &'a [V],
    pub dy: &'a [V],
    /// The place of the input gradient; `None` for the first block.
    pub dx: Option<&'a mut [V]>,
}

impl<const T: usize> Samples<T> {
    pub fn new(program: &Program, first: usize) -> Self {
        let slack = if T == LANES { 0 } else { SLACK };
        let zeros = |size: usize| vec![V::ZERO; (size * T + slack).div_ceil(LANES)];
        let of_sizes = |sizes: &[usize]| sizes.iter().map(|&size| zeros(size)).collect();
        let mut activations: Vec<Vec<V>> = of_sizes(&program.sizes);
        // The border stays as it is.
        let area = program.height * program.width;
        numbers_mut(&mut activations[0])[..area * T].fill(program.background);
        let hidden = program.blocks.iter().map(|work| match work {
            Work::Stage { stage, .. } => zeros(stage.hidden::<T>()),
            _ => Vec::new(),
        });
        Samples {
            first,
            classes: program.sizes[program.blocks.len()],
            labels: [None; T],
            activations,
            hidden: hidden.collect(),
            deltas: of_sizes(&program.sizes[1..]),
            partials: zeros(program.stages),
            totals: [[0.0; TOTALS]; T],
        }
    }

    /// Copies the digits of the step, or distorts them on the way; in step with `gather` of the
    /// reference.
    #[inline(always)]
    pub fn gather(&mut self, program: &Program, source: Source) {
        let Source { data_set, indices, step: StepRow { first, count, key, .. } } = source;
        let &Program { record, height, width, border, scale, background, .. } = program;
        let picture = numbers_mut(&mut self.activations[0]);
        let mut starts = [0; T];
        for lane in 0..T {
            let n = self.first + lane;
            let here = n < count as usize;
            let entry = indices[first as usize + if here { n } else { 0 }];
            let (digit, map) = program.digit(entry, key);
            starts[lane] = digit * record.words();
            self.labels[lane] =
                here.then(|| data_set[starts[lane] + record.pixel_words()] as usize);
            if let Some(map) = map {
                let pixels = &data_set[starts[lane]..][..record.pixel_words()];
                distort(&map, pixels, record, (height, width), |place, value| {
                    picture[place * T + lane] = scale * value + background;
                });
            }
        }
        if program.distortion.is_some() {
            return;
        }
        for word in 0..record.pixel_words() {
            let mut words = [0; T];
            for (word_of_lane, start) in words.iter_mut().zip(starts) {
                *word_of_lane = data_set[start + word];
            }
            let (y, x) = (word / record.row_words(), 4 * (word % record.row_words()));
            let at = (y + border) * width + x + border;
            let bytes = (record.side - x).min(4);
            for (byte, to) in picture[at * T..][..bytes * T].chunks_exact_mut(T).enumerate() {
                for (number, word) in to.iter_mut().zip(words) {
                    let pixel = (word >> (8 * byte) & 255) as i32;
                    *number = scale * pixel as f32 + background;
                }
            }
        }
    }

    /// Input and output of a block in the forward pass.
    #[inline(always)]
    pub fn forward(&mut self, block: usize) -> (&[V], &mut [V]) {
        let (below, above) = self.activations.split_at_mut(block + 1);
        (&below[block], &mut above[0])
    }

    #[inline(always)]
    pub fn backward(&mut self, block: usize) -> Backward<'_> {
        let (below, here) = self.deltas.split_at_mut(block);
        let dx = below.last_mut().map(Vec::as_mut_slice);
        Backward { x: &self.activations[block], dy: &here[0], dx }
    }

    /// The forward pass of a stage with the parameters `p`.
    #[inline(always)]
    pub fn stage_forward<L: Lanes, const K: usize>(
        &mut self,
        program: &Program,
        block: usize,
        stage: &Stage,
        p: &[f32],
    ) {
        let (below, above) = self.activations.split_at_mut(block + 1);
        let (x, s) = (numbers(&below[block]), numbers_mut(&mut above[0]));
        stage.forward::<L, T, K>(program.curve, p, x, numbers_mut(&mut self.hidden[block]), s);
    }

    /// The backward pass of a stage whose parameters `p` are this piece; returns their gradients.
    #[inline(always)]
    pub fn stage_backward<L: Lanes, const K: usize>(
        &mut self,
        program: &Program,
        block: usize,
        (stage, piece): (&Stage, usize),
        p: &[f32],
    ) -> &[f32] {
        let (below, here) = self.deltas.split_at_mut(block);
        let (ds, dx) = (numbers(&here[0]), below.last_mut().map(|dx| numbers_mut(dx)));
        let (x, h) = (numbers(&self.activations[block]), numbers_mut(&mut self.hidden[block]));
        let seen = local::<L>(x);
        let place = &program.pieces[piece].1;
        let dp = &mut numbers_mut(&mut self.partials)[place.start * T..place.end * T];
        stage.backward::<L, T, K>(program.curve, p, &seen, h, ds, dp);
        if let Some(dx) = dx {
            let w = local::<L>(p);
            stage.input_gradient::<L, T, K>(program.input_curve[block], &w, x, h, dx);
        }
        dp
    }

    /// The outputs of a sample.
    pub fn scores(&self, lane: usize) -> Vec<f32> {
        let outputs = numbers(&self.activations[self.activations.len() - 1]);
        outputs[lane..].iter().step_by(T).take(self.classes).copied().collect()
    }

    /// The loss of each sample, added to its totals, and its derivatives; 0 without a digit.
    pub fn judge(&mut self, output: &Output, samples: u32) {
        for lane in 0..T {
            let scores: Vec<f64> = self.scores(lane).into_iter().map(f64::from).collect();
            let slopes = match self.labels[lane] {
                Some(right) => judge(output, &scores, right, samples, &mut self.totals[lane]),
                None => vec![0.0; self.classes],
            };
            let deltas = self.deltas.last_mut().expect("a network has an output");
            for (deltas, slope) in numbers_mut(deltas).chunks_exact_mut(T).zip(slopes) {
                deltas[lane] = slope as f32;
            }
        }
    }

    /// The second derivatives of loss and distances by the inputs of the distances; 0 without a digit.
    pub fn distance_seeds(&mut self, output: &Output, block: usize, centres: &[f32]) {
        let (labels, classes) = (self.labels, self.classes);
        let Backward { x, dy, dx: Some(dx) } = self.backward(block) else { return };
        let (x, dy, dx) = (numbers(x), numbers(dy), numbers_mut(dx));
        let inputs = centres.len() / classes;
        for (lane, label) in labels.into_iter().enumerate() {
            let slopes: Vec<f32> = (0..classes).map(|class| dy[class * T + lane]).collect();
            for i in 0..inputs {
                let at = i * T + lane;
                let apart = |c: usize| f64::from(x[at] - centres[c * inputs + i]);
                let seed = label.map(|right| distance_seed(output, &slopes, right, apart));
                dx[at] = seed.unwrap_or(0.0) as f32;
            }
        }
    }
}

/// The numbers, squared in a curvature pass: [`Lanes::local`] of all of them.
#[inline(always)]
pub fn local<L: Lanes>(numbers: &[f32]) -> Cow<'_, [f32]> {
    match L::SQUARES {
        false => numbers.into(),
        true => numbers.iter().map(|number| number * number).collect(),
    }
}

/// The numbers of vectors.
#[inline(always)]
pub fn numbers(vectors: &[V]) -> &[f32] {
    bytemuck::cast_slice(vectors)
}

#[inline(always)]
pub fn numbers_mut(vectors: &mut [V]) -> &mut [f32] {
    bytemuck::cast_slice_mut(vectors)
}
