//! The convolution stages: 5x5 convolution by table, squash, weighted 2x2 pooling, squash. Formulas
//! as in `shaders/conv_pool.wgsl`.
//!
//! The same loops serve two layouts, which differ in `T`, the numbers from a column to the next:
//!
//! - T = 8: a sample group, the eight samples innermost; a vector is one column of all of them;
//! - T = 1: a batch of one; a vector is eight columns of a row.
//!
//! | | shape, each T numbers |
//! |---|---|
//! | x, dx | `[C, height, width]` |
//! | h, dh | `[M, OH, row]`: four zeros, OW columns filled up to whole vectors, four zeros |
//! | s, ds | `[M, PH, PW]` |
//! | p, dp | as the plan lays parameters out; p has one number each |
//!
//! With T = 1 vectors may reach over the end of a row: what they read there falls on columns of h
//! that are cut off, and what they write there is overwritten by the next row. So every buffer has
//! [`SLACK`] behind its last row.
//!
//! Two rows of a few vectors of sums stay in registers while every connection and tap goes by. The
//! zeros beside dh make the input gradient the same loop with the taps reversed.

use super::lanes::{LANES, Lanes};
use super::squash::{Curve, squash_all, through};
use crate::network::{Connections, KERNEL, PoolForm, Shape, TAPS};

/// Numbers behind the last row of a buffer with T = 1, for vectors that reach over.
pub const SLACK: usize = 2 * LANES;
/// Zeros on either side of a row of h, and columns that a kernel reaches beyond the first.
pub(super) const BORDER: usize = KERNEL - 1;
/// Vectors of a block at most: two rows of sums, five taps and an input fill sixteen registers.
const VECTORS: usize = 5;

/// Shapes of a stage, and its connections from both ends.
#[derive(Debug, Clone)]
pub struct Stage {
    height: usize,
    width: usize,
    oh: usize,
    pub(super) ow: usize,
    /// Connections.
    j: usize,
    pub(super) block_scale: f32,
    /// For each feature map its connections: (connection, input map).
    by_map: Vec<Vec<(usize, usize)>>,
    /// For each input map its connections: (connection, feature map).
    by_channel: Vec<Vec<(usize, usize)>>,
}

