//! `lenet doctor` on an adapter.

use crate::common::program::{json_of, prints};
use crate::common::{Outcome, Tests};
use lenet::doctor::checks;
use lenet::gpu::check::{Checker, Numbers};
use wgpu::Adapter;

pub fn add(tests: &mut Tests) {
    tests.on_adapter("known answers hold, and wrong ones do not", answers);
    tests.on_adapter("doctor tells what it examined", |_| command());
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

fn command() -> Outcome {
    let json = json_of(&["doctor"]);
    let name = json["adapter"]["facts"]["name"].as_str().expect("a name");
    assert_eq!(json["faults"], serde_json::json!([]), "{json}");
    let trained = json["adapter"]["training"].as_array().expect("a list");
    assert!(trained.len() > 1, "{json}");
    for training in trained {
        let checksums = training["checksums"].as_array().expect("a list");
        assert!(training["kernels"].as_array().is_some_and(|kernels| kernels.len() > 8), "{json}");
        assert!(checksums.len() > 1 && checksums.iter().all(|sum| *sum == checksums[0]), "{json}");
    }
    let printed = prints(&["doctor", "--adapter", name]);
    for part in
        [name, "nested loops", "bytes of workgroup memory", "lenet5, sdlm", "Everything holds"]
    {
        assert!(printed.contains(part), "{part} is not in {printed}");
    }
    Ok(())
}
