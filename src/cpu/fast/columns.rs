//! The convolution stages of one sample alone: eight columns of a row side by side, where `conv.rs`
//! has eight samples. Formulas as there; shapes:
//!
//! | | shape |
//! |---|---|
//! | x, dx | `[C, height, width]`, and [`SLACK`] numbers |
//! | h, dh | `[M, OH, row]`: four zeros, OW columns, whole vectors filled up, four zeros; and [`SLACK`] |
//! | s, ds | `[M, PH, PW]`, and [`SLACK`] numbers |
//!
//! Vectors may hang over the end of a row: what they read there falls on columns of h that are cut
//! off, and what they write there the next row writes again. So the last row needs some slack.

use super::conv::Stage;
use super::lanes::{LANES, Lanes, V};
use super::squash::{Curve, squash_all, through};
use crate::network::{KERNEL, TAPS};

/// Numbers behind the last row of a buffer, for vectors that hang over.
pub const SLACK: usize = 2 * LANES;
/// Zeros on either side of a row of h.
const BORDER: usize = KERNEL - 1;
/// Vectors of a block at most: two rows of these many sums.
const VECTORS: usize = 4;

/// Calls a kernel made for `$count` vectors, 1 to [`VECTORS`].
macro_rules! for_vectors {
    ($count:expr, $kernel:ident, $arguments:tt) => {
        match $count {
            1 => $kernel::<L, 1> $arguments,
            2 => $kernel::<L, 2> $arguments,
            3 => $kernel::<L, 3> $arguments,
            _ => $kernel::<L, VECTORS> $arguments,
        }
    };
}

/// Blocks of a row of `width` columns: (first column, vectors).
#[inline(always)]
fn blocks(width: usize) -> impl Iterator<Item = (usize, usize)> {
    let all = width.div_ceil(LANES);
    (0..all).step_by(VECTORS).map(move |first| (first * LANES, (all - first).min(VECTORS)))
}

impl Stage {
    /// Numbers in a row of h.
    fn row_alone(&self) -> usize {
        self.ow.next_multiple_of(LANES) + 2 * BORDER
    }

    /// Numbers in h.
    pub fn hidden_alone(&self) -> usize {
        self.by_map.len() * self.oh * self.row_alone() + SLACK
    }

    /// `x` and `p` to `h` and `s`.
    #[inline(always)]
    pub fn forward_alone<L: Lanes>(
        &self,
        f: Curve,
        p: &[f32],
        x: &[f32],
        h: &mut [f32],
        s: &mut [f32],
    ) {
        let (row, area) = (self.row_alone(), self.oh * self.ow / 4);
        for (m, h) in h.chunks_exact_mut(self.oh * row).enumerate() {
            for (y, rows) in h.chunks_exact_mut(2 * row).enumerate() {
                for (left, vectors) in blocks(self.ow) {
                    for_vectors!(vectors, convolve, (self, f, p, x, rows, [m, 2 * y, left]));
                }
            }
            let s = &mut s[m * area..][..area];
            let coefficient = self.block_scale * p[self.coefficient() + m];
            let bias = p[self.pool_bias() + m];
            for (h, s) in h.chunks_exact(2 * row).zip(s.chunks_exact_mut(self.ow / 2)) {
                for (block, s) in self.pooled(h).zip(s) {
                    *s = coefficient * block + bias;
                }
            }
            squash_all::<L>(f, s);
        }
    }

    /// The sums of the 2x2 blocks of two rows of h.
    #[inline(always)]
    fn pooled<'a>(&self, h: &'a [f32]) -> impl Iterator<Item = f32> + 'a {
        let (top, bottom) = h.split_at(self.row_alone());
        let inside = BORDER..BORDER + self.ow;
        let rows = top[inside.clone()].chunks_exact(2).zip(bottom[inside].chunks_exact(2));
        rows.map(|(top, bottom)| (top[0] + top[1]) + (bottom[0] + bottom[1]))
    }

    /// From `ds` to the gradients `dp`, laid out as `p`, and to `dx` if it is asked for.
    /// Leaves dh where `h` was.
    #[inline(always)]
    #[expect(clippy::too_many_arguments, reason = "what the stage saw, made, gets and gives")]
    pub fn backward_alone<L: Lanes>(
        &self,
        f: Curve,
        p: &[f32],
        x: &[f32],
        h: &mut [f32],
        ds: &[f32],
        dp: &mut [f32],
        dx: Option<&mut [f32]>,
    ) {
        let (plane, area) = (self.oh * self.row_alone(), self.oh * self.ow / 4);
        for (m, dh) in h.chunks_exact_mut(plane).enumerate() {
            self.pool_backward_alone::<L>(f, p, m, dh, &ds[m * area..][..area], dp);
            for &(j, c) in &self.by_map[m] {
                let x = &x[c * self.height * self.width..];
                let dp = &mut dp[j * TAPS..][..TAPS];
                // As many sums at a time as fill the registers.
                tap_gradients::<L, 0, 13>(self, x, dh, dp);
                tap_gradients::<L, 13, 12>(self, x, dh, dp);
            }
        }
        let Some(dx) = dx else { return };
        for c in 0..self.by_channel.len() {
            for y in (0..self.height).step_by(2) {
                for (left, vectors) in blocks(self.width) {
                    for_vectors!(vectors, convolve_back, (self, p, h, dx, [c, y, left]));
                }
            }
        }
        through::<L>(f, &mut dx[..self.by_channel.len() * self.height * self.width], x);
    }

    /// Behind map `m`: h becomes dh, and its biases and coefficient get their gradients.
    #[inline(always)]
    fn pool_backward_alone<L: Lanes>(
        &self,
        f: Curve,
        p: &[f32],
        m: usize,
        h: &mut [f32],
        ds: &[f32],
        dp: &mut [f32],
    ) {
        let row = self.row_alone();
        let local = |derivative: f32| L::splat(derivative).local().first();
        let down = local(self.block_scale * p[self.coefficient() + m]);
        let (mut bias, mut coefficient) = (L::splat(0.0), 0.0);
        // What comes down to each column of two rows; beyond the last stays 0.
        let mut deltas = vec![0.0; row - 2 * BORDER];
        for (h, ds) in h.chunks_exact_mut(2 * row).zip(ds.chunks_exact(self.ow / 2)) {
            for ((block, d), deltas) in self.pooled(h).zip(ds).zip(deltas.chunks_exact_mut(2)) {
                coefficient += d * local(self.block_scale * block);
                deltas.fill(down * d);
            }
            for h in h.chunks_exact_mut(row) {
                let inside = h[BORDER..row - BORDER].chunks_exact_mut(LANES);
                for (h, d) in inside.zip(deltas.chunks_exact(LANES)) {
                    let delta = L::from(d).mul(f.slope(L::from(h)).local());
                    delta.to(h);
                    bias = bias.add(delta);
                }
            }
        }
        dp[self.bias() + m] = bias.total();
        dp[self.coefficient() + m] = coefficient;
        dp[self.pool_bias() + m] = ds.iter().sum();
    }
}

