//! The library by itself: what it must not do, and parts that need no network.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use lenet::rng::{Rng, Stream};
use lenet::train::control::Control;

/// The parts that talk to a terminal: the commands and the program around them.
const PROGRAM: [&str; 3] = ["src/cli", "src/main.rs", "src/memory.rs"];
/// What prints or ends the process.
const TALK: [&str; 8] =
    ["print!", "println!", "eprint!", "eprintln!", "dbg!", "stdout()", "stderr()", "process::exit"];

#[test]
fn only_commands_print_or_exit() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut files = Vec::new();
    sources(&root.join("src"), &mut files);
    let inside = |file: &Path, part: &str| file.starts_with(root.join(part));
    let (program, library): (Vec<PathBuf>, Vec<PathBuf>) =
        files.into_iter().partition(|file| PROGRAM.iter().any(|part| inside(file, part)));
    let talkers: Vec<String> = library.iter().flat_map(|file| talk(file)).collect();
    assert!(talkers.is_empty(), "these print or exit:\n{}", talkers.join("\n"));
    // The search finds something where there is something.
    assert!(program.iter().any(|file| !talk(file).is_empty()));
    assert!(library.len() > 50, "only {} files were looked at", library.len());
}

/// The Rust files below a folder.
fn sources(folder: &Path, files: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).expect("a folder") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            sources(&path, files);
        } else if path.extension().is_some_and(|ending| ending == "rs") {
            files.push(path);
        }
    }
}

/// The lines of a file that print or end the process, comments left out.
fn talk(file: &Path) -> Vec<String> {
    let text = fs::read_to_string(file).expect("a source file");
    let talks = |line: &&str| {
        !line.trim_start().starts_with("//") && TALK.iter().any(|word| line.contains(word))
    };
    text.lines().filter(talks).map(|line| format!("{}: {}", file.display(), line.trim())).collect()
}

#[test]
fn waits_in_a_pause_until_it_is_over_or_the_run_has_to_end() {
    let control = Control::default();
    control.wait();
    let ends: [fn(&Control); 2] = [Control::toggle_pause, |control| assert!(!control.stop())];
    for end in ends {
        let ended = AtomicBool::new(false);
        control.toggle_pause();
        std::thread::scope(|scope| {
            scope.spawn(|| {
                std::thread::sleep(Duration::from_millis(60));
                ended.store(true, Ordering::SeqCst);
                end(&control);
            });
            control.wait();
            assert!(ended.load(Ordering::SeqCst), "it did not wait");
        });
    }
    assert!(control.stopped() && control.stop());
}

#[test]
fn shuffle_keeps_every_item() {
    let mut items: Vec<u32> = (0..1000).collect();
    Rng::new(1, Stream::Order).shuffle(&mut items);
    assert_ne!(items, (0..1000).collect::<Vec<u32>>());
    items.sort_unstable();
    assert_eq!(items, (0..1000).collect::<Vec<u32>>());
}
