//! What `ulimit` does not allow: one message, nothing half-written, and the state before it stays.
#![cfg(target_os = "linux")]

use std::fs;
use std::path::Path;
use std::process::{Command, Output};

use super::faults::{fails_in, lenet, short, walk};
use crate::common::program::{DATA, OTHER};
use tempfile::TempDir;

/// Runs the program below a limit, as `-f 20`.
fn limited(limit: &str, args: &[&str], folder: &Path) -> Output {
    Command::new("sh")
        .args(["-c", &format!("ulimit {limit}; exec \"$0\" \"$@\""), env!("CARGO_BIN_EXE_lenet")])
        .args(args)
        .current_dir(folder)
        .output()
        .expect("the program starts")
}

/// What `ulimit -v` does not allow ends the program with a sentence.
#[test]
fn memory_that_may_not_be_had() {
    let folder = TempDir::new().expect("a folder");
    let mut refused = 0;
    for kilobytes in (80_000..400_000).step_by(10_000) {
        let train = short(&["--steps", "2", "--quiet", "--no-report", "--out", "run"]);
        let output = limited(&format!("-v {kilobytes}"), &train, folder.path());
        let said = String::from_utf8_lossy(&output.stderr);
        if output.status.success() {
            break;
        }
        assert_eq!(output.status.code(), Some(OTHER), "{kilobytes}: {said}");
        // A thread needs memory, too.
        assert!(said.contains("-v") && said.lines().count() == 1, "{kilobytes}: {said}");
        refused += 1;
    }
    assert!(refused > 0 && folder.path().join("run/model.safetensors").exists(), "{refused}");
}

/// What `ulimit -f` does not allow is an error like any other, and the state before it stays.
#[test]
fn files_that_may_not_be_so_long() {
    let folder = TempDir::new().expect("a folder");
    let path = folder.path();
    let refused = |blocks: &str, args: &[&str]| {
        let output = limited(&format!("-f {blocks}"), args, path);
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(OTHER), "{said}");
        assert_eq!(said.lines().count(), 1, "{said}");
        assert!(walk(path).iter().all(|file| !file.ends_with(".partial")));
        said
    };
    // A checkpoint has 27 KB, a model 13, and a block of `ulimit` half a KB or one.
    let train = short(&["--epochs", "1", "--no-report", "--quiet", "--out", "run"]);
    let said = refused("20", &train);
    assert!(said.contains("last.ckpt.safetensors"), "{said}");
    assert!(lenet(&[&train[..], &["--force"]].concat(), path).status.success());
    let state = fs::read(path.join("run/last.ckpt.safetensors")).expect("a checkpoint");
    fs::remove_file(path.join("run/model.safetensors")).expect("it can be removed");
    fails_in(path, &["evaluate", "run", "--device", "cpu"], DATA, &["its model", "--resume run"]);
    let resume = ["train", "--resume", "run", "--device", "cpu", "--quiet"];
    let said = refused("9", &resume);
    assert!(said.contains("model.safetensors"), "{said}");
    assert_eq!(fs::read(path.join("run/last.ckpt.safetensors")).expect("a checkpoint"), state);
    let model = "run/model.safetensors";
    assert!(lenet(&resume, path).status.success() && path.join(model).exists());
}
