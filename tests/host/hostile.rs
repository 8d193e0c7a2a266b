//! What files, folders and places can hold that nobody meant: nothing hangs, panics or is lost.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Output, Stdio};

use safetensors::tensor::{Dtype, SafeTensors, TensorView};
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::common::program::{
    DATA, OTHER, USAGE, command, fails, path, prints, run, small_set, text, write_model,
};

/// Flags of a run of two steps an epoch that needs no adapter.
pub(super) const SHORT: [&str; 9] =
    ["train", "--device", "cpu", "--network", "lenet1", "--train-limit", "16", "--test-limit", "8"];

pub(super) fn folder() -> TempDir {
    TempDir::new().expect("a folder")
}

/// A complete run of one epoch.
pub(super) fn trained(place: &Path) -> PathBuf {
    let run = place.join("run");
    prints(&[&SHORT[..], &["--epochs", "1", "--out", path(&run)]].concat());
    run
}

fn resumed(run_folder: &Path) -> Output {
    run(&["train", "--device", "cpu", "--resume", path(run_folder)])
}

/// Changes the record of a run.
pub(super) fn change(run: &Path, change: impl Fn(&mut Value)) {
    let file = run.join("run.json");
    let mut record = serde_json::from_slice(&fs::read(&file).expect("a record")).expect("JSON");
    change(&mut record);
    fs::write(file, record.to_string()).expect("a record");
}

#[test]
fn a_line_without_an_end_is_refused() {
    for line in [" ".repeat(65_537), "x".repeat(65_537), "1".repeat(1 << 20)] {
        let place = folder();
        let input = place.path().join("line.csv");
        fs::write(&input, line).expect("a file");
        let model = write_model(place.path(), "lenet1");
        let mut predict = command(&["predict", &model, "--stream", "csv", "--device", "cpu"]);
        let output = predict.stdin(File::open(input).expect("a file")).output().expect("it runs");
        let said = text(&output.stderr);
        assert_eq!(output.status.code(), Some(DATA), "{said}");
        assert!(said.contains("record 0") && said.contains("65536"), "{said}");
    }
}

/// Rewrites the checkpoint of a run with other metadata and these tensors besides, and returns its bytes.
fn rewrite(run: &Path, change: impl Fn(&mut Value), besides: &[(&str, TensorView)]) -> Vec<u8> {
    let file = run.join("last.ckpt.safetensors");
    let bytes = fs::read(&file).expect("a checkpoint");
    let (_, header) = SafeTensors::read_metadata(&bytes).expect("a header");
    let metadata = header.metadata().as_ref().expect("metadata");
    let mut about = serde_json::from_str(&metadata["lenet"]).expect("JSON");
    change(&mut about);
    let metadata = [("lenet".to_string(), about.to_string())].into_iter().collect();
    let tensors = SafeTensors::deserialize(&bytes).expect("tensors").tensors();
    let besides = besides.iter().map(|(name, view)| (name.to_string(), view.clone()));
    let all = tensors.into_iter().chain(besides);
    let broken = safetensors::serialize(all, Some(metadata)).expect("a file");
    fs::write(file, &broken).expect("a checkpoint");
    broken
}

/// What is changed in the metadata of a checkpoint, tensors besides, and a word of the refusal.
type Change<'a> = (fn(&mut Value), &'a [(&'a str, TensorView<'a>)], &'a str);

