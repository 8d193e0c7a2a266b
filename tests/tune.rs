//! `lenet tune` through the program itself, each test with a cache folder of its own.

#![cfg(unix)]

mod common;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use common::{Outcome, Tests};
use serde_json::Value;
use tempfile::TempDir;

const NETWORK: [&str; 4] = ["--network", "lenet1", "--batch", "2"];

fn main() {
    let mut tests = Tests::new();
    tests.on_adapter("the choice is remembered and used", |_| remembered());
    tests.on_adapter("a broken or read-only cache is survived", |_| broken());
    tests.run();
}

/// What a command that succeeded wrote to standard output and standard error.
fn lenet(home: &Path, args: &[&str]) -> (String, String) {
    let output = Command::new(env!("CARGO_BIN_EXE_lenet"))
        .args(args)
        .env("HOME", home)
        .env("XDG_CACHE_HOME", home)
        .stdin(Stdio::null())
        .output()
        .expect("the program starts");
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    let (out, said) = (text(&output.stdout), text(&output.stderr));
    assert!(output.status.success(), "{args:?} ended with {}: {said}", output.status);
    (out, said)
}

fn tune(home: &Path) -> (Value, String) {
    let (out, said) = lenet(home, &[&["tune", "--json"], &NETWORK[..]].concat());
    (serde_json::from_str(&out).expect("an object"), said)
}

/// The plan of a short run, as its record has it, and what the run said on standard error.
fn train(home: &Path, flags: &[&str]) -> (Value, String) {
    let run = home.join("run");
    let out = run.to_str().expect("temporary folders have plain names");
    let limits = ["--steps", "1", "--test-limit", "2", "--out", out, "--force", "--quiet"];
    let (_, said) = lenet(home, &[&["train", "--device", "gpu"], &limits[..], flags].concat());
    let record = fs::read(run.join("run.json")).expect("a record");
    let mut record: Value = serde_json::from_slice(&record).expect("an object");
    (record["settings"]["plan"].take(), said)
}

/// The file of the choices, wherever the platform has its caches.
fn file(home: &Path) -> PathBuf {
    let (json, _) = tune(home);
    json["file"].as_str().expect("the choices are kept").into()
}

fn remembered() -> Outcome {
    let folder = TempDir::new()?;
    let home = folder.path();
    let (json, _) = tune(home);
    let plans = json["results"][0]["plans"].as_array().expect("plans");
    assert_eq!(plans.len(), 2, "{json}");
    let time = |plan: &Value| plan["microseconds"].as_f64().expect("a time");
    assert!(0.0 < time(&plans[0]) && time(&plans[0]) <= time(&plans[1]), "{json}");
    let chosen = json["results"][0]["chosen"].clone();
    assert_eq!(chosen, plans[0]["plan"], "{json}");

    let (plan, _) = train(home, &NETWORK);
    assert_eq!((&plan["value"], &plan["origin"]), (&chosen, &"tuned".into()));

    // The loser, written down as the winner: what is remembered decides, not the rule.
    let path = json["file"].as_str().expect("the choices are kept");
    let other = plans[1]["plan"].as_str().expect("a name");
    let text = fs::read_to_string(path)?;
    fs::write(path, text.replace(chosen.as_str().expect("a name"), other))?;
    let (plan, _) = train(home, &NETWORK);
    assert_eq!((&plan["value"], &plan["origin"]), (&other.into(), &"tuned".into()));
    let (plan, _) = train(home, &["--network", "lenet1", "--batch", "3"]);
    assert_eq!((&plan["value"], &plan["origin"]), (&other.into(), &"tuned at batch 2".into()));
    let profile = json["profile"].as_str().expect("a name");
    let (shown, _) = lenet(home, &[&["plan", "--profile", profile], &NETWORK[..]].concat());
    assert!(shown.contains(&format!("{other} plan")), "{shown}");

    let winner = chosen.as_str().expect("a name");
    let (plan, _) = train(home, &[&NETWORK[..], &["--plan", winner]].concat());
    assert_eq!((&plan["value"], &plan["origin"]), (&chosen, &"--plan".into()));
    let (plan, _) = train(home, &["--network", "lenet5", "--batch", "2"]);
    assert_default(&plan);

    lenet(home, &["tune", "--forget"]);
    assert!(!Path::new(path).exists());
    assert_default(&train(home, &NETWORK).0);
    let (said, _) = lenet(home, &["tune", "--forget"]);
    assert!(said.contains("no tuned plans"), "{said}");
    Ok(())
}

fn broken() -> Outcome {
    let folder = TempDir::new()?;
    let home = folder.path();
    let path = file(home);
    fs::write(&path, "[{\"adapter\": 1")?;
    let (plan, said) = train(home, &NETWORK);
    assert_default(&plan);
    assert!(said.contains("warning: cannot read the tuned plans"), "{said}");
    let (_, said) = tune(home);
    assert!(said.contains("warning: cannot read the tuned plans"), "{said}");
    let (plan, said) = train(home, &NETWORK);
    assert_eq!(plan["origin"], "tuned");
    assert!(!said.contains("warning"), "{said}");

    // A folder in its place can be neither read nor replaced, whoever runs the test.
    fs::remove_file(&path)?;
    fs::create_dir_all(path.join("full"))?;
    let (json, said) = tune(home);
    assert_eq!(json["file"], Value::Null);
    assert!(said.contains("holds for this call only"), "{said}");
    Ok(())
}

fn assert_default(plan: &Value) {
    let origin = plan["origin"].as_str().expect("an origin");
    assert!(origin.starts_with("default"), "{plan}");
}
