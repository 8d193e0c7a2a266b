//! What can go wrong, sorted by what the user has to do about it.
//!
//! Every message names the thing that is wrong and the way out. The kind decides the exit code.

use std::io;
use std::path::Path;

/// The one error type of the program.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub enum Error {
    /// A flag or a setting that cannot be carried out (exit code 2).
    Usage(String),
    /// A data set, image or model file that is missing or broken (exit code 3).
    Data(String),
    /// No adapter, no such adapter, or one that fails or computes wrongly (exit code 4).
    Adapter(String),
    /// The loss stopped being a finite number (exit code 5).
    Diverged(String),
    /// The test error is above `--fail-above` (exit code 6).
    Missed(String),
    /// Ctrl-C: what was there has been written (exit code 130).
    Interrupted(String),
    /// Everything else, such as a file that cannot be written (exit code 1).
    Other(String),
}

/// The result type of the program.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// Passes what holds; of what does not, the message is a usage error.
pub(crate) fn need(holds: bool, message: impl FnOnce() -> String) -> Result<()> {
    if holds { Ok(()) } else { Err(Error::Usage(message())) }
}

/// What the numbers of [`Error::exit_code`] mean, for the help and the manual.
pub const EXIT_CODES: &str = "\
Exit codes:
  0    done
  1    anything else, such as a file that cannot be written
  2    usage: a flag, a setting, or two that contradict each other
  3    data: a missing or broken data set, image, model or run
  4    no adapter, no such adapter, or one that fails or computes wrongly
  5    diverged: loss or weights are no longer finite
  6    trained, but the test error is above --fail-above
  130  interrupted; what was complete is on disk";

impl Error {
    /// The process's exit code for this kind of error.
    pub fn exit_code(&self) -> u8 {
        match self {
            Error::Other(_) => 1,
            Error::Usage(_) => 2,
            Error::Data(_) => 3,
            Error::Adapter(_) => 4,
            Error::Diverged(_) => 5,
            Error::Missed(_) => 6,
            Error::Interrupted(_) => 130,
        }
    }

    /// A file or folder that cannot be written, with what the system said.
    pub fn cannot_write(path: &Path, error: io::Error) -> Self {
        let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
        let way_out = match folder {
            Some(folder) if error.kind() == io::ErrorKind::NotFound => {
                format!("make the folder {}, or name another place", folder.display())
            }
            _ => "make room or allow writing there, or name another place".into(),
        };
        Error::Other(format!("cannot write {}: {error}; {way_out}", path.display()))
    }

    /// A file that cannot be read, with what the system said and what to do about it.
    pub fn cannot_read(path: &Path, error: impl std::fmt::Display, way_out: &str) -> Self {
        Error::Data(format!("cannot read {}: {error}; {way_out}", path.display()))
    }
}
