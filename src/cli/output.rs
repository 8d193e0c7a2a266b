//! What commands say: results on standard output, everything else on standard error.
//!
//! A reader who has seen enough (`lenet plan | head`) is nobody's error, where `println!` would
//! panic. Colours are for terminals that want them: `NO_COLOR`, `CLICOLOR` and `CLICOLOR_FORCE` are
//! heeded.

use std::io::{ErrorKind, Write};
use std::path::Path;
use std::sync::{Mutex, MutexGuard, PoisonError};

use anstyle::Style;
use serde_json::Value;

use crate::disk;
use crate::error::{Error, Result};
use crate::report::files::is_of_run;
use crate::text::{ERROR, WARNING, bytes, path_on_one_line, shown};

/// Writes a result; a closed pipe is success.
pub fn print(text: &str) -> Result<()> {
    let mut out = std::io::stdout().lock();
    written(out.write_all(shown(text).as_bytes()).and_then(|()| out.flush())).map(|_| ())
}

/// Whether standard output takes more, after it was written to: not where its reader has left.
pub fn written(result: std::io::Result<()>) -> Result<bool> {
    match result {
        Ok(()) => Ok(true),
        Err(error) if error.kind() == ErrorKind::BrokenPipe => Ok(false),
        Err(error) => Err(Error::Other(format!(
            "cannot write to standard output: {error}; send it elsewhere"
        ))),
    }
}

/// Writes a result for a program: one JSON object on one line.
pub fn print_json(value: &Value) -> Result<()> {
    print(&format!("{value}\n"))
}

/// The notes that wait while something else has the terminal; `None` where nothing has.
fn held() -> MutexGuard<'static, Option<Vec<String>>> {
    static HELD: Mutex<Option<Vec<String>>> = Mutex::new(None);
    HELD.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Keeps notes back until [`release`].
pub fn hold() {
    held().get_or_insert_default();
}

/// Says the notes that were kept back, and the next ones at once.
pub fn release() {
    let notes = held().take();
    notes.iter().flatten().for_each(|text| note(text));
}

/// Says something that is no result: progress, the device, a warning.
pub fn note(text: &str) {
    if let Some(notes) = &mut *held() {
        return notes.push(text.into());
    }
    // There is nowhere left to complain.
    let _ = writeln!(anstream::stderr(), "{}", shown(text));
}

/// Prints a warning.
pub fn warn(text: &str) {
    message("warning", WARNING, text);
}

/// Says why the program ends.
pub fn error(error: &Error) {
    message("error", ERROR, &error.to_string());
}

/// Prints a message after its kind; further lines are set in, so that a name with a line feed in it cannot pass
/// for another message.
fn message(kind: &str, style: Style, text: &str) {
    note(&format!("{style}{kind}:{style:#} {}", text.replace('\n', "\n  ")));
}

/// What stands for standard output where a file is named.
const STANDARD: &str = "-";

/// Whether a path stands for standard output.
pub fn is_standard(path: &Path) -> bool {
    path == Path::new(STANDARD)
}

/// Writes a file and says so; `-` is standard output.
pub fn write_file(path: &Path, content: &[u8]) -> Result<()> {
    if is_standard(path) {
        let mut out = std::io::stdout().lock();
        return written(out.write_all(content).and_then(|()| out.flush())).map(|_| ());
    }
    disk::write(path, content)?;
    note(&format!("written to {}: {}", path_on_one_line(path), bytes(content.len())));
    Ok(())
}

/// Whether the file that a flag names can be written: asked before the work whose result it gets. The files
/// that the command reads, or writes besides, are `others`: not even `force` overwrites one of them, or a file of a
/// run.
pub fn check_free(flag: &str, path: &Path, force: bool, others: &[&Path]) -> Result<()> {
    let what = if path.is_dir() {
        "is a folder: give the name of a file"
    } else if path.symlink_metadata().is_ok() && !force {
        "exists already: give another name, or --force to overwrite it"
    } else if is_of_run(path) {
        "is a file of a run: give another name"
    } else if is_standard(path) {
        "stands for standard output, to which this is not written: give the name of a file"
    } else if others.iter().any(|other| disk::are_one(path, other)) {
        "is a file that this command reads, or writes as well: give another name"
    } else {
        return disk::try_out(path);
    };
    Err(Error::Usage(format!("{flag} {} {what}", path.display())))
}

/// As [`check_free`], of a file that becomes a PNG.
pub fn check_picture(flag: &str, path: &Path, force: bool, others: &[&Path]) -> Result<()> {
    check_free(flag, path, force, others)?;
    match path.extension().is_some_and(|ending| ending.eq_ignore_ascii_case("png")) {
        true => Ok(()),
        false => Err(Error::Usage(format!(
            "{flag} {} becomes a PNG: give a name that ends in .png",
            path.display()
        ))),
    }
}
