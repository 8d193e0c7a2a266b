//! The pooling of a convolution stage; shapes as in `conv.rs`.
//!
//! The 2x2 blocks of a sample group lie in whole vectors. Those of a batch of one lie across the
//! lanes, so its sums go number by number, and only the squash and its slope by vectors.

use super::conv::{PAPERS, Stage};
use super::lanes::{LANES, Lanes};
use super::squash::Curve;
use super::taps::put;
use crate::network::PoolForm;

impl Stage {
    /// What the sum of a block is multiplied with.
    fn block_scale(&self) -> f32 {
        self.pooling.map_or(1.0, PoolForm::block_scale)
    }

    /// Two rows of h to a row of s of map m, before its squash, if it has one; without a pooling to as many rows.
    #[inline(always)]
    pub(super) fn pool<L: Lanes, const T: usize, const K: usize>(
        &self,
        p: &[f32],
        m: usize,
        h: &[f32],
        s: &mut [f32],
    ) {
        let trained = || (self.block_scale() * p[self.coefficient() + m], p[self.pool_bias() + m]);
        let (coefficient, bias) = match self.pooling {
            _ if K == PAPERS => trained(),
            Some(PoolForm::Mean | PoolForm::Sum) => trained(),
            Some(PoolForm::Average) => (self.block_scale(), 0.0),
            Some(PoolForm::Max) => return self.largest::<T>(h, s),
            None => return self.copy::<T>(h, s),
        };
        if T < LANES {
            for (block, s) in self.blocks_of_one(h).zip(s) {
                *s = coefficient * block + bias;
            }
            return;
        }
        let (coefficient, bias) = (L::splat(coefficient), L::splat(bias));
        let (top, bottom) = h.split_at(self.row::<LANES>());
        let inside = self.inside::<LANES>();
        let top = top[inside.clone()].chunks_exact(2 * LANES);
        let bottom = bottom[inside].chunks_exact(2 * LANES);
        for ((s, top), bottom) in s.chunks_exact_mut(LANES).zip(top).zip(bottom) {
            block_of::<L>(top, bottom).mul_add(coefficient, bias).to(s);
        }
    }

    /// Where the OW columns of a row of h are.
    #[inline(always)]
    fn inside<const T: usize>(&self) -> std::ops::Range<usize> {
        self.border() * T..(self.border() + self.ow) * T
    }

    /// Rows of h to rows of s, as they are.
    #[inline(always)]
    fn copy<const T: usize>(&self, h: &[f32], s: &mut [f32]) {
        let rows = h.chunks_exact(self.row::<T>()).zip(s.chunks_exact_mut(self.ow * T));
        rows.for_each(|(h, s)| s.copy_from_slice(&h[self.inside::<T>()]));
    }

    /// The largest values of the 2x2 blocks of two rows of h.
    #[inline(always)]
    fn largest<const T: usize>(&self, h: &[f32], s: &mut [f32]) {
        let (top, bottom) = h.split_at(self.row::<T>());
        let (top, bottom) = (&top[self.inside::<T>()], &bottom[self.inside::<T>()]);
        for (column, s) in s.chunks_exact_mut(T).enumerate() {
            let at = 2 * column * T;
            for (lane, s) in s.iter_mut().enumerate() {
                let [left, right] = [at + lane, at + lane + T];
                let upper = top[left].max(top[right]);
                *s = upper.max(bottom[left].max(bottom[right]));
            }
        }
    }

