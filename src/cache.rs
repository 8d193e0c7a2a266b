//! Small JSON files in the user's cache folder that spare the next run some work.

use std::env;
use std::io::ErrorKind;
use std::path::PathBuf;

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::disk;
use crate::error::{Error, Result};

/// Largest cache file that is read, in bytes.
const MAX_FILE: u64 = 16 << 20;

/// Returns the path of the cache file `name` in the system's folder for caches; `None` if the environment names no such
/// folder.
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

/// Reads a cache file, or returns the default where there is none. The error does not name the file.
pub fn read<T: DeserializeOwned + Default>(name: &str) -> Result<T, String> {
    let Some(path) = path(name) else { return Ok(T::default()) };
    match disk::read(&path, MAX_FILE) {
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(T::default()),
        Err(error) => Err(error.to_string()),
        Ok(bytes) => serde_json::from_slice(&bytes).map_err(|error| error.to_string()),
    }
}

/// Writes a cache file, complete or not at all, and returns its path.
pub fn write(name: &str, content: &impl Serialize) -> Result<PathBuf> {
    let no_folder =
        || Error::Other("there is no cache folder: set HOME (LOCALAPPDATA on Windows)".into());
    let path = path(name).ok_or_else(no_folder)?;
    path.parent().map_or(Ok(()), disk::make_folder)?;
    let text = serde_json::to_string_pretty(content).expect("names and numbers");
    disk::write(&path, text.as_bytes())?;
    Ok(path)
}
