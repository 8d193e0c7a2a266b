//! The files of a run's folder belong together: what is broken, or of another run, is refused, or written again
//! from the checkpoint, and is never believed.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::LazyLock;

use serde_json::{Value, json};
use tempfile::TempDir;

use crate::common::program::{DATA, OTHER, USAGE, fails, json_of, path, prints, run, text};

const RUN: &str = "run.json";
const METRICS: &str = "metrics.jsonl";
const MODEL: &str = "model.safetensors";

/// Two runs of two epochs that differ in their seed, `1` and `2`.
static RUNS: LazyLock<TempDir> = LazyLock::new(|| {
    let folder = TempDir::new().expect("a folder");
    for seed in ["1", "2"] {
        let short = ["train", "--quiet", "--device", "cpu", "--network", "lenet1"];
        let limits = ["--train-limit", "400", "--test-limit", "100", "--epochs", "2"];
        let out = folder.path().join(seed);
        prints(&[&short[..], &limits, &["--seed", seed, "--out", path(&out)]].concat());
    }
    folder
});

fn read(folder: &Path, name: &str) -> Vec<u8> {
    fs::read(folder.join(name)).expect("a file")
}

/// A folder with a copy of the first run, in which one file is that of the second.
fn mixed(name: Option<&str>) -> (TempDir, PathBuf) {
    let place = TempDir::new().expect("a folder");
    let copy = place.path().join("run");
    fs::create_dir(&copy).expect("a folder");
    for entry in fs::read_dir(RUNS.path().join("1")).expect("a folder") {
        let file = entry.expect("an entry").file_name().into_string().expect("a plain name");
        let from = if name == Some(&file) { "2" } else { "1" };
        fs::copy(RUNS.path().join(from).join(&file), copy.join(file)).expect("a copy");
    }
    (place, copy)
}

fn resume(folder: &Path) -> (Option<i32>, String) {
    let output = run(&["train", "--device", "cpu", "--resume", path(folder)]);
    (output.status.code(), text(&output.stderr))
}

#[test]
fn a_run_with_other_metrics_is_not_resumed() {
    let whole = String::from_utf8(read(&RUNS.path().join("1"), METRICS)).expect("a text");
    let (first, _) = whole.split_once('\n').expect("two lines");
    let cut = [first.to_string(), whole[..whole.len() - 40].to_string()];
    let changed = [
        whole.replace("\"epoch\":2", "\"epoch\":3"),
        whole.replacen("\"train_accuracy\":0", "\"train_accuracy\":1", 1),
        whole.replacen("\"seconds\":", "\"seconds\":-", 1),
        whole.replacen("\"test_accuracy\":0", "\"test_accuracy\":0.0", 1),
    ];
    let foreign = String::from_utf8(read(&RUNS.path().join("2"), METRICS)).expect("a text");
    for metrics in cut.iter().chain(&changed).chain([&foreign]) {
        let (_place, run) = mixed(None);
        fs::write(run.join(METRICS), metrics).expect("a file");
        let (code, said) = resume(&run);
        assert_eq!(code, Some(DATA), "{metrics}: {said}");
        assert!(said.contains(METRICS), "{said}");
        assert_eq!(read(&run, METRICS), metrics.as_bytes(), "it was changed");
        fails(&["report", path(&run)], DATA, &[METRICS]);
        fails(&["runs", path(&run)], DATA, &[METRICS]);
    }
}

#[test]
fn a_run_resumes_though_the_last_line_lacks_its_end() {
    let (_place, run) = mixed(None);
    let whole = read(&run, METRICS);
    fs::write(run.join(METRICS), &whole[..whole.len() - 1]).expect("a file");
    let (code, said) = resume(&run);
    assert_eq!(code, Some(0), "{said}");
    assert_eq!(read(&run, METRICS), whole);
}

