//! The same command leaves the same bytes, whatever the cores and the threads of the driver.

mod common;

use std::fs;
use std::process::Command;

use common::program::{command, path, text};
use common::{Outcome, Tests};
use tempfile::TempDir;

/// Threads that lavapipe computes with; unset, small steps run in the thread that submits.
const THREADS: &str = "LP_NUM_THREADS";

fn main() {
    let mut tests = Tests::new();
    for optimizer in ["sgd", "sdlm"] {
        tests.on_adapter(format!("lenet1, {optimizer}, any number of cores"), move |_| {
            same_bytes(optimizer)
        });
    }
    tests.run()
}

fn same_bytes(optimizer: &str) -> Outcome {
    let expected = trained(optimizer, None, false)?;
    // Which device does what is the same whatever the optimizer.
    let threads = if optimizer == "sgd" { &["0", "1", "2", "4"][..] } else { &["2"] };
    for &threads in threads {
        if trained(optimizer, Some(threads), false)? != expected {
            return Err(format!("other bytes with {THREADS}={threads} than without").into());
        }
    }
    // Where the system has no such command, there is nothing to compare.
    if optimizer == "sgd"
        && Command::new("taskset").arg("--version").output().is_ok()
        && trained(optimizer, None, true)? != expected
    {
        return Err("other bytes on one core".into());
    }
    Ok(())
}

/// The model file of a short run.
fn trained(optimizer: &str, threads: Option<&str>, one_core: bool) -> Result<Vec<u8>, String> {
    let folder = TempDir::new().map_err(|error| error.to_string())?;
    let out = folder.path().join("run");
    let flags =
        ["train", "--network", "lenet1", "--device", "gpu", "--batch", "16", "--steps", "6"];
    let limits = ["--train-limit", "200", "--test-limit", "20", "--curvature-patterns", "40"];
    let mut args = [&flags[..], &["--optimizer", optimizer, "--out", path(&out)]].concat();
    args.extend(&limits[..if optimizer == "sdlm" { 6 } else { 4 }]);
    let mut run = command(&args);
    if one_core {
        let program = run.get_program().to_owned();
        let mut pinned = Command::new("taskset");
        pinned.args(["-c", "0"]).arg(program).args(&args);
        pinned.env("XDG_CACHE_HOME", env!("CARGO_TARGET_TMPDIR"));
        run = pinned;
    }
    match threads {
        Some(threads) => run.env(THREADS, threads),
        None => run.env_remove(THREADS),
    };
    let output = run.output().map_err(|error| error.to_string())?;
    if !output.status.success() {
        return Err(text(&output.stderr));
    }
    fs::read(out.join("model.safetensors")).map_err(|error| error.to_string())
}
