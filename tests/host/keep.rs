//! What a run's folder is good for: nobody else trains in it, its record repeats it, it goes on, and
//! it is extended where that can be meant.

use std::fs;
use std::path::Path;
use std::process::Stdio;
use std::time::{Duration, Instant};

use crate::common::Outcome;
use crate::common::program::{DATA, USAGE, command, fails, json_of, path, prints, run, text};
use serde_json::Value;
use tempfile::TempDir;

/// A run of a moment.
const SHORT: [&str; 9] = [
    "train",
    "--quiet",
    "--network",
    "lenet1",
    "--train-limit",
    "600",
    "--test-limit",
    "50",
    "--out",
];
const CPU: [&str; 2] = ["--device", "cpu"];
/// Second derivatives and distorted digits.
const SECOND_ORDER: [&str; 7] =
    ["train", "--quiet", "--recipe", "lenet5-1998-distorted", "--epochs", "2", "--out"];

/// Trains on the CPU into a folder.
fn train(out: &Path, more: &[&str]) {
    prints(&[&SHORT[..], &[path(out)], &CPU, more].concat());
}

fn bytes(run: &Path, name: &str) -> Vec<u8> {
    fs::read(run.join(name)).unwrap_or_else(|error| panic!("{name} of {run:?}: {error}"))
}

fn model(run: &Path) -> Vec<u8> {
    bytes(run, "model.safetensors")
}

fn record(run: &Path) -> Value {
    serde_json::from_slice(&bytes(run, "run.json")).expect("JSON")
}

#[test]
fn one_run_at_a_time() -> Outcome {
    let folder = TempDir::new()?;
    let out = folder.path().join("run");
    let long = [&SHORT[..], &[path(&out)], &CPU, &["--epochs", "10000"]].concat();
    let mut first = command(&long).stdout(Stdio::null()).stderr(Stdio::null()).spawn()?;
    let begun = Instant::now();
    while !out.join("last.ckpt.safetensors").exists() && begun.elapsed().as_secs() < 60 {
        std::thread::sleep(Duration::from_millis(5));
    }
    fails(&[&long[..], &["--force"]].concat(), USAGE, &[path(&out), "--out"]);
    fails(&["train", "--resume", path(&out)], USAGE, &[path(&out)]);
    let status = || json_of(&["runs", path(folder.path())])[0]["status"].clone();
    assert_eq!(status(), "running");
    // A process that is killed leaves no lock, and a record that says what it said before.
    first.kill()?;
    first.wait()?;
    assert_eq!((status(), &record(&out)["status"]), ("killed".into(), &"running".into()));
    for (state, count) in [("running", 0), ("killed", 1)] {
        let list = json_of(&["runs", path(folder.path()), "--status", state]);
        assert_eq!(list.as_array().map(Vec::len), Some(count), "{state}");
    }
    for flags in [&[][..], &["--csv"]] {
        let printed = prints(&[&["runs", path(folder.path())][..], flags].concat());
        assert!(printed.trim_end().ends_with("killed"), "{printed}");
    }
    train(&out, &["--force", "--epochs", "1"]);
    assert_eq!(record(&out)["status"], "complete");
    fails(&long, USAGE, &["--force", "--resume"]);
    Ok(())
}

/// Two runs of the same flags leave the same bytes: with second derivatives, and views that are drawn
/// for each epoch or once. On an adapter: `tests/adapter/cores.rs`.
#[test]
fn sdlm_with_distortions_repeats() -> Outcome {
    for copies in [&[][..], &["--distortions", "9"]] {
        let folder = TempDir::new()?;
        let [one, two] = ["one", "two"].map(|name| folder.path().join(name));
        for out in [&one, &two] {
            let limits = ["--train-limit", "300", "--test-limit", "50"];
            prints(&[&SECOND_ORDER[..], &[path(out)], &CPU, &limits, copies].concat());
        }
        assert!(model(&one) == model(&two), "two runs of one seed differ");
        let name = "last.ckpt.safetensors";
        assert!(bytes(&one, name) == bytes(&two, name), "their states differ");
    }
    Ok(())
}

