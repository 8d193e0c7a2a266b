//! From the derivatives of a whole batch to the step of one piece of the parameters.

use super::group::Group;
use super::lanes::{LANES, Lanes, V};
use super::linear;
use super::program::{Piece, Program};
use crate::plan::Optimizer;

/// A piece of the parameters with its velocity.
#[derive(Debug)]
pub struct Parameters<'a> {
    pub parameters: &'a mut [f32],
    pub velocity: &'a mut [f32],
}

/// Adds up the gradient of the `number`-th piece, group by group in order, and makes the step.
#[inline(always)]
pub fn update<L: Lanes>(
    program: &Program,
    number: usize,
    groups: &[&Group],
    rate: f32,
    piece: &mut Parameters,
    gradient: &mut Vec<f32>,
) {
    let Parameters { parameters, velocity } = piece;
    let step = |gradient: &[f32], parameters: &mut [f32], velocity: &mut [f32]| {
        sgd(program.optimizer, rate, gradient, parameters, velocity);
    };
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
            step(&sums, parameters, velocity);
        }
        (Piece::Bias { block }, _) => {
            let outputs = program.sizes[block + 1];
            let sums: Vec<f32> = (0..outputs)
                .map(|o| groups.iter().map(|group| group.deltas(*block, o..o + 1)[0].sum()).sum())
                .collect();
            step(&sums, parameters, velocity);
        }
        (Piece::Rows { block, first, rows }, _) => {
            let inputs = program.sizes[*block];
            let length = inputs.next_multiple_of(LANES);
            gradient.resize(rows * length, 0.0);
            let x: Vec<&[V]> = groups.iter().map(|group| group.rows(*block)).collect();
            let dy: Vec<&[V]> =
                groups.iter().map(|group| group.deltas(*block, *first..first + rows)).collect();
            linear::gradient::<L>(&x, &dy, gradient);
            let rows = parameters.chunks_exact_mut(inputs).zip(velocity.chunks_exact_mut(inputs));
            for ((parameters, velocity), gradient) in rows.zip(gradient.chunks_exact(length)) {
                step(gradient, parameters, velocity);
            }
        }
    }
}

/// SGD with momentum, as PyTorch has it; see `sgd` of the twins.
#[inline(always)]
fn sgd(
    optimizer: Optimizer,
    rate: f32,
    gradient: &[f32],
    parameters: &mut [f32],
    velocity: &mut [f32],
) {
    let Optimizer { momentum, weight_decay } = optimizer;
    for ((w, v), g) in parameters.iter_mut().zip(velocity).zip(gradient) {
        *v = momentum * *v + g + weight_decay * *w;
        *w -= rate * *v;
    }
}
