//! The folder of a run: checked for writing, locked, and read when the run resumes.

use std::fs::{self, File, TryLockError};
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::thread;
use std::time::Duration;

use serde_json::Value;

use super::files::{CHECKPOINT, METRICS, RUN, file_of_run, files, is_run};
use super::lines;
use crate::disk;
use crate::error::{Error, Result};
use crate::plan::Interface;
use crate::train::checkpoint::State;

/// Folder of runs, where none is named.
pub const RUNS: &str = "runs";
/// The file that a process locks while it trains; the lock ends with the process.
pub(super) const LOCK: &str = ".lock";
/// Pause before another try of a lock that somebody looked at: longer than a look takes.
const LOOK: Duration = Duration::from_millis(1);

/// What an earlier run left behind to resume from.
#[derive(Debug)]
pub struct Earlier {
    pub state: State,
    /// The identity of the run, as [`crate::train::checkpoint`] keeps it.
    pub identity: Value,
    /// The lines of its metrics up to the checkpoint.
    pub metrics: String,
}

/// The folder of a run, writable and locked: no other process trains in it meanwhile.
#[derive(Debug)]
pub struct Folder {
    path: PathBuf,
    /// Whether it was made for this run, and is removed if nothing is written.
    made: bool,
    /// `None` where the file system has no locks.
    _lock: Option<File>,
}

impl Folder {
    /// Makes the folder that `--out` names, or a new one under `runs/`, and locks it. A run that is there is an
    /// error without `force`.
    pub fn make(out: Option<&Path>, network: &str, force: bool) -> Result<Folder> {
        let (path, made) = match out {
            Some(path) => (path.to_path_buf(), !disk::is_there(path)),
            None => (unused(network)?, true),
        };
        if let Some(name) = file_of_run(&path).filter(|_| !force) {
            return Err(Error::Usage(format!(
                "{} holds a run already ({name}): give another --out, --force to overwrite it, or \
                 --resume {0} to resume it",
                path.display()
            )));
        }
        check_apart(&path)?;
        check_files(&path, files())?;
        disk::make_folder(&path)?;
        Folder::locked(path, made)
    }

    /// Opens and locks the folder of a run that is there.
    pub fn open(path: &Path) -> Result<Folder> {
        if let Some(name) = [RUN, CHECKPOINT].iter().find(|name| !disk::is_there(&path.join(name)))
        {
            let way_out = match run_in(path) {
                Some(run) => format!(
                    "name one of the runs in it, {} for instance, or repeat the command that made them",
                    run.display()
                ),
                None => "name the folder of a run that has made a step, or start it again".into(),
            };
            return Err(Error::Data(format!(
                "{} holds no run to resume ({name} is missing): {way_out}",
                path.display()
            )));
        }
        Folder::locked(path.into(), false)
    }

    fn locked(path: PathBuf, made: bool) -> Result<Folder> {
        check_files(&path, [LOCK])?;
        let lock = path.join(LOCK);
        let file = File::options().create(true).truncate(false).write(true).open(&lock);
        let named = if disk::is_there(&lock) { &lock } else { &path };
        let file = file.map_err(|error| Error::cannot_write(named, error))?;
        let lock = match take(&file) {
            Ok(()) => Some(file),
            Err(TryLockError::Error(error)) if error.kind() == ErrorKind::Unsupported => None,
            Err(TryLockError::Error(error)) => return Err(Error::cannot_write(&lock, error)),
            Err(TryLockError::WouldBlock) => {
                return Err(Error::Usage(format!(
                    "another process trains in {}: wait for it, or give another --out",
                    path.display()
                )));
            }
        };
        disk::sweep(&path);
        Ok(Folder { path, made, _lock: lock })
    }

    /// Reads what an earlier run of this plan left here; `None` where there is no checkpoint.
    pub fn earlier(&self, interface: &Interface) -> Result<Option<Earlier>> {
        let path = self.path.join(CHECKPOINT);
        if !disk::is_there(&path) {
            return Ok(None);
        }
        let (state, identity) = State::read(&path, interface)?;
        let metrics = self.path.join(METRICS);
        let lines = lines::of_history(&metrics, &state.history)
            .map_err(|what| Error::cannot_read(&metrics, what, "start the run again"))?;
        Ok(Some(Earlier { state, identity, metrics: lines }))
    }

    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Returns its path for a message.
    pub fn name(&self) -> String {
        self.path.display().to_string()
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let only_lock = || fs::read_dir(&self.path).is_ok_and(|entries| entries.count() == 1);
        if self.made && only_lock() {
            // What cannot be removed is left, and harms nobody.
            let _ = fs::remove_file(self.path.join(LOCK)).and_then(|()| fs::remove_dir(&self.path));
        }
    }
}

