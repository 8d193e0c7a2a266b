//! Every run below a folder.

use std::fs;
use std::path::Path;

use crate::disk;
use crate::error::{Error, Result};
use crate::report::files::{CHECKPOINT, METRICS, RUN};
use crate::report::finished::Run;

#[derive(Debug, Default)]
pub struct Found {
    pub entries: Vec<Run>,
    /// What was passed over, and why.
    pub warnings: Vec<String>,
}

/// Looks for runs in a folder and all folders in it, links to folders of runs included.
pub fn find(folder: &Path) -> Result<Found> {
    let cannot_read = |error| Error::cannot_read(folder, error, "name a folder that holds runs");
    let mut found = Found::default();
    if fs::metadata(folder).map_err(cannot_read)?.is_file() {
        return Err(cannot_read(std::io::ErrorKind::NotADirectory.into()));
    }
    found.take(folder);
    found.enter(folder).map_err(cannot_read)?;
    Ok(found)
}

impl Found {
    /// Takes a folder for a run if it has one of its files.
    fn take(&mut self, folder: &Path) {
        if fs::read_dir(folder).is_err()
            || ![RUN, METRICS, CHECKPOINT].iter().any(|name| disk::is_there(&folder.join(name)))
        {
            return;
        }
        match Run::read(folder) {
            Ok(entry) => self.entries.push(entry),
            Err(error) => self.warnings.push(error.to_string()),
        }
    }

    fn enter(&mut self, folder: &Path) -> std::io::Result<()> {
        for path in disk::entries(folder)? {
            self.take(&path);
            // A link may lead to a run, but is not followed further: it may lead back.
            if path.is_symlink() || !path.is_dir() {
                continue;
            }
            if let Err(error) = self.enter(&path) {
                let way_out = "what is in it is left out";
                self.warnings.push(Error::cannot_read(&path, error, way_out).to_string());
            }
        }
        Ok(())
    }
}
