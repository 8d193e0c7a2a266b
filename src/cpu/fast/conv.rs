//! The convolution stages of eight samples: 5x5 convolution by table, squash, weighted 2x2 pooling,
//! squash. Shapes and formulas as in `shaders/conv_pool.wgsl`, with the samples innermost:
//!
//! | | shape |
//! |---|---|
//! | x, dx | `[C, height, width]` |
//! | h, dh | `[M, OH, OW + 8]`: four zeros on either side of a row |
//! | s, ds | `[M, PH, PW]` |
//!
//! Two rows of a few columns of sums stay in registers while every connection and tap goes by. The
//! zeros beside dh make the way back to the input the same loop with the taps reversed.

use super::lanes::{Lanes, V};
use super::squash::Curve;
use crate::network::{Connections, KERNEL, PoolForm, Shape, TAPS};

/// Zeros on either side of a row of h.
const BORDER: usize = KERNEL - 1;
/// Columns of a block at most: two rows of sums, five taps and an input fill sixteen registers.
const COLUMNS: usize = 5;

/// Shapes of a stage, and its connections from both ends.
#[derive(Debug, Clone)]
pub struct Stage {
    pub(super) height: usize,
    pub(super) width: usize,
    pub(super) oh: usize,
    pub(super) ow: usize,
    /// Connections.
    j: usize,
    pub(super) block_scale: f32,
    /// For each feature map its connections: (connection, input map).
    pub(super) by_map: Vec<Vec<(usize, usize)>>,
    /// For each input map its connections: (connection, feature map).
    pub(super) by_channel: Vec<Vec<(usize, usize)>>,
}

/// Calls a kernel made for `$width` columns, 1 to [`COLUMNS`].
macro_rules! for_columns {
    ($width:expr, $kernel:ident, $arguments:tt) => {
        match $width {
            1 => $kernel::<L, 1> $arguments,
            2 => $kernel::<L, 2> $arguments,
            3 => $kernel::<L, 3> $arguments,
            4 => $kernel::<L, 4> $arguments,
            _ => $kernel::<L, COLUMNS> $arguments,
        }
    };
}

impl Stage {
    pub fn new(input: Shape, table: &Connections, pool: PoolForm) -> Self {
        let mut by_map = vec![Vec::new(); table.maps()];
        let mut by_channel = vec![Vec::new(); table.inputs()];
        let mut j = 0;
        for (m, edges) in by_map.iter_mut().enumerate() {
            for &c in table.row(m) {
                edges.push((j, c));
                by_channel[c].push((j, m));
                j += 1;
            }
        }
        let Shape { height, width, .. } = input;
        let (oh, ow) = (height - BORDER, width - BORDER);
        let block_scale = pool.block_scale();
        Stage { height, width, oh, ow, j, block_scale, by_map, by_channel }
    }

    /// Numbers in h.
    pub fn hidden(&self) -> usize {
        self.by_map.len() * self.plane()
    }

    /// Numbers in a map of h.
    fn plane(&self) -> usize {
        self.oh * self.row()
    }

    /// Numbers in a row of h.
    fn row(&self) -> usize {
        self.ow + 2 * BORDER
    }

    pub(super) fn bias(&self) -> usize {
        self.j * TAPS
    }

    pub(super) fn coefficient(&self) -> usize {
        self.bias() + self.by_map.len()
    }

    pub(super) fn pool_bias(&self) -> usize {
        self.coefficient() + self.by_map.len()
    }

    /// `x` and `p` to `h` and `s`.
    #[inline(always)]
    pub fn forward<L: Lanes>(&self, f: Curve, p: &[f32], x: &[V], h: &mut [V], s: &mut [V]) {
        let planes = h.chunks_exact_mut(self.plane());
        let pooled = s.chunks_exact_mut(self.oh * self.ow / 4);
        for (m, (h, s)) in planes.zip(pooled).enumerate() {
            let coefficient = L::splat(self.block_scale * p[self.coefficient() + m]);
            let bias = L::splat(p[self.pool_bias() + m]);
            let rows = h.chunks_exact_mut(2 * self.row()).zip(s.chunks_exact_mut(self.ow / 2));
            for (y, (h, s)) in rows.enumerate() {
                for (left, columns) in blocks(self.ow) {
                    for_columns!(columns, convolve, (self, f, p, x, h, [m, 2 * y, left]));
                }
                let (top, bottom) = h.split_at(self.row());
                let inside = BORDER..BORDER + self.ow;
                let top = top[inside.clone()].chunks_exact(2);
                let bottom = bottom[inside].chunks_exact(2);
                for ((s, top), bottom) in s.iter_mut().zip(top).zip(bottom) {
                    f.squash(block_of::<L>(top, bottom).mul_add(coefficient, bias)).store(s);
                }
            }
        }
    }

