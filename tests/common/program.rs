//! The program itself: what it prints, and how it refuses.

use std::path::Path;
use std::process::{Command, Output, Stdio};

use lenet::network::{Network, build, lenet as tables};
use serde_json::Value;

/// Exit code of a wrong flag.
pub const USAGE: i32 = 2;

/// The program, ready to start.
pub fn command(args: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_lenet"));
    // Not the user's own cache: what was tuned there would change the plans.
    command.args(args).env("XDG_CACHE_HOME", env!("CARGO_TARGET_TMPDIR")).stdin(Stdio::null());
    command
}

/// What a command did.
pub fn run(args: &[&str]) -> Output {
    command(args).output().expect("the program starts")
}

/// What a command prints that has to succeed.
pub fn prints(args: &[&str]) -> String {
    let output = run(args);
    let (out, said) = (String::from_utf8_lossy(&output.stdout), text(&output.stderr));
    assert!(output.status.success(), "{args:?} ended with {}: {said}", output.status);
    out.into_owned()
}

/// The object that it prints with `--json`.
pub fn json_of(args: &[&str]) -> Value {
    let printed = prints(&[args, &["--json"]].concat());
    serde_json::from_str(&printed).unwrap_or_else(|error| panic!("{args:?}: {error}: {printed}"))
}

/// A command that has to fail with this exit code and these words, and without a panic.
pub fn fails(args: &[&str], code: i32, words: &[&str]) {
    let output = run(args);
    let said = text(&output.stderr);
    assert_eq!(output.status.code(), Some(code), "{args:?} said {said}");
    assert!(words.iter().all(|word| said.contains(word)), "{args:?}: {words:?} not in {said}");
    assert!(!said.contains("panicked"), "{args:?} said {said}");
}

/// Bytes that were printed.
pub fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// A path as an argument.
pub fn path(path: &Path) -> &str {
    path.to_str().expect("temporary folders have plain names")
}

/// A network with the options of its table.
pub fn network_of(name: &str) -> Network {
    let table = tables::find(name).expect("a known network");
    build(table, table.options()).expect("the table's own options fit")
}
