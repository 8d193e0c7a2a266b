//! The library by itself: what it must not do.

use std::fs;
use std::path::{Path, PathBuf};

/// The parts that talk to a terminal: the commands and the program around them.
const PROGRAM: [&str; 2] = ["src/cli", "src/main.rs"];
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
