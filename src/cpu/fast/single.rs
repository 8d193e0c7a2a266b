//! A batch of one: eight places of one sample side by side, on one thread, where a group would leave
//! seven lanes of eight empty. A linear layer hands down and takes its step row by row.

use super::columns::{SLACK, some};
use super::distort::distort;
use super::group::Source;
use super::lanes::{LANES, Lanes, Squares};
use super::program::{Piece, Program, Step};
use super::squash::{squash_all, through};
use super::update::Parameters;
use crate::cpu::output::{answer, distance_seed, sample_loss};
use crate::network::{CLASSES, DIGIT_SIDE};
use crate::plan::abi::{PIXEL_WORDS, SAMPLE_WORDS};
use crate::plan::kernels::Output;
use crate::plan::{Epilogue, Pass, StepRow, TOTALS};

/// Rows of a linear layer that are summed at a time.
const ROWS: usize = 4;

/// The memory of one sample; of each buffer only the first numbers count, then comes slack.
#[derive(Debug)]
pub struct Single {
    label: usize,
    /// `activations[b]` is what block b sees; the last are the scores.
    activations: Vec<Vec<f32>>,
    /// Behind the convolution of each stage, then the loss by what its squash got; else empty.
    hidden: Vec<Vec<f32>>,
    /// The loss by what the squash of each block got; for the RBF by its outputs.
    deltas: Vec<Vec<f32>>,
    /// Gradients of the stages, laid out as their parameters.
    partials: Vec<f32>,
    /// That of a row of weights.
    row: Vec<f32>,
    /// Sums over steps.
    pub totals: [f32; TOTALS],
}

impl Single {
    pub fn new(program: &Program) -> Self {
        let zeros = |size: &usize| vec![0.0; size + SLACK];
        let mut activations: Vec<_> = program.sizes.iter().map(zeros).collect();
        // The border stays as it is.
        activations[0].fill(program.background);
        let hidden = program.steps.iter().map(|step| match step {
            Step::Stage { stage, .. } => vec![0.0; stage.hidden_alone()],
            _ => Vec::new(),
        });
        let most = program.sizes.iter().max().expect("a network has layers");
        Single {
            label: 0,
            activations,
            hidden: hidden.collect(),
            deltas: program.sizes[1..].iter().map(zeros).collect(),
            partials: vec![0.0; program.stages],
            row: vec![0.0; *most],
            totals: [0.0; TOTALS],
        }
    }

    /// The ten outputs.
    pub fn scores(&self) -> &[f32] {
        &self.activations[self.activations.len() - 1][..CLASSES]
    }

    /// A whole step of a pass.
    #[inline(always)]
    pub fn run<L: Lanes>(
        &mut self,
        program: &Program,
        source: Source,
        pieces: &mut [Parameters],
        pass: Pass,
    ) {
        self.gather(program, source);
        for block in 0..program.steps.len() {
            self.forward::<L>(program, block, pieces);
        }
        let output = program.output(pass);
        self.judge(&output);
        let Some(rule) = program.rule(pass) else { return };
        let step = (rule, f32::from_bits(source.step[2]));
        for block in (0..program.steps.len()).rev() {
            match rule.is_curvature() {
                false => self.backward::<L>(program, &output, block, pieces, step),
                true => self.backward::<Squares<L>>(program, &output, block, pieces, step),
            }
        }
    }

    /// Copies the digit of the step; in step with `gather` of the twins.
    #[inline(always)]
    fn gather(&mut self, program: &Program, source: Source) {
        let Source { digits, order, step } = source;
        let StepRow { first, key, .. } = StepRow::of(step);
        let (digit, map) = program.digit(order[first as usize], key);
        let record = &digits[digit * SAMPLE_WORDS..][..SAMPLE_WORDS];
        self.label = record[PIXEL_WORDS] as usize;
        if let Some(map) = map {
            let (size, picture) = ((program.height, program.width), &mut self.activations[0]);
            distort(&map, &record[..PIXEL_WORDS], size, |place, value| {
                picture[place] = program.scale * value + program.background;
            });
            return;
        }
        for (row, words) in record[..PIXEL_WORDS].chunks(DIGIT_SIDE / 4).enumerate() {
            let at = (row + program.border) * program.width + program.border;
            let to = self.activations[0][at..][..DIGIT_SIDE].chunks_exact_mut(4);
            for (to, word) in to.zip(words) {
                for (number, byte) in to.iter_mut().zip(word.to_le_bytes()) {
                    *number = program.scale * f32::from(byte) + program.background;
                }
            }
        }
    }

    #[inline(always)]
    fn forward<L: Lanes>(&mut self, program: &Program, block: usize, pieces: &[Parameters]) {
        let (below, above) = self.activations.split_at_mut(block + 1);
        let (x, y) = (&below[block], &mut above[0]);
        let [inputs, outputs] = [program.sizes[block], program.sizes[block + 1]];
        match &program.steps[block] {
            Step::Stage { stage, piece } => {
                let p = &*pieces[*piece].parameters;
                stage.forward_alone::<L>(program.curve, p, x, &mut self.hidden[block], y);
            }
            Step::Linear { bias, pieces: of_rows, .. } => {
                y[..outputs].copy_from_slice(&pieces[*bias].parameters[..outputs]);
                let mut rows = y[..outputs].iter_mut();
                for number in of_rows.clone() {
                    let Piece::Rows { rows: count, .. } = program.pieces[number].0 else {
                        unreachable!("the pieces of the weights are rows")
                    };
                    let w = &pieces[number].parameters[..count * inputs];
                    for w in w.chunks(ROWS * inputs) {
                        dots::<L>(w, &x[..inputs], &mut rows);
                    }
                }
                squash_all::<L>(program.curve, &mut y[..outputs]);
            }
            Step::Rbf { centres } => {
                for (w, y) in centres.chunks_exact(inputs).zip(y.iter_mut()) {
                    let mut sum = L::splat(0.0);
                    for (x, w) in x[..inputs].chunks(LANES).zip(w.chunks(LANES)) {
                        let apart = some::<L>(x).sub(some(w));
                        sum = apart.mul_add(apart, sum);
                    }
                    *y = sum.total();
                }
            }
        }
    }

