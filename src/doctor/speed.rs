//! Speed in short: enough to see whether an adapter gives what others of its class give.

use serde::Serialize;

use super::training::Training;
use crate::error::Result;
use crate::gpu::check::Checker;

/// Something that is measured.
struct Measure {
    name: &'static str,
    wgsl: &'static str,
    workgroups: u32,
    /// From seconds to the figure.
    figure: fn(f64) -> f64,
    unit: &'static str,
    /// What software adapters usually give: llvmpipe and SwiftShader on two to eight cores.
    software: [f64; 2],
    /// What GPUs usually give, from a small integrated one to an H100.
    gpu: [f64; 2],
}

/// Workgroups of the arithmetic: as many invocations as a large GPU holds at once.
const SOME: u32 = 1 << 11;
/// Workgroups of the copy, nearly as many as a dispatch may have: 64 MiB.
const MANY: u32 = (1 << 16) - 1;

/// Reads a shader.
macro_rules! shader {
    ($name:literal) => {
        include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/assets/doctor/speed/", $name, ".wgsl"))
    };
}

const MEASURES: [Measure; 4] = [
    Measure {
        name: "a dispatch",
        wgsl: shader!("dispatch"),
        workgroups: 1,
        figure: |seconds| 1e6 * seconds,
        unit: "us",
        software: [0.2, 60.0],
        gpu: [0.5, 20.0],
    },
    Measure {
        name: "a dependent dispatch",
        wgsl: shader!("dependent"),
        workgroups: 1,
        figure: |seconds| 1e6 * seconds,
        unit: "us",
        software: [0.2, 60.0],
        gpu: [1.0, 30.0],
    },
    Measure {
        name: "arithmetic",
        wgsl: shader!("arithmetic"),
        workgroups: SOME,
        // A multiplication and an addition each.
        figure: |seconds| 2.0 * 512.0 * 32.0 * 64.0 * f64::from(SOME) / seconds / 1e9,
        unit: "GFLOP/s",
        software: [5.0, 1_000.0],
        gpu: [200.0, 100_000.0],
    },
    Measure {
        name: "bandwidth",
        wgsl: shader!("bandwidth"),
        workgroups: MANY,
        figure: |seconds| 2.0 * 16.0 * 64.0 * f64::from(MANY) / seconds / 1e9,
        unit: "GB/s",
        software: [0.2, 50.0],
        gpu: [10.0, 5_000.0],
    },
];

/// Seconds to compile LeNet-5's kernels and digits/s in its training: on software adapters, on GPUs. A driver that
/// remembers what it compiled is near the least.
const COMPILES: [[f64; 2]; 2] = [[0.2, 60.0], [0.1, 20.0]];
const TRAINS: [[f64; 2]; 2] = [[200.0, 50_000.0], [5_000.0, 500_000.0]];

/// A figure, and what adapters of this class usually give.
#[derive(Debug, Clone, Serialize)]
pub struct Figure {
    pub name: &'static str,
    pub value: f64,
    pub unit: &'static str,
    pub usual: [f64; 2],
}

/// Measures an adapter.
///
/// # Errors
/// [`crate::Error::Adapter`] if the adapter fails.
pub fn measure(checker: &Checker, software: bool) -> Result<Vec<Figure>> {
    let figure = |measure: &Measure| {
        let Measure { name, wgsl, workgroups, unit, .. } = *measure;
        let time = checker.time(name, wgsl, workgroups)?;
        let value = (measure.figure)(time.as_secs_f64().max(1e-9));
        let usual = if software { measure.software } else { measure.gpu };
        Ok(Figure { name, value, unit, usual })
    };
    MEASURES.iter().map(figure).collect()
}

/// The figures of twenty steps of LeNet-5.
pub fn of_training(training: &Training, software: bool) -> [Figure; 2] {
    let figure = |name, value, unit, usual: [[f64; 2]; 2]| {
        let usual = usual[usize::from(!software)];
        Figure { name, value, unit, usual }
    };
    let compiled = training.first_seconds - training.last_seconds;
    [
        figure("lenet5 compiles", compiled.max(0.0), "s", COMPILES),
        figure("lenet5 trains", training.digits_per_second, "digits/s", TRAINS),
    ]
}
