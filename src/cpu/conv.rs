//! References of the convolution stages.

use super::{local, squash, squash_slope};
use crate::network::{KERNEL, TAPS};
use crate::plan::kernels::Stage;

/// Shapes of a stage as `usize`, and its connection table.
struct Shapes<'a> {
    samples: usize,
    c: usize,
    m: usize,
    j: usize,
    height: usize,
    width: usize,
    oh: usize,
    ow: usize,
    ph: usize,
    pw: usize,
    s_stride: usize,
    table: &'a [u32],
}

impl<'a> Shapes<'a> {
    fn of(k: &Stage, table: &'a [u32]) -> Self {
        let [samples, c, m, j] = [k.samples, k.c, k.m, k.j].map(|number| number as usize);
        let [height, width, s_stride] = [k.height, k.width, k.s_stride].map(|size| size as usize);
        let [oh, ow, ph, pw] = [k.oh(), k.ow(), k.ph(), k.pw()].map(|size| size as usize);
        Shapes { samples, c, m, j, height, width, oh, ow, ph, pw, s_stride, table }
    }

    /// Place of x[n, c, y, x].
    fn x(&self, n: usize, c: usize, y: usize, x: usize) -> usize {
        ((n * self.c + c) * self.height + y) * self.width + x
    }

    /// Place of h[n, m, y, x].
    fn h(&self, n: usize, m: usize, y: usize, x: usize) -> usize {
        ((n * self.m + m) * self.oh + y) * self.ow + x
    }

    /// Place of s[n, m, y, x].
    fn s(&self, n: usize, m: usize, y: usize, x: usize) -> usize {
        n * self.s_stride + (m * self.ph + y) * self.pw + x
    }

    /// Every [n, m, y, x] of h.
    fn places(&self) -> impl Iterator<Item = (usize, usize, usize, usize)> + use<> {
        let (maps, oh, ow) = (self.m, self.oh, self.ow);
        let places = 0..self.samples * maps * oh * ow;
        places.map(move |i| (i / (maps * oh * ow), i / (oh * ow) % maps, i / ow % oh, i % ow))
    }

    /// The connections of feature map `m`.
    fn connections(&self, m: usize) -> std::ops::Range<usize> {
        self.table[m] as usize..self.table[m + 1] as usize
    }

    fn channel(&self, j: usize) -> usize {
        self.table[self.m + 1 + j] as usize
    }

    fn map(&self, j: usize) -> usize {
        self.table[self.m + 1 + self.j + j] as usize
    }
}

/// The taps of a kernel: (index in the kernel, row, column).
fn taps() -> impl Iterator<Item = (usize, usize, usize)> {
    (0..TAPS).map(|tap| (tap, tap / KERNEL, tap % KERNEL))
}

/// One value of h, at [n, m, y, x], before the squash.
fn convolve(k: &Stage, at: &Shapes, x: &[f32], p: &[f32], place: [usize; 4]) -> f64 {
    let [n, m, y, left] = place;
    let mut sum = f64::from(p[k.bias() + m]);
    for j in at.connections(m) {
        for (tap, ky, kx) in taps() {
            let input = x[at.x(n, at.channel(j), y + ky, left + kx)];
            sum += f64::from(p[j * TAPS + tap]) * f64::from(input);
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
                    let mut block = 0.0;
                    for (dy, dx) in [(0, 0), (0, 1), (1, 0), (1, 1)] {
                        let (row, column) = (2 * y + dy, 2 * left + dx);
                        let sum = convolve(k, &at, x, p, [n, m, row, column]);
                        let value = squash(k.squash, sum);
                        block += value;
                        h[at.h(n, m, row, column)] = value as f32;
                    }
                    let scale = f64::from(k.block_scale) * f64::from(p[k.coefficient() + m]);
                    let value = scale * block + f64::from(p[k.pool_bias() + m]);
                    s[at.s(n, m, y, left)] = squash(k.squash, value) as f32;
                }
            }
        }
    }
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

