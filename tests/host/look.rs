//! What a run leaves to look at: its page, TensorBoard's events, lines where the dashboard has no
//! terminal.

use std::fs;
use std::path::{Path, PathBuf};

use crate::common::events;
use crate::common::program::{DATA, USAGE, command, fails, path, prints, run, text};
use serde_json::{Value, json};
use tempfile::TempDir;

const LIMITS: [&str; 8] =
    ["--device", "cpu", "--epochs", "2", "--train-limit", "1000", "--test-limit", "200"];

/// Trains LeNet-1 for a moment.
fn train(out: &Path, more: &[&str]) {
    let train = ["train", "--network", "lenet1", "--quiet", "--out", path(out)];
    prints(&[&train[..], &LIMITS, more].concat());
}

fn page(out: &Path) -> String {
    fs::read_to_string(out.join("report.html")).expect("a page")
}

fn record(out: &Path) -> Value {
    let text = fs::read_to_string(out.join("run.json")).expect("a record");
    serde_json::from_str(&text).expect("JSON")
}

fn errors(out: &Path) -> usize {
    record(out)["result"]["final"]["test_errors"].as_u64().expect("errors") as usize
}

#[test]
fn a_run_ends_with_its_page_and_it_can_be_made_anew() {
    let folder = TempDir::new().expect("a folder");
    let out = folder.path();
    train(out, &["--seed", "3", "--validate", "100"]);
    let written = page(out);
    crate::common::page::check(&written);
    assert_eq!(written.matches("<figure title=\"digit ").count(), errors(out));
    for (name, setting) in record(out)["settings"].as_object().expect("settings") {
        let origin = setting["origin"].as_str().expect("an origin");
        for cell in [name, origin] {
            assert!(written.contains(&format!(">{cell}</td>")), "{cell} is not on the page");
        }
    }
    for word in ["Recipe lenet1, seed 3", "Complete after 2", "digits held back", "H1: 4 kernels"] {
        assert!(written.contains(word), "{word} is not on the page");
    }
    assert!(!written.contains("The run itself counted"), "the counts agree");

    fs::remove_file(out.join("report.html")).expect("a page");
    let printed = prints(&["report", path(out), "--device", "cpu"]);
    assert_eq!(printed.trim(), path(&out.join("report.html")));
    assert!(page(out) == written, "another page");

    // Where another device answers otherwise, the page says that its count is another.
    let found = errors(out);
    let [was, is] = [found, found + 1];
    let change = |name: &str, words: [String; 2]| {
        let text = fs::read_to_string(out.join(name)).expect("a file");
        assert!(text.contains(&words[0]), "{} is not in {text}", words[0]);
        fs::write(out.join(name), text.replace(&words[0], &words[1])).expect("a file");
    };
    change("metrics.jsonl", [was, is].map(|errors| format!("\"test_errors\":{errors},")));
    let accuracy = |errors: usize| 1.0 - errors as f64 / 200.0;
    let share = |errors: usize| format!("\"test_accuracy\":{},", json!(accuracy(errors)));
    change("metrics.jsonl", [share(was), share(is)]);
    change("run.json", [was, is].map(|errors| format!("\"test_errors\": {errors}\n")));
    prints(&["report", path(out), "--device", "cpu"]);
    let counted = format!("The run itself counted {} mistakes", errors(out));
    assert!(page(out).contains(&counted), "{counted} is not on the page");

    train(out, &["--force", "--no-report"]);
    assert!(!out.join("report.html").exists(), "the page of a run that was overwritten");
}

#[test]
fn a_page_needs_a_run() {
    let folder = TempDir::new().expect("a folder");
    let out = folder.path();
    fails(&["report", path(out)], DATA, &["run.json"]);
    train(out, &[]);
    fs::write(out.join("metrics.jsonl"), "").expect("a file");
    let report = ["report", path(out), "--device", "cpu"];
    fails(&report, DATA, &["metrics.jsonl"]);
    fs::write(out.join("metrics.jsonl"), "{}\n").expect("a file");
    fails(&report, DATA, &["metrics.jsonl"]);
    let record = fs::read_to_string(out.join("run.json")).expect("a record");
    let more = record.replace("\"value\": 200", "\"value\": 20000");
    fs::write(out.join("run.json"), more).expect("a record");
    fails(&report, DATA, &["--data"]);
}

#[test]
fn lines_where_there_is_no_terminal() {
    let folder = TempDir::new().expect("a folder");
    let out = folder.path().join("run");
    let train = ["train", "--network", "lenet1", "--dashboard", "--out", path(&out)];
    let output = run(&[&train[..], &LIMITS].concat());
    assert!(output.status.success());
    assert!(text(&output.stderr).contains("--dashboard"));
    assert!(text(&output.stdout).contains("final test error"));
    assert!(!output.stderr.contains(&b'\x1b'), "no escapes in a file");
    fails(&["train", "--dashboard", "--json"], USAGE, &["--dashboard", "--json"]);
}

