//! The same command leaves the same bytes, whatever the cores and the threads of the driver.

use std::fs;
use std::process::Command;

use crate::common::program::{command, path, text};
use crate::common::{Outcome, Tests};
use tempfile::TempDir;

/// Threads that lavapipe computes with; unset, small steps run in the thread that submits.
const THREADS: &str = "LP_NUM_THREADS";
/// Of every run.
const TRAIN: &str = "train --device gpu --quiet --steps 6 --train-limit 200 --test-limit 20";
/// Pins a command to one core.
const ONE_CORE: [&str; 3] = ["taskset", "-c", "0"];

/// Flags of runs, and the threads that each is repeated with: batches that are cut for several devices,
/// both plans, second derivatives, distorted digits.
const RUNS: [(&str, &[&str]); 3] = [
    ("--network lenet1 --batch 16", &["0", "1", "2", "4"]),
    ("--network lenet1 --batch 16 --optimizer sdlm --curvature-patterns 40", &["2"]),
    ("--network lenet1 --batch 16 --plan sample --profile gpu --distort on", &["2"]),
];
/// The same of larger networks, profiles that do not suit the adapter, and the paper's recipe.
const OTHERS: [(&str, &[&str]); 7] = [
    ("--recipe lenet5-1998-distorted --distortions 9", &["0", "1", "2"]),
    ("--network lenet5 --output linear --batch 16 --profile software", &["0", "1", "2"]),
    ("--network lenet5 --output linear --batch 16 --profile gpu --plan layered", &["0", "1", "2"]),
    ("--network lenet5 --output linear --batch 16 --profile software --plan sample", &["1", "2"]),
    ("--network lenet5 --output linear --batch 16 --profile gpu --plan sample", &["0", "1", "2"]),
    ("--network lenet5 --optimizer sdlm --curvature-patterns 40 --plan layered", &["0", "1", "2"]),
    ("--network lenet5 --optimizer sdlm --curvature-patterns 40 --plan sample", &["0", "1", "2"]),
];

pub fn add(tests: &mut Tests) {
    add_runs(tests, &RUNS);
    tests.on_adapter("one core", |_| one_core(RUNS[0].0));
    tests.rest(|tests| add_runs(tests, &OTHERS));
}

fn add_runs(tests: &mut Tests, runs: &[(&'static str, &'static [&'static str])]) {
    for &(flags, threads) in runs {
        let name = format!("{flags}, {THREADS} {}", threads.join(" "));
        tests.on_adapter(name, move |_| any_threads(flags, threads));
    }
}

fn any_threads(flags: &str, threads: &[&str]) -> Outcome {
    let expected = trained(flags, |command| command)?;
    for threads in threads {
        let found = trained(flags, |mut command| {
            command.env(THREADS, threads);
            command
        });
        if found? != expected {
            return Err(format!("other bytes with {THREADS}={threads} than without").into());
        }
    }
    Ok(())
}

fn one_core(flags: &str) -> Outcome {
    // Where the system has no such command, there is nothing to compare.
    if Command::new(ONE_CORE[0]).arg("--version").output().is_err() {
        return Ok(());
    }
    let pinned = |command: Command| {
        let mut pinned = Command::new(ONE_CORE[0]);
        pinned.args(&ONE_CORE[1..]).arg(command.get_program()).args(command.get_args());
        pinned.envs(command.get_envs().filter_map(|(name, value)| Some((name, value?))));
        pinned
    };
    if trained(flags, pinned)? != trained(flags, |command| command)? {
        return Err("other bytes on one core".into());
    }
    Ok(())
}

/// The model and the checkpoint that a run leaves whose command is changed.
fn trained(flags: &str, change: impl FnOnce(Command) -> Command) -> Result<[Vec<u8>; 2], String> {
    let folder = TempDir::new().map_err(|error| error.to_string())?;
    let out = folder.path().join("run");
    let args = [TRAIN, flags].into_iter().flat_map(|flags| flags.split(' '));
    let args: Vec<&str> = args.chain(["--out", path(&out)]).collect();
    let mut command = command(&args);
    command.env_remove(THREADS);
    let output = change(command).output().map_err(|error| error.to_string())?;
    if !output.status.success() {
        return Err(text(&output.stderr));
    }
    let read = |name: &str| fs::read(out.join(name)).map_err(|error| format!("{name}: {error}"));
    Ok([read("model.safetensors")?, read("last.ckpt.safetensors")?])
}
