//! A batch of one: eight places of one sample side by side, on one thread, where a sample group would
//! leave seven of eight lanes empty. Linear layers go row by row, and each row makes its step at once.

use super::instructions::Kernel;
use super::lanes::{LANES, Lanes, V};
use super::program::{Program, Work};
use super::samples::{Backward, Samples, Source, numbers, numbers_mut};
use super::squash::{squash_all, through};
use super::update::Parameters;
use crate::plan::kernels::Output;
use crate::plan::{Epilogue, Pass, StepSize};

/// Rows of a linear layer that are summed at a time.
const ROWS: usize = 4;

/// The memory of one sample.
#[derive(Debug)]
pub struct BatchOfOne {
    pub samples: Samples<1>,
    /// The gradient of a row of weights.
    row: Vec<f32>,
}

/// A whole step of a batch of one. K says for which stages it is compiled (`conv.rs`).
pub struct OnePass<'a, 'p, const K: usize> {
    pub one: &'a mut BatchOfOne,
    pub program: &'a Program,
    pub source: Source<'a>,
    pub pieces: &'a mut [Parameters<'p>],
    pub pass: Pass,
}

impl<const K: usize> Kernel for OnePass<'_, '_, K> {
    #[inline(always)]
    fn run<L: Lanes>(self) {
        let OnePass { one, program, source, pieces, pass } = self;
        one.samples.gather(program, source);
        for block in 0..program.blocks.len() {
            one.forward::<L, K>(program, block, pieces);
        }
        let output = program.output(pass);
        one.samples.judge(&output, 1);
        let Some(epilogue) = program.epilogue(pass) else { return };
        let step = (epilogue, source.step.size);
        for block in (0..program.blocks.len()).rev() {
            match epilogue.is_curvature() {
                false => one.backward::<L, K>(program, &output, block, pieces, step),
                true => one.backward::<L::Squares, K>(program, &output, block, pieces, step),
            }
        }
    }
}

impl BatchOfOne {
    pub fn new(program: &Program) -> Self {
        let most = program.sizes.iter().max().expect("a network has layers");
        BatchOfOne { samples: Samples::new(program, 0), row: vec![0.0; *most] }
    }

    #[inline(always)]
    fn forward<L: Lanes, const K: usize>(
        &mut self,
        program: &Program,
        block: usize,
        pieces: &[Parameters],
    ) {
        let [inputs, outputs] = [program.sizes[block], program.sizes[block + 1]];
        match &program.blocks[block] {
            Work::Stage { stage, piece } => {
                let p = &*pieces[*piece].parameters;
                self.samples.stage_forward::<L, K>(program, block, stage, p);
            }
            Work::Linear { bias, rows, pieces: weights, units } => {
                let (x, y) = self.samples.forward(block);
                let (x, y) = (&numbers(x)[..inputs], &mut numbers_mut(y)[..outputs]);
                y.copy_from_slice(&pieces[*bias].parameters[..outputs]);
                for (piece, y) in pieces[weights.clone()].iter().zip(y.chunks_mut(*rows)) {
                    let w = piece.parameters[..rows * inputs].chunks(ROWS * inputs);
                    for (w, y) in w.zip(y.chunks_mut(ROWS)) {
                        dots::<L>(w, x, y);
                    }
                }
                squash_all::<L>(program.curve(block), y);
                y[*units..].fill(0.0);
            }
            Work::Rbf { centres } => {
                let (x, y) = self.samples.forward(block);
                let (x, y) = (&numbers(x)[..inputs], &mut numbers_mut(y)[..outputs]);
                for (w, y) in centres.chunks_exact(inputs).zip(y) {
                    let mut sum = L::splat(0.0);
                    for (x, w) in x.chunks(LANES).zip(w.chunks(LANES)) {
                        let apart = some::<L>(x).sub(some(w));
                        sum = apart.mul_add(apart, sum);
                    }
                    *y = sum.total();
                }
            }
        }
    }

    /// The input gradient of a block, and the step of its parameters.
    #[inline(always)]
    fn backward<L: Lanes, const K: usize>(
        &mut self,
        program: &Program,
        output: &Output,
        block: usize,
        pieces: &mut [Parameters],
        step: (Epilogue, StepSize),
    ) {
        let [inputs, outputs] = [program.sizes[block], program.sizes[block + 1]];
        match &program.blocks[block] {
            Work::Stage { stage, piece } => {
                let of_stage = &mut pieces[*piece];
                let p = &*of_stage.parameters;
                let dp = self.samples.stage_backward::<L, K>(program, block, (stage, *piece), p);
                of_stage.apply(0, dp.len(), dp, step);
                return;
            }
            Work::Linear { bias, rows, pieces: weights, .. } => {
                let Backward { x, dy, dx } = self.samples.backward(block);
                let (x, dy) = (&numbers(x)[..inputs], &numbers(dy)[..outputs]);
                let mut dx = dx.map(|dx| &mut numbers_mut(dx)[..inputs]);
                dx.iter_mut().for_each(|dx| dx.fill(0.0));
                pieces[*bias].apply(0, outputs, dy, step);
                for (piece, dy) in pieces[weights.clone()].iter_mut().zip(dy.chunks(*rows)) {
                    for (row, &d) in dy.iter().enumerate() {
                        if let Some(dx) = &mut dx {
                            add_times::<L>(dx, &piece.parameters[row * inputs..][..inputs], d);
                        }
                        let gradient = &mut self.row[..inputs];
                        gradient.fill(0.0);
                        add_times::<L>(gradient, x, d);
                        piece.apply(row * inputs, inputs, gradient, step);
                    }
                }
            }
            Work::Rbf { centres } if output.curvature => {
                self.samples.distance_seeds(output, block, centres);
            }
            Work::Rbf { centres } => {
                let Backward { x, dy, dx: Some(dx) } = self.samples.backward(block) else { return };
                let (x, dy) = (&numbers(x)[..inputs], &numbers(dy)[..outputs]);
                for (i, dx) in numbers_mut(dx)[..inputs].iter_mut().enumerate() {
                    let apart = |c: usize| x[i] - centres[c * inputs + i];
                    *dx = dy.iter().enumerate().map(|(c, dy)| 2.0 * dy * apart(c)).sum();
                }
            }
        }
        let Backward { x, dx: Some(dx), .. } = self.samples.backward(block) else { return };
        through::<L>(program.input_curve[block], &mut numbers_mut(dx)[..inputs], numbers(x));
    }
}

/// Up to [`ROWS`] rows of w times x, added to `sums`.
#[inline(always)]
fn dots<L: Lanes>(w: &[f32], x: &[f32], sums: &mut [f32]) {
    let rows: [&[f32]; ROWS] = std::array::from_fn(|row| w.chunks(x.len()).nth(row).unwrap_or(w));
    let mut parts = [L::splat(0.0); ROWS];
    for (at, x) in x.chunks(LANES).enumerate() {
        let input = some::<L>(x);
        for (part, row) in parts.iter_mut().zip(rows) {
            *part = some::<L>(&row[at * LANES..][..x.len()]).mul_add(input, *part);
        }
    }
    for (part, sum) in parts.into_iter().zip(sums) {
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

/// Some numbers as a vector, filled up with zeros.
#[inline(always)]
fn some<L: Lanes>(numbers: &[f32]) -> L {
    if numbers.len() >= LANES {
        return L::from(numbers);
    }
    let mut all = V::ZERO;
    all.0[..numbers.len()].copy_from_slice(numbers);
    L::load(&all)
}
