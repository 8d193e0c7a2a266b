//! The convolution stages: convolution by table, activation, and a pooling where there is one. Formulas
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
//! | h, dh | `[M, OH, row]`: K - 1 zeros, OW columns filled up to whole vectors, K - 1 zeros |
//! | s, ds | `[M, PH, PW]` |
//! | p, dp | as the plan lays parameters out; p has one number each |
//!
//! With T = 1 vectors may reach over the end of a row: what they read there falls on columns of h
//! that are cut off, and what they write there is overwritten by the next row. So every buffer has
//! [`SLACK`] after its last row.
//!
//! Two rows of a few vectors of sums stay in registers while every connection and tap goes by. The
//! zeros beside dh make the input gradient the same loop with the taps reversed.
//!
//! The passes are compiled twice: for the stages of the papers, with 5x5 kernels, a trained pooling and a tanh
//! (K = [`PAPERS`]), and for all others (K = [`ANY`]). So are the loops over taps: for 5x5 kernels and an even number
//! of rows (K = [`PAPERS`]), and for all others (K = [`ANY`]), where the taps of a row are not held in registers.

use super::instructions::Kernel;
use super::lanes::{LANES, Lanes};
use super::squash::{Curve, squash_all, through};
use super::taps::{TapGradients, convolve, convolve_back};
use crate::network::{Connections, KERNEL, Layer, PoolForm, Shape};

/// The K of the stages of the papers, and of 5x5 kernels.
pub const PAPERS: usize = KERNEL;
/// The K of code that asks the stage for the side of its kernels, its rows and its pooling.
pub const ANY: usize = 0;
/// Numbers after the last row of a buffer with T = 1, for vectors that reach over.
pub const SLACK: usize = 2 * LANES;
/// Vectors of a block at most: two rows of sums, five taps and an input fill sixteen registers.
const VECTORS: usize = 5;

/// Shapes of a stage, and its connections from both ends.
#[derive(Debug, Clone)]
pub struct Stage {
    /// Side of the kernels.
    pub(super) side: usize,
    pub(super) height: usize,
    pub(super) width: usize,
    pub(super) oh: usize,
    pub(super) ow: usize,
    /// Connections.
    j: usize,
    pub(super) pooling: Option<PoolForm>,
    /// For each feature map its connections: (connection, input map).
    pub(super) by_map: Vec<Vec<(usize, usize)>>,
    /// For each input map its connections: (connection, feature map).
    pub(super) by_channel: Vec<Vec<(usize, usize)>>,
}

/// Calls a function made for `$count` vectors, 1 to [`VECTORS`], and for the K `$k` of its taps.
macro_rules! for_vectors {
    ($count:expr, $k:expr, $function:ident, $arguments:tt) => {
        match ($k, $count) {
            (PAPERS, 1) => $function::<L, T, 1, PAPERS> $arguments,
            (PAPERS, 2) => $function::<L, T, 2, PAPERS> $arguments,
            (PAPERS, 3) => $function::<L, T, 3, PAPERS> $arguments,
            (PAPERS, 4) => $function::<L, T, 4, PAPERS> $arguments,
            (PAPERS, _) => $function::<L, T, VECTORS, PAPERS> $arguments,
            (_, 1) => $function::<L, T, 1, ANY> $arguments,
            (_, 2) => $function::<L, T, 2, ANY> $arguments,
            (_, 3) => $function::<L, T, 3, ANY> $arguments,
            (_, 4) => $function::<L, T, 4, ANY> $arguments,
            _ => $function::<L, T, VECTORS, ANY> $arguments,
        }
    };
}

impl Stage {
    pub fn new(layer: &Layer, table: &Connections, pooling: Option<PoolForm>) -> Self {
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
        let Shape { height, width, .. } = layer.input;
        let Shape { height: oh, width: ow, .. } = layer.output;
        Stage { side: layer.kernel(), height, width, oh, ow, j, pooling, by_map, by_channel }
    }

    /// Places in h.
    pub fn hidden<const T: usize>(&self) -> usize {
        self.by_map.len() * self.oh * self.row::<T>() / T
    }

    /// Whether it is a stage of the papers.
    pub fn is_papers(&self) -> bool {
        self.side == PAPERS && self.is_trained()
    }

    /// The K of its loops over taps: [`PAPERS`] takes two whole rows at a time.
    fn k_of_taps(&self) -> usize {
        if self.side == PAPERS && self.oh.is_multiple_of(2) { PAPERS } else { ANY }
    }

    /// Zeros on either side of a row of h, and columns that a kernel reaches beyond the first.
    pub(super) fn border(&self) -> usize {
        self.side - 1
    }

    /// Weights of a connection.
    pub(super) fn taps(&self) -> usize {
        self.side * self.side
    }

    /// Outputs of the convolution that become one, in each direction.
    pub(super) fn p(&self) -> usize {
        if self.pooling.is_some() { 2 } else { 1 }
    }

