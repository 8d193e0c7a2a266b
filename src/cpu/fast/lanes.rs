//! Eight numbers side by side, one a sample, and the instructions that compute with them.
//!
//! Kernels are written once, for any [`Lanes`], and compiled twice: with AVX2 and FMA where the
//! processor has them, and for the baseline of the target. Every kernel is `inline(always)`, so that
//! it ends up inside the one function that has the instructions enabled.

/// Samples that are computed side by side.
pub const LANES: usize = 8;

/// Eight numbers in memory.
#[derive(Debug, Clone, Copy, PartialEq)]
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
    fn load(from: &V) -> Self;
    fn store(self, to: &mut V);
    /// The first eight of some numbers, wherever they stand.
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
    /// A local derivative as a backward pass counts it: itself, but in [`Squares`] its square.
    #[inline(always)]
    fn local(self) -> Self {
        self
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

/// Lanes of a backward pass of second derivatives, in step with `shaders/local.wgsl`.
#[derive(Clone, Copy)]
pub struct Squares<L>(L);

impl<L: Lanes> Lanes for Squares<L> {
    #[inline(always)]
    fn load(from: &V) -> Self {
        Squares(L::load(from))
    }
    #[inline(always)]
    fn store(self, to: &mut V) {
        self.0.store(to);
    }
    #[inline(always)]
    fn from(numbers: &[f32]) -> Self {
        Squares(L::from(numbers))
    }
    #[inline(always)]
    fn to(self, numbers: &mut [f32]) {
        self.0.to(numbers);
    }
    #[inline(always)]
    fn splat(number: f32) -> Self {
        Squares(L::splat(number))
    }
    #[inline(always)]
    fn add(self, other: Self) -> Self {
        Squares(self.0.add(other.0))
    }
    #[inline(always)]
    fn sub(self, other: Self) -> Self {
        Squares(self.0.sub(other.0))
    }
    #[inline(always)]
    fn mul(self, other: Self) -> Self {
        Squares(self.0.mul(other.0))
    }
    #[inline(always)]
    fn div(self, other: Self) -> Self {
        Squares(self.0.div(other.0))
    }
    #[inline(always)]
    fn mul_add(self, factor: Self, term: Self) -> Self {
        Squares(self.0.mul_add(factor.0, term.0))
    }
    #[inline(always)]
    fn clamp(self, limit: f32) -> Self {
        Squares(self.0.clamp(limit))
    }
    #[inline(always)]
    fn local(self) -> Self {
        Squares(self.0.mul(self.0))
    }
}

/// What every processor of the target has.
#[derive(Clone, Copy)]
pub struct Baseline([f32; LANES]);

macro_rules! lanewise {
    ($a:expr, $b:expr, $op:tt) => {{
        let mut result = $a;
        for lane in 0..LANES {
            result.0[lane] $op $b.0[lane];
        }
        result
    }};
}

impl Lanes for Baseline {
    #[inline(always)]
    fn load(from: &V) -> Self {
        Baseline(from.0)
    }
    #[inline(always)]
    fn store(self, to: &mut V) {
        to.0 = self.0;
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
    #[inline(always)]
    fn add(self, other: Self) -> Self {
        lanewise!(self, other, +=)
    }
    #[inline(always)]
    fn sub(self, other: Self) -> Self {
        lanewise!(self, other, -=)
    }
    #[inline(always)]
    fn mul(self, other: Self) -> Self {
        lanewise!(self, other, *=)
    }
    #[inline(always)]
    fn div(self, other: Self) -> Self {
        lanewise!(self, other, /=)
    }
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

    use super::{LANES, Lanes, V};

    #[derive(Clone, Copy)]
    pub struct Avx2(__m256);

    /// Calls an instruction of AVX2 or FMA.
    macro_rules! avx2 {
        ($call:expr) => {
            // SAFETY: these lanes are used by functions that have avx2 and fma enabled, which are
            // called after the processor was found to have both; a V is aligned to 32 bytes, and
            // slices have been cut to eight numbers.
            unsafe { $call }
        };
    }

    impl Lanes for Avx2 {
        #[inline(always)]
        fn load(from: &V) -> Self {
            Avx2(avx2!(_mm256_load_ps(from.0.as_ptr())))
        }
        #[inline(always)]
        fn store(self, to: &mut V) {
            avx2!(_mm256_store_ps(to.0.as_mut_ptr(), self.0));
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
        #[inline(always)]
        fn add(self, other: Self) -> Self {
            Avx2(avx2!(_mm256_add_ps(self.0, other.0)))
        }
        #[inline(always)]
        fn sub(self, other: Self) -> Self {
            Avx2(avx2!(_mm256_sub_ps(self.0, other.0)))
        }
        #[inline(always)]
        fn mul(self, other: Self) -> Self {
            Avx2(avx2!(_mm256_mul_ps(self.0, other.0)))
        }
        #[inline(always)]
        fn div(self, other: Self) -> Self {
            Avx2(avx2!(_mm256_div_ps(self.0, other.0)))
        }
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
