//! Small programs with known answers, `assets/doctor`, and what an adapter answers to them.

use serde::Serialize;
use serde_json::Value;

use crate::error::Result;
use crate::gpu::check::{Check, Checker, Numbers};
use crate::text::thousands;

/// Reads the files of checks, by name.
macro_rules! files {
    ($($name:literal)*) => {
        [$((
            include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/assets/doctor/", $name, ".json")),
            include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/assets/doctor/", $name, ".wgsl")),
        )),*]
    };
}

/// Every check: its data and its WGSL.
const FILES: [(&str, &str); 20] = files![
    "loops" "long_loops" "break_if" "loop_variables" "loop_zeros" "barriers" "zeroed_memory" "integers" "bytes"
    "exp2" "sqrt" "division" "squash" "private_arrays" "dispatches" "fills" "copies" "offsets"
    "uniform_reads" "batches"
];

/// What an adapter answered.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Answer {
    pub name: String,
    /// The fault that the check finds.
    pub catches: String,
    /// Whether this program needs it to hold.
    pub required: bool,
    pub passed: bool,
    /// Units in the last place that a number may be off.
    pub allowed: u32,
    /// The largest error that was found.
    pub error: Option<Error>,
    /// What wgpu or the driver complained about.
    pub complaint: Option<String>,
}

/// A number that is off.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Error {
    /// Units in the last place, for whole numbers the difference; [`u32::MAX`] for what is no number.
    pub ulp: u32,
    /// Its place in the answer, from 0.
    pub place: usize,
    /// The run in which it was found, from 1: the same commands run several times.
    pub round: usize,
    pub found: String,
    pub expected: String,
}

impl Answer {
    /// The largest error in words.
    pub fn verdict(&self) -> String {
        match (&self.complaint, &self.error) {
            (Some(complaint), _) => complaint.clone(),
            (None, None) => "exact".into(),
            (None, Some(Error { ulp, place, round, found, expected })) => {
                // Where nothing is allowed, and of what is no number, the size says nothing.
                let size = match self.allowed == 0 || *ulp == u32::MAX {
                    true => String::new(),
                    false => format!("{} ulp: ", thousands(ulp)),
                };
                format!("{size}number {place} is {found}, not {expected} (run {round})")
            }
        }
    }
}

/// Every check with its WGSL.
pub fn all() -> Vec<(Check, &'static str)> {
    let read = |(data, wgsl)| (serde_json::from_str(data).expect("a check of this program"), wgsl);
    FILES.map(read).into()
}

/// Every check as it stands in its files, with its WGSL: what the page carries out.
pub fn json() -> Value {
    let read = |(data, wgsl): (&str, &str)| {
        let mut check: Value = serde_json::from_str(data).expect("a check of this program");
        check["wgsl"] = wgsl.into();
        check
    };
    FILES.map(read).into_iter().collect()
}

/// Asks an adapter every check.
pub fn ask(checker: &Checker) -> Vec<Answer> {
    all().iter().map(|(check, wgsl)| judge(check, checker.answers(check, wgsl))).collect()
}

/// Compares the answers of every round with that which is right.
pub fn judge(check: &Check, rounds: Result<Vec<Vec<u32>>>) -> Answer {
    let (error, complaint) = match rounds {
        Ok(rounds) => (worst(&check.expected, &rounds), None),
        Err(complaint) => (None, Some(complaint.to_string())),
    };
    Answer {
        name: check.name.clone(),
        catches: check.catches.clone(),
        required: check.required,
        passed: complaint.is_none() && error.as_ref().is_none_or(|error| error.ulp <= check.ulp),
        allowed: check.ulp,
        error,
        complaint,
    }
}

/// The first of the largest errors, if there is any.
fn worst(expected: &Numbers, rounds: &[Vec<u32>]) -> Option<Error> {
    let is_float = matches!(expected, Numbers::F32(_));
    let ulp = |found: u32, right: u32| match is_float {
        true => distance(f32::from_bits(found), f32::from_bits(right)),
        false => found.abs_diff(right),
    };
    let show = |word: u32| match is_float {
        true => f32::from_bits(word).to_string(),
        false => word.to_string(),
    };
    let mut worst: Option<Error> = None;
    for (round, words) in (1..).zip(rounds) {
        for (place, (&found, &right)) in words.iter().zip(expected.words()).enumerate() {
            let ulp = ulp(found, right);
            if ulp > worst.as_ref().map_or(0, |worst| worst.ulp) {
                let (found, expected) = (show(found), show(right));
                worst = Some(Error { ulp, place, round, found, expected });
            }
        }
    }
    worst
}

/// How many numbers of f32 lie between two, the second included.
fn distance(a: f32, b: f32) -> u32 {
    let rank = |number: f32| {
        let magnitude = i64::from(number.to_bits() & 0x7fff_ffff);
        if number.is_sign_negative() { -magnitude } else { magnitude }
    };
    match a.is_nan() || b.is_nan() {
        true => u32::MAX,
        false => rank(a).abs_diff(rank(b)).try_into().unwrap_or(u32::MAX),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_units_in_the_last_place() {
        let next = f32::from_bits(1.0_f32.to_bits() + 1);
        assert_eq!(distance(1.0, next), 1);
        assert_eq!(distance(0.0, -0.0), 0);
        assert_eq!(distance(f32::from_bits(1), -f32::from_bits(2)), 3);
        assert_eq!(distance(f32::NAN, 1.0), u32::MAX);
        assert!(distance(f32::INFINITY, 1.0) > 1_000_000);
    }

    /// Each check fails on an answer that is further off than it allows, in whichever round and place.
    #[test]
    fn every_check_can_fail() {
        for (check, _) in all() {
            let right = check.expected.words().to_vec();
            let rounds = vec![right.clone(), right.clone(), right];
            assert!(judge(&check, Ok(rounds.clone())).passed, "{}", check.name);
            for (round, place) in (0..3).zip((0..rounds[0].len()).cycle()) {
                let mut rounds = rounds.clone();
                rounds[round][place] ^= 1 << 20;
                let answer = judge(&check, Ok(rounds));
                let error = answer.error.expect("an error");
                assert!(!answer.passed && error.ulp > check.ulp, "{}", check.name);
                assert_eq!((error.round, error.place), (round + 1, place), "{}", check.name);
            }
            let refused = judge(&check, Err(crate::Error::Adapter("lost".into())));
            assert!(!refused.passed && refused.complaint.is_some());
        }
    }
}
