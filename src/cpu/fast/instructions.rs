//! Which instructions the kernels use, and the functions that are compiled with them.

#[cfg(target_arch = "x86_64")]
use super::lanes::Avx2;
use super::lanes::{Baseline, Lanes};

/// The instructions that the kernels use.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Instructions(Set);

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Set {
    /// AVX2 and FMA. Only [`Instructions::detect`] makes it.
    #[cfg(target_arch = "x86_64")]
    Avx2,
    Baseline,
}

/// Work that is compiled once for each set of instructions. Everything that it calls has to be
/// `inline(always)`: only then is it compiled with the instructions.
pub(super) trait Kernel {
    fn run<L: Lanes>(self);
}

impl Instructions {
    /// The best that this processor has.
    pub fn detect() -> Self {
        #[cfg(target_arch = "x86_64")]
        if is_x86_feature_detected!("avx2") && is_x86_feature_detected!("fma") {
            return Instructions(Set::Avx2);
        }
        Instructions::baseline()
    }

    /// What every processor of the target has.
    pub fn baseline() -> Self {
        Instructions(Set::Baseline)
    }

    /// Their name, for a person.
    pub fn name(self) -> &'static str {
        match self.0 {
            #[cfg(target_arch = "x86_64")]
            Set::Avx2 => "AVX2 and FMA",
            Set::Baseline => match std::env::consts::ARCH {
                "x86_64" => "SSE2",
                "aarch64" => "NEON",
                _ => "portable code",
            },
        }
    }

    /// Runs a kernel with these instructions.
    pub(super) fn run(self, kernel: impl Kernel) {
        match self.0 {
            // SAFETY: the processor has both, or this variant would not be there.
            #[cfg(target_arch = "x86_64")]
            Set::Avx2 => unsafe { run_with_avx2(kernel) },
            Set::Baseline => run_with_baseline(kernel),
        }
    }
}

/// Runs a kernel as a function of its own, with what every processor of the target has.
#[inline(never)]
pub(super) fn run_with_baseline(kernel: impl Kernel) {
    kernel.run::<Baseline>();
}

/// Runs a kernel as a function of its own, compiled with AVX2 and FMA.
#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2,fma")]
#[inline(never)]
pub(super) fn run_with_avx2(kernel: impl Kernel) {
    kernel.run::<Avx2>();
}
