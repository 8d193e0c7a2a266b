//! Layers in f64 and their Jacobians: what second derivatives have to be, from forward passes alone.
//!
//! Between two squashes a layer maps x = f(u), u what the squash below got, and its parameters p to
//! a, what its own squash gets. It is affine in each single number of x and p, so that a difference
//! over 1 is the derivative, to rounding. A column of a Jacobian has the derivatives of all a by one
//! number, those that are not 0.

use lenet::network::Squash;

use super::compare::{Differences, Tolerance};

/// The derivatives of all outputs by one number: (output, derivative).
pub type Column = Vec<(usize, f64)>;

/// A layer for one sample, maps one after the other. Parameters come as weights, then biases.
#[derive(Debug, Clone)]
pub enum Layer {
    /// `[C, height, width]` to `[M, height - kernel + 1, width - kernel + 1]`; row m of the table: what map m
    /// sees.
    Conv { table: Vec<Vec<usize>>, kernel: usize, height: usize, width: usize },
    /// `[M, height, width]` to `[M, height / 2, width / 2]`: coefficient scale (sum of 2x2) + bias.
    Pool { maps: usize, height: usize, width: usize, scale: f64 },
    /// `[inputs]` to `[outputs]`.
    Linear { outputs: usize },
}

/// Centre, A and S of a tanh.
fn tanh(squash: Squash) -> Option<[f64; 3]> {
    squash.tanh().map(|tanh| [tanh.centre, tanh.amplitude, tanh.slope].map(f64::from))
}

/// f(u).
pub fn squash(squash: Squash, u: f64) -> f64 {
    let Some([centre, amplitude, slope]) = tanh(squash) else { return u.max(0.0) };
    centre + amplitude * (slope * u).tanh()
}

/// f'(u).
pub fn slope(squash: Squash, u: f64) -> f64 {
    let Some([_, amplitude, slope]) = tanh(squash) else { return f64::from(u > 0.0) };
    amplitude * slope / (slope * u).cosh().powi(2)
}

/// The u that f makes `y` of.
pub fn unsquash(squash: Squash, y: f64) -> f64 {
    let Some([centre, amplitude, slope]) = tanh(squash) else { return y };
    ((y - centre) / amplitude).atanh() / slope
}

impl Layer {
    /// a, from x and p.
    pub fn forward(&self, x: &[f64], p: &[f64]) -> Vec<f64> {
        match self {
            Layer::Conv { table, kernel, height, width } => {
                convolve(table, *kernel, *height, *width, x, p)
            }
            &Layer::Pool { maps, height, width, scale } => {
                let (ph, pw) = (height / 2, width / 2);
                let output = |at: usize| {
                    let (m, y, left) = (at / (ph * pw), at / pw % ph, at % pw);
                    let corner = (m * height + 2 * y) * width + 2 * left;
                    let block =
                        x[corner] + x[corner + 1] + x[corner + width] + x[corner + width + 1];
                    p[m] * scale * block + p[maps + m]
                };
                (0..maps * ph * pw).map(output).collect()
            }
            Layer::Linear { outputs } => {
                let (w, bias) = p.split_at(outputs * x.len());
                let output = |(w, bias): (&[f64], &f64)| {
                    bias + w.iter().zip(x).map(|(w, x)| w * x).sum::<f64>()
                };
                w.chunks(x.len()).zip(bias).map(output).collect()
            }
        }
    }

    /// The columns by each number of x.
    pub fn by_x(&self, x: &[f64], p: &[f64]) -> Vec<Column> {
        differences(x, |x| self.forward(x, p))
    }

    /// The columns by each parameter.
    pub fn by_p(&self, x: &[f64], p: &[f64]) -> Vec<Column> {
        let Layer::Linear { outputs } = *self else {
            return differences(p, |p| self.forward(x, p));
        };
        // A weight reaches one output, as the input that it stands at: C5 has 48,000 of them.
        let weights = (0..outputs).flat_map(|o| x.iter().map(move |&x| vec![(o, x)]));
        weights.chain((0..outputs).map(|o| vec![(o, 1.0)])).collect()
    }
}

fn convolve(
    table: &[Vec<usize>],
    side: usize,
    height: usize,
    width: usize,
    x: &[f64],
    p: &[f64],
) -> Vec<f64> {
    let (oh, ow) = (height - side + 1, width - side + 1);
    let connections: usize = table.iter().map(Vec::len).sum();
    let mut a = Vec::with_capacity(table.len() * oh * ow);
    let mut kernels = p.chunks(side * side);
    for (m, row) in table.iter().enumerate() {
        let mut map = vec![p[side * side * connections + m]; oh * ow];
        for &c in row {
            let kernel = kernels.next().expect("a kernel for each connection");
            for (at, a) in map.iter_mut().enumerate() {
                let corner = (c * height + at / ow) * width + at % ow;
                for (ky, taps) in kernel.chunks(side).enumerate() {
                    let seen = &x[corner + ky * width..][..side];
                    *a += taps.iter().zip(seen).map(|(w, x)| w * x).sum::<f64>();
                }
            }
        }
        a.extend(map);
    }
    a
}

fn differences(numbers: &[f64], forward: impl Fn(&[f64]) -> Vec<f64>) -> Vec<Column> {
    let before = forward(numbers);
    let mut moved = numbers.to_vec();
    (0..numbers.len())
        .map(|at| {
            moved[at] += 1.0;
            let after = forward(&moved);
            moved[at] = numbers[at];
            let apart = after.iter().zip(&before).map(|(after, before)| after - before).enumerate();
            // What does not depend on the number is computed alike both times.
            apart.filter(|&(_, by)| by != 0.0).collect()
        })
        .collect()
}

/// diag(J^T D J), D a diagonal.
pub fn diagonal(columns: &[Column], d: &[f64]) -> Vec<f64> {
    columns.iter().map(|column| column.iter().map(|&(k, by)| by * by * d[k]).sum()).collect()
}

/// J^T v.
pub fn transposed(columns: &[Column], v: &[f64]) -> Vec<f64> {
    columns.iter().map(|column| column.iter().map(|&(k, by)| by * v[k]).sum()).collect()
}

/// Compares second derivatives; `tolerance.absolute` is a share of the largest.
///
/// # Panics
/// If they differ, or there are none at all.
pub fn assert_near(what: &str, found: &[f32], expected: &[f64], tolerance: Tolerance) {
    let expected: Vec<f32> = expected.iter().map(|&number| number as f32).collect();
    assert!(expected.iter().any(|&number| number > 0.0), "{what}: no curvature at all");
    let mut differences = Differences::default();
    differences.numbers(what, found, &expected, tolerance.of_largest(&expected));
    differences.outcome(what).unwrap_or_else(|e| panic!("{}", e.message().unwrap_or_default()));
}

/// In f64.
pub fn wide(numbers: &[f32]) -> Vec<f64> {
    numbers.iter().map(|&number| f64::from(number)).collect()
}

/// Numbers times the slopes at these squashed values, squared: through the squash.
pub fn through(kind: Squash, d: &[f64], y: &[f64]) -> Vec<f64> {
    d.iter().zip(y).map(|(d, &y)| d * slope(kind, unsquash(kind, y)).powi(2)).collect()
}
