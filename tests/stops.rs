//! Runs that are stopped at random moments by SIGINT and SIGKILL and go on with `train --resume`, each
//! time on another number of threads, end with the bytes of a run that never stopped.
//!
//! `LENET_STOPPED_RUNS` says how many runs in all are stopped, one kind after the other; without it
//! each kind once, but of those on the adapter the first only, since every process compiles its kernels
//! anew.

mod common;

#[cfg(unix)]
mod unix {
    use std::fs;
    use std::path::Path;
    use std::process::{Child, Command, Stdio};
    use std::time::{Duration, Instant};

    use lenet::rng::{Rng, Stream};
    use serde_json::Value;
    use tempfile::TempDir;

    use super::common::program::{command, path, text};
    use super::common::{Outcome, Tests};

    /// How many runs are stopped.
    const RUNS: &str = "LENET_STOPPED_RUNS";
    /// Of the kinds, where nobody says how many runs.
    const SHORT: usize = 4;
    /// Exit code after Ctrl-C.
    const INTERRUPTED: i32 = 130;
    /// Attempts to meet a run before it has ended.
    const ATTEMPTS: usize = 10;

    /// A kind of run: its name, whether it runs on an adapter, its flags.
    type Kind = (&'static str, bool, &'static [&'static str]);

    const KINDS: [Kind; 6] = [
        ("lenet1 on the CPU", false, &["--recipe", "lenet1", "--train-limit", "20000"]),
        ("lenet5 on the CPU", false, &["--recipe", "lenet5", "--train-limit", "8000"]),
        (
            "sdlm with nine distortions on the CPU",
            false,
            &["--recipe", "lenet5-1998-distorted", "--distortions", "9", "--train-limit", "2000"],
        ),
        ("lenet1 on the adapter", true, &["--recipe", "lenet1", "--train-limit", "8000"]),
        (
            "lenet5 distorted on the adapter",
            true,
            &["--recipe", "lenet5-distorted", "--train-limit", "3000"],
        ),
        (
            "sdlm with nine distortions on the adapter",
            true,
            &["--recipe", "lenet5-1998-distorted", "--distortions", "9", "--train-limit", "600"],
        ),
    ];

    pub fn main() -> ! {
        let runs = std::env::var(RUNS).ok().map(|runs| runs.parse().expect("a number of runs"));
        let runs = runs.unwrap_or(SHORT);
        let mut tests = Tests::new();
        for (number, (name, on_adapter, flags)) in KINDS.into_iter().enumerate() {
            // Runs 0, 6, 12, ... are of the first kind.
            let count = (number..runs).step_by(KINDS.len()).count();
            if count == 0 {
                continue;
            }
            let name = format!("stopped_and_gone_on, {name}, {count} runs");
            let rng = Rng::new(number as u64, Stream::Test);
            match on_adapter {
                true => tests.on_adapter(name, move |_| stop_runs("gpu", flags, count, rng)),
                false => tests.plain(name, move || stop_runs("cpu", flags, count, rng)),
            }
        }
        tests.run()
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
    fn stop_runs(device: &str, flags: &[&str], count: usize, mut rng: Rng) -> Outcome {
        let folder = TempDir::new()?;
        let whole = folder.path().join("whole");
        let start = ["--device", device, "--epochs", "3", "--test-limit", "500"];
        // Checkpoints so often that a kill now and then meets one that is being written.
        let often = ["--checkpoint-seconds", "0.05"];
        let start = [&start[..], flags, &often].concat();
        let begun = Instant::now();
        let made = train(&[&start[..], &["--out", path(&whole)]].concat(), device, &mut rng);
        finish(made)?;
        let time = begun.elapsed();
        for number in 0..count {
            let run = folder.path().join(number.to_string());
            let start = [&start[..], &["--out", path(&run)]].concat();
            let go_on = [&["--resume", path(&run)][..], &often].concat();
            let mut child = train(&start, device, &mut rng).spawn()?;
            let mut stops = 0;
            let first = rng.below(2);
            for attempt in 0..ATTEMPTS {
                let signal = ["-INT", "-KILL"][(first as usize + stops) % 2];
                let moment = time.mul_f64(f64::from(rng.below(1000)) / 2000.0);
                stops += usize::from(stop(child, signal, &run, moment)?);
                if stops == 2 {
                    break;
                }
                assert!(attempt + 1 < ATTEMPTS, "{run:?} was stopped {stops} times only");
                if is_complete(&run) {
                    // The moments came too late: once more from the start.
                    fs::remove_dir_all(&run)?;
                    stops = 0;
                    child = train(&start, device, &mut rng).spawn()?;
                } else {
                    child = train(&go_on, device, &mut rng).spawn()?;
                }
            }
            finish(train(&go_on, device, &mut rng))?;
            compare(&whole, &run)?;
        }
        Ok(())
    }

    /// Sends a signal some time after the run in this folder has written its first state; whether it
    /// was still under way.
    fn stop(child: Child, signal: &str, run: &Path, moment: Duration) -> Result<bool, String> {
        let begun = Instant::now();
        while !run.join("last.ckpt.safetensors").exists() && begun.elapsed().as_secs() < 120 {
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

    fn is_complete(run: &Path) -> bool {
        record(run)["status"] == "complete"
    }

    /// The lines of the metrics without what hangs on the clock.
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
        assert!(stopped["resumed"].as_array().is_some_and(|times| times.len() >= 2), "{stopped}");
        for entry in fs::read_dir(run)? {
            let name = entry?.file_name().into_string().expect("a plain name");
            assert!(!name.ends_with(".partial"), "{name} was left");
        }
        Ok(())
    }
}

#[cfg(unix)]
fn main() {
    unix::main()
}

#[cfg(not(unix))]
fn main() {
    println!("no signals here");
}
