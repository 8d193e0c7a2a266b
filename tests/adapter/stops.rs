//! Runs that are stopped at random moments by SIGINT and SIGKILL and go on with `train --resume`, each
//! time on another number of threads, end with the bytes of a run that never stopped.
//!
//! One run always, others with `./tests/run --all`: `resume.rs` tries each state of a run, without
//! processes.

use std::fs;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use lenet::rng::{Rng, Stream};
use serde_json::Value;
use tempfile::TempDir;

use crate::common::program::{command, path, text};
use crate::common::{Outcome, Tests};

/// Exit code after Ctrl-C.
const INTERRUPTED: i32 = 130;
/// Attempts to meet a run before it has ended.
const ATTEMPTS: usize = 10;

/// A kind of run, and how many of it are stopped with `--all`.
struct Kind {
    name: &'static str,
    device: &'static str,
    flags: &'static [&'static str],
    runs: usize,
}

/// They are fewer on an adapter, where every process sets up its kernels again.
const KINDS: [Kind; 6] = [
    Kind {
        name: "lenet1 on the CPU",
        device: "cpu",
        flags: &["--recipe", "lenet1", "--train-limit", "6000"],
        runs: 3,
    },
    Kind {
        name: "lenet5 on the CPU",
        device: "cpu",
        flags: &["--recipe", "lenet5", "--train-limit", "2000"],
        runs: 3,
    },
    Kind {
        name: "sdlm with nine distortions on the CPU",
        device: "cpu",
        flags: &SECOND_ORDER,
        runs: 3,
    },
    Kind {
        name: "lenet1 on an adapter",
        device: "gpu",
        flags: &["--recipe", "lenet1", "--train-limit", "3000"],
        runs: 1,
    },
    Kind {
        name: "lenet5 distorted on an adapter",
        device: "gpu",
        flags: &["--recipe", "lenet5-distorted", "--train-limit", "1000"],
        runs: 1,
    },
    Kind {
        name: "sdlm with nine distortions on an adapter",
        device: "gpu",
        flags: &SECOND_ORDER,
        runs: 1,
    },
];

const SECOND_ORDER: [&str; 6] =
    ["--recipe", "lenet5-1998-distorted", "--distortions", "9", "--train-limit", "600"];

pub fn add(tests: &mut Tests) {
    // Elsewhere there are no such signals.
    if cfg!(not(unix)) {
        return;
    }
    tests.plain("one run of lenet1 on the CPU", || stop_runs(&KINDS[0], 1, random(0)));
    tests.rest(|tests| {
        for (number, kind) in KINDS.into_iter().enumerate() {
            let name = format!("{} runs of {}", kind.runs, kind.name);
            let rng = random(1 + number as u64);
            match kind.device {
                "cpu" => tests.plain(name, move || stop_runs(&kind, kind.runs, rng)),
                _ => tests.on_adapter(name, move |_| stop_runs(&kind, kind.runs, rng)),
            }
        }
    });
}

/// The numbers that signals and moments are drawn from.
fn random(seed: u64) -> Rng {
    Rng::new(seed, Stream::Test)
}

/// `lenet train`, on one or two threads, which is to change nothing.
fn train(args: &[&str], device: &str, rng: &mut Rng) -> Command {
    let threads = (1 + rng.below(2)).to_string();
    let mut command = command(&[&["train", "--quiet"], args].concat());
    match device {
        "cpu" => _ = command.args(["--threads", &threads]),
        _ => _ = command.env("LP_NUM_THREADS", &threads),
    }
    command.stdout(Stdio::null()).stderr(Stdio::piped());
    command
}

