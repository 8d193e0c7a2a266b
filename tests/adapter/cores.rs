//! The same command leaves the same bytes, whatever the cores and the threads of the driver.

use std::fs;
use std::process::Command;

use crate::common::program::{command, path, text};
use crate::common::{Outcome, Tests};
use tempfile::TempDir;

/// The variable that sets llvmpipe's threads. Unset, and with one or two cores, the submitting thread runs small steps.
const THREADS: &str = "LP_NUM_THREADS";
/// Pins a command to one core.
const ONE_CORE: [&str; 3] = ["taskset", "-c", "0"];
/// Flags of every run.
const TRAIN: &str = "train --device gpu --quiet --steps 6 --train-limit 200 --test-limit 20";

/// What a run is limited to.
#[derive(Clone, Copy, PartialEq)]
enum Limit {
    Threads(&'static str),
    OneCore,
}

use Limit::{OneCore, Threads};

/// Flags of each run, and the limits under which it is repeated. The runs cover sharded batches, second derivatives and
/// distorted samples.
const RUNS: [(&str, &[Limit]); 3] = [
    ("--network lenet1 --batch 16", &[OneCore]),
    (
        "--network lenet1 --batch 16 --profile gpu --optimizer sdlm --curvature-patterns 40",
        &[Threads("2")],
    ),
    ("--network lenet1 --batch 16 --profile gpu --plan sample --distort on", &[Threads("2")]),
];
const OTHER_THREADS: &[Limit] = &[Threads("0"), Threads("1"), Threads("2"), Threads("4")];
/// More networks, profiles that do not suit the adapter, and the paper's recipe.
const OTHERS: [&str; 8] = [
    "--network lenet1 --batch 16",
    "--recipe lenet5-1998-distorted --distortions 9",
    "--network lenet5 --output linear --batch 16 --profile software",
    "--network lenet5 --output linear --batch 16 --profile software --plan sample",
    "--network lenet5 --output linear --batch 16 --profile gpu --plan layered",
    "--network lenet5 --output linear --batch 16 --profile gpu --plan sample",
    "--network lenet5 --optimizer sdlm --curvature-patterns 40 --plan layered",
    "--network lenet5 --optimizer sdlm --curvature-patterns 40 --plan sample",
];

pub fn add(tests: &mut Tests) {
    for (flags, limits) in RUNS {
        match can_run(limits) {
            Ok(()) => tests.on_adapter(flags, move |_| same_bytes(flags, limits)),
            Err(reason) => tests.where_ready(flags, Err(reason), || Ok(())),
        }
    }
    tests.rest(|tests| {
        for flags in OTHERS {
            let name = format!("{flags}, other threads");
            tests.on_adapter(name, move |_| same_bytes(flags, OTHER_THREADS));
        }
    });
}

/// Whether this system has what sets these limits, or what is missing.
fn can_run(limits: &[Limit]) -> Result<(), String> {
    let can_pin = || Command::new(ONE_CORE[0]).arg("--version").output().is_ok();
    if limits.contains(&OneCore) && !can_pin() {
        return Err("taskset is missing (package util-linux)".into());
    }
    Ok(())
}

fn same_bytes(flags: &str, limits: &[Limit]) -> Outcome {
    let expected = trained(flags, None)?;
    for &limit in limits {
        if trained(flags, Some(limit))? != expected {
            return Err(match limit {
                OneCore => "other bytes on one core".into(),
                Threads(threads) => format!("other bytes with {THREADS}={threads}").into(),
            });
        }
    }
    Ok(())
}

/// The model and the checkpoint of one run, with or without a limit.
fn trained(flags: &str, limit: Option<Limit>) -> Result<[Vec<u8>; 2], String> {
    let folder = TempDir::new().map_err(|error| error.to_string())?;
    let out = folder.path().join("run");
    let args = [TRAIN, flags].into_iter().flat_map(|flags| flags.split(' '));
    let args: Vec<&str> = args.chain(["--out", path(&out)]).collect();
    let mut run = command(&args);
    run.env_remove(THREADS);
    match limit {
        Some(Threads(threads)) => _ = run.env(THREADS, threads),
        Some(OneCore) => {
            let program = run;
            run = Command::new(ONE_CORE[0]);
            run.args(&ONE_CORE[1..]).arg(program.get_program()).args(program.get_args());
            run.envs(program.get_envs().filter_map(|(name, value)| Some((name, value?))));
        }
        None => {}
    }
    let output = run.output().map_err(|error| error.to_string())?;
    if !output.status.success() {
        return Err(text(&output.stderr));
    }
    let read = |name: &str| fs::read(out.join(name)).map_err(|error| format!("{name}: {error}"));
    Ok([read("model.safetensors")?, read("last.ckpt.safetensors")?])
}
