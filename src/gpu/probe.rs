//! Asks an adapter what `shaders/probe.wgsl` answers.

use serde::{Deserialize, Serialize};
use wgpu::Adapter;

use super::check::{Check, Checker, Numbers, one_workgroup};
use crate::error::Result;
use crate::network::Squash;
use crate::plan::constant::{Constant, Constants};

/// Iterations that are asked for; a driver that runs them all has no limit that matters.
pub const LOOPS_ASKED: u32 = 200_000;

/// What is known of an adapter that computes correctly.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Health {
    /// Loop iterations that an invocation really runs, up to [`LOOPS_ASKED`].
    pub loops: u32,
}

/// The whole text of the probe.
pub fn wgsl() -> String {
    let mut constants = Constants::default();
    Squash::Scaled.declare("SQUASH", &mut constants);
    let files = [
        include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/shaders/common.wgsl")),
        include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/shaders/probe.wgsl")),
    ];
    constants.text + &files.join("\n")
}

/// Asks for a number of loop iterations. The inner error says what the adapter computes wrongly.
///
/// # Errors
/// [`crate::Error::Adapter`] if the adapter gives no device or stops answering.
pub fn ask(adapter: &Adapter, loops: u32) -> Result<std::result::Result<Health, String>> {
    let amplitude = Squash::Scaled.limits()[1];
    let check = Check {
        name: "probe".into(),
        catches: "loops that end early, and a squash that makes NaN".into(),
        required: true,
        ulp: 0,
        words: None,
        input: Numbers::U32(vec![loops]),
        steps: one_workgroup("probe"),
        expected: Numbers::U32(vec![loops, amplitude.to_bits(), (-amplitude).to_bits()]),
    };
    let answers = Checker::new(adapter)?.answers(&check, &wgsl())?;
    let judged: std::result::Result<Vec<Health>, String> =
        answers.iter().map(|answer| judge(answer, loops)).collect();
    Ok(judged.map(|all| all.into_iter().min_by_key(|health| health.loops).expect("a round")))
}

/// Whether two numbers are close; NaN is close to nothing.
pub fn near(a: f32, b: f32, tolerance: f32) -> bool {
    (a - b).abs() <= tolerance
}

fn judge(answer: &[u32], asked: u32) -> std::result::Result<Health, String> {
    let amplitude = Squash::Scaled.limits()[1];
    for (value, right) in answer[1..].iter().zip([amplitude, -amplitude]) {
        let value = f32::from_bits(*value);
        if !near(value, right, 1e-5) {
            let sign = if right > 0.0 { "" } else { "-" };
            return Err(format!("the squash of {sign}100 is {value} where {right} is right"));
        }
    }
    if answer[0] == 0 || answer[0] > asked {
        return Err(format!("a loop of {asked} iterations ran {} times", answer[0]));
    }
    Ok(Health { loops: answer[0] })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn refuses_wrong_answers() {
        let bits = |value: f32| value.to_bits();
        let right = [65_535, bits(1.7159), bits(-1.7159)];
        assert_eq!(judge(&right, 200_000), Ok(Health { loops: 65_535 }));
        let nan = [65_535, bits(f32::NAN), bits(-1.7159)];
        assert!(judge(&nan, 200_000).is_err_and(|what| what.contains("NaN")));
        assert!(judge(&[0, right[1], right[2]], 200_000).is_err());
    }
}
