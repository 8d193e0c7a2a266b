//! Bad input, through the program itself: each ends with one message that names the thing and the
//! way out, with the documented exit code, without a panic, and with nothing half-written.

use std::fs;
use std::path::Path;
use std::process::{Command, Output, Stdio};

use crate::common::program::{DATA, OTHER, USAGE, command, text};
use serde_json::Value;
use tempfile::TempDir;

const ADAPTER: i32 = 4;
const DIVERGED: i32 = 5;
const INTERRUPTED: i32 = 130;

/// A run of a few steps that needs no adapter.
const SHORT: [&str; 9] = [
    "train",
    "--device",
    "cpu",
    "--network",
    "lenet1",
    "--train-limit",
    "32",
    "--test-limit",
    "16",
];

pub(super) fn lenet(args: &[&str], folder: &Path) -> Output {
    Command::new(env!("CARGO_BIN_EXE_lenet"))
        .args(args)
        .current_dir(folder)
        .stdin(Stdio::null())
        .output()
        .expect("the program starts")
}

/// Runs the program in an empty folder and checks code, words, and that nothing was left there.
fn fails(args: &[&str], code: i32, words: &[&str]) {
    let folder = TempDir::new().expect("a folder");
    fails_in(folder.path(), args, code, words);
    let left: Vec<_> = walk(folder.path());
    assert!(left.is_empty(), "{args:?} left {left:?}");
}

pub(super) fn fails_in(folder: &Path, args: &[&str], code: i32, words: &[&str]) {
    let output = lenet(args, folder);
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(code), "{args:?} said {said}");
    for word in words {
        assert!(said.contains(word), "{args:?} did not say {word:?}, but {said}");
    }
    for bad in ["panicked", "RUST_BACKTRACE", "unwrap"] {
        assert!(!said.contains(bad), "{args:?} said {said}");
    }
}

/// Files below a folder; empty folders do not count.
pub(super) fn walk(folder: &Path) -> Vec<String> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder).expect("a folder").flatten() {
        match entry.path() {
            path if path.is_dir() => files.extend(walk(&path)),
            path => files.push(path.display().to_string()),
        }
    }
    files
}

