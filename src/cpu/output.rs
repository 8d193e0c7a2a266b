//! Twin of the last layer and its losses.

use super::{squash, squash_slope};
use crate::network::CLASSES;
use crate::plan::constant::LossKind;
use crate::plan::op::Output;
use crate::plan::{TOTALS, TRUTH_WORDS};

/// The last layer forward, the loss, and backward to what the layer sees; moves the cursor on.
#[expect(clippy::too_many_arguments, reason = "the bindings of output.wgsl, in their order")]
pub fn output(
    k: &Output,
    x: &[f32],
    p: &[f32],
    truth: &[u32],
    y: &mut [f32],
    dy: &mut [f32],
    dx: &mut [f32],
    totals: &mut [f32],
    cursor: &mut [u32],
) {
    let inputs = k.inputs as usize;
    let linear = k.loss == LossKind::Targets;
    let weight = |c: usize, i: usize| f64::from(p[k.weights as usize + c * inputs + i]);
    cursor[0] = truth[2] + 1;
    for n in 0..k.samples as usize {
        let x: Vec<f64> = x[n * inputs..][..inputs].iter().map(|&x| f64::from(x)).collect();
        let row = n * CLASSES..(n + 1) * CLASSES;
        for (c, y) in y[row.clone()].iter_mut().enumerate() {
            let sum: f64 = if linear {
                x.iter().enumerate().map(|(i, x)| weight(c, i) * x).sum()
            } else {
                x.iter().enumerate().map(|(i, x)| (x - weight(c, i)).powi(2)).sum()
            };
            *y = if linear { squash(k.squash, sum + f64::from(p[c])) } else { sum } as f32;
        }
        let [label, samples, ..] = truth[n * TRUTH_WORDS..][..TRUTH_WORDS] else { unreachable!() };
        let right = label as usize;
        if samples > 0 {
            let share = 1.0 / f64::from(samples);
            let y: Vec<f64> = y[row.clone()].iter().map(|&y| f64::from(y)).collect();
            let (sum, slopes) = sample_loss(k, &y, right);
            for (dy, slope) in dy[row.clone()].iter_mut().zip(slopes) {
                *dy = (share * slope) as f32;
            }
            let wrong = if answer(k.loss, &y) == right { 0.0 } else { 1.0 };
            let sums = [sum, wrong, sum * share, wrong * share];
            for (total, value) in totals[n * TOTALS..][..TOTALS].iter_mut().zip(sums) {
                *total += value as f32;
            }
        } else {
            dy[row.clone()].fill(0.0);
        }
        for (i, &x) in x.iter().enumerate() {
            let by_input = |c| if linear { weight(c, i) } else { 2.0 * (x - weight(c, i)) };
            let sum: f64 = (0..CLASSES).map(|c| f64::from(dy[row.start + c]) * by_input(c)).sum();
            dx[n * inputs + i] = (sum * squash_slope(k.squash, x)) as f32;
        }
    }
}

/// The class that the outputs name: the first of the largest, or of the smallest distances.
pub(super) fn answer(loss: LossKind, y: &[f64]) -> usize {
    let better = |a: f64, b: f64| if loss == LossKind::Targets { a > b } else { a < b };
    (1..CLASSES).fold(0, |best, c| if better(y[c], y[best]) { c } else { best })
}

/// The loss of one sample and its derivatives, before the division by the samples of the step.
pub(super) fn sample_loss(k: &Output, y: &[f64], right: usize) -> (f64, Vec<f64>) {
    let is_right = |c: usize| if c == right { 1.0 } else { 0.0 };
    match k.loss {
        LossKind::Targets => {
            let error = |c: usize| y[c] - (2.0 * is_right(c) - 1.0);
            let classes = CLASSES as f64;
            let slope = |c| 2.0 * error(c) / classes * squash_slope(k.squash, y[c]);
            let sum = (0..CLASSES).map(|c| error(c).powi(2)).sum::<f64>() / classes;
            (sum, (0..CLASSES).map(slope).collect())
        }
        LossKind::Distance => (y[right], (0..CLASSES).map(is_right).collect()),
        LossKind::Competition => {
            let j = f64::from(k.j);
            let least = y.iter().copied().fold(j, f64::min);
            let mass = |value: f64| (least - value).exp();
            let all = mass(j) + y.iter().map(|&value| mass(value)).sum::<f64>();
            let slope = |c: usize| is_right(c) - mass(y[c]) / all;
            (y[right] - least + all.ln(), (0..CLASSES).map(slope).collect())
        }
    }
}
