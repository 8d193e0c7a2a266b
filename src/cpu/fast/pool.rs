//! The pooling of a convolution stage; shapes as in `conv.rs`.
//!
//! The 2x2 blocks of a sample group lie in whole vectors. Those of a batch of one lie across the
//! lanes, so its sums go number by number, and only the squash and its slope by vectors.

use super::conv::{BORDER, Stage};
use super::lanes::{LANES, Lanes};
use super::squash::Curve;

impl Stage {
    /// Two rows of h to a row of s of map m, before its squash.
    #[inline(always)]
    pub(super) fn pool<L: Lanes, const T: usize>(
        &self,
        p: &[f32],
        m: usize,
        h: &[f32],
        s: &mut [f32],
    ) {
        let coefficient = self.block_scale * p[self.coefficient() + m];
        let bias = p[self.pool_bias() + m];
        if T < LANES {
            for (block, s) in self.blocks_of_one(h).zip(s) {
                *s = coefficient * block + bias;
            }
            return;
        }
        let (coefficient, bias) = (L::splat(coefficient), L::splat(bias));
        let (top, bottom) = h.split_at(self.row::<LANES>());
        let inside = self.inside();
        let top = top[inside.clone()].chunks_exact(2 * LANES);
        let bottom = bottom[inside].chunks_exact(2 * LANES);
        for ((s, top), bottom) in s.chunks_exact_mut(LANES).zip(top).zip(bottom) {
            block_of::<L>(top, bottom).mul_add(coefficient, bias).to(s);
        }
    }

    /// The OW columns of a row of h of a sample group.
    fn inside(&self) -> std::ops::Range<usize> {
        BORDER * LANES..(BORDER + self.ow) * LANES
    }

    /// The sums of the 2x2 blocks of two rows of h of a batch of one.
    #[inline(always)]
    fn blocks_of_one<'a>(&self, h: &'a [f32]) -> impl Iterator<Item = f32> + use<'a> {
        let (top, bottom) = h.split_at(self.row::<1>());
        let inside = BORDER..BORDER + self.ow;
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
        let (scale, row) = (self.block_scale, self.row::<LANES>());
        let down = L::splat(scale * p[self.coefficient() + m]).local();
        let zero = L::splat(0.0);
        let (mut bias, mut coefficient, mut pool_bias) = (zero, zero, zero);
        let rows = h.chunks_exact_mut(2 * row).zip(ds.chunks_exact(self.ow / 2 * LANES));
        for (h, ds) in rows {
            let (top, bottom) = h.split_at_mut(row);
            let top = top[self.inside()].chunks_exact_mut(2 * LANES);
            let bottom = bottom[self.inside()].chunks_exact_mut(2 * LANES);
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
        let row = self.row::<1>();
        let local = |derivative: f32| L::splat(derivative).local().first();
        let down = local(self.block_scale * p[self.coefficient() + m]);
        let (mut bias, mut coefficient) = (L::splat(0.0), 0.0);
        // What each column of two rows gets from the pooling; beyond the last stays 0.
        let mut deltas = vec![0.0; row - 2 * BORDER];
        for (h, ds) in h.chunks_exact_mut(2 * row).zip(ds.chunks_exact(self.ow / 2)) {
            let pooled = self.blocks_of_one(h).zip(ds).zip(deltas.chunks_exact_mut(2));
            for ((block, d), deltas) in pooled {
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

/// The sum of a 2x2 block of a sample group, two vectors of either row.
#[inline(always)]
fn block_of<L: Lanes>(top: &[f32], bottom: &[f32]) -> L {
    let upper = L::from(top).add(L::from(&top[LANES..]));
    upper.add(L::from(bottom).add(L::from(&bottom[LANES..])))
}