/// The first folder in a folder that is one of a run.
fn run_in(folder: &Path) -> Option<PathBuf> {
    disk::entries(folder).ok()?.into_iter().find(|path| is_run(path))
}

/// Checks that a run would neither stand in another nor hold others: a folder is that of a run, or one of runs
/// that belong together.
fn check_apart(path: &Path) -> Result<()> {
    let absolute = disk::absolute(path);
    let around = absolute.ancestors().skip(1).find(|folder| is_run(folder));
    let what = match (around, run_in(path)) {
        (Some(run), _) => format!("{} is the folder of a run", run.display()),
        (None, Some(run)) => {
            format!("{} holds other runs, {} for instance", path.display(), run.display())
        }
        (None, None) => return Ok(()),
    };
    Err(Error::Usage(format!("{what}, and a run needs a folder of its own: give another --out")))
}

/// Checks that no file of these names is a device or a pipe, which would be written to or replaced.
fn check_files(path: &Path, names: impl IntoIterator<Item = &'static str>) -> Result<()> {
    match names.into_iter().map(|name| path.join(name)).find(|path| disk::is_special(path)) {
        None => Ok(()),
        Some(file) => Err(Error::Other(format!(
            "cannot write {}: it is a device or a pipe and no file; name another folder",
            file.display()
        ))),
    }
}

/// Takes a lock for as long as the file is open. A process that trains shares it with nobody; one that
/// only looks ([`is_training`]) shares it for a moment, and this waits for it.
fn take(lock: &File) -> Result<(), TryLockError> {
    loop {
        match lock.try_lock() {
            Err(TryLockError::WouldBlock) => lock.try_lock_shared()?,
            taken => return taken,
        }
        lock.unlock().map_err(TryLockError::Error)?;
        thread::sleep(LOOK);
    }
}

/// Whether a process trains in a folder; also true where that cannot be found out. Writes nothing.
pub(super) fn is_training(path: &Path) -> bool {
    match disk::open(&path.join(LOCK)) {
        Ok(lock) => lock.try_lock_shared().is_err(),
        Err(error) => error.kind() != ErrorKind::NotFound,
    }
}

/// The first of runs/NETWORK-1, runs/NETWORK-2, ... that is not there.
fn unused(network: &str) -> Result<PathBuf> {
    let runs = Path::new(RUNS);
    disk::make_folder(runs)?;
    (1..)
        .map(|number| runs.join(format!("{network}-{number}")))
        .find_map(|path| match fs::create_dir(&path) {
            Ok(()) => Some(Ok(path)),
            Err(error) if error.kind() == ErrorKind::AlreadyExists => None,
            Err(error) => Some(Err(Error::cannot_write(&path, error))),
        })
        .expect("the numbers do not end")
}

#[cfg(test)]
mod tests {
    use tempfile::TempDir;

    use super::*;

    #[test]
    fn a_look_tells_who_trains_and_keeps_nobody_out() {
        let place = TempDir::new().unwrap();
        let make = || Folder::make(Some(place.path()), "lenet1", false);
        assert!(!is_training(place.path()));
        assert_eq!(fs::read_dir(place.path()).unwrap().count(), 0, "a look leaves something");
        let folder = make().unwrap();
        assert!(is_training(place.path()));
        assert!(make().unwrap_err().to_string().contains("another process trains"));
        drop(folder);
        assert!(!is_training(place.path()));

        let look = File::open(place.path().join(LOCK)).unwrap();
        look.try_lock_shared().unwrap();
        thread::scope(|scope| {
            let started = scope.spawn(|| make().map(|_| ()));
            thread::sleep(50 * LOOK);
            assert!(!started.is_finished(), "it trains while somebody looks");
            drop(look);
            started.join().unwrap().unwrap();
        });
    }
}
