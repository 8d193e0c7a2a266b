//! A sample group: eight samples from their bytes to the gradients of the stages.

use super::distort::distort;
use super::instructions::Kernel;
use super::lanes::{LANES, Lanes, V};
use super::linear;
use super::program::{Program, Step};
use super::squash::through;
use super::tensors::{Tensors, numbers, numbers_mut};
use crate::cpu::output::{distance_seed, judge};
use crate::network::{CLASSES, DIGIT_SIDE};
use crate::plan::kernels::Output;
use crate::plan::records::{PIXEL_WORDS, RECORD_WORDS};
use crate::plan::{Pass, StepRow, TOTALS};

/// Where the samples of a step come from.
#[derive(Clone, Copy)]
pub struct Source<'a> {
    pub digits: &'a [u32],
    pub order: &'a [u32],
    pub step: StepRow,
}

/// The memory of eight samples.
#[derive(Debug)]
pub struct SampleGroup {
    /// Number of its first sample in the batch.
    first: usize,
    /// `None` where there is no digit.
    labels: [Option<usize>; LANES],
    pub tensors: Tensors<LANES>,
    /// Inputs of each linear block, a row a sample; else empty.
    pub rows: Vec<Vec<V>>,
    /// Sums over steps, a row a sample.
    pub totals: [[f32; TOTALS]; LANES],
}

/// The step of a sample group up to the loss, and but for [`Pass::Forward`] the backward pass as far
/// as the first stage.
pub struct GroupPass<'a> {
    pub group: &'a mut SampleGroup,
    pub program: &'a Program,
    pub source: Source<'a>,
    /// The parameters.
    pub pieces: &'a [&'a [f32]],
    pub pass: Pass,
}

impl Kernel for GroupPass<'_> {
    #[inline(always)]
    fn run<L: Lanes>(self) {
        let GroupPass { group, program, source, pieces, pass } = self;
        group.gather(program, source);
        for block in 0..program.steps.len() {
            group.forward::<L>(program, block, pieces, pass != Pass::Forward);
        }
        let output = program.output(pass);
        group.judge(&output, source.step.count);
        for block in (0..program.steps.len()).rev() {
            match pass {
                Pass::Forward => {}
                Pass::Training => group.backward::<L>(program, &output, block, pieces),
                Pass::Curvature => group.backward::<L::Squares>(program, &output, block, pieces),
            }
        }
    }
}

impl SampleGroup {
    pub fn new(program: &Program, first: usize) -> Self {
        let rows = program.steps.iter().zip(&program.sizes).map(|(step, size)| match step {
            Step::Linear { .. } => vec![V::ZERO; LANES * size.div_ceil(LANES)],
            _ => Vec::new(),
        });
        SampleGroup {
            first,
            labels: [None; LANES],
            tensors: Tensors::new(program),
            rows: rows.collect(),
            totals: [[0.0; TOTALS]; LANES],
        }
    }

    /// The ten outputs of a sample.
    pub fn scores(&self, lane: usize) -> [f32; CLASSES] {
        let outputs = &self.tensors.activations[self.tensors.activations.len() - 1];
        std::array::from_fn(|class| outputs[class].0[lane])
    }

    /// Copies the digits of the step, or distorts them on the way; in step with `gather` of the
    /// reference.
    #[inline(always)]
    fn gather(&mut self, program: &Program, source: Source) {
        let Source { digits, order, step: StepRow { first, count, key, .. } } = source;
        let picture = &mut self.tensors.activations[0];
        let mut records = [0; LANES];
        for lane in 0..LANES {
            let n = self.first + lane;
            let here = n < count as usize;
            let entry = order[first as usize + if here { n } else { 0 }];
            let (digit, map) = program.digit(entry, key);
            records[lane] = digit * RECORD_WORDS;
            self.labels[lane] = here.then(|| digits[records[lane] + PIXEL_WORDS] as usize);
            if let Some(map) = map {
                let pixels = &digits[records[lane]..][..PIXEL_WORDS];
                distort(&map, pixels, (program.height, program.width), |place, value| {
                    picture[place].0[lane] = program.scale * value + program.background;
                });
            }
        }
        if program.distortion.is_some() {
            return;
        }
        for word in 0..PIXEL_WORDS {
            let mut words = [0; LANES];
            for (word_of_lane, record) in words.iter_mut().zip(records) {
                *word_of_lane = digits[record + word];
            }
            let (y, x) = (4 * word / DIGIT_SIDE, 4 * word % DIGIT_SIDE);
            let at = (y + program.border) * program.width + x + program.border;
            for (byte, to) in picture[at..][..4].iter_mut().enumerate() {
                for (number, word) in to.0.iter_mut().zip(words) {
                    let pixel = (word >> (8 * byte) & 255) as i32;
                    *number = program.scale * pixel as f32 + program.background;
                }
            }
        }
    }

