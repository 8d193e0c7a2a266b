//! Small files in the user's cache folder that spare the next run some work.

use std::io;
use std::path::{Path, PathBuf};

use crate::disk;

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
    disk::write(path, text.as_bytes())
}
