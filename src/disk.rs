//! Files that are whole or not there.

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::Path;

/// Tries whether a file can be put there, before the work whose result it is to hold.
///
/// # Errors
/// What the system said.
pub fn try_out(path: &Path) -> io::Result<()> {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let probe = path.with_file_name(format!(".{name}.{}.probe", std::process::id()));
    File::create(&probe)?;
    fs::remove_file(&probe)
}

/// Puts a file in place: written beside it, on the disk, then renamed, so that a reader finds the
/// old bytes or the new ones, also after the machine has stopped in between.
///
/// # Errors
/// What the system said; the old file, if there was one, is still there.
pub fn write(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    // Two processes may write the same file of the cache.
    let partial = path.with_file_name(format!(".{name}.{}.partial", std::process::id()));
    let written = File::create(&partial)
        .and_then(|mut file| file.write_all(bytes).and_then(|()| file.sync_all()))
        .and_then(|()| fs::rename(&partial, path));
    if written.is_err() {
        // The first error says what matters; a left-over partial file is hidden anyway.
        let _ = fs::remove_file(&partial);
    }
    written
}
