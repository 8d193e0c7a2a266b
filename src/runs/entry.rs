//! A run as its folder tells of it, whatever its state.

use std::path::{Path, PathBuf};

use crate::error::Result;
use crate::report::files::MODEL;
use crate::report::finished::{Line, Record, lines, seconds};

/// Returns the model file that a path names: in the folder of a run, its model.
pub fn model_file(path: &Path) -> PathBuf {
    if path.is_dir() { path.join(MODEL) } else { path.into() }
}

/// A run.
#[derive(Debug, Clone)]
pub struct Entry {
    pub folder: PathBuf,
    pub record: Record,
    /// The completed epochs; there may be none yet.
    pub lines: Vec<Line>,
}

impl Entry {
    /// Reads a folder.
    pub fn read(folder: &Path) -> Result<Entry> {
        let (record, lines) = (Record::read(folder)?, lines(folder)?);
        Ok(Entry { folder: folder.into(), record, lines })
    }

    /// The folder, for a person.
    pub fn name(&self) -> String {
        self.folder.display().to_string()
    }

    /// Where its digits come from: a folder, or the program itself.
    pub fn data(&self) -> &str {
        self.record.data["source"].as_str().unwrap_or_default()
    }

    /// The last completed epoch.
    pub fn last(&self) -> Option<&Line> {
        self.lines.last()
    }

    /// The epoch with the fewest test errors, the first of several.
    pub fn best(&self) -> Option<&Line> {
        self.lines.iter().min_by_key(|line| line.test_errors)
    }

    /// Training and evaluations of all epochs, in seconds.
    pub fn seconds(&self) -> f64 {
        seconds(&self.lines)
    }
}
