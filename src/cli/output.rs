//! What commands say: results on standard output, everything else on standard error.
//!
//! A reader who has seen enough (`lenet plan | head`) is nobody's error, where `println!` would
//! panic.

use std::io::{ErrorKind, Write};

use serde_json::Value;

use crate::error::{Error, Result};

/// Writes a result.
///
/// # Errors
/// [`Error::Other`] if standard output takes no more, as on a full disk; a closed pipe is success.
pub fn print(text: &str) -> Result<()> {
    let mut out = std::io::stdout().lock();
    written(out.write_all(text.as_bytes()).and_then(|()| out.flush())).map(|_| ())
}

/// Whether standard output takes more, after it was written to: not where its reader has left.
///
/// # Errors
/// As [`print()`].
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
///
/// # Errors
/// As [`print()`].
pub fn print_json(value: &Value) -> Result<()> {
    print(&format!("{value}\n"))
}

/// Says something that is no result: progress, the device, a warning.
pub fn note(text: &str) {
    // There is nowhere left to complain.
    let _ = writeln!(std::io::stderr(), "{text}");
}

/// Warns.
pub fn warn(text: &str) {
    note(&format!("warning: {text}"));
}
