//! One training with several seeds: `train --seeds`, `runs --group`, `--fail-above`, `compare` of two groups.

use std::fs;
use std::path::Path;

use crate::common::page;
use crate::common::program::{DATA, USAGE, fails, json_of, path, prints, run, small_set};
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
    let second_file = model("seed-2").expect("a model");
    let second = numbers(second_file.clone());
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

    // No run among or within those that belong together.
    let within = format!("{out}/seed-1/more");
    fails(&[&TRAIN[..], &[out, "--force"]].concat(), USAGE, &["seed-1", "other runs", "--out"]);
    for more in [&[][..], &["--seeds", "2"]] {
        let words = ["seed-1", "the folder of a run", "--out"];
        fails(&[&TRAIN[..], &[&within], more].concat(), USAGE, &words);
    }
    fails(&["train", "--resume", out], DATA, &["no run to resume", "seed-1", "repeat"]);

    // What is no run is not overwritten either.
    let record = Path::new(out).join("seed-2/run.json");
    for (broken, code) in [(Some("{"), DATA), (None, USAGE)] {
        match broken {
            Some(text) => fs::write(&record, text).expect("a file"),
            None => fs::remove_file(&record).expect("a file"),
        }
        let again = [&TRAIN[..], &[out, "--epochs", "1", "--seeds", "2"]].concat();
        fails(&again, code, &["seed-2", "run.json"]);
        assert_eq!(model("seed-2").expect("a model"), second_file);
    }
}

#[test]
fn groups_are_compared_by_seed() {
    let folder = TempDir::new().expect("a folder");
    let [a, b] = ["a", "b"].map(|name| folder.path().join(name));
    let (a, b) = (path(&a), path(&b));
    let train = |out: &str, seeds: &str, lr: &str| {
        prints(&[&TRAIN[..], &[out, "--epochs", "1", "--seeds", seeds, "--lr", lr]].concat())
    };
    train(a, "3", "0.03");
    train(b, "2", "0.002");
    let told = json_of(&["compare", a, b, "--device", "cpu"]);
    assert_eq!(told["settings"], json!({ "lr": [0.03, 0.002] }));
    assert_eq!([&told["a"]["runs"], &told["b"]["runs"]], [&json!(3), &json!(2)]);
    assert_eq!(
        (&told["test_digits"], told["pairs"].as_array().map(Vec::len)),
        (&json!(10_000), Some(2))
    );
    // A pair is what two runs are.
    let pair = &told["pairs"][1];
    let [run_a, run_b] = [a, b].map(|group| format!("{group}/seed-2"));
    let runs = json_of(&["compare", &run_a, &run_b, "--device", "cpu"]);
    for count in ["both_right", "only_a_right", "only_b_right", "both_wrong", "mcnemar_p_value"] {
        assert_eq!(pair[count], runs[count], "{count}");
    }
    let wrong = ["only_b_right", "both_wrong"].map(|count| runs[count].as_u64().expect("a count"));
    assert_eq!(told["a"]["error_percent"][1], wrong.iter().sum::<u64>() as f64 / 100.0);
    let [t, p] = ["t", "p_value"].map(|name| told["welch"][name].as_f64().expect("a number"));
    let mean = |side: &str| told[side]["mean"].as_f64().expect("a mean");
    assert!((t > 0.0) == (mean("a") > mean("b")) && (0.0..=1.0).contains(&p), "t {t}, p {p}");

    // One that is not complete is named and left out, and one run is no group.
    let record = Path::new(b).join("seed-2/run.json");
    let text = fs::read_to_string(&record).expect("a record");
    fs::write(&record, text.replace("\"complete\"", "\"interrupted\"")).expect("a record");
    let output = run(&["compare", a, b, "--device", "cpu"]);
    let [said, warned] =
        [output.stdout, output.stderr].map(|it| String::from_utf8(it).expect("text"));
    assert!(said.contains("One run is no group: B") && said.contains("only A right"), "{said}");
    assert!(warned.contains("seed-2 is left out: its status is interrupted"), "{warned}");
    let with_run = json_of(&["compare", a, &run_a, "--device", "cpu"]);
    assert_eq!(
        (&with_run["welch"], with_run["pairs"].as_array().map(Vec::len)),
        (&json!(null), Some(1))
    );

    fails(&["compare", path(folder.path()), a], USAGE, &["differ in lr", "seed alone"]);
    let [page, picture] = ["both.html", "both.svg"].map(|name| folder.path().join(name));
    for out in [&page, &picture] {
        prints(&["compare", a, b, "--device", "cpu", "--out", path(out)]);
    }
    let [page, picture] = [page, picture].map(|file| fs::read_to_string(file).expect("a file"));
    page::check(&page);
    assert!(page.contains("One run is no group: B") && page.contains("only A right"), "{page}");
    assert!(picture.starts_with("<svg ") && picture.contains("polygon"), "no band: {picture}");
    fails(&["compare", a, b, "--out", "x.pdf"], USAGE, &["x.pdf", ".html", ".svg"]);
    fails(&["compare", a, &format!("{run_b}/model.safetensors")], DATA, &["model.safetensors"]);
    fs::remove_dir_all(Path::new(b).join("seed-1")).expect("it is there");
    fails(&["compare", a, b], DATA, &["is complete", "no run"]);
}

/// Other test digits cannot be paired; the errors still can be compared.
#[test]
fn groups_with_other_digits_are_compared_by_their_errors() {
    let folder = TempDir::new().expect("a folder");
    let [a, b, data] = ["a", "b", "data"].map(|name| folder.path().join(name));
    fs::create_dir(&data).expect("a folder");
    let data = small_set(&data);
    let train = [
        "train",
        "--network",
        "lenet1",
        "--device",
        "cpu",
        "--epochs",
        "1",
        "--no-report",
        "--quiet",
    ];
    prints(&[&train[..], &["--seeds", "2", "--data", &data, "--out", path(&a)]].concat());
    let limit = ["--train-limit", "200", "--test-limit", "100"];
    prints(&[&train[..], &limit, &["--seeds", "2", "--out", path(&b)]].concat());
    let told = json_of(&["compare", path(&a), path(&b), "--device", "cpu"]);
    assert_eq!((&told["test_digits"], &told["pairs"]), (&json!(null), &json!([])));
    assert!(told["settings"]["data"][0].as_str().expect("a path").ends_with("data"));
    let written = json_of(&["runs", path(&a)]);
    assert_eq!(told["a"]["error_percent"][0], written[0]["error_percent"]);
    let asked = json_of(&["compare", path(&a), path(&b), "--device", "cpu", "--data", &data]);
    assert_eq!(
        (&asked["test_digits"], asked["pairs"].as_array().map(Vec::len)),
        (&json!(40), Some(2))
    );
}
