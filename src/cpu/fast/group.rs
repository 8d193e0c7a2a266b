//! Eight samples from their bytes to the gradients of the stages.

use super::distort::distort;
use super::lanes::{LANES, Lanes, Squares, V};
use super::linear;
use super::program::{Program, Step};
use crate::cpu::Affine;
use crate::cpu::output::{answer, distance_seed, sample_loss};
use crate::network::{CLASSES, DIGIT_SIDE};
use crate::plan::abi::{PIXEL_WORDS, SAMPLE_WORDS};
use crate::plan::kernels::Output;
use crate::plan::{Pass, StepRow, TOTALS};

/// What the samples of a step come from.
#[derive(Clone, Copy)]
pub struct Source<'a> {
    pub digits: &'a [u32],
    pub order: &'a [u32],
    /// The row of the table of steps.
    pub step: &'a [u32],
}

/// The memory of eight samples.
#[derive(Debug)]
pub struct Group {
    /// Number of its first sample in the batch.
    first: usize,
    /// `None` where there is no digit.
    labels: [Option<usize>; LANES],
    /// `activations[b]` is what block b sees; the last are the scores.
    activations: Vec<Vec<V>>,
    /// Behind the convolution of each stage, then the loss by what its squash got; else empty.
    hidden: Vec<Vec<V>>,
    /// The loss by what the squash of each block got; for the RBF by its outputs.
    deltas: Vec<Vec<V>>,
    /// What each linear block sees, a row a sample; else empty.
    rows: Vec<Vec<V>>,
    /// Gradients of the stages, laid out as their parameters.
    partials: Vec<V>,
    /// Sums over steps, a row a sample.
    pub totals: [[f32; TOTALS]; LANES],
}

impl Group {
    pub fn new(program: &Program, first: usize) -> Self {
        let zeros = |size: usize| vec![V::ZERO; size];
        let mut activations: Vec<_> = program.sizes.iter().map(|&size| zeros(size)).collect();
        // The border stays as it is.
        activations[0].fill(V([program.background; LANES]));
        let inputs = program.steps.iter().zip(&program.sizes);
        Group {
            first,
            labels: [None; LANES],
            activations,
            hidden: program
                .steps
                .iter()
                .map(|step| match step {
                    Step::Stage { stage, .. } => zeros(stage.hidden()),
                    _ => Vec::new(),
                })
                .collect(),
            deltas: program.sizes[1..].iter().map(|&size| zeros(size)).collect(),
            rows: inputs
                .map(|(step, size)| match step {
                    Step::Linear { .. } => zeros(LANES * size.div_ceil(LANES)),
                    _ => Vec::new(),
                })
                .collect(),
            partials: zeros(program.stages),
            totals: [[0.0; TOTALS]; LANES],
        }
    }
}

impl Group {
    /// The step of these samples up to the loss, and but for [`Pass::Forward`] the way back to the
    /// first stage. `pieces` are the parameters.
    #[inline(always)]
    pub fn run<L: Lanes>(
        &mut self,
        program: &Program,
        source: Source,
        pieces: &[&[f32]],
        pass: Pass,
    ) {
        self.gather(program, source);
        for block in 0..program.steps.len() {
            self.forward::<L>(program, block, pieces, pass != Pass::Forward);
        }
        let output = program.output(pass);
        self.judge(&output, source.step[1]);
        for block in (0..program.steps.len()).rev() {
            match pass {
                Pass::Forward => {}
                Pass::Training => self.backward::<L>(program, &output, block, pieces),
                Pass::Curvature => self.backward::<Squares<L>>(program, &output, block, pieces),
            }
        }
    }

    /// The derivatives of the outputs `range` of a block.
    pub fn deltas(&self, block: usize, range: std::ops::Range<usize>) -> &[V] {
        &self.deltas[block][range]
    }

    /// What a linear block sees, a row a sample.
    pub fn rows(&self, block: usize) -> &[V] {
        &self.rows[block]
    }

    /// Gradients of the stages.
    pub fn partials(&self) -> &[V] {
        &self.partials
    }

    /// The ten outputs of a sample.
    pub fn scores(&self, lane: usize) -> [f32; CLASSES] {
        let outputs = &self.activations[self.activations.len() - 1];
        std::array::from_fn(|class| outputs[class].0[lane])
    }