/// Rows y and y + 1 of map m, N vectors from column `left` on, squashed: two rows of h.
#[inline(always)]
fn convolve<L: Lanes, const N: usize>(
    k: &Stage,
    f: Curve,
    p: &[f32],
    x: &[f32],
    h: &mut [f32],
    [m, y, left]: [usize; 3],
) {
    let mut sums = [[L::splat(p[k.bias() + m]); N]; 2];
    for &(j, c) in &k.by_map[m] {
        let kernel = &p[j * TAPS..][..TAPS];
        let seen = &x[(c * k.height + y) * k.width + left..];
        for ky in 0..KERNEL {
            for (row, sums) in sums.iter_mut().enumerate() {
                let seen = &seen[(ky + row) * k.width..][..N * LANES + BORDER];
                add_taps(sums, seen, &kernel[ky * KERNEL..][..KERNEL], false);
            }
        }
    }
    for (sums, h) in sums.iter().zip(h.chunks_exact_mut(k.row_alone())) {
        for (sum, h) in sums.iter().zip(h[BORDER + left..].chunks_exact_mut(LANES)) {
            f.squash(*sum).to(h);
        }
    }
}

/// Rows y and y + 1 of dx of input map c, before the slope of the squash.
#[inline(always)]
fn convolve_back<L: Lanes, const N: usize>(
    k: &Stage,
    p: &[f32],
    dh: &[f32],
    dx: &mut [f32],
    [c, y, left]: [usize; 3],
) {
    let mut sums = [[L::splat(0.0); N]; 2];
    for &(j, m) in &k.by_channel[c] {
        let kernel = &p[j * TAPS..][..TAPS];
        let plane = &dh[m * k.oh * k.row_alone()..];
        for ky in 0..KERNEL {
            for (row, sums) in sums.iter_mut().enumerate() {
                // Below 0 an index wraps and is outside too.
                let above = (y + row).wrapping_sub(ky);
                if above < k.oh {
                    let seen = &plane[above * k.row_alone() + left..];
                    add_taps(sums, seen, &kernel[ky * KERNEL..][..KERNEL], true);
                }
            }
        }
    }
    for (row, sums) in sums.iter().enumerate() {
        let dx = &mut dx[(c * k.height + y + row) * k.width + left..];
        for (sum, dx) in sums.iter().zip(dx.chunks_exact_mut(LANES)) {
            sum.to(dx);
        }
    }
}

/// `sums[x] += sum over kx of w[kx] seen[x + kx]`, on the way back with the taps reversed.
#[inline(always)]
fn add_taps<L: Lanes, const N: usize>(sums: &mut [L; N], seen: &[f32], w: &[f32], back: bool) {
    for kx in 0..KERNEL {
        let w = if back { L::splat(w[BORDER - kx]).local() } else { L::splat(w[kx]) };
        for (n, sum) in sums.iter_mut().enumerate() {
            *sum = w.mul_add(L::from(&seen[n * LANES + kx..]), *sum);
        }
    }
}

/// The gradients of the taps FIRST..FIRST + COUNT of one connection.
#[inline(always)]
fn tap_gradients<L: Lanes, const FIRST: usize, const COUNT: usize>(
    k: &Stage,
    x: &[f32],
    dh: &[f32],
    dp: &mut [f32],
) {
    let row = k.row_alone();
    let mut sums = [L::splat(0.0); COUNT];
    for (y, dh) in dh.chunks_exact(row).enumerate() {
        for (n, d) in dh[BORDER..row - BORDER].chunks_exact(LANES).enumerate() {
            let d = L::from(d);
            let seen = &x[y * k.width + n * LANES..][..BORDER * k.width + BORDER + LANES];
            for (tap, sum) in sums.iter_mut().enumerate() {
                let (ky, kx) = ((FIRST + tap) / KERNEL, (FIRST + tap) % KERNEL);
                *sum = d.mul_add(L::from(&seen[ky * k.width + kx..]).local(), *sum);
            }
        }
    }
    for (tap, sum) in sums.into_iter().enumerate() {
        dp[FIRST + tap] = sum.total();
    }
}

/// Some numbers as a vector, filled up with zeros.
#[inline(always)]
pub fn some<L: Lanes>(numbers: &[f32]) -> L {
    if numbers.len() >= LANES {
        return L::from(numbers);
    }
    let mut all = V::ZERO;
    all.0[..numbers.len()].copy_from_slice(numbers);
    L::load(&all)
}
