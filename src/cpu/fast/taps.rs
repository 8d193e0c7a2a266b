//! The loops over the taps of the kernels of a stage, forward and backward; shapes as in `conv.rs`.

use super::conv::{ANY, Stage};
use super::instructions::Kernel;
use super::lanes::{LANES, Lanes};
use super::squash::Curve;

/// Rows y and y + 1 of map m, N vectors from vector `left` on, squashed: two rows of h, or the last alone.
#[inline(always)]
pub(super) fn convolve<L: Lanes, const T: usize, const N: usize, const K: usize>(
    k: &Stage,
    f: Curve,
    p: &[f32],
    x: &[f32],
    h: &mut [f32],
    [m, y, left]: [usize; 3],
) {
    let mut sums = [[L::splat(p[k.bias() + m]); N]; 2];
    let side = if K == ANY { k.side } else { K };
    for &(j, c) in &k.by_map[m] {
        for ky in 0..side {
            let taps = &p[(j * side + ky) * side..][..side];
            for (row, sums) in sums.iter_mut().enumerate() {
                if K != ANY || y + row < k.oh {
                    let at = (c * k.height + y + ky + row) * k.width * T + left * LANES;
                    add_taps::<L, T, N, K, false>(sums, &x[at..], taps);
                }
            }
        }
    }
    for (sums, h) in sums.iter().zip(h.chunks_exact_mut(k.row::<T>())) {
        let to = h[(side - 1) * T + left * LANES..].chunks_exact_mut(LANES);
        for (sum, h) in sums.iter().zip(to) {
            f.squash(*sum).to(h);
        }
    }
}

/// Rows y and y + 1 of dx of input map c, N vectors from vector `left` on, before the slope of what is in
/// front. `w` are the parameters, squared in a curvature pass.
#[inline(always)]
pub(super) fn convolve_back<L: Lanes, const T: usize, const N: usize, const K: usize>(
    k: &Stage,
    w: &[f32],
    dh: &[f32],
    dx: &mut [f32],
    [c, y, left]: [usize; 3],
) {
    let mut sums = [[L::splat(0.0); N]; 2];
    let side = if K == ANY { k.side } else { K };
    for &(j, m) in &k.by_channel[c] {
        let plane = &dh[m * k.oh * k.row::<T>()..];
        for ky in 0..side {
            let taps = &w[(j * side + ky) * side..][..side];
            for (row, sums) in sums.iter_mut().enumerate() {
                // Below 0 an index wraps and is outside too.
                let above = (y + row).wrapping_sub(ky);
                if above < k.oh {
                    let plane = &plane[above * k.row::<T>() + left * LANES..];
                    add_taps::<L, T, N, K, true>(sums, plane, taps);
                }
            }
        }
    }
    for (row, sums) in sums.iter().enumerate() {
        if K != ANY || y + row < k.height {
            let dx = &mut dx[(c * k.height + y + row) * k.width * T + left * LANES..];
            for (sum, dx) in sums.iter().zip(dx.chunks_exact_mut(LANES)) {
                sum.to(dx);
            }
        }
    }
}

/// Tap kx of a row, in the backward pass counted from the right.
#[inline(always)]
fn tap<L: Lanes, const BACKWARD: bool>(taps: &[f32], kx: usize) -> L {
    L::splat(if BACKWARD { taps[taps.len() - 1 - kx] } else { taps[kx] })
}

/// `sums[n] += sum over kx of taps[kx] row[n, kx]`, the input of vector n shifted by kx columns.
#[inline(always)]
fn add_taps<L: Lanes, const T: usize, const N: usize, const K: usize, const BACKWARD: bool>(
    sums: &mut [L; N],
    row: &[f32],
    taps: &[f32],
) {
    let row = &row[..(N - 1) * LANES + (taps.len() - 1) * T + LANES];
    if K == ANY {
        for kx in 0..taps.len() {
            let w = tap::<L, BACKWARD>(taps, kx);
            let row = &row[kx * T..][..N * LANES];
            for (n, sum) in sums.iter_mut().enumerate() {
                *sum = w.mul_add(L::from(&row[n * LANES..]), *sum);
            }
        }
        return;
    }
    let mut w = [L::splat(0.0); K];
    for (kx, w) in w.iter_mut().enumerate() {
        *w = tap::<L, BACKWARD>(taps, kx);
    }
    if T < LANES {
        for (kx, w) in w.iter().enumerate() {
            for (n, sum) in sums.iter_mut().enumerate() {
                *sum = w.mul_add(L::from(&row[n * LANES + kx * T..]), *sum);
            }
        }
        return;
    }
    // Shifted by columns of whole vectors, the inputs of neighbours are the same: each is loaded once.
    for at in 0..N + K - 1 {
        let input = L::from(&row[at * LANES..]);
        for kx in 0..K {
            if at >= kx && at - kx < N {
                sums[at - kx] = w[kx].mul_add(input, sums[at - kx]);
            }
        }
    }
}

/// The gradients of the taps of every connection of map m.
pub(super) struct TapGradients<'a, const T: usize> {
    pub stage: &'a Stage,
    pub m: usize,
    /// The input, squared in a curvature pass.
    pub x: &'a [f32],
    pub dh: &'a [f32],
    /// The gradients of the stage.
    pub dp: &'a mut [f32],
}

