//! References of the convolution stages.

use super::{input_slope, local, squash, squash_slope};
use crate::network::PoolForm;
use crate::plan::kernels::Stage;

/// Shapes of a stage as `usize`, and its connection table.
struct Shapes<'a> {
    samples: usize,
    /// Input maps, feature maps, and connections between them.
    c: usize,
    m: usize,
    j: usize,
    /// Sides of an input map.
    height: usize,
    width: usize,
    /// Sides of a feature map, before the pooling.
    oh: usize,
    ow: usize,
    /// Its sides after the pooling; the same where there is none.
    ph: usize,
    pw: usize,
    /// Numbers from one sample of x to the next.
    x_stride: usize,
    /// Numbers from one sample of s to the next.
    s_stride: usize,
    table: &'a [u32],
}

impl<'a> Shapes<'a> {
    fn of(k: &Stage, table: &'a [u32]) -> Self {
        let [samples, c, m, j] = [k.samples, k.c, k.m, k.j].map(|number| number as usize);
        let [height, width] = [k.height, k.width].map(|size| size as usize);
        let [x_stride, s_stride] = [k.x_stride, k.s_stride].map(|size| size as usize);
        let [oh, ow, ph, pw] = [k.oh(), k.ow(), k.ph(), k.pw()].map(|size| size as usize);
        Shapes { samples, c, m, j, height, width, oh, ow, ph, pw, x_stride, s_stride, table }
    }

    /// Place of x[n, c, y, x].
    fn x(&self, n: usize, c: usize, y: usize, x: usize) -> usize {
        n * self.x_stride + (c * self.height + y) * self.width + x
    }

    /// Place of h[n, m, y, x].
    fn h(&self, n: usize, m: usize, y: usize, x: usize) -> usize {
        ((n * self.m + m) * self.oh + y) * self.ow + x
    }

    /// Place of s[n, m, y, x].
    fn s(&self, n: usize, m: usize, y: usize, x: usize) -> usize {
        n * self.s_stride + (m * self.ph + y) * self.pw + x
    }

    /// Every [n, m, y, x] of s.
    fn blocks(&self) -> impl Iterator<Item = (usize, usize, usize, usize)> + use<> {
        let (maps, ph, pw) = (self.m, self.ph, self.pw);
        let places = 0..self.samples * maps * ph * pw;
        places.map(move |i| (i / (maps * ph * pw), i / (ph * pw) % maps, i / pw % ph, i % pw))
    }

    /// The connections of feature map `m`.
    fn connections(&self, m: usize) -> std::ops::Range<usize> {
        self.table[m] as usize..self.table[m + 1] as usize
    }

    /// The input map that connection `j` sees.
    fn channel(&self, j: usize) -> usize {
        self.table[self.m + 1 + j] as usize
    }

    fn map(&self, j: usize) -> usize {
        self.table[self.m + 1 + self.j + j] as usize
    }
}

/// The taps of a kernel: (index in the kernel, row, column).
fn taps(k: &Stage) -> impl Iterator<Item = (usize, usize, usize)> + use<> {
    let side = k.k as usize;
    (0..side * side).map(move |tap| (tap, tap / side, tap % side))
}

/// The outputs of the convolution, row and column, that become the one at `y`, `x` of s, in row order.
fn block(k: &Stage, y: usize, x: usize) -> impl Iterator<Item = (usize, usize)> + use<> {
    let p = k.p() as usize;
    (0..p * p).map(move |place| (p * y + place / p, p * x + place % p))
}

/// The place of the first of the largest numbers.
fn winner(numbers: &[f64]) -> usize {
    (1..numbers.len()).fold(0, |best, at| if numbers[at] > numbers[best] { at } else { best })
}

/// One value of h, at [n, m, y, x], before the squash.
fn convolve(k: &Stage, at: &Shapes, x: &[f32], p: &[f32], place: [usize; 4]) -> f64 {
    let ([n, m, y, left], side) = (place, k.k as usize);
    let mut sum = f64::from(p[k.bias() + m]);
    for j in at.connections(m) {
        let kernel = p[j * k.taps() as usize..].chunks_exact(side).take(side);
        for (ky, weights) in kernel.enumerate() {
            let inputs = &x[at.x(n, at.channel(j), y + ky, left)..];
            for (&weight, &input) in weights.iter().zip(inputs) {
                sum += f64::from(weight) * f64::from(input);
            }
        }
    }
    sum
}