    /// The loss, added to the totals, and its derivatives; a step has one sample.
    fn judge(&mut self, output: &Output) {
        let scores: Vec<f64> = self.scores().iter().map(|&score| f64::from(score)).collect();
        let (loss, slopes) = sample_loss(output, &scores, self.label);
        let wrong = f64::from(answer(&output.criterion, &scores) != self.label);
        for (total, value) in self.totals.iter_mut().zip([loss, wrong, loss, wrong]) {
            *total += value as f32;
        }
        let deltas = self.deltas.last_mut().expect("a network has an output");
        for (delta, slope) in deltas.iter_mut().zip(slopes) {
            *delta = slope as f32;
        }
    }

    /// What a block hands down, and the step of its parameters.
    #[inline(always)]
    fn backward<L: Lanes>(
        &mut self,
        program: &Program,
        output: &Output,
        block: usize,
        pieces: &mut [Parameters],
        step: (Epilogue, f32),
    ) {
        let (below, here) = self.deltas.split_at_mut(block);
        let [inputs, outputs] = [program.sizes[block], program.sizes[block + 1]];
        let (dy, dx) = (&here[0][..outputs], below.last_mut());
        let x = &self.activations[block];
        match &program.steps[block] {
            Step::Stage { stage, piece } => {
                let dp = &mut self.partials[program.pieces[*piece].1.clone()];
                let (piece, h) = (&mut pieces[*piece], &mut self.hidden[block]);
                let (p, dx) = (&*piece.parameters, dx.map(Vec::as_mut_slice));
                stage.backward_alone::<L>(program.curve, p, x, h, dy, dp, dx);
                piece.take(0, dp.len(), dp, step);
            }
            Step::Linear { bias, pieces: of_rows, .. } => {
                let mut dx = dx.map(|dx| &mut dx[..inputs]);
                dx.iter_mut().for_each(|dx| dx.fill(0.0));
                pieces[*bias].take(0, outputs, dy, step);
                for number in of_rows.clone() {
                    let Piece::Rows { first, rows, .. } = program.pieces[number].0 else {
                        unreachable!("the pieces of the weights are rows")
                    };
                    for (row, &d) in dy[first..first + rows].iter().enumerate() {
                        let piece = &mut pieces[number];
                        if let Some(dx) = &mut dx {
                            let w = &piece.parameters[row * inputs..][..inputs];
                            add_times::<L>(dx, w, d);
                        }
                        let gradient = &mut self.row[..inputs];
                        gradient.fill(0.0);
                        add_times::<L>(gradient, &x[..inputs], d);
                        piece.take(row * inputs, inputs, gradient, step);
                    }
                }
                if let Some(dx) = dx {
                    through::<L>(program.curve, dx, x);
                }
            }
            Step::Rbf { centres } => {
                let dx = &mut dx.expect("distances are an output")[..inputs];
                for (i, dx) in dx.iter_mut().enumerate() {
                    let apart = |c: usize| x[i] - centres[c * inputs + i];
                    *dx = match output.curvature {
                        true => {
                            distance_seed(output, dy, self.label, |c| f64::from(apart(c))) as f32
                        }
                        false => (0..CLASSES).map(|c| 2.0 * dy[c] * apart(c)).sum(),
                    };
                }
                through::<L>(program.curve, dx, x);
            }
        }
    }
}

/// Rows of w, up to [`ROWS`], times x, added to what the next of `sums` have.
#[inline(always)]
fn dots<'a, L: Lanes>(w: &[f32], x: &[f32], sums: &mut impl Iterator<Item = &'a mut f32>) {
    let rows: [&[f32]; ROWS] = std::array::from_fn(|row| w.chunks(x.len()).nth(row).unwrap_or(w));
    let mut parts = [L::splat(0.0); ROWS];
    for (at, x) in x.chunks(LANES).enumerate() {
        let input = some::<L>(x);
        for (part, row) in parts.iter_mut().zip(rows) {
            *part = some::<L>(&row[at * LANES..][..x.len()]).mul_add(input, *part);
        }
    }
    for (part, sum) in parts.into_iter().zip(sums.take(w.len() / x.len())) {
        *sum += part.total();
    }
}

/// `sums += factor numbers`, numbers as local derivatives.
#[inline(always)]
fn add_times<L: Lanes>(sums: &mut [f32], numbers: &[f32], factor: f32) {
    let factor = L::splat(factor);
    let (mut to, mut from) = (sums.chunks_exact_mut(LANES), numbers.chunks_exact(LANES));
    for (sum, number) in to.by_ref().zip(from.by_ref()) {
        L::from(number).local().mul_add(factor, L::from(sum)).to(sum);
    }
    for (sum, number) in to.into_remainder().iter_mut().zip(from.remainder()) {
        *sum += L::splat(*number).local().mul(factor).first();
    }
}