    /// From `ds` to the gradients `dp`, laid out as `p`, and to `dx` if it is asked for.
    /// Leaves dh where `h` was.
    #[inline(always)]
    #[expect(clippy::too_many_arguments, reason = "what the stage saw, made, gets and gives")]
    pub fn backward<L: Lanes>(
        &self,
        f: Curve,
        p: &[f32],
        x: &[V],
        h: &mut [V],
        ds: &[V],
        dp: &mut [V],
        dx: Option<&mut [V]>,
    ) {
        for (m, dh) in h.chunks_exact_mut(self.plane()).enumerate() {
            let area = self.oh * self.ow / 4;
            self.pool_backward::<L>(f, p, m, dh, &ds[m * area..][..area], dp);
            for &(j, c) in &self.by_map[m] {
                let area = self.height * self.width;
                let x = &x[c * area..][..area];
                let dp = &mut dp[j * TAPS..][..TAPS];
                // Thirteen sums at a time fill the registers; the middle row of taps is split.
                tap_gradients::<L, 0, 13>(self, x, dh, dp);
                tap_gradients::<L, 13, 12>(self, x, dh, dp);
            }
        }
        let Some(dx) = dx else { return };
        for (c, dx) in dx.chunks_exact_mut(self.height * self.width).enumerate() {
            for (y, dx) in dx.chunks_exact_mut(2 * self.width).enumerate() {
                for (left, columns) in blocks(self.width) {
                    for_columns!(columns, convolve_back, (self, p, h, dx, [c, 2 * y, left]));
                }
            }
        }
        for (dx, x) in dx.iter_mut().zip(x) {
            L::load(dx).mul(f.slope(L::load(x)).local()).store(dx);
        }
    }

    /// Behind map `m`: h becomes dh, and its biases and coefficient get their gradients.
    #[inline(always)]
    fn pool_backward<L: Lanes>(
        &self,
        f: Curve,
        p: &[f32],
        m: usize,
        h: &mut [V],
        ds: &[V],
        dp: &mut [V],
    ) {
        let scale = self.block_scale;
        let down = L::splat(scale * p[self.coefficient() + m]).local();
        let zero = L::splat(0.0);
        let (mut bias, mut coefficient, mut pool_bias) = (zero, zero, zero);
        for (h, ds) in h.chunks_exact_mut(2 * self.row()).zip(ds.chunks_exact(self.ow / 2)) {
            let (top, bottom) = h.split_at_mut(self.row());
            let inside = BORDER..BORDER + self.ow;
            let top = top[inside.clone()].chunks_exact_mut(2);
            let bottom = bottom[inside].chunks_exact_mut(2);
            for ((d, top), bottom) in ds.iter().zip(top).zip(bottom) {
                let d = L::load(d);
                pool_bias = pool_bias.add(d);
                coefficient = d.mul_add(block_of::<L>(top, bottom).local(), coefficient);
                let d = d.mul(down);
                let mut below = zero;
                for value in top.iter_mut().chain(bottom) {
                    let delta = d.mul(f.slope(L::load(value)).local());
                    delta.store(value);
                    below = below.add(delta);
                }
                bias = bias.add(below);
            }
        }
        bias.store(&mut dp[self.bias() + m]);
        coefficient.mul(L::splat(scale).local()).store(&mut dp[self.coefficient() + m]);
        pool_bias.store(&mut dp[self.pool_bias() + m]);
    }
}

/// Columns 0..width in blocks of like size: (first column, columns).
#[inline(always)]
fn blocks(width: usize) -> impl Iterator<Item = (usize, usize)> {
    let count = width.div_ceil(COLUMNS);
    (0..count).map(move |block| {
        let left = block * width / count;
        (left, (block + 1) * width / count - left)
    })
}

/// The sum of a 2x2 block.
#[inline(always)]
fn block_of<L: Lanes>(top: &[V], bottom: &[V]) -> L {
    let upper = L::load(&top[0]).add(L::load(&top[1]));
    upper.add(L::load(&bottom[0]).add(L::load(&bottom[1])))
}