/// The input gradient of a stage after the first, by what the squash of the layer below got.
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
    let mut sums = vec![0.0; at.samples * at.c * at.height * at.width];
    for n in 0..at.samples {
        for j in 0..at.j {
            for (tap, ky, kx) in taps() {
                let weight = local(k.curvature, f64::from(p[j * TAPS + tap]));
                for y in 0..at.oh {
                    for left in 0..at.ow {
                        let delta = f64::from(dh[at.h(n, at.map(j), y, left)]);
                        sums[at.x(n, at.channel(j), y + ky, left + kx)] += weight * delta;
                    }
                }
            }
        }
    }
    for ((out, sum), &x) in dx.iter_mut().zip(sums).zip(x) {
        *out = (sum * slope(k, x)) as f32;
    }
}

/// f'(a) from y = f(a), as the pass counts it.
fn slope(k: &Stage, y: f32) -> f64 {
    local(k.curvature, squash_slope(k.squash, f64::from(y)))
}

/// dh, from the derivatives by the pooled values.
fn deltas(k: &Stage, p: &[f32], h: &[f32], ds: &[f32]) -> Vec<f32> {
    let at = Shapes::of(k, &[]);
    let mut dh = vec![0.0; h.len()];
    for (n, m, y, x) in at.places() {
        let scale = f64::from(k.block_scale) * f64::from(p[k.coefficient() + m]);
        let delta = local(k.curvature, scale) * f64::from(ds[at.s(n, m, y / 2, x / 2)]);
        let place = at.h(n, m, y, x);
        dh[place] = (delta * slope(k, h[place])) as f32;
    }
    dh
}

/// The gradients of biases, coefficients and pooling biases.
fn map_gradients(k: &Stage, h: &[f32], ds: &[f32], dh: &[f32], partials: &mut [f32]) {
    let at = Shapes::of(k, &[]);
    let mut sums = vec![[0.0; 3]; at.m];
    for (n, m, y, x) in at.places() {
        let [bias, coefficient, pool_bias] = &mut sums[m];
        *bias += f64::from(dh[at.h(n, m, y, x)]);
        if y % 2 == 0 && x % 2 == 0 {
            let corners = [(y, x), (y, x + 1), (y + 1, x), (y + 1, x + 1)];
            let block: f64 = corners.iter().map(|&(y, x)| f64::from(h[at.h(n, m, y, x)])).sum();
            let d = f64::from(ds[at.s(n, m, y / 2, x / 2)]);
            *coefficient += d * local(k.curvature, f64::from(k.block_scale) * block);
            *pool_bias += d;
        }
    }
    for (m, [bias, coefficient, pool_bias]) in sums.into_iter().enumerate() {
        put(k, partials, k.bias() + m, bias);
        put(k, partials, k.coefficient() + m, coefficient);
        put(k, partials, k.pool_bias() + m, pool_bias);
    }
}

/// The gradient of the kernels.
fn kernel_gradients(k: &Stage, x: &[f32], dh: &[f32], table: &[u32], partials: &mut [f32]) {
    let at = Shapes::of(k, table);
    for j in 0..at.j {
        for (tap, ky, kx) in taps() {
            let mut sum = 0.0;
            for n in 0..at.samples {
                for y in 0..at.oh {
                    for left in 0..at.ow {
                        let input = x[at.x(n, at.channel(j), y + ky, left + kx)];
                        let delta = f64::from(dh[at.h(n, at.map(j), y, left)]);
                        sum += delta * local(k.curvature, f64::from(input));
                    }
                }
            }
            put(k, partials, j * TAPS + tap, sum);
        }
    }
}

/// Leaves a whole sum in the first row of the partials and clears the others.
fn put(k: &Stage, partials: &mut [f32], place: usize, sum: f64) {
    for row in 0..k.partial_rows as usize {
        partials[row * k.stride as usize + place] = if row == 0 { sum as f32 } else { 0.0 };
    }
}