    /// Numbers in a row of h.
    pub(super) fn row<const T: usize>(&self) -> usize {
        (self.ow.next_multiple_of(LANES / T) + 2 * self.border()) * T
    }

    /// Places of a map of s.
    fn pooled(&self) -> usize {
        self.oh * self.ow / (self.p() * self.p())
    }

    /// Places of a map of x.
    pub(super) fn area(&self) -> usize {
        self.height * self.width
    }

    /// Whether it has coefficients and pooling biases.
    pub(super) fn is_trained(&self) -> bool {
        self.pooling.is_some_and(PoolForm::is_trained)
    }

    pub(super) fn bias(&self) -> usize {
        self.j * self.taps()
    }

    pub(super) fn coefficient(&self) -> usize {
        self.bias() + self.by_map.len()
    }

    pub(super) fn pool_bias(&self) -> usize {
        self.coefficient() + self.by_map.len()
    }

    /// `x` and `p` to `h` and `s`.
    #[inline(always)]
    pub fn forward<L: Lanes, const T: usize, const K: usize>(
        &self,
        f: Curve,
        p: &[f32],
        x: &[f32],
        h: &mut [f32],
        s: &mut [f32],
    ) {
        let (f, row) = (f.known::<K>(), self.row::<T>());
        // A stage of the papers has 5x5 kernels and, since it is pooled, an even number of rows: here a constant.
        let k = if K == PAPERS { PAPERS } else { self.k_of_taps() };
        let planes = h.chunks_exact_mut(self.oh * row).zip(s.chunks_exact_mut(self.pooled() * T));
        // The slack can be as long as a small map.
        for (m, (h, s)) in planes.take(self.by_map.len()).enumerate() {
            // Of two rows of h a pooling makes one; without one, the last may be alone.
            let of_rows = 2 * self.ow / (self.p() * self.p()) * T;
            let rows = h.chunks_mut(2 * row).zip(s.chunks_mut(of_rows));
            for (y, (h, s)) in rows.enumerate() {
                for (left, vectors) in blocks(self.ow * T) {
                    let at = [m, 2 * y, left];
                    for_vectors!(vectors, k, convolve, (self, f, p, x, h, at));
                }
                self.pool::<L, T, K>(p, m, h, s);
            }
            if K == PAPERS || self.is_trained() {
                squash_all::<L>(f, s);
            }
        }
    }

    /// From `ds` to the gradients `dp`. Leaves dh where `h` was. `seen` is the input, squared in a curvature
    /// pass.
    #[inline(always)]
    pub fn backward<L: Lanes, const T: usize, const K: usize>(
        &self,
        f: Curve,
        p: &[f32],
        seen: &[f32],
        h: &mut [f32],
        ds: &[f32],
        dp: &mut [f32],
    ) {
        let (f, pooled) = (f.known::<K>(), self.pooled() * T);
        let planes = h.chunks_exact_mut(self.oh * self.row::<T>());
        for (m, dh) in planes.take(self.by_map.len()).enumerate() {
            let ds = &ds[m * pooled..][..pooled];
            match (K == PAPERS || self.is_trained(), T) {
                (true, LANES) => self.pool_backward_group::<L>(f, p, m, dh, ds, dp),
                (true, _) => self.pool_backward_one::<L>(f, p, m, dh, ds, dp),
                (false, _) => self.plain_backward::<L, T>(f, m, dh, ds, dp),
            }
            L::apart(TapGradients::<T> { stage: self, m, x: seen, dh, dp });
        }
    }

    /// From dh to `dx`; `input_curve` is the activation that made x, `w` the parameters, squared in a
    /// curvature pass.
    #[inline(always)]
    pub fn input_gradient<L: Lanes, const T: usize, const K: usize>(
        &self,
        input_curve: Curve,
        w: &[f32],
        x: &[f32],
        dh: &[f32],
        dx: &mut [f32],
    ) {
        L::apart(ConvolveBack::<T> { stage: self, w, dh, dx });
        through::<L>(
            input_curve.known::<K>(),
            &mut dx[..self.by_channel.len() * self.area() * T],
            x,
        );
    }
}

/// The input gradient of a stage before the slope of what is in front, from dh to dx.
struct ConvolveBack<'a, const T: usize> {
    stage: &'a Stage,
    w: &'a [f32],
    dh: &'a [f32],
    dx: &'a mut [f32],
}

impl<const T: usize> Kernel for ConvolveBack<'_, T> {
    #[inline(always)]
    fn run<L: Lanes>(self) {
        let ConvolveBack { stage, w, dh, dx } = self;
        for c in 0..stage.by_channel.len() {
            for y in (0..stage.height).step_by(2) {
                // From the right: a vector that reaches over the end of the upper row is overwritten.
                for (left, vectors) in blocks(stage.width * T).rev() {
                    let at = [c, y, left];
                    for_vectors!(vectors, stage.k_of_taps(), convolve_back, (stage, w, dh, dx, at));
                }
            }
        }
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