#[test]
fn events_for_tensorboard() {
    let folder = TempDir::new().expect("a folder");
    let files = |folder: &Path| -> Vec<Vec<u8>> {
        event_files(folder).iter().map(|path| fs::read(path).expect("events")).collect()
    };
    let events = |folder: &Path| files(folder).len();
    let (out, board) = (folder.path().join("run"), folder.path().join("board"));
    train(&out, &["--no-report"]);
    assert_eq!(events(&out), 0);
    train(&out, &["--no-report", "--force", "--tensorboard"]);
    train(&out, &["--no-report", "--force", "--tensorboard"]);
    assert_eq!(events(&out), 1, "that of the last run alone");
    let earlier = files(&out);
    train(&out, &["--no-report", "--force"]);
    assert_eq!(events(&out), 1, "kept up without being asked");
    assert_ne!(files(&out), earlier, "those of the run that was overwritten are gone");
    train(&out, &["--no-report", "--force", "--tensorboard", path(&board)]);
    assert_eq!(
        (events(&board.join("run")), events(&out)),
        (1, 0),
        "no run's are left where it was"
    );
    // Another run in the same place takes nothing away.
    let second = folder.path().join("second");
    train(&second, &["--no-report", "--tensorboard", path(&board)]);
    assert_eq!((events(&board.join("run")), events(&board.join("second"))), (1, 1));
    // Runs of one name are told apart by their paths from the current folder.
    let train = ["train", "--network", "lenet1", "--quiet", "--no-report", "--tensorboard", "logs"];
    for out in ["x/run", "y/run"] {
        let mut command = command(&[&train[..], &LIMITS, &["--out", out]].concat());
        assert!(command.current_dir(folder.path()).output().expect("it runs").status.success());
    }
    let logs = folder.path().join("logs");
    assert_eq!((events(&logs.join("x/run")), events(&logs.join("y/run"))), (1, 1));
}

/// Event files of a folder by name, which TensorBoard reads in this order.
fn event_files(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).expect("a folder");
    let paths = entries.map(|entry| entry.expect("a file").path());
    let mut ours: Vec<_> =
        paths.filter(|path| path.to_string_lossy().contains("tfevents")).collect();
    ours.sort();
    ours
}

/// A run that goes on has a second file, in which what the first says of later epochs is void.
#[test]
fn events_say_what_the_metrics_do() {
    let folder = TempDir::new().expect("a folder");
    let out = folder.path().join("run");
    train(&out, &["--no-report", "--tensorboard", "--validate", "100", "--schedule", "constant"]);
    fs::write(out.join("events.out.tfevents.1.other"), "").expect("a file of another program");
    prints(&["train", "--quiet", "--no-report", "--resume", path(&out), "--epochs", "3"]);
    let metrics = fs::read_to_string(out.join("metrics.jsonl")).expect("metrics");
    let lines: Vec<Value> =
        metrics.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
    let files = event_files(&out);
    assert_eq!((lines.len(), files.len()), (3, 3), "one file is another program's");
    for (file, steps) in files[1..].iter().zip([vec![0, 1, 2], vec![0, 3, 3]]) {
        let told = events::read(file);
        assert_eq!(told.iter().map(|event| event.step).collect::<Vec<_>>(), steps);
        assert_eq!(told[0].file_version.as_deref(), Some("brain.Event:2"));
        for event in told.iter().filter(|event| event.summary.is_some()) {
            let (line, summary) = (&lines[event.step as usize - 1], event.summary.as_ref());
            let number = |name: &str| line[name].as_f64().expect("a number");
            let error = |name: &str| 100.0 * (1.0 - number(name));
            let expected = [
                ("loss/train", number("train_loss")),
                ("loss/test", number("test_loss")),
                ("error/train", error("train_accuracy")),
                ("error/test", error("test_accuracy")),
                ("learning_rate", number("learning_rate")),
                ("samples_per_second", number("samples_per_second")),
                ("loss/validation", number("validation_loss")),
                ("error/validation", error("validation_accuracy")),
            ];
            let values = &summary.expect("scalars").value;
            assert_eq!(values.len(), expected.len());
            for (scalar, (tag, value)) in values.iter().zip(expected) {
                let found = f64::from(scalar.simple_value.expect("a value"));
                assert_eq!(scalar.tag, tag);
                assert!((found - value).abs() <= 1e-5 * value.abs().max(1.0), "{tag}: {found}");
            }
        }
    }
    // `SessionLog.START`.
    assert_eq!(events::read(&files[2])[1].session_log.as_ref().map(|log| log.status), Some(1));
}