/// Makes a run at one go, then `count` of them that are stopped by each signal once or more.
fn stop_runs(kind: &Kind, count: usize, mut rng: Rng) -> Outcome {
    let Kind { device, flags, .. } = *kind;
    let folder = TempDir::new()?;
    let whole = folder.path().join("whole");
    let start = ["--device", device, "--epochs", "3", "--test-limit", "500"];
    // So often that there are some in every run.
    let often = ["--checkpoint-seconds", "0.1"];
    let start = [&start[..], flags, &often].concat();
    let begun = Instant::now();
    let made = train(&[&start[..], &["--out", path(&whole)]].concat(), device, &mut rng);
    finish(made)?;
    let mut time = begun.elapsed();
    for number in 0..count {
        let run = folder.path().join(number.to_string());
        let start = [&start[..], &["--out", path(&run)]].concat();
        let go_on = [&["--resume", path(&run)][..], &often].concat();
        let mut child = train(&start, device, &mut rng).spawn()?;
        let (mut stops, first) = (0, rng.below(2) as usize);
        for attempt in 0.. {
            assert!(attempt < ATTEMPTS, "{run:?} was stopped {stops} times only");
            let signal = ["-INT", "-KILL"][(first + stops) % 2];
            let moment = time.mul_f64(f64::from(rng.below(1000)) / 2000.0);
            if !stop(child, signal, (&run, stops), moment)? || is_complete(&run) {
                // The moment came too late: once more from the start, and sooner.
                time /= 2;
                fs::remove_dir_all(&run)?;
                stops = 0;
                child = train(&start, device, &mut rng).spawn()?;
                continue;
            }
            stops += 1;
            if stops == 2 {
                break;
            }
            child = train(&go_on, device, &mut rng).spawn()?;
        }
        finish(train(&go_on, device, &mut rng))?;
        compare(&whole, &run)?;
    }
    Ok(())
}

/// Sends a signal some time after the run in a folder has begun, or has gone on so many times;
/// whether it was still under way.
fn stop(
    child: Child,
    signal: &str,
    (run, times): (&Path, usize),
    moment: Duration,
) -> Result<bool, String> {
    let begun = Instant::now();
    while !has_gone_on(run, times) && begun.elapsed().as_secs() < 300 {
        std::thread::sleep(Duration::from_millis(5));
    }
    std::thread::sleep(moment);
    let id = child.id().to_string();
    let sent = Command::new("kill").args([signal, &id]).status();
    assert!(sent.is_ok_and(|status| status.success()), "kill {signal} {id}");
    let ended = child.wait_with_output().map_err(|error| error.to_string())?;
    match (ended.status.code(), signal) {
        (Some(INTERRUPTED), "-INT") | (None, _) => Ok(true),
        (Some(0), _) => Ok(false),
        (code, _) => Err(format!("ended with {code:?}: {}", text(&ended.stderr))),
    }
}

fn finish(mut command: Command) -> Outcome {
    let output = command.output()?;
    let said = text(&output.stderr);
    assert!(output.status.success(), "{command:?} ended with {}: {said}", output.status);
    Ok(())
}

fn record(run: &Path) -> Value {
    let text = fs::read_to_string(run.join("run.json")).expect("a record");
    serde_json::from_str(&text).expect("JSON")
}

fn has_gone_on(run: &Path, times: usize) -> bool {
    let resumed = |run| record(run)["resumed"].as_array().map_or(0, Vec::len);
    run.join("last.ckpt.safetensors").exists() && resumed(run) == times
}

fn is_complete(run: &Path) -> bool {
    record(run)["status"] == "complete"
}

/// The lines of the metrics without what depends on the clock.
fn metrics(run: &Path) -> Vec<Value> {
    let text = fs::read_to_string(run.join("metrics.jsonl")).expect("metrics");
    let line = |line: &str| {
        let mut line: Value = serde_json::from_str(line).expect("JSON");
        line["seconds"].take();
        line["samples_per_second"].take();
        line
    };
    text.lines().map(line).collect()
}

fn compare(whole: &Path, run: &Path) -> Outcome {
    for name in ["model.safetensors", "last.ckpt.safetensors"] {
        assert!(fs::read(whole.join(name))? == fs::read(run.join(name))?, "another {name}");
    }
    assert_eq!(metrics(whole), metrics(run));
    let (whole, stopped) = (record(whole), record(run));
    assert_eq!(stopped["status"], "complete");
    for result in ["final", "best", "epochs"] {
        assert_eq!(whole["result"][result], stopped["result"][result]);
    }
    assert!(stopped["resumed"].as_array().is_some_and(|times| times.len() == 2), "{stopped}");
    for entry in fs::read_dir(run)? {
        let name = entry?.file_name().into_string().expect("a plain name");
        assert!(!name.ends_with(".partial"), "{name} was left");
    }
    Ok(())
}
