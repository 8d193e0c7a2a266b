//! SIMD lanes: eight numbers side by side, and the instructions that compute with them.
//!
//! Kernels are written once, for any [`Lanes`], and compiled twice: with AVX2 and FMA where the
//! processor has them, and for the baseline of the target. Every kernel is `inline(always)`, so that
//! it ends up inside a function that has the instructions enabled.

use super::instructions::{Kernel, run_with_baseline};

/// Numbers that are computed side by side.
pub const LANES: usize = 8;

/// Eight numbers in memory.
#[derive(Debug, Clone, Copy, PartialEq, bytemuck::Pod, bytemuck::Zeroable)]
#[repr(C, align(32))]
pub struct V(pub [f32; LANES]);

impl V {
    /// Eight zeros.
    pub const ZERO: V = V([0.0; LANES]);

    /// The sum, always added in the same order.
    #[inline(always)]
    pub fn sum(self) -> f32 {
        let [a, b, c, d, e, f, g, h] = self.0;
        ((a + e) + (c + g)) + ((b + f) + (d + h))
    }
}

/// Eight numbers in registers.
pub trait Lanes: Copy {
    /// These lanes in a backward pass of second derivatives, where [`Lanes::local`] squares.
    type Squares: Lanes;
    /// The same lanes, which do not square. Work that is given squares anyway is compiled for these alone.
    type Plain: Lanes;
    const SQUARES: bool;
    /// Runs a kernel with [`Lanes::Plain`], as a function of its own: it is compiled once, and not again inside of each
    /// caller.
    fn apart(kernel: impl Kernel);
    /// The first eight of some numbers.
    fn from(numbers: &[f32]) -> Self;
    /// To the first eight places of some.
    fn to(self, numbers: &mut [f32]);
    /// The same number in every lane.
    fn splat(number: f32) -> Self;
    fn add(self, other: Self) -> Self;
    fn sub(self, other: Self) -> Self;
    fn mul(self, other: Self) -> Self;
    fn div(self, other: Self) -> Self;
    /// self * factor + term, rounded once where there is an instruction for it.
    fn mul_add(self, factor: Self, term: Self) -> Self;
    /// Between -limit and limit; a NaN stays one.
    fn clamp(self, limit: f32) -> Self;
    #[inline(always)]
    fn load(from: &V) -> Self {
        Self::from(&from.0)
    }
    #[inline(always)]
    fn store(self, to: &mut V) {
        self.to(&mut to.0);
    }
    /// A local derivative as a backward pass counts it: itself, or in a pass of second derivatives
    /// its square. In step with `shaders/local.wgsl`.
    #[inline(always)]
    fn local(self) -> Self {
        if Self::SQUARES { self.mul(self) } else { self }
    }
    /// The sum, always added in the same order.
    #[inline(always)]
    fn total(self) -> f32 {
        let mut all = V::ZERO;
        self.store(&mut all);
        all.sum()
    }
    /// The number in the first lane.
    #[inline(always)]
    fn first(self) -> f32 {
        let mut all = V::ZERO;
        self.store(&mut all);
        all.0[0]
    }
}

/// What every processor of the target has.
#[derive(Clone, Copy)]
pub struct Baseline<const SQUARES: bool = false>([f32; LANES]);

/// Defines operations of two vectors of lanes, lane by lane.
macro_rules! lanewise {
    ($($name:ident $op:tt)*) => {$(
        #[inline(always)]
        fn $name(mut self, other: Self) -> Self {
            for lane in 0..LANES {
                self.0[lane] $op other.0[lane];
            }
            self
        }
    )*};
}

impl<const SQUARES: bool> Lanes for Baseline<SQUARES> {
    type Squares = Baseline<true>;
    type Plain = Baseline;
    const SQUARES: bool = SQUARES;

    #[inline(always)]
    fn apart(kernel: impl Kernel) {
        run_with_baseline(kernel);
    }
    #[inline(always)]
    fn from(numbers: &[f32]) -> Self {
        let mut result = [0.0; LANES];
        result.copy_from_slice(&numbers[..LANES]);
        Baseline(result)
    }
    #[inline(always)]
    fn to(self, numbers: &mut [f32]) {
        numbers[..LANES].copy_from_slice(&self.0);
    }
    #[inline(always)]
    fn splat(number: f32) -> Self {
        Baseline([number; LANES])
    }
    lanewise! { add += sub -= mul *= div /= }
    #[inline(always)]
    fn mul_add(self, factor: Self, term: Self) -> Self {
        self.mul(factor).add(term)
    }
    #[inline(always)]
    fn clamp(self, limit: f32) -> Self {
        Baseline(self.0.map(|number| {
            let number = if number < -limit { -limit } else { number };
            if number > limit { limit } else { number }
        }))
    }
}

/// One register of AVX2. Only `instructions.rs` uses it, where the processor has been asked.
#[cfg(target_arch = "x86_64")]
mod avx2 {
    use std::arch::x86_64::*;

    use super::{LANES, Lanes};
    use crate::cpu::fast::instructions::{Kernel, run_with_avx2};

    #[derive(Clone, Copy)]
    pub struct Avx2<const SQUARES: bool = false>(__m256);

    /// Calls an instruction of AVX2 or FMA, or a function that is compiled with them.
    macro_rules! avx2 {
        ($call:expr) => {
            // SAFETY: these lanes are used by functions that have avx2 and fma enabled, which are
            // called after the processor was found to have both; slices have been cut to eight
            // numbers.
            unsafe { $call }
        };
    }

    /// Defines operations of two vectors of lanes, an instruction each.
    macro_rules! binary {
        ($($name:ident $instruction:ident)*) => {$(
            #[inline(always)]
            fn $name(self, other: Self) -> Self {
                Avx2(avx2!($instruction(self.0, other.0)))
            }
        )*};
    }

    impl<const SQUARES: bool> Lanes for Avx2<SQUARES> {
        type Squares = Avx2<true>;
        type Plain = Avx2;
        const SQUARES: bool = SQUARES;

        #[inline(always)]
        fn apart(kernel: impl Kernel) {
            avx2!(run_with_avx2(kernel));
        }
        #[inline(always)]
        fn from(numbers: &[f32]) -> Self {
            let numbers = &numbers[..LANES];
            Avx2(avx2!(_mm256_loadu_ps(numbers.as_ptr())))
        }
        #[inline(always)]
        fn to(self, numbers: &mut [f32]) {
            let numbers = &mut numbers[..LANES];
            avx2!(_mm256_storeu_ps(numbers.as_mut_ptr(), self.0));
        }
        #[inline(always)]
        fn splat(number: f32) -> Self {
            Avx2(avx2!(_mm256_set1_ps(number)))
        }
        binary! { add _mm256_add_ps sub _mm256_sub_ps mul _mm256_mul_ps div _mm256_div_ps }
        #[inline(always)]
        fn mul_add(self, factor: Self, term: Self) -> Self {
            Avx2(avx2!(_mm256_fmadd_ps(self.0, factor.0, term.0)))
        }
        #[inline(always)]
        fn clamp(self, limit: f32) -> Self {
            // Both give their second operand where one is a NaN.
            let (low, high) = (Self::splat(-limit), Self::splat(limit));
            let above = avx2!(_mm256_max_ps(low.0, self.0));
            Avx2(avx2!(_mm256_min_ps(high.0, above)))
        }
    }

    const _: () = assert!(LANES * size_of::<f32>() == size_of::<__m256>());
}
#[cfg(target_arch = "x86_64")]
pub use avx2::Avx2;