pub(super) fn short(more: &[&'static str]) -> Vec<&'static str> {
    [&SHORT[..], more].concat()
}

#[test]
fn settings_out_of_range() {
    for (flag, value) in [
        ("--batch", "0"),
        ("--batch", "1025"),
        ("--epochs", "0"),
        ("--steps", "0"),
        ("--lr", "0"),
        ("--lr=-1", ""),
        ("--lr", "NaN"),
        ("--lr", "inf"),
        ("--momentum", "1"),
        ("--momentum", "NaN"),
        ("--momentum=-0.1", ""),
        ("--weight-decay=-1", ""),
        ("--weight-decay", "NaN"),
        ("--border", "17"),
        ("--validate", "60000"),
        ("--schedule", "sometimes"),
        ("--schedule", "step:3:-1"),
        ("--network", "lenet7"),
        ("--recipe", "cake"),
        ("--seed", "x"),
    ] {
        let name = flag.split('=').next().expect("a flag");
        let mut args = vec!["train", "--device", "cpu", flag];
        args.extend((!value.is_empty()).then_some(value));
        fails(&args, USAGE, &[name]);
    }
    for (flag, value) in [
        ("--mu", "0"),
        ("--eta-scale", "inf"),
        ("--momentum", "1"),
        ("--curvature-patterns", "0"),
        ("--curvature-patterns", "60001"),
    ] {
        fails(&["train", "--optimizer", "sdlm", flag, value], USAGE, &[flag]);
    }
    for (flag, value) in [("--beta1", "1"), ("--beta2", "-0.1"), ("--epsilon", "0")] {
        let flag_and_value = format!("{flag}={value}");
        fails(&["train", "--optimizer", "adam", &flag_and_value], USAGE, &[flag]);
    }
    fails(&["train", "--train-limit", "0"], USAGE, &["--train-limit", "60,000"]);
    fails(&["train", "--test-limit", "10001"], USAGE, &["--test-limit", "10,000"]);
}

#[test]
fn contradictions_name_both_flags() {
    let both = |args: &[&str], words: &[&str]| fails(&[&["train"], args].concat(), USAGE, words);
    both(&["--steps", "3", "--epochs", "2"], &["--steps", "--epochs"]);
    both(&["--output", "linear", "--loss", "map"], &["--loss map", "--output rbf"]);
    both(&["--output", "linear", "--j", "3"], &["--j", "--output rbf"]);
    both(&["--network", "lenet1", "--output", "rbf"], &["--output rbf", "--output linear"]);
    both(&["--mu", "0.1"], &["--mu", "--optimizer sdlm"]);
    both(&["--curvature", "exact"], &["--curvature", "--optimizer sdlm"]);
    both(&["--beta2", "0.99"], &["--beta2", "--optimizer adam"]);
    both(&["--optimizer", "adam", "--momentum", "0.5"], &["--momentum", "sgd or sdlm"]);
    both(&["--recipe", "lenet5-1998", "--weight-decay", "0.1"], &["--weight-decay", "sgd"]);
    let eight = ["--optimizer", "sdlm", "--loss", "mse", "--curvature", "exact"];
    both(&eight, &["--curvature", "--loss map"]);
    fails(&["plan", "--pass", "curvature"], USAGE, &["--pass", "--optimizer sdlm"]);
    both(&["--device", "cpu", "--adapter", "0"], &["--device cpu", "--adapter"]);
    both(&["--device", "cpu", "--profile", "gpu"], &["--device cpu", "--profile"]);
    let plan = ["plan", "--device", "cpu", "--profile", "gpu"];
    fails(&plan, USAGE, &["--device cpu", "--profile"]);
    both(&["--device", "gpu", "--threads", "2"], &["--threads"]);
    let sheet = ["distort", "--out", "nowhere/sheet.png", "--threads", "2"];
    fails(&sheet, USAGE, &["--threads"]);
    both(&["--device", "cpu", "--threads", "0"], &["--threads", "1,024"]);
    both(&["--quiet", "--json"], &["--quiet", "--json"]);
    both(&["--select", "best"], &["--select best", "--validate"]);
    both(&["--border", "0"], &["c5", "--border 2"]);
    both(&["--border", "1"], &["s4", "--border 2"]);
}

#[test]
fn data_that_is_broken() {
    let folder = TempDir::new().expect("a folder");
    let path = folder.path();
    let data = |args: &[&str], words: &[&str]| {
        fails_in(path, &[&["train", "--device", "cpu", "--data"], args].concat(), DATA, words);
    };
    data(&["nowhere"], &["nowhere"]);
    fs::create_dir(path.join("empty")).expect("a folder");
    data(&["empty"], &["train-images-idx3-ubyte"]);

    let idx = |magic: u32, dims: &[u32], bytes: usize| {
        let mut file = magic.to_be_bytes().to_vec();
        dims.iter().for_each(|dim| file.extend(dim.to_be_bytes()));
        file.resize(file.len() + bytes, 1);
        file
    };
    let images = |count: u32| idx(2051, &[count, 28, 28], count as usize * 784);
    let labels = |count: u32| idx(2049, &[count], count as usize);
    let set = path.join("set");
    fs::create_dir(&set).expect("a folder");
    let write = |name: &str, bytes: &[u8]| fs::write(set.join(name), bytes).expect("a file");
    let good = || {
        for (name, count) in [("train", 40), ("t10k", 20)] {
            write(&format!("{name}-images-idx3-ubyte"), &images(count));
            write(&format!("{name}-labels-idx1-ubyte"), &labels(count));
        }
    };
    let name = "train-labels-idx1-ubyte";
    let too_high = [&labels(39)[..], &[70]].concat();
    let mut of_forty = too_high.clone();
    of_forty[7] = 40;
    for (bytes, word) in [
        (Vec::new(), "empty"),
        (labels(40)[..20].to_vec(), "cut"),
        ([labels(40), vec![0; 3]].concat(), "long"),
        (idx(2050, &[40], 40), "2050"),
        (images(40), "image"),
        (labels(39), "39"),
        (labels(0), name),
        (of_forty, "70"),
    ] {
        good();
        write(name, &bytes);
        data(&["set"], &[name, word]);
    }
    good();
    let args = ["train", "--device", "cpu", "--network", "lenet1", "--data", "set"];
    let output = lenet(&[&args[..], &["--steps", "1", "--out", "run"]].concat(), path);
    assert!(output.status.success(), "a small set of one's own trains: {output:?}");
}

#[test]
fn adapters_that_are_not_there() {
    let folder = TempDir::new().expect("a folder");
    let without_driver = |args: &[&str]| {
        Command::new(env!("CARGO_BIN_EXE_lenet"))
            .args(args)
            .current_dir(folder.path())
            .env("VK_DRIVER_FILES", "/nowhere.json")
            .env("VK_ICD_FILENAMES", "/nowhere.json")
            .output()
            .expect("the program starts")
    };
    let short = &["--network", "lenet1", "--steps", "2", "--train-limit", "32"];
    let short = [&["train", "--test-limit", "16"][..], short].concat();
    let output = without_driver(&[&short[..], &["--device", "gpu"]].concat());
    let said = String::from_utf8_lossy(&output.stderr);
    if !cfg!(target_os = "linux") {
        return;
    }
    assert_eq!(output.status.code(), Some(ADAPTER), "{said}");
    assert!(said.contains("mesa-vulkan-drivers") && said.contains("--device cpu"), "{said}");

    let output = without_driver(&[&short[..], &["--out", "run"]].concat());
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{said}");
    assert!(said.contains("warning"), "{said}");
    let record = fs::read_to_string(folder.path().join("run/run.json")).expect("a record");
    assert!(record.contains("\"cpu_fallback\": true"), "{record}");
    fails(&["train", "--adapter", "no such thing"], ADAPTER, &["no "]);
}

#[test]
fn models_that_do_not_fit() {
    let folder = TempDir::new().expect("a folder");
    let path = folder.path();
    let made = lenet(&short(&["--steps", "1", "--out", "run"]), path);
    assert!(made.status.success(), "{made:?}");
    let model = "run/model.safetensors";
    let bytes = fs::read(path.join(model)).expect("a model");
    fs::write(path.join("cut"), &bytes[..bytes.len() - 100]).expect("a file");
    fs::write(path.join("other"), b"no model at all").expect("a file");
    for name in ["cut", "other", "missing"] {
        fails_in(
            path,
            &short(&["--from"]).iter().copied().chain([name]).collect::<Vec<_>>(),
            DATA,
            &[name],
        );
        fails_in(path, &["evaluate", "--device", "cpu", name], DATA, &[name]);
    }
    let other = ["train", "--device", "cpu", "--network", "lenet5", "--from", model];
    fails_in(path, &other, DATA, &["--from", "--network lenet5", "lenet1"]);
    let init = ["train", "--device", "cpu", "--from", model, "--init", "pytorch"];
    fails_in(path, &init, USAGE, &["--from", "--init"]);
    let squash = ["train", "--device", "cpu", "--from", model, "--squash", "tanh"];
    fails_in(path, &squash, USAGE, &["--from", "--squash"]);
}

#[test]
fn results_that_cannot_be_written() {
    let folder = TempDir::new().expect("a folder");
    let path = folder.path();
    fs::write(path.join("file"), b"").expect("a file");
    fails_in(path, &short(&["--out", "file/run"]), OTHER, &["file/run"]);
    let made = lenet(&short(&["--steps", "1", "--out", "run"]), path);
    assert!(made.status.success(), "{made:?}");
    let before = fs::read(path.join("run/model.safetensors")).expect("a model");
    fails_in(path, &short(&["--steps", "2", "--out", "run"]), USAGE, &["run", "--force"]);
    let after = fs::read(path.join("run/model.safetensors")).expect("a model");
    assert_eq!(before, after, "a run that is there is left alone");
}

#[test]
fn the_best_by_validation_is_kept_beside_the_last() {
    let folder = TempDir::new().expect("a folder");
    let path = folder.path();
    let seen = |name: &str| fs::read(path.join("run").join(name)).expect("a model");
    // The rate rises so far that the last epoch is not the best.
    let args = ["--train-limit", "600", "--epochs", "6", "--lr", "0.15", "--schedule", "step:3:8"];
    let args = [&args[..], &["--validate", "300", "--select", "best", "--out", "run"]].concat();
    let train = ["train", "--device", "cpu", "--network", "lenet1", "--test-limit", "50"];
    let made = lenet(&[&train[..], &args].concat(), path);
    assert!(made.status.success(), "{made:?}");
    let lines = String::from_utf8(seen("metrics.jsonl")).expect("text");
    let lines = lines.lines().map(|line| serde_json::from_str::<Value>(line).expect("JSON"));
    let errors: Vec<u64> =
        lines.map(|line| line["validation_errors"].as_u64().expect("errors")).collect();
    let least = errors.iter().min().expect("epochs");
    let best = 1 + errors.iter().position(|errors| errors == least).expect("an epoch");
    assert!(best < 6, "the last of {errors:?} is the best: nothing to tell apart");
    let record: Value = serde_json::from_slice(&seen("run.json")).expect("JSON");
    assert_eq!(record["result"]["best_by_validation"]["epoch"], best);
    let said = String::from_utf8_lossy(&made.stdout);
    assert!(said.contains(&format!("epoch {best}")));
    assert_ne!(seen("best.safetensors"), seen("model.safetensors"));
}

#[test]
fn a_loss_that_diverges() {
    let wild = ["--lr", "1e30", "--weight-decay", "1e30", "--out", "run"];
    let folder = TempDir::new().expect("a folder");
    fails_in(folder.path(), &short(&wild), DIVERGED, &["--lr"]);
    // The record stays, and says so.
    let run = folder.path().join("run");
    let record = fs::read_to_string(run.join("run.json")).expect("a record");
    assert!(record.contains("\"status\": \"failed\""), "{record}");
    assert!(!run.join("model.safetensors").exists());
}

#[test]
fn a_network_that_gives_one_answer() {
    let folder = TempDir::new().expect("a folder");
    let said = |flags: &str| {
        let base = ["train", "--device=cpu", "--network=lenet1", "--test-limit=200", "--no-report"];
        let flags = base.into_iter().chain(flags.split(' ')).collect::<Vec<_>>();
        let made = command(&flags).current_dir(folder.path()).output().expect("it runs");
        assert!(made.status.success());
        text(&made.stderr)
    };
    let stuck = said("--optimizer=adam --lr=3 --train-limit=300 --epochs=1 --out=stuck");
    assert!(stuck.contains("every test digit for ") && stuck.contains("--lr"), "{stuck}");
    let learns = said("--train-limit=1000 --epochs=3 --out=learns");
    assert!(!learns.contains("every test digit"), "{learns}");
}

#[test]
#[cfg(unix)]
fn ctrl_c_writes_what_is_there() {
    let folder = TempDir::new().expect("a folder");
    let path = folder.path();
    let mut child = Command::new(env!("CARGO_BIN_EXE_lenet"))
        .args(short(&["--epochs", "10000", "--out", "run"]))
        .current_dir(path)
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the program starts");
    let model = path.join("run/model.safetensors");
    let begun = std::time::Instant::now();
    while !model.exists() && begun.elapsed().as_secs() < 60 {
        std::thread::sleep(std::time::Duration::from_millis(20));
    }
    let kill = Command::new("kill").args(["-INT", &child.id().to_string()]).status();
    assert!(kill.expect("kill is there").success());
    let status = child.wait().expect("the program ends");
    assert_eq!(status.code(), Some(INTERRUPTED));
    let record = fs::read_to_string(path.join("run/run.json")).expect("a record");
    assert!(record.contains("\"status\": \"interrupted\""), "{record}");
    assert!(walk(path).iter().all(|file| !file.ends_with(".partial")));
}