    /// The sums of the 2x2 blocks of two rows of h of a batch of one.
    #[inline(always)]
    fn blocks_of_one<'a>(&self, h: &'a [f32]) -> impl Iterator<Item = f32> + use<'a> {
        let (top, bottom) = h.split_at(self.row::<1>());
        let inside = self.inside::<1>();
        let rows = top[inside.clone()].chunks_exact(2).zip(bottom[inside].chunks_exact(2));
        rows.map(|(top, bottom)| (top[0] + top[1]) + (bottom[0] + bottom[1]))
    }

    /// Map m of a sample group: `h` becomes dh, and biases and coefficient get their gradients.
    #[inline(always)]
    pub(super) fn pool_backward_group<L: Lanes>(
        &self,
        f: Curve,
        p: &[f32],
        m: usize,
        h: &mut [f32],
        ds: &[f32],
        dp: &mut [f32],
    ) {
        let (scale, row) = (self.block_scale(), self.row::<LANES>());
        let down = L::splat(scale * p[self.coefficient() + m]).local();
        let zero = L::splat(0.0);
        let (mut bias, mut coefficient, mut pool_bias) = (zero, zero, zero);
        let rows = h.chunks_exact_mut(2 * row).zip(ds.chunks_exact(self.ow / 2 * LANES));
        for (h, ds) in rows {
            let (top, bottom) = h.split_at_mut(row);
            let top = top[self.inside::<LANES>()].chunks_exact_mut(2 * LANES);
            let bottom = bottom[self.inside::<LANES>()].chunks_exact_mut(2 * LANES);
            for ((d, top), bottom) in ds.chunks_exact(LANES).zip(top).zip(bottom) {
                let d = L::from(d);
                pool_bias = pool_bias.add(d);
                coefficient = d.mul_add(block_of::<L>(top, bottom).local(), coefficient);
                let d = d.mul(down);
                let mut sum = zero;
                let values = top.chunks_exact_mut(LANES).chain(bottom.chunks_exact_mut(LANES));
                for value in values {
                    let delta = d.mul(f.slope(L::from(value)).local());
                    delta.to(value);
                    sum = sum.add(delta);
                }
                bias = bias.add(sum);
            }
        }
        bias.to(&mut dp[(self.bias() + m) * LANES..]);
        let coefficient = coefficient.mul(L::splat(scale).local());
        coefficient.to(&mut dp[(self.coefficient() + m) * LANES..]);
        pool_bias.to(&mut dp[(self.pool_bias() + m) * LANES..]);
    }

    /// The same of a batch of one.
    #[inline(always)]
    pub(super) fn pool_backward_one<L: Lanes>(
        &self,
        f: Curve,
        p: &[f32],
        m: usize,
        h: &mut [f32],
        ds: &[f32],
        dp: &mut [f32],
    ) {
        let (border, row) = (self.border(), self.row::<1>());
        let local = |derivative: f32| L::splat(derivative).local().first();
        let down = local(self.block_scale() * p[self.coefficient() + m]);
        let (mut bias, mut coefficient) = (L::splat(0.0), 0.0);
        // What each column of two rows gets from the pooling; beyond the last stays 0.
        let mut deltas = vec![0.0; row - 2 * border];
        for (h, ds) in h.chunks_exact_mut(2 * row).zip(ds.chunks_exact(self.ow / 2)) {
            let pooled = self.blocks_of_one(h).zip(ds).zip(deltas.chunks_exact_mut(2));
            for ((block, d), deltas) in pooled {
                coefficient += d * local(self.block_scale() * block);
                deltas.fill(down * d);
            }
            for h in h.chunks_exact_mut(row) {
                let inside = h[border..row - border].chunks_exact_mut(LANES);
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

impl Stage {
    /// Map m without a trained pooling: `h` becomes dh, and the bias gets its gradient.
    #[inline(always)]
    pub(super) fn plain_backward<L: Lanes, const T: usize>(
        &self,
        f: Curve,
        m: usize,
        h: &mut [f32],
        ds: &[f32],
        dp: &mut [f32],
    ) {
        let (border, row) = (self.border() * T, self.row::<T>());
        let width = row - 2 * border;
        let scale = L::splat(self.block_scale()).local().first();
        let mut bias = L::splat(0.0);
        // What each column gets from the pooling; beyond the last stays 0.
        let mut deltas = vec![0.0; self.p() * width];
        let rows_of_s = ds.chunks_exact(self.ow / self.p() * T);
        for (h, ds) in h.chunks_exact_mut(self.p() * row).zip(rows_of_s) {
            match self.pooling {
                None => deltas[..ds.len()].copy_from_slice(ds),
                Some(form) => {
                    let (top, bottom) = h.split_at(row);
                    let (top, bottom) = (&top[self.inside::<T>()], &bottom[self.inside::<T>()]);
                    for (at, &d) in ds.iter().enumerate() {
                        let left = at / T * 2 * T + at % T;
                        let block = [top[left], top[left + T], bottom[left], bottom[left + T]];
                        let shares = shares(form, block).map(|share| share * scale * d);
                        [
                            deltas[left],
                            deltas[left + T],
                            deltas[width + left],
                            deltas[width + left + T],
                        ] = shares;
                    }
                }
            }
            for (h, deltas) in h.chunks_exact_mut(row).zip(deltas.chunks_exact(width)) {
                let inside = h[border..row - border].chunks_exact_mut(LANES);
                for (h, d) in inside.zip(deltas.chunks_exact(LANES)) {
                    let slope = match self.pooling {
                        None => L::splat(1.0),
                        Some(_) => f.slope(L::from(h)).local(),
                    };
                    let delta = L::from(d).mul(slope);
                    delta.to(h);
                    bias = bias.add(delta);
                }
            }
        }
        put::<L, T>(dp, self.bias() + m, bias);
    }
}

/// How much of the derivative of a pooled value each of its block gets, in row order: of a maximum all for the
/// first of the largest.
fn shares(form: PoolForm, block: [f32; 4]) -> [f32; 4] {
    if form != PoolForm::Max {
        return [1.0; 4];
    }
    let largest = block.into_iter().fold(f32::NEG_INFINITY, f32::max);
    let winner = block.iter().position(|&value| value == largest);
    std::array::from_fn(|place| if winner == Some(place) { 1.0 } else { 0.0 })
}

/// The sum of a 2x2 block of a sample group, two vectors of either row.
#[inline(always)]
fn block_of<L: Lanes>(top: &[f32], bottom: &[f32]) -> L {
    let upper = L::from(top).add(L::from(&top[LANES..]));
    upper.add(L::from(bottom).add(L::from(&bottom[LANES..])))
}