/// Runs that differ in what a record has to keep: steps, validation, an optimizer, distortions.
const RECORDED: [&[&str]; 5] = [
    &["--steps", "30", "--lr", "0.07", "--seed", "5"],
    &["--epochs", "2", "--validate", "500", "--select", "best", "--squash", "tanh"],
    &["--epochs", "2", "--optimizer", "sdlm", "--eta-scale", "0.3", "--curvature-patterns", "40"],
    &["--epochs", "2", "--optimizer", "adam", "--beta2", "0.99", "--epsilon", "1e-6"],
    &["--epochs", "2", "--distort", "on", "--distortions", "3", "--shear", "0.3"],
];

#[test]
fn a_record_repeats_its_run() -> Outcome {
    let folder = TempDir::new()?;
    for (number, flags) in RECORDED.iter().enumerate() {
        let [one, two] = ["one", "two"].map(|name| folder.path().join(format!("{name} {number}")));
        train(&one, flags);
        let file = one.join("run.json");
        prints(&["train", "--quiet", "--config", path(&file), "--out", path(&two)]);
        assert!(model(&one) == model(&two), "{flags:?}");
        assert!(one.join("best.safetensors").exists() == two.join("best.safetensors").exists());
        let (one, two) = (record(&one), record(&two));
        assert_eq!(one["identity"], two["identity"], "{flags:?}");
        assert_eq!(one["data"], two["data"]);
        assert_eq!(two["settings"]["batch"]["origin"], path(&file));
        assert!(one["command"].as_str().is_some_and(|line| line.starts_with("lenet train ")));
        assert!(one["commit"].is_string() && one["lenet"] == env!("CARGO_PKG_VERSION"));
    }
    // What is typed goes before, epochs before steps too.
    let (file, out) = (folder.path().join("one 0/run.json"), folder.path().join("typed"));
    let typed = ["train", "--quiet", "--config", path(&file), "--epochs", "1", "--lr", "0.05"];
    prints(&[&typed[..], &["--out", path(&out)]].concat());
    let settings = &record(&out)["settings"];
    assert_eq!(
        (&settings["lr"]["value"], &settings["lr"]["origin"]),
        (&0.05.into(), &"--lr".into())
    );
    assert_eq!((&settings["epochs"]["value"], &settings["steps"]), (&1.into(), &Value::Null));
    assert_eq!(settings["seed"]["value"], 5);
    Ok(())
}

#[test]
fn a_record_repeats_a_run_from_a_model() -> Outcome {
    let folder = TempDir::new()?;
    let names = ["first", "one", "two", "whole"];
    let [first, one, two, whole] = names.map(|name| folder.path().join(name));
    train(&first, &["--epochs", "1", "--squash", "tanh"]);
    let from = first.join("model.safetensors");
    let flags = ["--from", path(&from), "--schedule", "constant", "--epochs"];
    train(&one, &[&flags[..], &["2"]].concat());
    let file = one.join("run.json");
    prints(&["train", "--quiet", "--config", path(&file), "--out", path(&two)]);
    assert!(model(&one) == model(&two));
    assert_eq!(record(&one)["identity"]["from"], record(&two)["identity"]["from"]);
    // It goes on without the model.
    train(&whole, &[&flags[..], &["3"]].concat());
    fs::remove_file(&from)?;
    prints(&["train", "--quiet", "--resume", path(&one), "--epochs", "3"]);
    assert!(model(&one) == model(&whole));
    Ok(())
}

#[test]
fn settings_from_toml() -> Outcome {
    let folder = TempDir::new()?;
    let [file, one, two] = ["my.toml", "one", "two"].map(|name| folder.path().join(name));
    let text = "recipe = \"lenet1\"\ndevice = \"cpu\"\nlr = 0.08\nepochs = 1\nquiet = true\n\
                train-limit = 600\ntest-limit = 50 # few\nschedule = \"step:3:0.5\"\n";
    fs::write(&file, text)?;
    prints(&["train", "--config", path(&file), "--seed", "4", "--out", path(&one)]);
    let settings = record(&one)["settings"].clone();
    for (name, value, origin) in [
        ("lr", Value::from(0.08), path(&file)),
        ("schedule", "step:3:0.5".into(), path(&file)),
        ("seed", 4.into(), "--seed"),
        ("momentum", 0.9.into(), "recipe lenet1"),
    ] {
        assert_eq!(settings[name]["value"], value, "{name}");
        assert_eq!(settings[name]["origin"], origin, "{name}");
    }
    let typed = ["--lr", "0.08", "--epochs", "1", "--schedule", "step:3:0.5", "--seed", "4"];
    train(&two, &typed);
    assert!(model(&one) == model(&two), "a file and flags differ");
    Ok(())
}