#[test]
fn a_checkpoint_that_cannot_be_is_refused_and_left_alone() {
    // Sums over the steps of an epoch, `[batch, 4]`: the batch of the recipe is 8.
    let sums = [0; 4 * 8 * 4];
    let sums = TensorView::new(Dtype::F32, vec![8, 4], &sums).expect("a tensor");
    let changes: [Change; 4] = [
        (|about| about["history"][0]["errors"] = 99.into(), &[], "epoch 1"),
        (|about| about["history"][0]["epoch"] = 7.into(), &[], "epoch 1"),
        (|about| about["history"][0]["digits"] = 0.into(), &[], "epoch 1"),
        (
            // The run has two steps an epoch, and none is left after the first of two.
            |about| {
                about["history"] = json!([]);
                about["position"] = json!({ "step": 3, "seconds": 0.0 });
            },
            &[("totals", sums.clone())],
            "more steps",
        ),
    ];
    for (change, besides, word) in changes {
        let place = folder();
        let run = trained(place.path());
        let broken = rewrite(&run, change, besides);
        let output = resumed(&run);
        let said = text(&output.stderr);
        assert_eq!(output.status.code(), Some(DATA), "{said}");
        assert!(said.contains(word), "{word} not in {said}");
        assert_eq!(fs::read(run.join("last.ckpt.safetensors")).expect("a checkpoint"), broken);
        let record = fs::read_to_string(run.join("run.json")).expect("a record");
        assert!(record.contains(r#""status": "complete""#), "{record}");
    }
}

#[test]
fn the_model_of_a_complete_run_is_written_again() {
    let place = folder();
    let run = trained(place.path());
    let model = run.join("model.safetensors");
    let before = fs::read(&model).expect("a model");
    fs::remove_file(&model).expect("it can be removed");
    let output = resumed(&run);
    assert!(output.status.success(), "{}", text(&output.stderr));
    assert_eq!(fs::read(&model).expect("a model"), before);
}

#[test]
fn of_several_pictures_the_good_ones_are_answered() {
    const PICTURES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/pictures");
    let place = folder();
    let model = write_model(place.path(), "lenet1");
    let broken = place.path().join("broken.png");
    fs::write(&broken, b"no picture").expect("a file");
    let good = format!("{PICTURES}/font-dejavu-sans-0.png");
    let predict = ["predict", &model, "--device", "cpu", "--json"];
    let output = run(&[&predict[..], &[&good, path(&broken), &good]].concat());
    let said = text(&output.stderr);
    assert_eq!(output.status.code(), Some(DATA), "{said}");
    assert!(said.contains("broken.png") && said.contains("1 of 3"), "{said}");
    let found: Value = serde_json::from_slice(&output.stdout).expect("JSON");
    assert_eq!(found["readings"].as_array().map(Vec::len), Some(2), "{found}");
    let output = run(&[&predict[..], &[path(&broken), path(&broken)]].concat());
    assert_eq!(output.status.code(), Some(DATA), "{}", text(&output.stderr));
    assert!(output.stdout.is_empty());
}

/// `command > /dev/full`
#[cfg(target_os = "linux")]
#[test]
fn results_that_standard_output_does_not_take() {
    let place = folder();
    let run = place.path().join("run");
    let train = [&SHORT[..], &["--epochs", "1", "--force", "--out", path(&run)]].concat();
    let json = [&train[..], &["--json"]].concat();
    for args in [&["--help"][..], &["train", "--help"], &["--version"], &train, &json] {
        let full = File::options().write(true).open("/dev/full").expect("/dev/full can be opened");
        let output = command(args).stdout(Stdio::from(full)).output().expect("it runs");
        let said = text(&output.stderr);
        assert_eq!(output.status.code(), Some(OTHER), "{args:?} said {said}");
        assert!(said.contains("standard output"), "{args:?} said {said}");
    }
    let record = fs::read_to_string(run.join("run.json")).expect("a record");
    assert!(record.contains(r#""status": "failed""#), "{record}");
}

#[cfg(unix)]
#[test]
fn links_and_pipes_are_never_replaced() {
    use std::os::unix::fs::{FileTypeExt, symlink};

    let place = folder();
    let at = |name: &str| place.path().join(name);
    let model = write_model(place.path(), "lenet1");
    let export = |to: &Path| {
        let flags = ["export", &model, "--format", "json", "--force", "--out", path(to)];
        run(&flags)
    };
    fs::write(at("target"), b"old").expect("a file");
    symlink(at("target"), at("link")).expect("a link");
    assert!(export(&at("link")).status.success());
    assert!(fs::symlink_metadata(at("link")).expect("it is there").is_symlink());
    assert!(fs::read(at("target")).expect("a file").starts_with(b"{"));

    symlink(at("nowhere"), at("dangling")).expect("a link");
    let output = run(&["export", &model, "--format", "json", "--out", path(&at("dangling"))]);
    assert_eq!(output.status.code(), Some(USAGE), "{}", text(&output.stderr));
    let output = export(&at("dangling"));
    assert_eq!(output.status.code(), Some(OTHER), "{}", text(&output.stderr));
    assert!(fs::symlink_metadata(at("dangling")).expect("it is there").is_symlink());

    let made = std::process::Command::new("mkfifo").arg(at("pipe")).status();
    assert!(made.expect("mkfifo runs").success());
    let reader = std::thread::spawn({
        let pipe = at("pipe");
        move || fs::read(pipe).expect("the other end")
    });
    assert!(export(&at("pipe")).status.success());
    assert!(reader.join().expect("it ends").starts_with(b"{"));
    assert!(fs::symlink_metadata(at("pipe")).expect("it is there").file_type().is_fifo());
    // Nor does it wait for a reader.
    let output = export(&at("pipe"));
    assert_eq!(output.status.code(), Some(1), "{}", text(&output.stderr));
    assert!(text(&output.stderr).contains("nobody reads"), "{}", text(&output.stderr));

    // Nor does a run replace one that has the name of a file of its own.
    let folder = at("run");
    fs::create_dir(&folder).expect("a folder");
    let metrics = folder.join("metrics.jsonl");
    let made = std::process::Command::new("mkfifo").arg(&metrics).status();
    assert!(made.expect("mkfifo runs").success());
    let start = ["--epochs", "1", "--force", "--out", path(&folder)];
    let output = run(&[&SHORT[..], &start].concat());
    assert_eq!(output.status.code(), Some(OTHER), "{}", text(&output.stderr));
    assert!(fs::symlink_metadata(&metrics).expect("it is there").file_type().is_fifo());
}

/// Whatever a command reads, a pipe that nobody writes to is refused at once, and a file without an end too.
#[cfg(unix)]
#[test]
fn pipes_and_endless_files_are_no_files() {
    let folder = folder();
    let at = |name: &str| folder.path().join(name);
    let pipe = |place: &Path| {
        let _ = fs::remove_file(place);
        let made = std::process::Command::new("mkfifo").arg(place).status();
        assert!(made.expect("mkfifo runs").success());
    };
    let whole = trained(folder.path());
    // A command is killed, and fails, where it hangs.
    let refused = |args: &[&str], code: i32| {
        let mut child = command(args)
            .env("XDG_CACHE_HOME", at("cache"))
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .expect("the program starts");
        let start = std::time::Instant::now();
        while child.try_wait().expect("it is ours").is_none() {
            assert!(start.elapsed().as_secs() < 20 || child.kill().is_err(), "{args:?} hangs");
            std::thread::sleep(std::time::Duration::from_millis(10));
        }
        let output = child.wait_with_output().expect("its words");
        let said = text(&output.stderr);
        assert_eq!(output.status.code(), Some(code), "{args:?}: {said}");
        assert!(!said.contains("panicked"), "{said}");
    };
    pipe(&at("pipe"));
    let named = at("pipe");
    let set = at("set");
    fs::create_dir(&set).expect("a folder");
    for name in ["train-images-idx3", "train-labels-idx1", "t10k-images-idx3", "t10k-labels-idx1"] {
        pipe(&set.join(format!("{name}-ubyte")));
    }
    for place in [path(&named), "/dev/zero"] {
        refused(&["train", "--network", place], DATA);
        refused(&["train", "--config", place], DATA);
        refused(&["evaluate", place], DATA);
        refused(&["import", place, "--out", path(&at("x.safetensors"))], DATA);
        refused(&["predict", path(&whole), place], DATA);
    }
    refused(&["evaluate", path(&whole), "--data", path(&set)], DATA);
    for (name, commands) in [
        ("run.json", &["report", "evaluate", "compare"][..]),
        ("metrics.jsonl", &["report"]),
        ("model.safetensors", &["evaluate", "export"]),
        ("last.ckpt.safetensors", &["resume"]),
    ] {
        let file = whole.join(name);
        let bytes = fs::read(&file).expect("a file of a run");
        pipe(&file);
        let run = path(&whole);
        for command in commands {
            let out = at("x.onnx");
            let args = match *command {
                "resume" => vec!["train", "--device", "cpu", "--resume", run],
                "compare" => vec!["compare", run, run],
                "export" => vec!["export", run, "--out", path(&out)],
                command => vec![command, run, "--device", "cpu"],
            };
            refused(&args, DATA);
        }
        fs::remove_file(&file).and_then(|()| fs::write(&file, bytes)).expect("as it was");
    }
    // A lock that is a pipe: nobody can know who trains there.
    pipe(&whole.join(".lock"));
    refused(&["train", "--device", "cpu", "--resume", path(&whole)], OTHER);
}

#[test]
fn nothing_that_a_command_reads_is_overwritten() {
    let folder = folder();
    let at = |name: &str| folder.path().join(name);
    let model = write_model(folder.path(), "lenet1");
    let before = fs::read(&model).expect("a model");
    let link = at("link.safetensors");
    fs::hard_link(&model, &link).expect("another name");
    fs::create_dir(at("sub")).expect("a folder");
    let round = format!("{}/sub/../lenet1.safetensors", path(folder.path()));
    for out in [model.as_str(), path(&link), &round] {
        for args in [
            &["export", &model, "--format", "json", "--out", out][..],
            &["import", &model, "--out", out],
            &["evaluate", &model, "--scores", out],
            &["evaluate", &model, "--mistakes", out],
        ] {
            fails(&[args, &["--force"]].concat(), USAGE, &[out, "reads"]);
        }
    }
    let one = at("one");
    let set = TempDir::new().expect("a folder");
    let data = small_set(set.path());
    let images = set.path().join("t10k-images-idx3-ubyte");
    for more in [["--scores", path(&images)], ["--mistakes", path(&images)]] {
        let over = ["evaluate", &model, "--data", &data, "--force"];
        fails(&[&over[..], &more].concat(), USAGE, &[more[0], "t10k-images", "among the data"]);
    }
    let both = ["evaluate", &model, "--scores", path(&one), "--mistakes", path(&one)];
    fails(&both, USAGE, &["one", "as well"]);
    assert_eq!(fs::read(&model).expect("a model"), before);
    let printed = prints(&["export", &model, "--format", "json", "--out", "-"]);
    let printed: Value = serde_json::from_str(&printed).expect("JSON alone");
    assert_eq!(printed["network"], "lenet1");
}
