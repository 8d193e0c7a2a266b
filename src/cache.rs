//! Small files in the user's cache folder that spare the next run some work.

use std::path::{Path, PathBuf};

use crate::disk;
use crate::error::Result;

/// Where a file of that name is kept; `None` for a user without a home.
pub fn path(name: &str) -> Option<PathBuf> {
    let folders = directories::ProjectDirs::from("", "", "lenet")?;
    Some(folders.cache_dir().join(name))
}

/// Puts a file in place, whole or not at all.
pub fn write(path: &Path, text: &str) -> Result<()> {
    path.parent().map_or(Ok(()), disk::make_folder)?;
    disk::write(path, text.as_bytes())
}
