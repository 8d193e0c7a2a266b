//! Which instructions the kernels use, and the functions that are compiled with them.

use super::group::{Group, Source};
#[cfg(target_arch = "x86_64")]
use super::lanes::Avx2;
use super::lanes::Baseline;
use super::program::Program;
use super::single::Single;
use super::update::{Parameters, update};
use crate::plan::{Epilogue, Pass};

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

    /// [`Group::run`] with these instructions.
    pub(super) fn run(
        self,
        group: &mut Group,
        program: &Program,
        source: Source,
        pieces: &[&[f32]],
        pass: Pass,
    ) {
        match self.0 {
            // SAFETY: the processor has both, or this variant would not be there.
            #[cfg(target_arch = "x86_64")]
            Set::Avx2 => unsafe { run_avx2(group, program, source, pieces, pass) },
            Set::Baseline => group.run::<Baseline>(program, source, pieces, pass),
        }
    }

    /// [`Single::run`] with these instructions.
    pub(super) fn run_single(
        self,
        single: &mut Single,
        program: &Program,
        source: Source,
        pieces: &mut [Parameters],
        pass: Pass,
    ) {
        match self.0 {
            // SAFETY: as above.
            #[cfg(target_arch = "x86_64")]
            Set::Avx2 => unsafe { run_single_avx2(single, program, source, pieces, pass) },
            Set::Baseline => single.run::<Baseline>(program, source, pieces, pass),
        }
    }

    /// [`update`] with these instructions.
    pub(super) fn update(
        self,
        program: &Program,
        number: usize,
        groups: &[&Group],
        step: (Epilogue, f32),
        piece: &mut Parameters,
        gradient: &mut Vec<f32>,
    ) {
        match self.0 {
            // SAFETY: as above.
            #[cfg(target_arch = "x86_64")]
            Set::Avx2 => unsafe { update_avx2(program, number, groups, step, piece, gradient) },
            Set::Baseline => update::<Baseline>(program, number, groups, step, piece, gradient),
        }
    }
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2,fma")]
fn run_avx2(group: &mut Group, program: &Program, source: Source, pieces: &[&[f32]], pass: Pass) {
    group.run::<Avx2>(program, source, pieces, pass);
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2,fma")]
fn run_single_avx2(
    single: &mut Single,
    program: &Program,
    source: Source,
    pieces: &mut [Parameters],
    pass: Pass,
) {
    single.run::<Avx2>(program, source, pieces, pass);
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2,fma")]
fn update_avx2(
    program: &Program,
    number: usize,
    groups: &[&Group],
    step: (Epilogue, f32),
    piece: &mut Parameters,
    gradient: &mut Vec<f32>,
) {
    update::<Avx2>(program, number, groups, step, piece, gradient);
}
