//! Small files in the user's cache folder that spare the next run some work.

use std::io;
use std::path::{Path, PathBuf};

/// Where a file of that name is kept; `None` for a user without a home.
pub fn path(name: &str) -> Option<PathBuf> {
    let folders = directories::ProjectDirs::from("", "", "lenet")?;
    Some(folders.cache_dir().join(name))
}

/// Puts a file in place, whole or not at all.
///
/// # Errors
/// What the system said.
pub fn write(path: &Path, text: &str) -> io::Result<()> {
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder)?;
    }
    let partial = path.with_extension(format!("{}.partial", std::process::id()));
    std::fs::write(&partial, text)?;
    std::fs::rename(&partial, path)
}
