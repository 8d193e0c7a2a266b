//! Files that are whole or not there. What cannot be written is named, with what the system said.

use std::fs::{self, File};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};
#[cfg(unix)]
use std::time::{Duration, Instant};

use crate::error::{Error, Result};

/// How the names of files end that are being written.
const PARTIAL: &str = ".partial";
/// What a dangling link is called.
const LEADS_NOWHERE: &str = "it is a link to a file that is not there";
/// How long a pipe may be without a reader.
#[cfg(unix)]
const READER: Duration = Duration::from_secs(1);

/// Whether something is at a path, be it a link that leads nowhere or what nobody may look at.
pub fn is_there(path: &Path) -> bool {
    use io::ErrorKind::{NotADirectory, NotFound};
    let is_missing = |error: io::Error| matches!(error.kind(), NotFound | NotADirectory);
    !fs::symlink_metadata(path).is_err_and(is_missing)
}

/// Opens a file to read it. A pipe or a device, which might never answer or never end, is an error.
pub fn open(path: &Path) -> io::Result<File> {
    if is_special(path) {
        return Err(refused("it is a device or a pipe and no file"));
    }
    match File::open(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound && path.is_symlink() => {
            Err(io::Error::new(error.kind(), LEADS_NOWHERE))
        }
        opened => opened,
    }
}

/// Reads a file of at most `most` bytes.
pub fn read(path: &Path, most: u64) -> io::Result<Vec<u8>> {
    read_all(open(path)?, most)
}

/// Reads a source of at most `most` bytes to its end.
pub fn read_all(source: impl Read, most: u64) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    // One byte over the limit is enough to know that it is too long.
    source.take(most + 1).read_to_end(&mut bytes)?;
    match bytes.len() as u64 > most {
        true => Err(refused(&format!("it has over {most} bytes, too many for a file of its kind"))),
        false => Ok(bytes),
    }
}

fn refused(what: &str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidInput, what)
}

/// Reads a text as [`read`] does.
pub fn read_text(path: &Path, most: u64) -> io::Result<String> {
    let not_text = |_| io::Error::new(io::ErrorKind::InvalidData, "it is not UTF-8 text");
    String::from_utf8(read(path, most)?).map_err(not_text)
}

/// A path that means the same in another folder.
pub fn absolute(path: &Path) -> PathBuf {
    std::path::absolute(path).unwrap_or_else(|_| path.into())
}

/// The path of what a link leads to, or of what is not there yet, as it is seen from another folder.
pub fn real(path: &Path) -> PathBuf {
    fs::canonicalize(path).unwrap_or_else(|_| absolute(path))
}

/// Removes a file; whether there was one.
pub fn remove(path: &Path) -> io::Result<bool> {
    match fs::remove_file(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
        removed => removed.map(|()| true),
    }
}

/// What is in a folder, in the order of the names.
pub fn entries(folder: &Path) -> io::Result<Vec<PathBuf>> {
    let paths = fs::read_dir(folder)?.map(|entry| Ok(entry?.path()));
    let mut paths = paths.collect::<io::Result<Vec<_>>>()?;
    paths.sort();
    Ok(paths)
}

/// Where a file is written: a link stays one, and its file is replaced.
fn written_at(path: &Path) -> io::Result<PathBuf> {
    match fs::canonicalize(path) {
        Err(_) if path.is_symlink() => Err(refused(LEADS_NOWHERE)),
        Err(_) => Ok(path.into()),
        real => real,
    }
}

/// Tries whether a file can be put there, before the work whose result it is to hold.
pub fn try_out(path: &Path) -> Result<()> {
    let cannot = |error| Error::cannot_write(path, error);
    if is_special(path) {
        return Ok(());
    }
    let path = written_at(path).map_err(cannot)?;
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let probe = path.with_file_name(format!(".{name}.{}.probe", std::process::id()));
    File::create(&probe).and_then(|_| fs::remove_file(&probe)).map_err(cannot)
}

/// Makes a write beyond the limit of a file's size (`ulimit -f`) an error as any other. By default the system
/// ends the process instead.
pub fn survive_size_limits() {
    #[cfg(unix)]
    // SAFETY: to ignore a signal runs no code of ours in a handler.
    unsafe {
        libc::signal(libc::SIGXFSZ, libc::SIG_IGN);
    }
}

/// The most bytes that a file may have (`ulimit -f`); `None` without a limit.
pub fn size_limit() -> Option<u64> {
    #[cfg(unix)]
    {
        rustix::process::getrlimit(rustix::process::Resource::Fsize).current
    }
    #[cfg(not(unix))]
    {
        None
    }
}

