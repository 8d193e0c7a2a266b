//! From the derivatives of a whole batch to what becomes of one piece of the parameters.

use super::group::Group;
use super::lanes::{LANES, Lanes, Squares, V};
use super::linear;
use super::program::{Piece, Program};
use crate::plan::{Epilogue, Optimizer};

/// A piece of the parameters with its velocity, and its curvature where the plan has one.
#[derive(Debug)]
pub struct Parameters<'a> {
    pub parameters: &'a mut [f32],
    pub velocity: &'a mut [f32],
    pub curvature: &'a mut [f32],
}

/// Adds up the derivatives of the `number`-th piece, group by group in order, and takes the sums by
/// a rule and its rate.
#[inline(always)]
pub fn update<L: Lanes>(
    program: &Program,
    number: usize,
    groups: &[&Group],
    step: (Epilogue, f32),
    piece: &mut Parameters,
    gradient: &mut Vec<f32>,
) {
    match &program.pieces[number] {
        (Piece::Stage, place) => {
            let mut sums = vec![0.0; place.len()];
            for (at, sum) in place.clone().zip(&mut sums) {
                let mut all = L::splat(0.0);
                for group in groups {
                    all = all.add(L::load(&group.partials()[at]));
                }
                let mut lanes = V::ZERO;
                all.store(&mut lanes);
                *sum = lanes.sum();
            }
            piece.take(0, sums.len(), &sums, step);
        }
        (Piece::Bias { block }, _) => {
            let outputs = program.sizes[block + 1];
            let sums: Vec<f32> = (0..outputs)
                .map(|o| groups.iter().map(|group| group.deltas(*block, o..o + 1)[0].sum()).sum())
                .collect();
            piece.take(0, sums.len(), &sums, step);
        }
        (Piece::Rows { block, first, rows }, _) => {
            let inputs = program.sizes[*block];
            let length = inputs.next_multiple_of(LANES);
            gradient.resize(rows * length, 0.0);
            let x: Vec<&[V]> = groups.iter().map(|group| group.rows(*block)).collect();
            let dy: Vec<&[V]> =
                groups.iter().map(|group| group.deltas(*block, *first..first + rows)).collect();
            match step.0.is_curvature() {
                false => linear::gradient::<L>(&x, &dy, gradient),
                true => linear::gradient::<Squares<L>>(&x, &dy, gradient),
            }
            for (row, gradient) in gradient.chunks_exact(length).enumerate() {
                piece.take(row * inputs, inputs, gradient, step);
            }
        }
    }
}

impl Parameters<'_> {
    /// Takes the sums of the parameters from `first` on, as `Take` of the twins does.
    #[inline(always)]
    pub fn take(
        &mut self,
        first: usize,
        count: usize,
        sums: &[f32],
        (rule, rate): (Epilogue, f32),
    ) {
        let here = first..first + count;
        let curvature = here.start.min(self.curvature.len())..here.end.min(self.curvature.len());
        let h = &mut self.curvature[curvature];
        let (w, v) = (&mut self.parameters[here.clone()], &mut self.velocity[here]);
        match rule {
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
            Epilogue::Store { .. } => unreachable!("the CPU has whole batches"),
            Epilogue::Accumulate { .. } => {
                for (h, g) in h.iter_mut().zip(sums) {
                    *h += rate * g;
                }
            }
        }
    }
}
