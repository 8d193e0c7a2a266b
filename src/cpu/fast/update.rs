//! From the derivatives of a whole batch to the epilogue of one piece of the parameters.

use super::instructions::Kernel;
use super::lanes::{LANES, Lanes, V};
use super::linear;
use super::program::{Piece, Program};
use super::sample_group::SampleGroup;
use crate::plan::{Epilogue, Optimizer, StepSize};

/// A piece of the parameters with what its optimizer carries along.
#[derive(Debug)]
pub struct Parameters<'a> {
    pub parameters: &'a mut [f32],
    pub velocity: &'a mut [f32],
    /// The curvature, or the mean squared gradients of Adam; empty where the plan has neither.
    pub second: &'a mut [f32],
}

/// Adds up the derivatives of the piece `number`, group by group in order, and applies an epilogue with
/// its rate to the sums.
pub struct Update<'a, 'p> {
    pub program: &'a Program,
    pub number: usize,
    pub groups: &'a [&'a SampleGroup],
    pub step: (Epilogue, StepSize),
    pub piece: &'a mut Parameters<'p>,
    /// Memory for the gradient of rows of weights.
    pub gradient: &'a mut Vec<f32>,
}

impl Kernel for Update<'_, '_> {
    #[inline(always)]
    fn run<L: Lanes>(self) {
        let Update { program, number, groups, step, piece, gradient } = self;
        match &program.pieces[number] {
            (Piece::Stage, place) => {
                let mut sums = vec![0.0; place.len()];
                for (at, sum) in place.clone().zip(&mut sums) {
                    let mut all = L::splat(0.0);
                    for group in groups {
                        all = all.add(L::load(&group.samples.partials[at]));
                    }
                    *sum = all.total();
                }
                piece.apply(0, sums.len(), &sums, step);
            }
            (Piece::Bias { block }, _) => {
                let of_group =
                    |group: &&SampleGroup, o: usize| group.samples.deltas[*block][o].sum();
                let outputs = program.sizes[block + 1];
                let sums: Vec<f32> = (0..outputs)
                    .map(|o| groups.iter().map(|group| of_group(group, o)).sum())
                    .collect();
                piece.apply(0, sums.len(), &sums, step);
            }
            (Piece::Rows { block, first, rows }, _) => {
                let inputs = program.sizes[*block];
                let length = inputs.next_multiple_of(LANES);
                gradient.resize(rows * length, 0.0);
                let x: Vec<&[V]> = groups.iter().map(|group| &group.rows[*block][..]).collect();
                let here = *first..first + rows;
                let dy = groups.iter().map(|group| &group.samples.deltas[*block][here.clone()]);
                let dy: Vec<&[V]> = dy.collect();
                linear::gradient::<L>(&x, &dy, gradient);
                for (row, gradient) in gradient.chunks_exact(length).enumerate() {
                    piece.apply(row * inputs, inputs, gradient, step);
                }
            }
        }
    }
}

impl Parameters<'_> {
    /// Applies an epilogue to the gradients of the `count` parameters from `first` on, in
    /// step with `Epilogue::apply` of the reference.
    #[inline(always)]
    pub fn apply(
        &mut self,
        first: usize,
        count: usize,
        sums: &[f32],
        (epilogue, size): (Epilogue, StepSize),
    ) {
        let here = first..first + count;
        let StepSize { rate, corrections } = size;
        let second = here.start.min(self.second.len())..here.end.min(self.second.len());
        let h = &mut self.second[second];
        let (w, v) = (&mut self.parameters[here.clone()], &mut self.velocity[here]);
        match epilogue {
            Epilogue::Apply(Optimizer::Sgd { momentum, weight_decay }) => {
                for ((w, v), g) in w.iter_mut().zip(v).zip(sums) {
                    *v = momentum * *v + g + weight_decay * *w;
                    *w -= rate * *v;
                }
            }
            Epilogue::Apply(Optimizer::Sdlm { momentum: 0.0, mu, .. }) => {
                for ((w, h), g) in w.iter_mut().zip(h).zip(sums) {
                    *w -= rate / (mu + *h) * g;
                }
            }
            Epilogue::Apply(Optimizer::Sdlm { momentum, mu, .. }) => {
                for (((w, v), h), g) in w.iter_mut().zip(v).zip(h).zip(sums) {
                    *v = momentum * *v + g;
                    *w -= rate / (mu + *h) * *v;
                }
            }
            Epilogue::Apply(Optimizer::Adam { beta1, beta2, epsilon, weight_decay }) => {
                let rate = rate * corrections[0];
                for (((w, m), v), g) in w.iter_mut().zip(v).zip(h).zip(sums) {
                    let g = g + weight_decay * *w;
                    *m = beta1 * *m + (1.0 - beta1) * g;
                    *v = beta2 * *v + (1.0 - beta2) * g * g;
                    *w -= rate * *m / (v.sqrt() * corrections[1] + epsilon);
                }
            }
            Epilogue::Store { .. } => unreachable!("the CPU has whole batches"),
            Epilogue::Accumulate { .. } => {
                for (h, g) in h.iter_mut().zip(sums) {
                    *h += rate * g;
                }
            }
        }
    }
}