/// Rows y and y + 1 of map m, columns from `left` on, squashed: two rows of h.
#[inline(always)]
fn convolve<L: Lanes, const N: usize>(
    k: &Stage,
    f: Curve,
    p: &[f32],
    x: &[V],
    h: &mut [V],
    [m, y, left]: [usize; 3],
) {
    let bias = L::splat(p[k.bias() + m]);
    let (mut top, mut bottom) = ([bias; N], [bias; N]);
    for &(j, c) in &k.by_map[m] {
        let at = (c * k.height + y) * k.width + left;
        for ky in 0..KERNEL {
            let w = splat_taps::<L>(&p[j * TAPS + ky * KERNEL..], false);
            add_taps(&mut top, &x[at + ky * k.width..], &w);
            add_taps(&mut bottom, &x[at + (ky + 1) * k.width..], &w);
        }
    }
    let (upper, lower) = h.split_at_mut(k.row());
    for i in 0..N {
        f.squash(top[i]).store(&mut upper[BORDER + left + i]);
        f.squash(bottom[i]).store(&mut lower[BORDER + left + i]);
    }
}

/// Rows y and y + 1 of dx of input map c, columns from `left` on, before the slope of the squash.
#[inline(always)]
fn convolve_back<L: Lanes, const N: usize>(
    k: &Stage,
    p: &[f32],
    dh: &[V],
    dx: &mut [V],
    [c, y, left]: [usize; 3],
) {
    let (mut top, mut bottom) = ([L::splat(0.0); N], [L::splat(0.0); N]);
    for &(j, m) in &k.by_channel[c] {
        let dh = &dh[m * k.plane()..][..k.plane()];
        for ky in 0..KERNEL {
            let w = splat_taps::<L>(&p[j * TAPS + ky * KERNEL..], true).map(L::local);
            // Below 0 an index wraps and is outside too.
            let row = y.wrapping_sub(ky);
            if row < k.oh {
                add_taps(&mut top, &dh[row * k.row() + left..], &w);
            }
            let row = (y + 1).wrapping_sub(ky);
            if row < k.oh {
                add_taps(&mut bottom, &dh[row * k.row() + left..], &w);
            }
        }
    }
    let (upper, lower) = dx.split_at_mut(k.width);
    for i in 0..N {
        top[i].store(&mut upper[left + i]);
        bottom[i].store(&mut lower[left + i]);
    }
}

/// A row of taps in registers, from the right if `reversed`.
#[inline(always)]
fn splat_taps<L: Lanes>(taps: &[f32], reversed: bool) -> [L; KERNEL] {
    let taps = &taps[..KERNEL];
    let mut w = [L::splat(0.0); KERNEL];
    for kx in 0..KERNEL {
        w[kx] = L::splat(taps[if reversed { KERNEL - 1 - kx } else { kx }]);
    }
    w
}

/// `sums[i] += sum over kx of w[kx] row[i + kx]`; every input is loaded once.
#[inline(always)]
fn add_taps<L: Lanes, const N: usize>(sums: &mut [L; N], row: &[V], w: &[L; KERNEL]) {
    let row = &row[..N + KERNEL - 1];
    for at in 0..N + KERNEL - 1 {
        let input = L::load(&row[at]);
        for kx in 0..KERNEL {
            if at >= kx && at - kx < N {
                sums[at - kx] = w[kx].mul_add(input, sums[at - kx]);
            }
        }
    }
}

/// The gradients of the taps FIRST..FIRST + COUNT of one connection, which lie in three rows.
#[inline(always)]
fn tap_gradients<L: Lanes, const FIRST: usize, const COUNT: usize>(
    k: &Stage,
    x: &[V],
    dh: &[V],
    dp: &mut [V],
) {
    let top = FIRST / KERNEL;
    let mut sums = [L::splat(0.0); COUNT];
    for (y, d) in dh.chunks_exact(k.row()).enumerate() {
        let row = |ky: usize| x[(y + top + ky) * k.width..][..k.width].windows(KERNEL);
        let inputs = row(0).zip(row(1)).zip(row(2));
        for (d, ((first, second), third)) in d[BORDER..BORDER + k.ow].iter().zip(inputs) {
            let d = L::load(d);
            let rows = [first, second, third];
            for (ky, row) in rows.iter().enumerate() {
                for (kx, input) in row.iter().enumerate() {
                    let tap = (top + ky) * KERNEL + kx;
                    if (FIRST..FIRST + COUNT).contains(&tap) {
                        let input = L::load(input).local();
                        sums[tap - FIRST] = d.mul_add(input, sums[tap - FIRST]);
                    }
                }
            }
        }
    }
    for (tap, sum) in sums.into_iter().enumerate() {
        sum.store(&mut dp[FIRST + tap]);
    }
}
