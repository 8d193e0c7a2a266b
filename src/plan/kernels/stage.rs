//! A convolution stage as its kernels see it: convolution, squash, weighted pooling, squash.

use crate::network::{KERNEL, Squash, TAPS};
use crate::plan::constant::constants;

/// Side of the kernel.
pub(super) const K: u32 = KERNEL as u32;

constants! {
    /// Constants of the kernels of a convolution stage, in step with `shaders/conv_pool.wgsl`.
    Stage {
        samples: u32,
        /// Input maps.
        c: u32,
        /// Feature maps.
        m: u32,
        /// Connections.
        j: u32,
        /// Rows of an input map.
        height: u32,
        width: u32,
        /// Numbers from one sample to the next in s and ds.
        s_stride: u32,
        /// Pooled outputs side by side in a block; divides the pooled width.
        tile_width: u32,
        /// Pooled rows in a block, at most 8; divides the pooled height. 1 but in `conv_pool_forward`.
        tile_height: u32,
        /// Rows of dx that one invocation computes, at most 14; divides the height of the input.
        dx_rows: u32,
        /// 1/4 (mean) or 1 (sum).
        block_scale: f32,
        /// Rows of partial gradients.
        partial_rows: u32,
        /// Numbers in such a row, over all stages.
        stride: u32,
        squash: Squash,
        /// Whether a backward kernel has second derivatives.
        curvature: bool,
    }
}

impl Stage {
    /// Height of h.
    pub fn oh(&self) -> u32 {
        self.height - (K - 1)
    }
    /// Width of h.
    pub fn ow(&self) -> u32 {
        self.width - (K - 1)
    }
    /// Height of s.
    pub fn ph(&self) -> u32 {
        self.oh() / 2
    }
    /// Width of s.
    pub fn pw(&self) -> u32 {
        self.ow() / 2
    }
    /// Numbers in p: weights, biases, coefficients, pooling biases.
    pub fn parameters(&self) -> u32 {
        self.j * TAPS as u32 + 3 * self.m
    }
    /// Where the biases begin in p.
    pub fn bias(&self) -> usize {
        self.j as usize * TAPS
    }
    /// Where the coefficients begin in p.
    pub fn coefficient(&self) -> usize {
        self.bias() + self.m as usize
    }
    /// Where the pooling biases begin in p.
    pub fn pool_bias(&self) -> usize {
        self.coefficient() + self.m as usize
    }
    /// Numbers from one sample to the next in x, h and s.
    pub fn sizes(&self) -> [u32; 3] {
        let [x, h] = [self.height * self.width, self.oh() * self.ow()];
        [self.c * x, self.m * h, self.s_stride]
    }
    /// Blocks of one map of one sample.
    pub fn blocks(&self) -> u32 {
        self.ph() * self.pw() / (self.tile_width * self.tile_height)
    }
    /// Columns of blocks of one map of one sample.
    pub fn across(&self) -> u32 {
        self.pw() / self.tile_width
    }
    /// Rows of h in a block.
    pub fn rows(&self) -> u32 {
        2 * self.tile_height
    }
}

/// What the kernels cost, in loop iterations and multiply-adds.
impl Stage {
    /// Iterations to load the input patch of a block, and a kernel.
    pub(super) fn load(&self) -> u32 {
        (self.rows() + K - 1) * (2 * self.tile_width + K) + TAPS as u32 + 1
    }

    /// Iterations of a convolution of a block: a loop over a row of the block for each tap row.
    pub(super) fn taps(&self) -> u32 {
        K * self.rows() * (2 * self.tile_width + 1)
    }

    /// Iterations from the sums of a block to its results.
    pub(super) fn finish(&self) -> u32 {
        self.rows() * (4 * self.tile_width + 2) + self.tile_height * (self.tile_width + 1)
    }

    /// Columns of blocks that one invocation of a backward kernel sums.
    pub(super) fn units(&self) -> u32 {
        (self.samples * self.across()).div_ceil(self.partial_rows)
    }

    /// Iterations for such a column, of as many blocks as there are pooled rows.
    pub(super) fn column(&self) -> u32 {
        self.load() + self.ph() * (self.taps() + self.load() + self.finish() + 1) + 1
    }

    /// Multiply-adds of the convolutions and poolings of all samples.
    pub(super) fn multiply_adds(&self) -> u64 {
        let area = u64::from(self.samples * self.oh() * self.ow());
        area * u64::from(self.j * TAPS as u32 + self.m)
    }
}
