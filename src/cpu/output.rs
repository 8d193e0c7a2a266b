//! Twins of the RBF output and of the losses.

use super::squash_slope;
use crate::network::CLASSES;
use crate::plan::TOTALS;
use crate::plan::constant::LossKind;
use crate::plan::op::{LossShape, Rbf};

/// `y[n,c] = sum_k (x[n,k] - centre[c,k])^2` (1998, eq. 7).
pub fn rbf_forward(k: &Rbf, x: &[f32], centre: &[f32], y: &mut [f32]) {
    let units = k.units as usize;
    for n in 0..k.samples as usize {
        for c in 0..CLASSES {
            let mut sum = 0.0;
            for unit in 0..units {
                let distance = f64::from(x[n * units + unit]) - f64::from(centre[c * units + unit]);
                sum += distance * distance;
            }
            y[n * CLASSES + c] = sum as f32;
        }
    }
}

/// `dx[n,k] = f'(x[n,k]) 2 sum_c dy[n,c] (x[n,k] - centre[c,k])`.
pub fn rbf_backward(k: &Rbf, x: &[f32], dy: &[f32], centre: &[f32], dx: &mut [f32]) {
    let units = k.units as usize;
    for n in 0..k.samples as usize {
        for unit in 0..units {
            let value = f64::from(x[n * units + unit]);
            let mut sum = 0.0;
            for c in 0..CLASSES {
                let distance = value - f64::from(centre[c * units + unit]);
                sum += f64::from(dy[n * CLASSES + c]) * distance;
            }
            dx[n * units + unit] = (2.0 * sum * squash_slope(k.squash, value)) as f32;
        }
    }
}

/// Loss, derivative and errors of each sample; moves the cursor on.
pub fn loss(
    k: &LossShape,
    y: &[f32],
    label: &[u32],
    now: &[u32],
    dy: &mut [f32],
    totals: &mut [f32],
    cursor: &mut [u32],
) {
    cursor[0] = now[3] + 1;
    let share = 1.0 / f64::from(now[1]);
    for n in 0..k.samples as usize {
        let row = n * CLASSES..(n + 1) * CLASSES;
        let right = label[n] as usize;
        if right >= CLASSES {
            dy[row].fill(0.0);
            continue;
        }
        let y: Vec<f64> = y[row.clone()].iter().map(|&value| f64::from(value)).collect();
        let (sum, slopes) = sample_loss(k, &y, right);
        for (out, slope) in dy[row].iter_mut().zip(slopes) {
            *out = (share * slope) as f32;
        }
        let wrong = if answer(k.loss, &y) == right { 0.0 } else { 1.0 };
        let sums = [sum, wrong, sum * share, wrong * share];
        for (total, value) in totals[n * TOTALS..][..TOTALS].iter_mut().zip(sums) {
            *total += value as f32;
        }
    }
}

/// The class that the outputs name: the first of the largest, or of the smallest distances.
fn answer(loss: LossKind, y: &[f64]) -> usize {
    let better = |a: f64, b: f64| if loss == LossKind::Targets { a > b } else { a < b };
    (1..CLASSES).fold(0, |best, c| if better(y[c], y[best]) { c } else { best })
}

/// The loss of one sample and its derivatives, before the division by the samples of the step.
fn sample_loss(k: &LossShape, y: &[f64], right: usize) -> (f64, Vec<f64>) {
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
