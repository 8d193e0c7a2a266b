//! How kernels are launched: one arithmetic, three ways to spread it.

use super::binding::{Access, Binding};
use super::epilogue::Epilogue;
use super::kernels::{Op, Work};
use crate::network::MAX_NUMBERS;

pub use crate::network::tensors::UNIFORM_WINDOW;

/// Workgroups a dispatch may have in one dimension, WebGPU's default limit.
const MAX_WORKGROUPS: u32 = 65_535;

/// Loop iterations of one invocation that every plan stays below, whatever is unrolled.
///
/// Mesa 22.3 silently ends loops after 65,535 iterations of an invocation.
pub const ITERATION_LIMIT: u32 = 60_000;

/// Samples of a step from which on two devices of a software adapter are faster than one.
const WORTH_SHARDING: usize = 16;

/// Samples whose x and dx an invocation of `linear_backward` holds, at most.
pub const BACKWARD_SAMPLES: usize = 24;

/// What one invocation computes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Tiles {
    /// Pooled outputs side by side that one invocation computes at most.
    pub tile_width: usize,
    /// Pooled rows that one invocation of `conv_pool_forward` computes at most, up to 8; `conv_forward` twice as many.
    /// Other kernels compute one: more is not faster there and takes longer to compile.
    pub tile_height: usize,
    /// Rows of an input gradient that one invocation of `conv_backward_input` computes at most; up to 14.
    pub dx_rows: usize,
    /// Outputs (times four samples) that an invocation of `linear_forward` computes.
    pub tile: u32,
    /// Samples, or outputs, (times four inputs) that an invocation computes in the backward pass.
    pub backward_tile: u32,
}

impl Tiles {
    /// One pooled output, one output of a linear layer for four samples.
    pub const ONE: Tiles =
        Tiles { tile_width: 1, tile_height: 1, dx_rows: 2, tile: 1, backward_tile: 1 };
    /// Two of each.
    pub const PAIR: Tiles =
        Tiles { tile_width: 2, tile_height: 1, dx_rows: 2, tile: 2, backward_tile: 2 };
    /// A row of a map, or half of it; starts faster than [`Tiles::MAP`].
    pub const ROW: Tiles =
        Tiles { tile_width: 7, tile_height: 1, dx_rows: 2, tile: 10, backward_tile: 8 };
    /// A whole map of a second stage.
    pub const MAP: Tiles =
        Tiles { tile_width: 7, tile_height: 8, dx_rows: 14, tile: 10, backward_tile: 8 };
}

impl Tiles {
    /// Outputs of a stage side by side that one invocation computes at most. A pooled one is made of two outputs of
    /// the convolution in each direction: without a pooling an invocation computes twice as many, which is as much
    /// work.
    pub fn width(&self, pooled: bool) -> usize {
        if pooled { self.tile_width } else { 2 * self.tile_width }
    }

    /// Rows of such outputs.
    pub fn height(&self, pooled: bool) -> usize {
        if pooled { self.tile_height } else { 2 * self.tile_height }
    }
}

/// How a plan launches its kernels and reads its inputs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Profile {
    /// Shown to the user: `software`, `gpu` or `reference`.
    pub name: &'static str,
    /// Parts that a batch of 16 samples or more is cut into.
    pub shards: usize,
    /// Devices that carry the shards out side by side, where there are several; they change no bit.
    pub replicas: usize,
    /// Whether inputs are read through uniform buffers, in windows of [`UNIFORM_WINDOW`] numbers.
    pub uniform: bool,
    /// Samples that one dispatch takes at most.
    pub samples: usize,
    /// Invocations in a workgroup.
    pub workgroup: u32,
    /// Workgroups of a dispatch, where work is plenty; `None`: as many as there are items.
    pub workgroups: Option<u32>,
    pub tiles: Tiles,
    /// Rows of partial gradients at most, for each window of the batch.
    pub partial_rows: usize,
    /// Numbers of the data set that may be bound at once; everything else keeps to WebGPU's default limit.
    pub data_set_words: usize,
}

impl Profile {
    /// For software adapters (lavapipe, SwiftShader): few and fat invocations in groups of one SIMD
    /// register, and reads through uniform buffers: a third to a twentieth, by processor, of what
    /// reads from storage cost there.
    pub fn software() -> Self {
        Profile {
            name: "software",
            shards: 2,
            replicas: 1,
            uniform: true,
            samples: 256,
            workgroup: 8,
            workgroups: Some(8),
            tiles: Tiles::MAP,
            partial_rows: 8,
            data_set_words: MAX_NUMBERS,
        }
    }

    /// The same with enough workgroups in a dispatch for `cores` cores, which changes no bit.
    pub fn for_cores(self, cores: usize) -> Self {
        Profile { workgroups: self.workgroups.map(|_| (2 * cores as u32).clamp(4, 32)), ..self }
    }

    /// The same on a device whose bindings hold `bytes` bytes.
    pub fn for_bindings(self, bytes: u64) -> Self {
        Profile { data_set_words: (bytes / 4) as usize, ..self }
    }