#[test]
fn a_broken_or_foreign_model_is_written_again() {
    let foreign = read(&RUNS.path().join("2"), MODEL);
    for model in [&b"nonsense"[..], &[], &foreign] {
        let (_place, run) = mixed(None);
        let page = read(&run, "report.html");
        let whole = read(&run, MODEL);
        fs::write(run.join(MODEL), model).expect("a file");
        let (code, said) = resume(&run);
        assert_eq!(code, Some(0), "{said}");
        assert_eq!(read(&run, MODEL), whole);
        assert!(!page.is_empty());
    }
}

#[test]
fn several_runs_mend_one_that_is_broken() {
    let place = TempDir::new().expect("a folder");
    let out = place.path().join("seeds");
    let short = ["train", "--quiet", "--device", "cpu", "--network", "lenet1", "--epochs", "1"];
    let limits = ["--train-limit", "80", "--test-limit", "50", "--seeds", "2"];
    let all = [&short[..], &limits, &["--out", path(&out)]].concat();
    prints(&all);
    let model = out.join("seed-2").join(MODEL);
    let whole = fs::read(&model).expect("a model");
    fs::copy(out.join("seed-1").join(MODEL), &model).expect("a copy");
    prints(&all);
    assert_eq!(fs::read(&model).expect("a model"), whole);
}

#[test]
fn a_model_of_another_run_is_refused() {
    let (_place, run) = mixed(Some(MODEL));
    let (folder, other) = (path(&run), RUNS.path().join("2"));
    let questions: [&[&str]; 4] = [
        &["evaluate", folder, "--device", "cpu"],
        &["predict", folder, "--index", "3", "--device", "cpu"],
        &["report", folder, "--device", "cpu"],
        &["compare", folder, path(&other), "--device", "cpu"],
    ];
    for question in questions {
        fails(question, DATA, &[MODEL, "seed"]);
    }
    // By itself it is as good as any.
    prints(&["evaluate", path(&run.join(MODEL)), "--device", "cpu"]);
}

#[test]
fn no_output_replaces_a_file_of_a_run() {
    let (place, run) = mixed(None);
    let (folder, model) = (path(&run), run.join(MODEL));
    let record = run.join(RUN);
    let outputs: [&[&str]; 4] = [
        &["export", folder, "--format", "json", "--force", "--out", path(&record)],
        &["export", folder, "--format", "web", "--force", "--out", folder],
        &["import", path(&model), "--force", "--out", path(&model)],
        &["evaluate", folder, "--device", "cpu", "--force", "--scores", path(&record)],
    ];
    let (before, lock) = (read(&run, RUN), run.join(".lock"));
    let exported = ["export", path(&model), "--format", "json", "--force", "--out"];
    for file in [run.join("report.html"), lock] {
        fails(&[&exported[..], &[path(&file)]].concat(), USAGE, &["a file of a run"]);
    }
    #[cfg(unix)]
    {
        let link = place.path().join("link.json");
        std::os::unix::fs::symlink(&record, &link).expect("a link");
        fails(&[&exported[..], &[path(&link)]].concat(), USAGE, &["a file of a run"]);
    }
    for output in outputs {
        fails(output, USAGE, &["run"]);
        assert_eq!(read(&run, RUN), before, "{output:?}");
    }
    // Standard output is no place for what is written as a file.
    fails(&["export", folder, "--format", "web", "--out", "-"], USAGE, &["--out -"]);
    fails(&["data", "--sheet", "-"], USAGE, &["--sheet -"]);
    drop(place);
}

#[test]
fn a_run_that_cannot_be_overwritten_is_left_alone() {
    for name in ["report.html", "events.out.tfevents.1.lenet"] {
        let (_place, run) = mixed(None);
        let _ = fs::remove_file(run.join(name));
        fs::create_dir(run.join(name)).expect("a folder");
        let before = [RUN, METRICS, MODEL].map(|name| read(&run, name));
        let train = ["train", "--quiet", "--device", "cpu", "--network", "lenet1", "--seed", "9"];
        let limits = ["--epochs", "1", "--train-limit", "80", "--force", "--out", path(&run)];
        fails(&[&train[..], &limits].concat(), OTHER, &[name]);
        assert!([RUN, METRICS, MODEL].map(|name| read(&run, name)) == before, "{name}");
    }
}

