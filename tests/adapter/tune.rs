//! `lenet tune` through the program itself, with a cache folder of its own.
//!
//! One test after the other in one list, since a software adapter compiles for seconds each time.

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};

use crate::common::program::TINY;
use crate::common::{Outcome, Tests};
use serde_json::{Value, json};
use tempfile::TempDir;

/// Where choices are remembered, below the folder of caches.
const CHOICES: &str = "lenet/tuned.json";
const NETWORK: [&str; 4] = ["--network", "tiny.toml", "--batch", "2"];
/// The profile of GPUs compiles in a tenth of the time.
const GPU: [&str; 2] = ["--profile", "gpu"];

pub fn add(tests: &mut Tests) {
    // Elsewhere the environment does not move the cache folder.
    if cfg!(unix) {
        tests
            .on_adapter("choices are remembered, used, forgotten, and survive faults", |_| cache());
        tests.rest(|tests| tests.on_adapter("choices with no place", |_| no_place()));
    }
}

/// A home with the network in it.
fn home() -> std::io::Result<TempDir> {
    let folder = TempDir::new()?;
    fs::write(folder.path().join(NETWORK[1]), TINY)?;
    Ok(folder)
}

/// Whether a command in its home succeeded, and what it wrote to standard output and standard error.
fn ended(home: &Path, args: &[&str]) -> (bool, String, String) {
    let output = Command::new(env!("CARGO_BIN_EXE_lenet"))
        .args(args)
        .current_dir(home)
        .env("HOME", home)
        .env("XDG_CACHE_HOME", home)
        .stdin(Stdio::null())
        .output()
        .expect("the program starts");
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    (output.status.success(), text(&output.stdout), text(&output.stderr))
}

/// The same of a command that has to succeed.
fn lenet(home: &Path, args: &[&str]) -> (String, String) {
    let (success, out, said) = ended(home, args);
    assert!(success, "{args:?}: {said}");
    (out, said)
}

fn tune(home: &Path) -> (Value, String) {
    let (out, said) = lenet(home, &[&["tune", "--json"], &NETWORK[..], &GPU].concat());
    (serde_json::from_str(&out).expect("an object"), said)
}

/// The plan of a short run, as its record has it, and what the run said on standard error.
fn train(home: &Path, flags: &[&str]) -> (Value, String) {
    let run = home.join("run");
    let out = run.to_str().expect("temporary folders have plain names");
    let limits = ["--steps", "1", "--test-limit", "2", "--out", out, "--force", "--quiet"];
    let (_, said) =
        lenet(home, &[&["train", "--device", "gpu"], &limits[..], &GPU, flags].concat());
    let record = fs::read(run.join("run.json")).expect("a record");
    let mut record: Value = serde_json::from_slice(&record).expect("an object");
    (record["settings"]["plan"].take(), said)
}

fn cache() -> Outcome {
    let folder = home()?;
    let home = folder.path();
    // What cannot be read is told, and replaced.
    let path = home.join(CHOICES);
    fs::create_dir_all(path.parent().expect("a folder"))?;
    fs::write(&path, "[{\"adapter\": 1")?;
    let tuned = [&NETWORK[..], &["--plan", "tuned"]].concat();
    let plan = [&["plan", "--device", "gpu"], &tuned[..]].concat();
    let refused = |words: &[&str]| {
        let (success, _, said) = ended(home, &plan);
        assert!(!success && words.iter().all(|word| said.contains(word)), "{said}");
    };
    refused(&["warning", "lenet tune"]);
    let (json, said) = tune(home);
    assert!(said.contains("warning"), "{said}");
    assert_eq!(json["file"], path.to_str().expect("a plain name"));
    let plans = json["results"][0]["plans"].as_array().expect("plans");
    assert!(plans.len() > 1, "{json}");
    let time = |plan: &Value| plan["microseconds"].as_f64().expect("a time");
    assert!(0.0 < time(&plans[0]) && time(&plans[0]) <= time(&plans[1]), "{json}");
    let name = |plan: &Value| plan["plan"].as_str().expect("a name").to_string();
    let (winner, loser) = (name(&plans[0]), name(plans.last().expect("several")));
    assert_eq!(json["results"][0]["chosen"], winner, "{json}");

    // The loser, written down as the winner, in both profiles: what is remembered decides, not the rule.
    let mut choices: Vec<Value> = serde_json::from_slice(&fs::read(&path)?)?;
    assert_eq!((choices.len(), &choices[0]["plan"]), (1, &json!(winner)));
    choices[0]["plan"] = json!(loser);
    choices.push(choices[0].clone());
    choices[1]["profile"] = json!("software");
    fs::write(&path, serde_json::to_vec(&choices)?)?;
    let (chosen, said) = train(home, &tuned);
    assert_eq!(chosen, json!({ "value": loser, "origin": "tuned" }), "{said}");
    let (printed, said) = lenet(home, &plan);
    assert!(printed.contains(&loser) && !said.contains("warning"), "{said}");
    // What decides the bits of a run by itself is the same on every machine.
    let (chosen, said) = train(home, &NETWORK);
    assert!(chosen["origin"].as_str().expect("an origin").starts_with("default"), "{said}");
    let (chosen, _) = train(home, &[&NETWORK[..], &["--plan", &winner]].concat());
    assert_eq!(chosen, json!({ "value": winner, "origin": "--plan" }));

    lenet(home, &["tune", "--forget"]);
    assert!(!path.exists());
    refused(&["--plan tuned", "lenet tune"]);
    lenet(home, &["tune", "--forget"]);
    Ok(())
}

/// A folder in the place of the file can be neither read nor replaced, whoever runs the test.
fn no_place() -> Outcome {
    let folder = home()?;
    fs::create_dir_all(folder.path().join(CHOICES).join("full"))?;
    let (json, said) = tune(folder.path());
    assert_eq!(json["file"], Value::Null, "{said}");
    Ok(())
}