#[test]
fn files_of_settings_that_are_wrong() -> Outcome {
    let folder = TempDir::new()?;
    let fails_with = |name: &str, text: &str, code: i32, words: &[&str]| {
        let file = folder.path().join(name);
        fs::write(&file, text).expect("a file");
        let out = folder.path().join("out");
        fails(&["train", "--config", path(&file), "--out", path(&out)], code, words);
        assert!(!out.exists());
    };
    let with = |words: &[&'static str]| [&["a.toml"], words].concat();
    fails_with("a.toml", "momentun = 0.9", USAGE, &with(&["momentun", "mean momentum"]));
    fails_with("a.toml", "train_limit = 9", USAGE, &with(&["mean train-limit"]));
    fails_with("a.toml", "zzz = 1", USAGE, &with(&["\"zzz\""]));
    fails_with("a.toml", "resume = \"x\"", USAGE, &with(&["\"resume\""]));
    fails_with("a.toml", "lr = \"fast\"", USAGE, &with(&["fast", "--lr"]));
    fails_with("a.toml", "distort = true", USAGE, &with(&["--distort", "on, off"]));
    fails_with("a.toml", "[table]\nlr = 1", USAGE, &with(&["\"table\""]));
    fails_with("a.toml", "lr = ", DATA, &with(&["line 1"]));
    fails_with("a.json", "{}", DATA, &["a.json", "settings"]);
    fails_with("a.json", "{", DATA, &["a.json", "run.json"]);
    fails(&["train", "--config", "nowhere.toml"], DATA, &["nowhere.toml"]);
    fails(&["train", "--config", "a", "--resume", "b"], USAGE, &["--config", "--resume"]);
    Ok(())
}

#[test]
fn a_finished_run_is_extended() -> Outcome {
    let folder = TempDir::new()?;
    for schedule in ["constant", "step:1:0.5", "lecun1998"] {
        let [short, long] = ["short", "long"].map(|name| folder.path().join(name).join(schedule));
        train(&short, &["--schedule", schedule, "--epochs", "1"]);
        train(&long, &["--schedule", schedule, "--epochs", "3"]);
        prints(&["train", "--quiet", "--resume", path(&short), "--epochs", "3"]);
        assert!(model(&short) == model(&long), "{schedule}: extended, it is another network");
        assert_eq!(record(&short)["result"]["epochs"], 3);
        let lines = String::from_utf8(bytes(&short, "metrics.jsonl"))?;
        assert_eq!(lines.lines().count(), 3);
    }
    // A cosine has ended; a finished run that is not to do more does nothing.
    let cosine = folder.path().join("cosine");
    train(&cosine, &["--epochs", "1"]);
    let before = model(&cosine);
    let resume = ["train", "--quiet", "--resume", path(&cosine)];
    fails(&[&resume[..], &["--epochs", "2"]].concat(), USAGE, &["cosine", "--from"]);
    prints(&resume);
    assert!(model(&cosine) == before);
    Ok(())
}

#[test]
fn what_a_run_cannot_go_on_with() -> Outcome {
    let folder = TempDir::new()?;
    let out = folder.path().join("run");
    train(&out, &["--epochs", "2", "--schedule", "constant"]);
    let before = bytes(&out, "run.json");
    let resume = ["train", "--resume", path(&out)];
    for (flags, words) in [
        (&["--lr", "0.5"][..], &["lr", "0.03", "0.5"][..]),
        (&["--seed", "2"], &["seed", "1", "2"]),
        (&["--plan", "sample"], &["plan", "layered", "sample"]),
        (&["--optimizer", "sdlm"], &["--weight-decay", "run.json"]),
        (&["--steps", "5"], &["steps"]),
        (&["--validate", "100"], &["--resume"]),
        (&["--select", "best"], &["--select"]),
        (&["--epochs", "1"], &["epochs", "2", "1"]),
        (&["--out", "elsewhere"], &["--out"]),
        (&["--checkpoint-seconds=-1"], &["--checkpoint-seconds", "-1"]),
    ] {
        fails(&[&resume[..], flags].concat(), USAGE, words);
    }
    // The same values are no contradiction.
    prints(&[&resume[..], &["--lr", "0.03", "--network", "lenet1", "--quiet"]].concat());
    assert_eq!(record(&out)["identity"], serde_json::from_slice::<Value>(&before)?["identity"]);
    fails(&["train", "--resume", path(folder.path())], DATA, &["run.json"]);
    Ok(())
}

/// A folder of a hundred training and fifty test digits whose first byte is `byte`.
fn small_set(folder: &Path, byte: u8) -> Result<(), std::io::Error> {
    fs::create_dir_all(folder)?;
    for (name, count) in [("train", 100_u32), ("t10k", 50)] {
        let mut pixels = vec![0; count as usize * 784];
        pixels[0] = byte;
        let head = [2051, count, 28, 28].map(u32::to_be_bytes).concat();
        fs::write(folder.join(format!("{name}-images-idx3-ubyte")), [head, pixels].concat())?;
        let labels: Vec<u8> = (0..count).map(|index| (index % 10) as u8).collect();
        let head = [2049, count].map(u32::to_be_bytes).concat();
        fs::write(folder.join(format!("{name}-labels-idx1-ubyte")), [head, labels].concat())?;
    }
    Ok(())
}

#[test]
fn other_digits_or_another_device() -> Outcome {
    let folder = TempDir::new()?;
    let [one, two, out] = ["one", "two", "run"].map(|name| folder.path().join(name));
    small_set(&one, 1)?;
    small_set(&two, 2)?;
    let train = ["train", "--quiet", "--network", "lenet1", "--schedule", "constant"];
    let args = ["--epochs", "1", "--data", path(&one), "--out", path(&out)];
    prints(&[&train[..], &CPU, &args].concat());
    // The data set is the recorded one unless another is given.
    let resume = ["train", "--quiet", "--resume", path(&out)];
    prints(&resume);
    let other = [&resume[..], &["--data", path(&two)]].concat();
    fails(&other, DATA, &["--data"]);
    // As if it had been made elsewhere.
    for file in ["run.json", "last.ckpt.safetensors"] {
        let bytes = bytes(&out, file);
        let (was, is) = (b"CPU, ", b"GPU, ");
        let found = |at: &usize| bytes[*at..].starts_with(was);
        let places: Vec<usize> = (0..bytes.len()).filter(found).collect();
        let mut changed = bytes.clone();
        places.iter().for_each(|&at| changed[at..at + is.len()].copy_from_slice(is));
        fs::write(out.join(file), changed)?;
    }
    let (file, again) = (out.join("run.json"), folder.path().join("again"));
    let repeated = run(&["train", "--config", path(&file), "--out", path(&again)]);
    assert!(repeated.status.success() && text(&repeated.stderr).contains("GPU, "));
    let went_on = run(&[&resume[..], &["--epochs", "2"]].concat());
    let said = text(&went_on.stderr);
    assert!(went_on.status.success() && said.contains("GPU, "), "{said}");
    let arithmetic = record(&out)["identity"]["arithmetic"].clone();
    let arithmetic = arithmetic.as_str().expect("a text");
    assert!(arithmetic.starts_with("GPU, ") && arithmetic.contains(", then CPU, "), "{arithmetic}");
    // Another version is named too.
    let text_of = String::from_utf8(bytes(&out, "run.json"))?;
    let version = format!("\"lenet\": \"{}\"", env!("CARGO_PKG_VERSION"));
    fs::write(out.join("run.json"), text_of.replacen(&version, "\"lenet\": \"0.0.9\"", 9))?;
    let went_on = run(&resume);
    let said = text(&went_on.stderr);
    assert!(went_on.status.success() && said.contains("0.0.9"), "{said}");
    Ok(())
}