    /// Copies the digits of the step, or distorts them on the way; in step with `gather` of the
    /// twins.
    #[inline(always)]
    fn gather(&mut self, program: &Program, source: Source) {
        let Source { digits, order, step } = source;
        let StepRow { first, count, key, .. } = StepRow::of(step);
        let mut records = [0; LANES];
        for lane in 0..LANES {
            let n = self.first + lane;
            let here = n < count as usize;
            let entry = order[first as usize + if here { n } else { 0 }];
            let (digit, map) = program.digit(entry, key);
            records[lane] = digit * SAMPLE_WORDS;
            self.labels[lane] = here.then(|| digits[records[lane] + PIXEL_WORDS] as usize);
            if let Some(map) = map {
                self.distort(program, lane, &map, &digits[records[lane]..][..PIXEL_WORDS]);
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
            for (byte, to) in self.activations[0][at..][..4].iter_mut().enumerate() {
                for (number, word) in to.0.iter_mut().zip(words) {
                    let pixel = (word >> (8 * byte) & 255) as i32;
                    *number = program.scale * pixel as f32 + program.background;
                }
            }
        }
    }

    /// Makes the picture of one sample.
    #[inline(always)]
    fn distort(&mut self, program: &Program, lane: usize, map: &Affine, pixels: &[u32]) {
        let (height, width) = (program.height, program.width);
        let picture = &mut self.activations[0];
        distort(map, pixels, (height, width), |place, value| {
            picture[place].0[lane] = program.scale * value + program.background;
        });
    }

    #[inline(always)]
    fn forward<L: Lanes>(
        &mut self,
        program: &Program,
        block: usize,
        parameters: &[&[f32]],
        train: bool,
    ) {
        let (below, above) = self.activations.split_at_mut(block + 1);
        let (x, y) = (&below[block], &mut above[0]);
        match &program.steps[block] {
            Step::Stage { stage, piece } => {
                stage.forward::<L>(
                    program.curve,
                    parameters[*piece],
                    x,
                    &mut self.hidden[block],
                    y,
                );
            }
            Step::Linear { bias, rows, pieces } => {
                let biases = parameters[*bias].chunks(*rows);
                let tiles = parameters[pieces.clone()].iter().zip(biases);
                for ((w, bias), y) in tiles.zip(y.chunks_exact_mut(*rows)) {
                    linear::forward::<L>(program.curve, w, bias, x, y);
                }
                if train {
                    linear::transpose(x, &mut self.rows[block]);
                }
            }
            Step::Rbf { centres } => linear::distances::<L>(centres, x, y),
        }
    }

    /// The loss of each sample, added to its totals, and its derivatives.
    fn judge(&mut self, output: &Output, samples: u32) {
        let share = 1.0 / f64::from(samples);
        for lane in 0..LANES {
            let scores = self.scores(lane).map(f64::from);
            let mut slopes = vec![0.0; CLASSES];
            if let Some(right) = self.labels[lane] {
                let (loss, by_score) = sample_loss(output, &scores, right);
                slopes = by_score;
                let wrong = f64::from(answer(&output.criterion, &scores) != right);
                let sums = [loss, wrong, loss * share, wrong * share];
                for (total, value) in self.totals[lane].iter_mut().zip(sums) {
                    *total += value as f32;
                }
            }
            // A curvature is a mean over patterns that the update makes.
            let weight = if output.curvature { 1.0 } else { share };
            let deltas = self.deltas.last_mut().expect("a network has an output");
            for (delta, slope) in deltas.iter_mut().zip(slopes) {
                delta.0[lane] = (weight * slope) as f32;
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
        let (below, here) = self.deltas.split_at_mut(block);
        let (dy, mut dx) = (&here[0], below.last_mut());
        let x = &self.activations[block];
        match &program.steps[block] {
            Step::Stage { stage, piece } => {
                let (p, h) = (parameters[*piece], &mut self.hidden[block]);
                let place = program.pieces[*piece].1.clone();
                let (dp, dx) = (&mut self.partials[place], dx.map(Vec::as_mut_slice));
                stage.backward::<L>(program.curve, p, x, h, dy, dp, dx);
                return;
            }
            Step::Linear { rows, pieces, .. } => {
                let Some(dx) = &mut dx else { return };
                dx.fill(V::ZERO);
                for (w, dy) in parameters[pieces.clone()].iter().zip(dy.chunks_exact(*rows)) {
                    linear::backward::<L>(w, dy, dx);
                }
            }
            Step::Rbf { centres } => {
                let Some(dx) = &mut dx else { return };
                if output.curvature {
                    distance_seeds(output, centres, &self.labels, x, dy, dx);
                } else {
                    linear::distances_backward::<L>(centres, x, dy, dx);
                }
            }
        }
        for (dx, x) in dx.into_iter().flatten().zip(x) {
            L::load(dx).mul(program.curve.slope(L::load(x)).local()).store(dx);
        }
    }
}

/// The second derivatives of loss and distances by what the distances see; 0 without a digit.
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