    /// For GPUs: an invocation for every item, and coalesced storage reads.
    pub fn gpu() -> Self {
        Profile {
            name: "gpu",
            shards: 1,
            replicas: 1,
            uniform: false,
            samples: 256,
            workgroup: 64,
            workgroups: None,
            tiles: Tiles::ONE,
            partial_rows: 256,
            data_set_words: MAX_NUMBERS,
        }
    }

    /// For the references on the CPU, which do the whole batch in one call.
    pub fn reference() -> Self {
        Profile {
            name: "reference",
            samples: usize::MAX,
            workgroup: 1,
            workgroups: Some(1),
            partial_rows: 1,
            ..Profile::gpu()
        }
    }

    /// Whether it is one for GPUs, whatever the device binds.
    pub fn is_gpu(&self) -> bool {
        self.name == Profile::gpu().name
    }

    /// Whether it is that of the references.
    pub fn is_reference(&self) -> bool {
        self.name == Profile::reference().name
    }

    /// Parts of a batch whose gradients are added in their order.
    pub fn shards_of(&self, batch: usize) -> usize {
        if batch >= WORTH_SHARDING { self.shards } else { 1 }
    }

    /// Samples of a batch that one dispatch takes.
    ///
    /// `reads` and `writes` are the numbers a sample has in each buffer that moves with it. Where
    /// more than one window is needed, every window begins where a binding may (64 numbers).
    pub fn samples_of(&self, batch: usize, reads: &[usize], writes: &[usize]) -> usize {
        let largest = reads.iter().copied().max().unwrap_or(1).max(1);
        // A sample that no uniform window holds is read from storage.
        let most = match UNIFORM_WINDOW / largest {
            samples @ 1.. if self.uniform => samples,
            _ => usize::MAX,
        };
        let most = most.min(self.samples);
        let fits = |samples: usize| {
            reads.iter().chain(writes).all(|size| (samples * size).is_multiple_of(super::ALIGN))
        };
        window(batch, most, fits).unwrap_or(super::ALIGN)
    }

    /// Rows of a weight matrix with `inputs` columns that one dispatch reads.
    pub fn rows_of(&self, rows: usize, inputs: usize) -> usize {
        let most = if self.uniform { UNIFORM_WINDOW / inputs } else { usize::MAX };
        let fits = |rows: usize| (rows * inputs).is_multiple_of(super::ALIGN);
        window(rows, most, fits).unwrap_or(rows)
    }

    /// Samples of a batch whose whole backward pass through a linear layer is one kernel: on software
    /// adapters, for first derivatives, where windows of so few samples can begin (`sizes` as `reads` above).
    pub fn fused_samples(
        &self,
        epilogue: Epilogue,
        batch: usize,
        sizes: &[usize],
    ) -> Option<usize> {
        let few = Profile { samples: BACKWARD_SAMPLES, ..*self };
        let samples = few.samples_of(batch, sizes, sizes);
        let fuses = self.uniform && !epilogue.is_curvature() && samples <= BACKWARD_SAMPLES;
        fuses.then_some(samples)
    }

    /// Workgroups for `items` items that take `iterations` loop iterations each.
    pub fn workgroups_for(&self, items: u32, iterations: u32) -> u32 {
        let all = items.div_ceil(self.workgroup);
        let wanted = match self.workgroups {
            Some(few) if all > 2 * few => few,
            _ => all,
        };
        let rounds = (ITERATION_LIMIT / iterations.max(1)).max(1);
        wanted.max(all.div_ceil(rounds)).clamp(1, MAX_WORKGROUPS)
    }

    /// Whether a binding of `words` words at word `offset` of a buffer is a uniform buffer.
    pub fn reads_uniform(&self, binding: &Binding, words: usize, offset: usize) -> bool {
        let fits = words <= UNIFORM_WINDOW && offset.is_multiple_of(super::ALIGN);
        match binding.access {
            Access::Read => self.uniform && fits,
            Access::ReadUniform => {
                assert!(fits, "{} is made for a uniform window", binding.name);
                true
            }
            Access::ReadStorage | Access::Write => false,
        }
    }

    /// Invocations in a workgroup, and workgroups, that do an operation.
    pub fn launch(&self, op: &Op) -> (u32, u32) {
        op.launch().unwrap_or_else(|| {
            let Work { items, iterations, .. } = op.work();
            // The loop over the items counts as well.
            (self.workgroup, self.workgroups_for(items, iterations + 1))
        })
    }
}

/// How many of `all` things go into a window of at most `most`: all if they do, else about even
/// parts that `fits` allows.
fn window(all: usize, most: usize, fits: impl Fn(usize) -> bool) -> Option<usize> {
    if all <= most {
        return Some(all);
    }
    let even = all.div_ceil(all.div_ceil(most.max(1)));
    (even..=most).find(|&part| fits(part)).or_else(|| (1..even).rev().find(|&part| fits(part)))
}

/// The largest divisor of `length` that is at most `limit`.
pub fn largest_divisor(length: usize, limit: usize) -> u32 {
    (1..=limit.min(length)).rev().find(|&part| length.is_multiple_of(part)).unwrap_or(1) as u32
}
