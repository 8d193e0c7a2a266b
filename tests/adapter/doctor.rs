//! `lenet doctor` on an adapter.

use std::fs;

use crate::common::program::{command, json_of, prints, text};
use crate::common::{Outcome, Tests};
use lenet::doctor::checks;
use lenet::gpu::check::{Checker, Numbers};
use serde_json::{Value, json};
use tempfile::TempDir;
use wgpu::Adapter;

pub fn add(tests: &mut Tests) {
    tests.on_adapter("known answers hold, and wrong ones do not", answers);
    tests.on_adapter("doctor tells what it examined", |_| examined());
    tests.rest(|tests| tests.on_adapter("doctor prints one screen", |_| printed()));
    tests.on_adapter("what is remembered is checked before it is believed", |_| remembered());
}

fn answers(adapter: &Adapter) -> Outcome {
    let checker = Checker::new(adapter)?;
    for (check, wgsl) in checks::all() {
        let rounds = checker.answers(&check, wgsl)?;
        let answer = checks::judge(&check, Ok(rounds.clone()));
        assert!(answer.passed || !check.required, "{}: {}", check.name, answer.verdict());
        let mut wrong = check;
        match &mut wrong.expected {
            Numbers::U32(words) => words[0] += 1,
            Numbers::F32(numbers) => numbers[0] += 0.001 + 0.001 * numbers[0].abs(),
        }
        let answer = checks::judge(&wrong, Ok(rounds));
        assert!(!answer.passed, "{}: {}", wrong.name, answer.verdict());
    }
    Ok(())
}

fn examined() -> Outcome {
    let json = json_of(&["doctor"]);
    assert!(json["adapter"]["facts"]["name"].is_string(), "{json}");
    assert_eq!(json["faults"], json!([]), "{json}");
    let figures = json["adapter"]["speed"].as_array().expect("a list");
    assert!(figures.len() > 3 && figures.iter().all(|figure| figure["value"].as_f64() > Some(0.0)));
    let trained = json["adapter"]["training"].as_array().expect("a list");
    assert!(trained.len() > 1, "{json}");
    for training in trained {
        let checksums = training["checksums"].as_array().expect("a list");
        let gradients = training["gradients"].as_array().expect("a list");
        assert!(gradients.len() > 8 || training["optimizer"] == "sdlm", "{json}");
        assert!(training["kernels"].as_array().is_some_and(|kernels| kernels.len() > 1), "{json}");
        assert!(checksums.len() > 1 && checksums.iter().all(|sum| *sum == checksums[0]), "{json}");
    }
    Ok(())
}

fn printed() -> Outcome {
    let printed = prints(&["doctor", "--adapter", "0"]);
    for part in ["nested loops", "bytes of workgroup memory", "lenet5, sdlm", "Everything holds"] {
        assert!(printed.contains(part), "{part} is not in {printed}");
    }
    Ok(())
}

/// A cache in which every adapter was given a loop limit that no adapter in use could have.
fn remembered() -> Outcome {
    let cache = TempDir::new()?;
    let file = cache.path().join("lenet/adapters.json");
    let adapters = || -> Result<Value, Box<dyn std::error::Error>> {
        let output = command(&["adapters"]).env("XDG_CACHE_HOME", cache.path()).output()?;
        assert!(output.status.success(), "{}", text(&output.stderr));
        Ok(serde_json::from_slice(&fs::read(&file)?)?)
    };
    let right = adapters()?;
    let keys = right.as_object().expect("an object").keys();
    assert!(keys.clone().any(|key| key.contains(" / Vulkan 1.")) || !cfg!(target_os = "linux"));
    for loops in [json!(1), json!(0), json!(4_000_000_000_u32), json!("many")] {
        let poisoned: Value =
            keys.clone().map(|key| (key.clone(), json!({ "loops": loops }))).collect();
        fs::write(&file, poisoned.to_string())?;
        assert_eq!(adapters()?, right, "{loops}");
    }
    Ok(())
}