impl<const T: usize> Kernel for TapGradients<'_, T> {
    #[inline(always)]
    fn run<L: Lanes>(self) {
        let TapGradients { stage, m, x, dh, dp } = self;
        let (taps, area) = (stage.taps() * T, stage.area() * T);
        for &(j, c) in &stage.by_map[m] {
            let (x, dp) = (&x[c * area..], &mut dp[j * taps..][..taps]);
            // Twelve to fourteen sums at a time fill the registers, if they lie in at most three rows of taps.
            match stage.side {
                1 => tap_gradients::<L, T, 1, 0, 1>(stage, x, dh, dp),
                2 => tap_gradients::<L, T, 2, 0, 4>(stage, x, dh, dp),
                3 => tap_gradients::<L, T, 3, 0, 9>(stage, x, dh, dp),
                4 => {
                    tap_gradients::<L, T, 4, 0, 12>(stage, x, dh, dp);
                    tap_gradients::<L, T, 4, 12, 4>(stage, x, dh, dp);
                }
                5 => {
                    tap_gradients::<L, T, 5, 0, 13>(stage, x, dh, dp);
                    tap_gradients::<L, T, 5, 13, 12>(stage, x, dh, dp);
                }
                6 => {
                    tap_gradients::<L, T, 6, 0, 12>(stage, x, dh, dp);
                    tap_gradients::<L, T, 6, 12, 12>(stage, x, dh, dp);
                    tap_gradients::<L, T, 6, 24, 12>(stage, x, dh, dp);
                }
                _ => {
                    tap_gradients::<L, T, 7, 0, 14>(stage, x, dh, dp);
                    tap_gradients::<L, T, 7, 14, 14>(stage, x, dh, dp);
                    tap_gradients::<L, T, 7, 28, 14>(stage, x, dh, dp);
                    tap_gradients::<L, T, 7, 42, 7>(stage, x, dh, dp);
                }
            }
        }
    }
}

/// The gradients of the taps FIRST..FIRST + COUNT of one connection with kernels of side K, which lie in at
/// most three rows.
#[inline(always)]
fn tap_gradients<
    L: Lanes,
    const T: usize,
    const K: usize,
    const FIRST: usize,
    const COUNT: usize,
>(
    k: &Stage,
    x: &[f32],
    dh: &[f32],
    dp: &mut [f32],
) {
    let (border, row) = (K - 1, k.row::<T>());
    let (top, bottom) = (FIRST / K, (FIRST + COUNT - 1) / K);
    let mut sums = [L::splat(0.0); COUNT];
    for (y, dh) in dh.chunks_exact(row).enumerate() {
        let dh = dh[border * T..row - border * T].chunks_exact(LANES);
        let length = dh.len() * LANES + border * T;
        // Where there are fewer than three rows, the last stands in for those that are not asked for.
        let mut rows: [&[f32]; 3] = [x; 3];
        for (ky, row) in rows.iter_mut().enumerate() {
            *row = &x[(y + (top + ky).min(bottom)) * k.width * T..][..length];
        }
        if T < LANES {
            for (n, d) in dh.enumerate() {
                // `array::map` would be a call in this loop.
                let at = n * LANES..n * LANES + border + LANES;
                let seen = [&rows[0][at.clone()], &rows[1][at.clone()], &rows[2][at]];
                add_products::<L, T, K, FIRST, COUNT>(&mut sums, L::from(d), seen);
            }
            continue;
        }
        // Windows of whole vectors cost no checks of their bounds.
        let windows = |row| <[f32]>::as_chunks::<LANES>(row).0.windows(K);
        let seen = windows(rows[0]).zip(windows(rows[1])).zip(windows(rows[2]));
        for (d, ((first, second), third)) in dh.zip(seen) {
            let seen = [first.as_flattened(), second.as_flattened(), third.as_flattened()];
            add_products::<L, T, K, FIRST, COUNT>(&mut sums, L::from(d), seen);
        }
    }
    for (tap, sum) in sums.into_iter().enumerate() {
        put::<L, T>(dp, FIRST + tap, sum);
    }
}

/// `sums[tap] += d seen[tap]` for the taps FIRST..FIRST + COUNT of three rows.
#[inline(always)]
fn add_products<
    L: Lanes,
    const T: usize,
    const K: usize,
    const FIRST: usize,
    const COUNT: usize,
>(
    sums: &mut [L; COUNT],
    d: L,
    seen: [&[f32]; 3],
) {
    for (ky, seen) in seen.iter().enumerate() {
        for kx in 0..K {
            let tap = (FIRST / K + ky) * K + kx;
            if (FIRST..FIRST + COUNT).contains(&tap) {
                let input = L::from(&seen[kx * T..]);
                sums[tap - FIRST] = d.mul_add(input, sums[tap - FIRST]);
            }
        }
    }
}

/// Leaves the gradient of a parameter: of each sample of a group, or their sum.
#[inline(always)]
pub(super) fn put<L: Lanes, const T: usize>(dp: &mut [f32], place: usize, sum: L) {
    match T {
        LANES => sum.to(&mut dp[place * LANES..]),
        _ => dp[place] = sum.total(),
    }
}