/// The whole stage, forward: `x` and `p` to `h` and `s`.
pub fn conv_pool_forward(
    k: &Stage,
    x: &[f32],
    p: &[f32],
    table: &[u32],
    h: &mut [f32],
    s: &mut [f32],
) {
    let at = Shapes::of(k, table);
    for n in 0..at.samples {
        for m in 0..at.m {
            for y in 0..at.ph {
                for left in 0..at.pw {
                    let values = block(k, y, left).map(|(row, column)| {
                        let sum = convolve(k, &at, x, p, [n, m, row, column]);
                        let value = squash(k.squash, sum);
                        h[at.h(n, m, row, column)] = value as f32;
                        value
                    });
                    s[at.s(n, m, y, left)] = pooled(k, p, m, &values.collect::<Vec<_>>()) as f32;
                }
            }
        }
    }
}

/// What the pooling of map m makes of a block.
fn pooled(k: &Stage, p: &[f32], m: usize, block: &[f64]) -> f64 {
    let sum: f64 = block.iter().sum();
    match k.pooling {
        None => block[0],
        Some(PoolForm::Max) => block[winner(block)],
        Some(PoolForm::Average) => pooling_scale(k, p, m) * sum,
        Some(PoolForm::Mean | PoolForm::Sum) => {
            let bias = f64::from(p[k.pool_bias() + m]);
            squash(k.squash, pooling_scale(k, p, m) * sum + bias)
        }
    }
}

/// What the pooling of map m multiplies with.
fn pooling_scale(k: &Stage, p: &[f32], m: usize) -> f64 {
    let scale = k.pooling.map_or(1.0, PoolForm::block_scale);
    let coefficient = if k.is_trained() { p[k.coefficient() + m] } else { 1.0 };
    f64::from(scale) * f64::from(coefficient)
}

/// A stage without a pooling, forward: `x` and `p` to `s`.
pub fn conv_forward(k: &Stage, x: &[f32], p: &[f32], table: &[u32], s: &mut [f32]) {
    let mut h = vec![0.0; (k.samples * k.sizes()[1]) as usize];
    conv_pool_forward(k, x, p, table, &mut h, s);
}

/// The first stage, whose input is one map, forward: `x` and `p` to `s`.
pub fn first_stage_forward(k: &Stage, x: &[f32], p: &[f32], s: &mut [f32]) {
    let mut h = vec![0.0; (k.samples * k.sizes()[1]) as usize];
    conv_pool_forward(k, x, p, &one_map_table(k), &mut h, s);
}

/// Every gradient of the first stage; h is recomputed.
pub fn first_stage_backward(k: &Stage, x: &[f32], p: &[f32], ds: &[f32], partials: &mut [f32]) {
    let table = one_map_table(k);
    let [_, h_size, s_size] = k.sizes().map(|size| (k.samples * size) as usize);
    let (mut h, mut s) = (vec![0.0; h_size], vec![0.0; s_size]);
    conv_pool_forward(k, x, p, &table, &mut h, &mut s);
    conv_backward_weights(k, x, p, &h, ds, &table, partials);
}

/// The table of a stage with one input map: map m has connection m, from input map 0.
fn one_map_table(k: &Stage) -> Vec<u32> {
    (0..=k.m).chain((0..k.m).map(|_| 0)).chain(0..k.m).collect()
}

/// The gradients of a stage after the first.
pub fn conv_backward_weights(
    k: &Stage,
    x: &[f32],
    p: &[f32],
    h: &[f32],
    ds: &[f32],
    table: &[u32],
    partials: &mut [f32],
) {
    let dh = deltas(k, p, h, ds);
    map_gradients(k, h, ds, &dh, partials);
    kernel_gradients(k, x, &dh, table, partials);
}

