//! Reference of the last layer and its losses.

use super::{input_slope, local, squash, squash_slope};
use crate::network::{Loss, Output as Kind};
use crate::plan::kernels::Output;
use crate::plan::{Criterion, LABEL_WORDS, TOTALS};

/// The last layer forward, the loss, and the input gradient; the last shard moves the cursor on.
#[expect(clippy::too_many_arguments, reason = "the bindings of output.wgsl, in their order")]
pub fn output(
    k: &Output,
    x: &[f32],
    p: &[f32],
    labels: &[u32],
    y: &mut [f32],
    dy: &mut [f32],
    dx: &mut [f32],
    totals: &mut [f32],
    cursor: &mut [u32],
) {
    let (inputs, classes) = (k.inputs as usize, k.classes as usize);
    let linear = !k.criterion.is_rbf();
    let weight = |c: usize, i: usize| f64::from(p[k.weights as usize + c * inputs + i]);
    if k.advances {
        cursor[0] = labels[2] + 1;
    }
    // Earlier shards of the batch have the rows before.
    let y = &mut y[k.before as usize * classes..];
    let totals = &mut totals[k.before as usize * TOTALS..];
    for n in 0..k.samples as usize {
        let x: Vec<f64> = x[n * inputs..][..inputs].iter().map(|&x| f64::from(x)).collect();
        let row = n * classes..(n + 1) * classes;
        for (c, y) in y[row.clone()].iter_mut().enumerate() {
            let sum = |term: &dyn Fn(usize, f64) -> f64| -> f64 {
                x.iter().enumerate().map(|(i, &x)| term(i, x)).sum()
            };
            let product = || sum(&|i, x| weight(c, i) * x) + f64::from(p[c]);
            *y = match k.criterion.output {
                Kind::Linear => squash(k.squash, product()),
                Kind::Softmax => product(),
                Kind::Rbf => sum(&|i, x| (x - weight(c, i)).powi(2)),
            } as f32;
        }
        let [label, samples, ..] = labels[n * LABEL_WORDS..][..LABEL_WORDS] else { unreachable!() };
        let right = label as usize;
        let dy = &mut dy[row.clone()];
        dy.fill(0.0);
        if samples > 0 {
            let y: Vec<f64> = y[row].iter().map(|&y| f64::from(y)).collect();
            let slopes = judge(k, &y, right, samples, &mut totals[n * TOTALS..][..TOTALS]);
            dy.iter_mut().zip(slopes).for_each(|(dy, slope)| *dy = slope as f32);
        }
        for (i, &x) in x.iter().enumerate() {
            let apart = |c: usize| x - weight(c, i);
            let sum = match (linear, k.curvature) {
                (true, _) => by_input(dy, |c| local(k.curvature, weight(c, i))),
                (false, false) => by_input(dy, |c| 2.0 * apart(c)),
                (false, true) if samples > 0 => distance_seed(k, dy, right, apart),
                (false, true) => 0.0,
            };
            dx[n * inputs + i] = (sum * local(k.curvature, input_slope(k.input_squash, x))) as f32;
        }
    }
}

/// The derivative with respect to an input, where `slope(c)` is that of output c.
fn by_input(dy: &[f32], slope: impl Fn(usize) -> f64) -> f64 {
    dy.iter().enumerate().map(|(c, &dy)| f64::from(dy) * slope(c)).sum()
}

/// The second derivative of loss and distances by one of their inputs, whose distance to centre c is
/// `apart(c)`; `slopes` are the first derivatives with respect to the distances. See `shaders/loss.wgsl`.
pub(super) fn distance_seed(
    k: &Output,
    slopes: &[f32],
    right: usize,
    apart: impl Fn(usize) -> f64,
) -> f64 {
    if !k.exact || !k.criterion.is_map() {
        return 2.0;
    }
    let is_right = |c: usize| if c == right { 1.0 } else { 0.0 };
    let sum = |of: &dyn Fn(usize) -> f64| -> f64 {
        slopes.iter().enumerate().map(|(c, &slope)| (is_right(c) - f64::from(slope)) * of(c)).sum()
    };
    let (mass, mean, square) = (sum(&|_| 1.0), sum(&apart), sum(&|c| apart(c).powi(2)));
    // Never negative but for rounding.
    (2.0 * (1.0 - mass) + 4.0 * (square - mean * mean)).max(0.0)
}

/// Adds loss and error of a sample to its row of the totals, and returns the derivatives of the loss
/// by the outputs: of the mean over the `samples` of the step, or in a pass of second derivatives of
/// the sample's own loss, since the update averages them.
pub(super) fn judge(
    k: &Output,
    y: &[f64],
    right: usize,
    samples: u32,
    totals: &mut [f32],
) -> Vec<f64> {
    let (loss, mut slopes) = sample_loss(k, y, right);
    let wrong = if answer(&k.criterion, y) == right { 0.0 } else { 1.0 };
    let share = 1.0 / f64::from(samples);
    for (total, value) in totals.iter_mut().zip([loss, wrong, loss * share, wrong * share]) {
        *total += value as f32;
    }
    if !k.curvature {
        slopes.iter_mut().for_each(|slope| *slope *= share);
    }
    slopes
}

/// The class that the outputs name: the first of the largest, or of the smallest distances.
fn answer(criterion: &Criterion, y: &[f64]) -> usize {
    let better = |a: f64, b: f64| if criterion.is_rbf() { a < b } else { a > b };
    (1..y.len()).fold(0, |best, c| if better(y[c], y[best]) { c } else { best })
}

/// The loss of one sample and its derivatives, before the division by the samples of the step: first
/// ones, or for an output that is no RBF as `k` says second ones.
fn sample_loss(k: &Output, y: &[f64], right: usize) -> (f64, Vec<f64>) {
    let is_right = |c: usize| if c == right { 1.0 } else { 0.0 };
    match (k.criterion.output, k.criterion.loss) {
        (Kind::Linear, _) => {
            let error = |c: usize| y[c] - (2.0 * is_right(c) - 1.0);
            let classes = y.len() as f64;
            let slope = |c| {
                let by_output = 2.0 * if k.curvature { 1.0 } else { error(c) } / classes;
                by_output * local(k.curvature, squash_slope(k.squash, y[c]))
            };
            let sum = (0..y.len()).map(|c| error(c).powi(2)).sum::<f64>() / classes;
            (sum, (0..y.len()).map(slope).collect())
        }
        (Kind::Softmax, _) => {
            let largest = y.iter().copied().fold(f64::MIN, f64::max);
            let mass: f64 = y.iter().map(|value| (value - largest).exp()).sum();
            let slope = |c: usize| {
                let p = (y[c] - largest).exp() / mass;
                if k.curvature { p * (1.0 - p) } else { p - is_right(c) }
            };
            (mass.ln() + largest - y[right], (0..y.len()).map(slope).collect())
        }
        (Kind::Rbf, Loss::Mse) => (y[right], (0..y.len()).map(is_right).collect()),
        (Kind::Rbf, _) => {
            let j = f64::from(k.criterion.j);
            let least = y.iter().copied().fold(j, f64::min);
            let mass = |value: f64| (least - value).exp();
            let all = mass(j) + y.iter().map(|&value| mass(value)).sum::<f64>();
            let slope = |c: usize| is_right(c) - mass(y[c]) / all;
            (y[right] - least + all.ln(), (0..y.len()).map(slope).collect())
        }
    }
}
