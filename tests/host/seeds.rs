//! One training with several seeds: `train --seeds`, `runs --group`, `--fail-above`.

use std::fs;
use std::path::Path;

use crate::common::program::{USAGE, fails, json_of, path, prints, run};
use serde_json::json;
use tempfile::TempDir;

const TRAIN: [&str; 12] = [
    "train",
    "--network",
    "lenet1",
    "--device",
    "cpu",
    "--train-limit",
    "200",
    "--test-limit",
    "100",
    "--no-report",
    "--quiet",
    "--out",
];

#[test]
fn seeds_come_to_a_mean() {
    let folder = TempDir::new().expect("a folder");
    let out = folder.path().join("many");
    let out = path(&out);
    let seeds = |count: &str, more: &[&str]| {
        let flags = ["--epochs", "1", "--seeds", count];
        run(&[&TRAIN[..], &[out], &flags, more].concat())
    };
    assert!(seeds("2", &[]).status.success());
    let model = |seed: &str| fs::read(Path::new(out).join(seed).join("model.safetensors"));
    let first = model("seed-1").expect("a model");
    let alone = folder.path().join("alone");
    prints(&[&TRAIN[..], &[path(&alone), "--epochs", "1", "--seed", "2"]].concat());
    let numbers = |bytes: Vec<u8>| bytes[bytes.len() - 8 * 1_024..].to_vec();
    let second = numbers(model("seed-2").expect("a model"));
    assert_eq!(numbers(fs::read(alone.join("model.safetensors")).expect("a model")), second);
    fs::remove_dir_all(&alone).expect("it is there");

    // One is added; the others stay as they are.
    let output = seeds("3", &[]);
    assert_eq!(model("seed-1").expect("a model"), first);
    let said = String::from_utf8(output.stdout).expect("text");
    let runs = json_of(&["runs", out]);
    let errors = |run: &serde_json::Value| run["error_percent"].as_f64().expect("a number");
    let errors: Vec<f64> = runs.as_array().expect("runs").iter().map(errors).collect();
    assert_eq!(errors.len(), 3);
    let mean = errors.iter().sum::<f64>() / 3.0;
    let squares: f64 = errors.iter().map(|error| (error - mean).powi(2)).sum();
    let deviation = (squares / 2.0).sqrt();
    assert!(said.contains(&format!("{mean:.2} ± {deviation:.2} %")), "{said}");

    let groups = json_of(&["runs", out, "--group", "network,batch"]);
    let group = &groups[0];
    assert_eq!(groups.as_array().map(Vec::len), Some(1));
    assert_eq!(
        [&group["network"], &group["batch"], &group["runs"]],
        [&json!("lenet1"), &json!(8), &json!(3)]
    );
    let near = |name: &str, wanted: f64| {
        let found = group[name].as_f64().expect("a number");
        assert!((found - wanted).abs() < 1e-9, "{name}: {found}, not {wanted}");
    };
    near("error_percent", mean);
    near("deviation", deviation);
    assert_eq!(json_of(&["runs", out, "--group", "seed"]).as_array().map(Vec::len), Some(3));
    assert!(prints(&["runs", out, "--group", "lr", "--csv"]).starts_with("lr,runs,error_percent,"));
    fails(&["runs", out, "--group", "batsh"], USAGE, &["batsh", "did you mean batch?"]);

    assert_eq!(seeds("3", &["--fail-above", "0"]).status.code(), Some(6));
    assert_eq!(seeds("3", &["--fail-above", "100"]).status.code(), Some(0));
    fails(&[&TRAIN[..], &[out, "--fail-above", "101"]].concat(), USAGE, &["--fail-above", "100"]);
    let other = [&TRAIN[..], &[out, "--epochs", "2", "--seeds", "3"]].concat();
    fails(&other, USAGE, &["seed-1", "another run", "epochs"]);
    fails(&[&TRAIN[..], &[out, "--seeds", "0"]].concat(), USAGE, &["--seeds is 0"]);
}
