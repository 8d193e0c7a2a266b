//! The same command leaves the same bytes, whatever the cores and the threads of the driver.

use std::fs;
use std::process::Command;

use crate::common::program::{command, path, text};
use crate::common::{Outcome, Tests};
use tempfile::TempDir;

/// Threads that lavapipe computes with; unset, small steps run in the thread that submits.
const THREADS: &str = "LP_NUM_THREADS";
/// Pins a command to one core.
const ONE_CORE: [&str; 3] = ["taskset", "-c", "0"];
/// Of every run.
const TRAIN: &str = "train --device gpu --quiet --steps 6 --train-limit 200 --test-limit 20";

/// What a run may have to itself.
#[derive(Clone, Copy)]
enum Machine {
    Threads(&'static str),
    OneCore,
}

use Machine::{OneCore, Threads};

/// Flags of runs, and the machines that each is repeated on: batches that are cut for several devices,
/// second derivatives, samples of distorted digits.
const RUNS: [(&str, &[Machine]); 3] = [
    ("--network lenet1 --batch 16", &[OneCore]),
    (
        "--network lenet1 --batch 16 --profile gpu --optimizer sdlm --curvature-patterns 40",
        &[Threads("2")],
    ),
    ("--network lenet1 --batch 16 --profile gpu --plan sample --distort on", &[Threads("2")]),
];
const OTHER_THREADS: &[Machine] = &[Threads("0"), Threads("1"), Threads("2"), Threads("4")];
/// Larger networks, profiles that do not suit the adapter, and the paper's recipe.
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
    for (flags, machines) in RUNS {
        tests.on_adapter(flags, move |_| any_machine(flags, machines));
    }
    tests.rest(|tests| {
        for flags in OTHERS {
            let name = format!("{flags}, other threads");
            tests.on_adapter(name, move |_| any_machine(flags, OTHER_THREADS));
        }
    });
}

fn any_machine(flags: &str, machines: &[Machine]) -> Outcome {
    let expected = trained(flags, None)?;
    for &machine in machines {
        // Where the system cannot pin a command, there is nothing to compare.
        let can_pin = || Command::new(ONE_CORE[0]).arg("--version").output().is_ok();
        let differs = match machine {
            OneCore => can_pin() && trained(flags, Some(machine))? != expected,
            Threads(_) => trained(flags, Some(machine))? != expected,
        };
        if differs {
            return Err(match machine {
                OneCore => "other bytes on one core".into(),
                Threads(threads) => format!("other bytes with {THREADS}={threads}").into(),
            });
        }
    }
    Ok(())
}

/// The model and the checkpoint that a run leaves, on the whole machine or on less.
fn trained(flags: &str, machine: Option<Machine>) -> Result<[Vec<u8>; 2], String> {
    let folder = TempDir::new().map_err(|error| error.to_string())?;
    let out = folder.path().join("run");
    let args = [TRAIN, flags].into_iter().flat_map(|flags| flags.split(' '));
    let args: Vec<&str> = args.chain(["--out", path(&out)]).collect();
    let mut run = command(&args);
    run.env_remove(THREADS);
    match machine {
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