    #[inline(always)]
    fn forward<L: Lanes>(
        &mut self,
        program: &Program,
        block: usize,
        parameters: &[&[f32]],
        train: bool,
    ) {
        match &program.steps[block] {
            Step::Stage { stage, piece } => {
                self.tensors.stage_forward::<L>(program, block, stage, parameters[*piece]);
            }
            Step::Linear { bias, rows, pieces } => {
                let (x, y) = self.tensors.forward(block);
                let biases = parameters[*bias].chunks(*rows);
                let tiles = parameters[pieces.clone()].iter().zip(biases);
                for ((w, bias), y) in tiles.zip(y.chunks_exact_mut(*rows)) {
                    linear::forward::<L>(program.curve, w, bias, x, y);
                }
                if train {
                    linear::transpose(x, &mut self.rows[block]);
                }
            }
            Step::Rbf { centres } => {
                let (x, y) = self.tensors.forward(block);
                linear::distances::<L>(centres, x, y);
            }
        }
    }

    /// The loss of each sample, added to its totals, and its derivatives; 0 without a digit.
    fn judge(&mut self, output: &Output, samples: u32) {
        for lane in 0..LANES {
            let scores = self.scores(lane).map(f64::from);
            let slopes = match self.labels[lane] {
                Some(right) => judge(output, &scores, right, samples, &mut self.totals[lane]),
                None => vec![0.0; CLASSES],
            };
            let deltas = self.tensors.deltas.last_mut().expect("a network has an output");
            for (delta, slope) in deltas.iter_mut().zip(slopes) {
                delta.0[lane] = slope as f32;
            }
        }
    }

    #[inline(always)]
    fn backward<L: Lanes>(
        &mut self,
        program: &Program,
        output: &Output,
        block: usize,
        parameters: &[&[f32]],
    ) {
        if let Step::Stage { stage, piece } = &program.steps[block] {
            let p = parameters[*piece];
            self.tensors.stage_backward::<L>(program, block, (stage, *piece), p);
            return;
        }
        let (x, dy, Some(dx)) = self.tensors.backward(block) else { return };
        match &program.steps[block] {
            Step::Stage { .. } => {}
            Step::Linear { rows, pieces, .. } => {
                dx.fill(V::ZERO);
                for (w, dy) in parameters[pieces.clone()].iter().zip(dy.chunks_exact(*rows)) {
                    linear::backward::<L>(w, dy, dx);
                }
            }
            Step::Rbf { centres } if output.curvature => {
                distance_seeds(output, centres, &self.labels, x, dy, dx);
            }
            Step::Rbf { centres } => linear::distances_backward::<L>(centres, x, dy, dx),
        }
        through::<L>(program.curve, numbers_mut(dx), numbers(x));
    }
}

/// The second derivatives of loss and distances by the input of the distances; 0 without a digit.
fn distance_seeds(
    output: &Output,
    centres: &[f32],
    labels: &[Option<usize>; LANES],
    x: &[V],
    slopes: &[V],
    dx: &mut [V],
) {
    for (lane, label) in labels.iter().enumerate() {
        let of_lane: Vec<f32> = slopes.iter().map(|slope| slope.0[lane]).collect();
        for (i, dx) in dx.iter_mut().enumerate() {
            let apart = |c: usize| f64::from(x[i].0[lane] - centres[c * x.len() + i]);
            dx.0[lane] = match *label {
                Some(right) => distance_seed(output, &of_lane, right, apart) as f32,
                None => 0.0,
            };
        }
    }
}
