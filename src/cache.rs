//! Small files in the user's cache folder that spare the next run some work.

use std::env;
use std::path::{Path, PathBuf};

use crate::disk;
use crate::error::Result;

/// Returns where a file of that name is kept: the place that each system has for such files; `None` for
/// a user without a home.
pub fn path(name: &str) -> Option<PathBuf> {
    let absolute = |path: PathBuf| Some(path).filter(|path| path.is_absolute());
    let variable = |name| env::var_os(name).map(PathBuf::from).and_then(absolute);
    let home = |rest| Some(env::home_dir().and_then(absolute)?.join(rest));
    let folder = match env::consts::OS {
        "windows" => variable("LOCALAPPDATA")?.join("lenet\\cache"),
        "macos" => home("Library/Caches")?.join("lenet"),
        _ => variable("XDG_CACHE_HOME").or_else(|| home(".cache"))?.join("lenet"),
    };
    Some(folder.join(name))
}

/// Puts a file in place, whole or not at all.
///
/// # Errors
/// As [`disk::write`].
pub fn write(path: &Path, text: &str) -> Result<()> {
    path.parent().map_or(Ok(()), disk::make_folder)?;
    disk::write(path, text.as_bytes())
}