/// Calls a kernel made for `$count` vectors, 1 to [`VECTORS`].
macro_rules! for_vectors {
    ($count:expr, $kernel:ident, $arguments:tt) => {
        match $count {
            1 => $kernel::<L, T, 1> $arguments,
            2 => $kernel::<L, T, 2> $arguments,
            3 => $kernel::<L, T, 3> $arguments,
            4 => $kernel::<L, T, 4> $arguments,
            _ => $kernel::<L, T, VECTORS> $arguments,
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

    /// Places in h.
    pub fn hidden<const T: usize>(&self) -> usize {
        self.by_map.len() * self.oh * self.row::<T>() / T
    }

    /// Numbers in a row of h.
    pub(super) fn row<const T: usize>(&self) -> usize {
        (self.ow.next_multiple_of(LANES / T) + 2 * BORDER) * T
    }

    /// Places of a map of s.
    fn pooled(&self) -> usize {
        self.oh * self.ow / 4
    }

    /// Places of a map of x.
    fn area(&self) -> usize {
        self.height * self.width
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
    pub fn forward<L: Lanes, const T: usize>(
        &self,
        f: Curve,
        p: &[f32],
        x: &[f32],
        h: &mut [f32],
        s: &mut [f32],
    ) {
        let row = self.row::<T>();
        let planes = h.chunks_exact_mut(self.oh * row);
        for (m, (h, s)) in planes.zip(s.chunks_exact_mut(self.pooled() * T)).enumerate() {
            let rows = h.chunks_exact_mut(2 * row).zip(s.chunks_exact_mut(self.ow / 2 * T));
            for (y, (h, s)) in rows.enumerate() {
                for (left, vectors) in blocks(self.ow * T) {
                    for_vectors!(vectors, convolve, (self, f, p, x, h, [m, 2 * y, left]));
                }
                self.pool::<L, T>(p, m, h, s);
            }
            squash_all::<L>(f, s);
        }
    }

    /// From `ds` to the gradients `dp`, and to `dx` if it is asked for. Leaves dh where `h` was.
    #[inline(always)]
    #[expect(clippy::too_many_arguments, reason = "the tensors of both passes of a stage")]
    pub fn backward<L: Lanes, const T: usize>(
        &self,
        f: Curve,
        p: &[f32],
        x: &[f32],
        h: &mut [f32],
        ds: &[f32],
        dp: &mut [f32],
        dx: Option<&mut [f32]>,
    ) {
        let pooled = self.pooled() * T;
        for (m, dh) in h.chunks_exact_mut(self.oh * self.row::<T>()).enumerate() {
            let ds = &ds[m * pooled..][..pooled];
            match T {
                LANES => self.pool_backward_group::<L>(f, p, m, dh, ds, dp),
                _ => self.pool_backward_one::<L>(f, p, m, dh, ds, dp),
            }
            for &(j, c) in &self.by_map[m] {
                let x = &x[c * self.area() * T..];
                let dp = &mut dp[j * TAPS * T..][..TAPS * T];
                // Thirteen sums at a time fill the registers; the middle row of taps is split.
                tap_gradients::<L, T, 0, 13>(self, x, dh, dp);
                tap_gradients::<L, T, 13, 12>(self, x, dh, dp);
            }
        }
        let Some(dx) = dx else { return };
        for c in 0..self.by_channel.len() {
            for y in (0..self.height).step_by(2) {
                // From the right: a vector that reaches over the end of the upper row is overwritten.
                for (left, vectors) in blocks(self.width * T).rev() {
                    for_vectors!(vectors, convolve_back, (self, p, h, dx, [c, y, left]));
                }
            }
        }
        through::<L>(f, &mut dx[..self.by_channel.len() * self.area() * T], x);
    }
}

/// The vectors of a row of `numbers` in blocks of like size: (first vector, vectors).
#[inline(always)]
fn blocks(numbers: usize) -> impl DoubleEndedIterator<Item = (usize, usize)> {
    let all = numbers.div_ceil(LANES);
    let count = all.div_ceil(VECTORS);
    (0..count).map(move |block| {
        let left = block * all / count;
        (left, (block + 1) * all / count - left)
    })
}

/// Rows y and y + 1 of map m, N vectors from vector `left` on, squashed: two rows of h.
#[inline(always)]
fn convolve<L: Lanes, const T: usize, const N: usize>(
    k: &Stage,
    f: Curve,
    p: &[f32],
    x: &[f32],
    h: &mut [f32],
    [m, y, left]: [usize; 3],
) {
    let mut sums = [[L::splat(p[k.bias() + m]); N]; 2];
    for &(j, c) in &k.by_map[m] {
        for ky in 0..KERNEL {
            let w = splat_taps::<L>(&p[j * TAPS + ky * KERNEL..], false);
            for (row, sums) in sums.iter_mut().enumerate() {
                let at = (c * k.height + y + ky + row) * k.width * T + left * LANES;
                add_taps::<L, T, N>(sums, &x[at..], &w);
            }
        }
    }
    for (sums, h) in sums.iter().zip(h.chunks_exact_mut(k.row::<T>())) {
        for (sum, h) in sums.iter().zip(h[BORDER * T + left * LANES..].chunks_exact_mut(LANES)) {
            f.squash(*sum).to(h);
        }
    }
}

/// Rows y and y + 1 of dx of input map c, N vectors from vector `left` on, before the slope of the
/// squash.
#[inline(always)]
fn convolve_back<L: Lanes, const T: usize, const N: usize>(
    k: &Stage,
    p: &[f32],
    dh: &[f32],
    dx: &mut [f32],
    [c, y, left]: [usize; 3],
) {
    let mut sums = [[L::splat(0.0); N]; 2];
    for &(j, m) in &k.by_channel[c] {
        let plane = &dh[m * k.oh * k.row::<T>()..];
        for ky in 0..KERNEL {
            let w = splat_taps::<L>(&p[j * TAPS + ky * KERNEL..], true);
            for (row, sums) in sums.iter_mut().enumerate() {
                // Below 0 an index wraps and is outside too.
                let above = (y + row).wrapping_sub(ky);
                if above < k.oh {
                    add_taps::<L, T, N>(sums, &plane[above * k.row::<T>() + left * LANES..], &w);
                }
            }
        }
    }
    for (row, sums) in sums.iter().enumerate() {
        let dx = &mut dx[(c * k.height + y + row) * k.width * T + left * LANES..];
        for (sum, dx) in sums.iter().zip(dx.chunks_exact_mut(LANES)) {
            sum.to(dx);
        }
    }
}

/// A row of taps in registers; for the backward pass from the right, as local derivatives.
#[inline(always)]
fn splat_taps<L: Lanes>(taps: &[f32], backward: bool) -> [L; KERNEL] {
    let taps = &taps[..KERNEL];
    let mut w = [L::splat(0.0); KERNEL];
    for kx in 0..KERNEL {
        w[kx] = if backward { L::splat(taps[BORDER - kx]).local() } else { L::splat(taps[kx]) };
    }
    w
}

/// `sums[n] += sum over kx of w[kx] row[n, kx]`, the input of vector n shifted by kx columns.
#[inline(always)]
fn add_taps<L: Lanes, const T: usize, const N: usize>(
    sums: &mut [L; N],
    row: &[f32],
    w: &[L; KERNEL],
) {
    let row = &row[..(N - 1) * LANES + BORDER * T + LANES];
    if T < LANES {
        for (kx, w) in w.iter().enumerate() {
            for (n, sum) in sums.iter_mut().enumerate() {
                *sum = w.mul_add(L::from(&row[n * LANES + kx * T..]), *sum);
            }
        }
        return;
    }
    // Shifted by columns of whole vectors, the inputs of neighbours are the same: each is loaded once.
    for at in 0..N + BORDER {
        let input = L::from(&row[at * LANES..]);
        for kx in 0..KERNEL {
            if at >= kx && at - kx < N {
                sums[at - kx] = w[kx].mul_add(input, sums[at - kx]);
            }
        }
    }
}

/// The gradients of the taps FIRST..FIRST + COUNT of one connection, which lie in three rows.
#[inline(always)]
fn tap_gradients<L: Lanes, const T: usize, const FIRST: usize, const COUNT: usize>(
    k: &Stage,
    x: &[f32],
    dh: &[f32],
    dp: &mut [f32],
) {
    let (top, row) = (FIRST / KERNEL, k.row::<T>());
    let mut sums = [L::splat(0.0); COUNT];
    for (y, dh) in dh.chunks_exact(row).enumerate() {
        let dh = dh[BORDER * T..row - BORDER * T].chunks_exact(LANES);
        let length = dh.len() * LANES + BORDER * T;
        // `array::map` would be a call in this loop.
        let row = |ky: usize| &x[(y + top + ky) * k.width * T..][..length];
        let (first, second, third) = (row(0), row(1), row(2));
        if T < LANES {
            for (n, d) in dh.enumerate() {
                let at = n * LANES..n * LANES + BORDER + LANES;
                let seen = [&first[at.clone()], &second[at.clone()], &third[at]];
                add_products::<L, T, FIRST, COUNT>(&mut sums, L::from(d), seen);
            }
            continue;
        }
        // Windows of whole vectors cost no checks of their bounds.
        let windows = |row| <[f32]>::as_chunks::<LANES>(row).0.windows(KERNEL);
        let seen = windows(first).zip(windows(second)).zip(windows(third));
        for (d, ((first, second), third)) in dh.zip(seen) {
            let seen = [first.as_flattened(), second.as_flattened(), third.as_flattened()];
            add_products::<L, T, FIRST, COUNT>(&mut sums, L::from(d), seen);
        }
    }
    for (tap, sum) in sums.into_iter().enumerate() {
        put::<L, T>(dp, FIRST + tap, sum);
    }
}

/// `sums[tap] += d seen[tap]` for the taps FIRST..FIRST + COUNT of three rows.
#[inline(always)]
fn add_products<L: Lanes, const T: usize, const FIRST: usize, const COUNT: usize>(
    sums: &mut [L; COUNT],
    d: L,
    seen: [&[f32]; 3],
) {
    for (ky, seen) in seen.iter().enumerate() {
        for kx in 0..KERNEL {
            let tap = (FIRST / KERNEL + ky) * KERNEL + kx;
            if (FIRST..FIRST + COUNT).contains(&tap) {
                let input = L::from(&seen[kx * T..]).local();
                sums[tap - FIRST] = d.mul_add(input, sums[tap - FIRST]);
            }
        }
    }
}

/// Leaves the gradient of a parameter: of each sample of a group, or their sum.
#[inline(always)]
fn put<L: Lanes, const T: usize>(dp: &mut [f32], place: usize, sum: L) {
    match T {
        LANES => sum.to(&mut dp[place * LANES..]),
        _ => dp[place] = sum.total(),
    }
}
