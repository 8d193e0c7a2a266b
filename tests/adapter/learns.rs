//! A short training run of the program itself, on the adapter, that must learn.

use crate::common::program::{path, prints};
use crate::common::{Outcome, Tests};
use serde_json::Value;
use tempfile::TempDir;

/// On the first 2,000 test digits. A network that learned nothing makes some 1,800.
const MOST_ERRORS: u64 = 250;

pub fn add(tests: &mut Tests) {
    tests.on_adapter("lenet1_in_900_steps", |_| learns("lenet1", "900"));
    tests.rest(|tests| tests.on_adapter("lenet5_in_600_steps", |_| learns("lenet5", "600")));
}

fn learns(network: &str, steps: &str) -> Outcome {
    let folder = TempDir::new()?;
    let out = folder.path().join("run");
    let run = ["train", "--device", "gpu", "--network", network, "--steps", steps, "--seed", "1"];
    let more = ["--test-limit", "2000", "--json", "--out", path(&out)];
    let events = prints(&[&run[..], &more].concat());
    let end: Value = serde_json::from_str(events.lines().last().expect("events"))?;
    let errors = end["final"]["test_errors"].as_u64().expect("a count");
    eprintln!("{errors} errors on 2,000 test digits; at most {MOST_ERRORS} are expected");
    assert!(errors <= MOST_ERRORS, "{end}");
    Ok(())
}