#[test]
fn the_page_of_a_complete_run_stays() {
    let (_place, run) = mixed(None);
    let page = read(&run, "report.html");
    prints(&["train", "--quiet", "--device", "cpu", "--no-report", "--resume", path(&run)]);
    assert_eq!(read(&run, "report.html"), page);
}

#[test]
fn a_model_of_another_epoch_is_refused() {
    let place = TempDir::new().expect("a folder");
    let out = place.path().join("run");
    let short = ["train", "--quiet", "--device", "cpu", "--network", "lenet1", "--schedule"];
    let limits = ["constant", "--train-limit", "80", "--test-limit", "50", "--epochs", "1"];
    prints(&[&short[..], &limits, &["--out", path(&out)]].concat());
    let first = read(&out, MODEL);
    let more = ["train", "--quiet", "--device", "cpu", "--resume", path(&out), "--epochs", "2"];
    prints(&more);
    let second = read(&out, MODEL);
    fs::write(out.join(MODEL), first).expect("a model");
    let other = place.path().join("other");
    let questions: [&[&str]; 4] = [
        &["evaluate", path(&out), "--device", "cpu"],
        &["predict", path(&out), "--index", "1", "--device", "cpu"],
        &["export", path(&out), "--format", "json", "--out", "-"],
        &["train", "--from", path(&out), "--device", "cpu", "--out", path(&other)],
    ];
    for question in questions {
        fails(question, DATA, &[MODEL, "--resume"]);
    }
    prints(&more);
    assert_eq!(read(&out, MODEL), second);
}

#[cfg(unix)]
#[test]
fn a_record_that_cannot_be_read_is_no_missing_one() {
    let (_place, run) = mixed(None);
    fs::remove_file(run.join(RUN)).expect("it can be removed");
    std::os::unix::fs::symlink(RUN, run.join(RUN)).expect("a link");
    fails(&["evaluate", path(&run), "--device", "cpu"], DATA, &[RUN]);
    fails(&["train", "--device", "cpu", "--resume", path(&run)], DATA, &[RUN]);
}

#[test]
fn runs_in_a_folder_of_a_run_are_found() {
    let (_place, run) = mixed(None);
    let inner = run.join("seed-2");
    fs::create_dir(&inner).expect("a folder");
    for name in [RUN, METRICS] {
        fs::copy(RUNS.path().join("2").join(name), inner.join(name)).expect("a copy");
    }
    let listed = json_of(&["runs", path(&run)]);
    let seeds: Vec<&Value> =
        listed.as_array().expect("a list").iter().map(|run| &run["seed"]).collect();
    assert_eq!(seeds, [&json!(1), &json!(2)]);
}

#[cfg(unix)]
#[test]
fn nohup_keeps_a_run_from_the_end_of_its_terminal() {
    use std::process::{Command, Stdio};
    use std::thread::sleep;
    use std::time::Duration;

    let place = TempDir::new().expect("a folder");
    let out = place.path().join("run");
    let program = env!("CARGO_BIN_EXE_lenet");
    let short = ["train", "--device", "cpu", "--network", "lenet1", "--epochs", "3"];
    let limits = ["--train-limit", "2000", "--test-limit", "100", "--no-report"];
    let mut child = Command::new("nohup")
        .arg(program)
        .args(short.iter().chain(&limits))
        .args(["--out", path(&out)])
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .expect("nohup is there");
    while !out.join("last.ckpt.safetensors").exists() {
        assert!(child.try_wait().expect("a status").is_none(), "it ended before its first step");
        sleep(Duration::from_millis(2));
    }
    let hangup = Command::new("kill").args(["-HUP", &child.id().to_string()]).status();
    assert!(hangup.expect("kill is there").success());
    assert!(child.wait().expect("it ends").success());
    let record: Value = serde_json::from_slice(&read(&out, RUN)).expect("JSON");
    assert_eq!(record["status"], "complete");
}