/// Returns the free bytes of the disk that a path is on, or will be on once it is made; `None` where the system
/// does not say.
pub fn free(path: &Path) -> Option<u64> {
    #[cfg(unix)]
    {
        let disk = rustix::fs::statvfs(path.ancestors().find(|path| path.exists())?).ok()?;
        Some(disk.f_bavail.saturating_mul(disk.f_frsize))
    }
    #[cfg(not(unix))]
    {
        let _ = path;
        None
    }
}

/// Makes a folder, and those above it.
pub fn make_folder(path: &Path) -> Result<()> {
    fs::create_dir_all(path).map_err(|error| Error::cannot_write(path, error))
}

/// Puts a file in place: written beside it, on the disk, then renamed, so that a reader finds the
/// old bytes or the new ones, also after the machine has stopped in between or the disk is full.
pub fn write(path: &Path, bytes: &[u8]) -> Result<()> {
    let cannot = |error| Error::cannot_write(path, error);
    let path = &written_at(path).map_err(cannot)?;
    if is_special(path) {
        let file = open_special(path);
        return file.and_then(|mut file| file.write_all(bytes)).map_err(cannot);
    }
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    // Two processes may write the same file of the cache.
    let partial = path.with_file_name(format!(".{name}.{}{PARTIAL}", std::process::id()));
    let written = File::create(&partial)
        .and_then(|mut file| file.write_all(bytes).and_then(|()| file.sync_all()))
        .and_then(|()| fs::rename(&partial, path));
    if written.is_err() {
        // The first error says what matters; a left-over partial file is hidden anyway.
        let _ = fs::remove_file(&partial);
    }
    let written = written.and_then(|()| sync_folder(path));
    written.map_err(cannot)
}

/// Opens a device or a pipe to write to it. A pipe that nobody reads is an error after a second; the system would
/// wait for ever.
fn open_special(path: &Path) -> io::Result<File> {
    #[cfg(unix)]
    {
        use rustix::fs::{Mode, OFlags, fcntl_setfl};
        use std::os::unix::fs::FileTypeExt;
        let is_pipe = fs::metadata(path)?.file_type().is_fifo();
        let flags = OFlags::WRONLY | OFlags::NONBLOCK | OFlags::CLOEXEC;
        let start = Instant::now();
        let file = loop {
            match rustix::fs::open(path, flags, Mode::empty()) {
                Err(rustix::io::Errno::NXIO) if is_pipe => {
                    if start.elapsed() > READER {
                        return Err(refused("it is a pipe that nobody reads"));
                    }
                    std::thread::sleep(READER / 100);
                }
                opened => break File::from(opened?),
            }
        };
        fcntl_setfl(&file, OFlags::empty())?;
        Ok(file)
    }
    #[cfg(not(unix))]
    {
        File::options().write(true).open(path)
    }
}

/// Whether something is there that is neither file nor folder, as a device or a pipe: it takes bytes and is
/// never replaced.
pub fn is_special(path: &Path) -> bool {
    fs::metadata(path).is_ok_and(|found| !found.is_file() && !found.is_dir())
}

/// Whether two paths lead to one file, be it by links or by names of the same place.
pub fn are_one(a: &Path, b: &Path) -> bool {
    #[cfg(unix)]
    if let (Ok(a), Ok(b)) = (fs::metadata(a), fs::metadata(b)) {
        use std::os::unix::fs::MetadataExt;
        return a.is_file() && (a.dev(), a.ino()) == (b.dev(), b.ino());
    }
    // What is not there yet has a folder that is.
    let place = |path: &Path| {
        let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
        let folder = fs::canonicalize(folder.unwrap_or(Path::new("."))).ok()?;
        fs::canonicalize(path).ok().or_else(|| Some(folder.join(path.file_name()?)))
    };
    place(a).is_some_and(|a| Some(a) == place(b))
}

/// Removes the partial files that processes left in a folder when they were killed; nobody may be
/// writing there.
pub fn sweep(folder: &Path) {
    for path in entries(folder).unwrap_or_default() {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        if name.starts_with('.') && name.ends_with(PARTIAL) {
            // It is hidden, and the next one tries again.
            let _ = fs::remove_file(&path);
        }
    }
}

/// Brings the names in a file's folder to the disk.
#[cfg(unix)]
fn sync_folder(path: &Path) -> io::Result<()> {
    use io::ErrorKind::{InvalidInput, Unsupported};
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
    match File::open(folder.unwrap_or(Path::new(".")))?.sync_all() {
        // Some network file systems have no such thing.
        Err(error) if matches!(error.kind(), Unsupported | InvalidInput) => Ok(()),
        synced => synced,
    }
}

/// Elsewhere a folder cannot be opened as a file.
#[cfg(not(unix))]
fn sync_folder(_path: &Path) -> io::Result<()> {
    Ok(())
}