/// The input gradient dx of a stage after the first: the gradient of the loss with respect to the pre-activations of
/// the layer before.
pub fn conv_backward_input(
    k: &Stage,
    x: &[f32],
    p: &[f32],
    h: &[f32],
    ds: &[f32],
    table: &[u32],
    dx: &mut [f32],
) {
    let at = Shapes::of(k, table);
    let dh = deltas(k, p, h, ds);
    let mut sums = vec![0.0; at.samples * at.x_stride];
    for n in 0..at.samples {
        for j in 0..at.j {
            let (c, m) = (at.channel(j), at.map(j));
            for (tap, ky, kx) in taps(k) {
                let weight = local(k.curvature, f64::from(p[j * k.taps() as usize + tap]));
                for y in 0..at.oh {
                    for left in 0..at.ow {
                        let delta = f64::from(dh[at.h(n, m, y, left)]);
                        sums[at.x(n, c, y + ky, left + kx)] += weight * delta;
                    }
                }
            }
        }
    }
    for n in 0..at.samples {
        for place in at.x(n, 0, 0, 0)..at.x(n, at.c, 0, 0) {
            let slope = local(k.curvature, input_slope(k.input_squash, f64::from(x[place])));
            dx[place] = (sums[place] * slope) as f32;
        }
    }
}

/// dh, from the derivatives with respect to the pooled values.
fn deltas(k: &Stage, p: &[f32], h: &[f32], ds: &[f32]) -> Vec<f32> {
    let at = Shapes::of(k, &[]);
    let mut dh = vec![0.0; h.len()];
    for (n, m, y, x) in at.blocks() {
        let d = f64::from(ds[at.s(n, m, y, x)]);
        let places: Vec<usize> = block(k, y, x).map(|(y, x)| at.h(n, m, y, x)).collect();
        let Some(form) = k.pooling else {
            dh[places[0]] = d as f32;
            continue;
        };
        let values: Vec<f64> = places.iter().map(|&place| f64::from(h[place])).collect();
        let delta = local(k.curvature, pooling_scale(k, p, m)) * d;
        for (number, (&place, &value)) in places.iter().zip(&values).enumerate() {
            if form != PoolForm::Max || number == winner(&values) {
                let slope = local(k.curvature, squash_slope(k.squash, value));
                dh[place] = (delta * slope) as f32;
            }
        }
    }
    dh
}

/// The gradients of biases, and of a trained pooling of coefficients and pooling biases.
fn map_gradients(k: &Stage, h: &[f32], ds: &[f32], dh: &[f32], partials: &mut [f32]) {
    let at = Shapes::of(k, &[]);
    let scale = f64::from(k.pooling.map_or(1.0, PoolForm::block_scale));
    let mut sums = vec![[0.0; 3]; at.m];
    for (n, m, y, x) in at.blocks() {
        let [bias, coefficient, pool_bias] = &mut sums[m];
        let mut sum = 0.0;
        for (y, x) in block(k, y, x) {
            let place = at.h(n, m, y, x);
            *bias += f64::from(dh[place]);
            sum += f64::from(h[place]);
        }
        let d = f64::from(ds[at.s(n, m, y, x)]);
        *coefficient += d * local(k.curvature, scale * sum);
        *pool_bias += d;
    }
    for (m, [bias, coefficient, pool_bias]) in sums.into_iter().enumerate() {
        put(k, partials, k.bias() + m, bias);
        if k.is_trained() {
            put(k, partials, k.coefficient() + m, coefficient);
            put(k, partials, k.pool_bias() + m, pool_bias);
        }
    }
}

/// The gradient of the kernels.
fn kernel_gradients(k: &Stage, x: &[f32], dh: &[f32], table: &[u32], partials: &mut [f32]) {
    let at = Shapes::of(k, table);
    for j in 0..at.j {
        let (c, m) = (at.channel(j), at.map(j));
        for (tap, ky, kx) in taps(k) {
            let mut sum = 0.0;
            for n in 0..at.samples {
                for y in 0..at.oh {
                    for left in 0..at.ow {
                        let input = x[at.x(n, c, y + ky, left + kx)];
                        let delta = f64::from(dh[at.h(n, m, y, left)]);
                        sum += delta * local(k.curvature, f64::from(input));
                    }
                }
            }
            put(k, partials, j * k.taps() as usize + tap, sum);
        }
    }
}

/// Leaves a whole sum in the first row of the partials and clears the others.
fn put(k: &Stage, partials: &mut [f32], place: usize, sum: f64) {
    for row in 0..k.partial_rows as usize {
        partials[row * k.stride as usize + place] = if row == 0 { sum as f32 } else { 0.0 };
    }
}
