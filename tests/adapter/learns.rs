//! A short training run of the program itself, on the adapter and all digits, that must learn.

use crate::common::program::{path, prints};
use crate::common::{Outcome, Tests};
use serde_json::Value;
use tempfile::TempDir;

/// On 10,000 test digits. A network that learned nothing makes some 9,000.
const MOST_ERRORS: u64 = 1_000;

pub fn add(tests: &mut Tests) {
    tests.on_adapter("lenet5_in_600_steps", |_| learns());
}

fn learns() -> Outcome {
    let folder = TempDir::new()?;
    let out = folder.path().join("run");
    let run = ["train", "--device", "gpu", "--steps", "600", "--seed", "1", "--out", path(&out)];
    let events = prints(&[&run[..], &["--json"]].concat());
    let end: Value = serde_json::from_str(events.lines().last().expect("events"))?;
    let errors = end["final"]["test_errors"].as_u64().expect("a count");
    eprintln!("{errors} errors on 10,000 test digits; at most {MOST_ERRORS} are expected");
    assert!(errors <= MOST_ERRORS, "{end}");
    Ok(())
}
