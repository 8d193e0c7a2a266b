//! A convolution stage as its kernels see it: convolution, squash, and a pooling where it has one.

use crate::network::{PoolForm, Squash};
use crate::plan::constant::{Constant, Constants, constants};

constants! {
    /// Constants of the kernels of a convolution stage, in step with `shaders/conv_pool.wgsl`.
    Stage {
        samples: u32,
        /// Side of the kernel.
        k: u32,
        /// Input maps.
        c: u32,
        /// Feature maps.
        m: u32,
        /// Connections.
        j: u32,
        /// Rows of an input map.
        height: u32,
        width: u32,
        /// Numbers from one sample to the next in x and dx.
        x_stride: u32,
        /// Numbers from one sample to the next in s and ds.
        s_stride: u32,
        /// Numbers of s side by side in a block; divides the width of s.
        tile_width: u32,
        /// Rows of s in a block, of at most 16 rows of h; divides the height of s. 1 but in `conv_pool_forward` and
        /// `conv_forward`.
        tile_height: u32,
        /// Rows of dx that one invocation computes, at most 14; divides the height of the input.
        dx_rows: u32,
        pooling: Option<PoolForm>,
        /// The activation that made x; `None` after a plain pooling.
        input_squash: Option<Squash>,
        /// Rows of partial gradients.
        partial_rows: u32,
        /// Numbers in such a row, over all stages.
        stride: u32,
        squash: Squash,
        /// Whether a backward kernel has second derivatives.
        curvature: bool,
    }
}

impl Constant for Option<PoolForm> {
    /// Declares `POOLING` and `BLOCK_SCALE`, in step with `shaders/conv_pool.wgsl`.
    fn declare(&self, _: &str, constants: &mut Constants) {
        let pooling: u32 = match self {
            None => 0,
            Some(PoolForm::Mean | PoolForm::Sum) => 1,
            Some(PoolForm::Average) => 2,
            Some(PoolForm::Max) => 3,
        };
        constants.fixed("POOLING", pooling);
        constants.fixed("BLOCK_SCALE", self.map_or(1.0, PoolForm::block_scale));
    }
}

impl Stage {
    /// Weights of a connection.
    pub fn taps(&self) -> u32 {
        self.k * self.k
    }
    /// Height of h.
    pub fn oh(&self) -> u32 {
        self.height - (self.k - 1)
    }
    /// Width of h.
    pub fn ow(&self) -> u32 {
        self.width - (self.k - 1)
    }
    /// Outputs of the convolution that become one, in each direction.
    pub fn p(&self) -> u32 {
        if self.pooling.is_some() { 2 } else { 1 }
    }
    /// Height of s.
    pub fn ph(&self) -> u32 {
        self.oh() / self.p()
    }
    /// Width of s.
    pub fn pw(&self) -> u32 {
        self.ow() / self.p()
    }
    /// Whether it has coefficients and pooling biases.
    pub fn is_trained(&self) -> bool {
        self.pooling.is_some_and(PoolForm::is_trained)
    }
    /// Numbers in p: weights, biases, and of a trained pooling coefficients and pooling biases.
    pub fn parameters(&self) -> u32 {
        self.j * self.taps() + if self.is_trained() { 3 } else { 1 } * self.m
    }
    /// Where the biases begin in p.
    pub fn bias(&self) -> usize {
        (self.j * self.taps()) as usize
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
        [self.x_stride, self.m * self.oh() * self.ow(), self.s_stride]
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
        self.p() * self.tile_height
    }
}

/// What the kernels cost, in loop iterations and multiply-adds.
impl Stage {
    /// Iterations to load the input patch of a block, and a kernel.
    pub(super) fn load(&self) -> u32 {
        let width = self.p() * self.tile_width;
        (self.rows() + self.k - 1) * (width + self.k) + self.taps() + 1
    }

    /// Iterations of a convolution of a block: a loop over a row of the block for each tap row.
    pub(super) fn sums(&self) -> u32 {
        self.k * self.rows() * (self.p() * self.tile_width + 1)
    }

    /// Iterations from the sums of a block to its results.
    pub(super) fn finish(&self) -> u32 {
        self.rows() * (2 * self.p() * self.tile_width + 2)
            + self.tile_height * (self.tile_width + 1)
    }

    /// Columns of blocks that one invocation of a backward kernel sums.
    pub(super) fn units(&self) -> u32 {
        (self.samples * self.across()).div_ceil(self.partial_rows)
    }

    /// Iterations for such a column, of as many blocks as there are pooled rows.
    pub(super) fn column(&self) -> u32 {
        self.load() + self.ph() * (self.sums() + self.load() + self.finish() + 1) + 1
    }

    /// Multiply-adds of the convolutions and poolings of all samples.
    pub(super) fn multiply_adds(&self) -> u64 {
        let area = u64::from(self.samples * self.oh() * self.ow());
        area * u64::from(self.j * self.taps() + self.m)
    }
}
