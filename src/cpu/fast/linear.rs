//! Linear layers and distances of a sample group.
//!
//! A tile is up to [`ROWS`] rows of a weight matrix `[outputs, inputs]`, one a sum in a register;
//! x `[inputs]` and y `[outputs]` hold eight samples each.

use super::lanes::{LANES, Lanes, V};
use super::squash::Curve;

/// Rows of a tile at most.
pub const ROWS: usize = 8;

/// Rows of a tile: the most that divide a layer evenly.
pub fn rows_of(outputs: usize) -> usize {
    (1..=ROWS).rev().find(|&rows| outputs.is_multiple_of(rows)).unwrap_or(1)
}

/// Calls a kernel made for `$rows` rows, 1 to [`ROWS`].
macro_rules! for_rows {
    ($rows:expr, $kernel:ident, $arguments:tt) => {
        match $rows {
            1 => $kernel::<L, 1> $arguments,
            2 => $kernel::<L, 2> $arguments,
            3 => $kernel::<L, 3> $arguments,
            4 => $kernel::<L, 4> $arguments,
            5 => $kernel::<L, 5> $arguments,
            6 => $kernel::<L, 6> $arguments,
            7 => $kernel::<L, 7> $arguments,
            _ => $kernel::<L, ROWS> $arguments,
        }
    };
}

/// The outputs `y = f(bias + w x)` of a tile.
#[inline(always)]
pub fn forward<L: Lanes>(f: Curve, w: &[f32], bias: &[f32], x: &[V], y: &mut [V]) {
    for_rows!(y.len(), forward_rows, (f, w, bias, x, y));
}

/// Adds the input gradient of the rows of a tile: `dx += w^T dy`, before the slope of the squash. The weights are
/// squared in a curvature pass.
#[inline(always)]
pub fn backward<L: Lanes>(w: &[f32], dy: &[V], dx: &mut [V]) {
    for_rows!(dy.len(), backward_rows, (w, dy, dx));
}

/// The gradient of a tile over a batch: `sum over n of dy[n, o] x[n, i]`. For each group of eight
/// samples, `x` holds a row a sample, and `dy` a derivative a row of the tile. The rows of `x` are squared in a curvature
/// pass. They are filled up to whole vectors, and so are those of `gradient`.
#[inline(always)]
pub fn gradient<L: Lanes>(x: &[&[V]], dy: &[&[V]], gradient: &mut [f32]) {
    for_rows!(dy[0].len(), gradient_rows, (x, dy, gradient));
}

/// The rows of a tile, each of `length`. `array::from_fn` would be a call, after which the compiler no longer
/// knows how long they are.
#[inline(always)]
fn rows_of_tile<const R: usize>(w: &[f32], length: usize) -> [&[f32]; R] {
    let mut rows: [&[f32]; R] = [&[]; R];
    for (number, row) in rows.iter_mut().enumerate() {
        *row = &w[number * length..][..length];
    }
    rows
}

#[inline(always)]
fn forward_rows<L: Lanes, const R: usize>(f: Curve, w: &[f32], bias: &[f32], x: &[V], y: &mut [V]) {
    let rows = rows_of_tile::<R>(w, x.len());
    let mut sums = [L::splat(0.0); R];
    for row in 0..R {
        sums[row] = L::splat(bias[row]);
    }
    for (i, input) in x.iter().enumerate() {
        let input = L::load(input);
        for row in 0..R {
            sums[row] = L::splat(rows[row][i]).mul_add(input, sums[row]);
        }
    }
    for row in 0..R {
        f.squash(sums[row]).store(&mut y[row]);
    }
}

#[inline(always)]
fn backward_rows<L: Lanes, const R: usize>(w: &[f32], dy: &[V], dx: &mut [V]) {
    let rows = rows_of_tile::<R>(w, dx.len());
    let mut deltas = [L::splat(0.0); R];
    for row in 0..R {
        deltas[row] = L::load(&dy[row]);
    }
    for (i, dx) in dx.iter_mut().enumerate() {
        let mut sum = L::load(dx);
        for row in 0..R {
            sum = L::splat(rows[row][i]).mul_add(deltas[row], sum);
        }
        sum.store(dx);
    }
}

#[inline(always)]
fn gradient_rows<L: Lanes, const R: usize>(x: &[&[V]], dy: &[&[V]], gradient: &mut [f32]) {
    let length = gradient.len() / (R * LANES);
    for i in 0..length {
        let mut sums = [L::splat(0.0); R];
        for (x, dy) in x.iter().zip(dy) {
            let dy = &dy[..R];
            for lane in 0..LANES {
                let input = L::load(&x[lane * length + i]);
                for row in 0..R {
                    sums[row] = L::splat(dy[row].0[lane]).mul_add(input, sums[row]);
                }
            }
        }
        for row in 0..R {
            let mut numbers = V::ZERO;
            sums[row].store(&mut numbers);
            gradient[(row * length + i) * LANES..][..LANES].copy_from_slice(&numbers.0);
        }
    }
}

/// `[8, inputs]` from `[inputs]` of eight samples, with `f` of each number; a row is filled up to whole vectors.
pub fn transpose(x: &[V], rows: &mut [V], f: impl Fn(f32) -> f32) {
    let length = rows.len() / LANES;
    for (i, inputs) in x.chunks(LANES).enumerate() {
        for lane in 0..LANES {
            let row = &mut rows[lane * length + i].0;
            for (to, from) in row.iter_mut().zip(inputs) {
                *to = f(from.0[lane]);
            }
        }
    }
}

/// The distances `y[c] = sum over i of (x[i] - w[c, i])^2` (1998, eq. 7).
#[inline(always)]
pub fn distances<L: Lanes>(w: &[f32], x: &[V], y: &mut [V]) {
    for (w, y) in w.chunks_exact(x.len()).zip(y) {
        let mut sum = L::splat(0.0);
        for (&w, x) in w.iter().zip(x) {
            let apart = L::load(x).sub(L::splat(w));
            sum = apart.mul_add(apart, sum);
        }
        sum.store(y);
    }
}

/// `dx[i] = sum over c of 2 dy[c] (x[i] - w[c, i])`, before the slope of the squash.
#[inline(always)]
pub fn distances_backward<L: Lanes>(w: &[f32], x: &[V], dy: &[V], dx: &mut [V]) {
    let (two, inputs) = (L::splat(2.0), x.len());
    for (i, (x, dx)) in x.iter().zip(dx.iter_mut()).enumerate() {
        let mut sum = L::splat(0.0);
        for (c, dy) in dy.iter().enumerate() {
            let apart = L::load(x).sub(L::splat(w[c * inputs + i]));
            sum = L::load(dy).mul_add(apart, sum);
        }
        sum.mul(two).store(dx);
    }
}
