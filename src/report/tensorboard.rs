//! A run for TensorBoard: an event file, which TensorBoard may follow while it grows.
//!
//! An event file is a sequence of records, as TensorFlow's `record_writer.h` describes them: the
//! length of the data in eight bytes, a checksum of these, the data, a checksum of it; numbers are
//! little-endian. The data is an `Event` of `event.proto`.

use std::fs::{self, File, OpenOptions};
use std::io::{ErrorKind, Write};
use std::path::{Path, PathBuf};
use std::time::{SystemTime, UNIX_EPOCH};

use crate::disk;
use crate::error::{Error, Result};
use crate::protobuf::Message;
use crate::train::checkpoint::State;
use crate::train::events::{Epoch, Report, Start};

/// How the names of event files begin, for TensorBoard and for us; a time follows.
const PREFIX: &str = "events.out.tfevents.";
/// How the names of those of this program end.
const SUFFIX: &str = ".lenet";
/// The version of the format, which the first event of a file gives.
const VERSION: &str = "brain.Event:2";
/// `SessionLog.START`: what an earlier file has of this step and later ones is void.
const START: i64 = 1;

/// The event file of a run.
pub struct TensorBoard {
    /// Of this run alone.
    folder: PathBuf,
    /// From the first epoch on: a run that has none leaves nothing behind.
    file: Option<(PathBuf, File)>,
    /// Epochs before the checkpoint that the run resumes from.
    before: usize,
}

impl TensorBoard {
    /// Event files in the folder of a run, or in a folder of that name in `place`, since TensorBoard takes all files of a
    /// folder for one run. The name is the path from the current folder. Both are made if they are not there.
    pub fn new(place: Option<&Path>, run: &Path) -> Self {
        let run = disk::real(run);
        let folder = match place.map(disk::real).filter(|place| *place != run) {
            // Runs of one name in two folders are not one.
            Some(place) => place.join(
                run.strip_prefix(disk::real(Path::new(".")))
                    .unwrap_or(run.file_name().map_or(Path::new("run"), Path::new)),
            ),
            None => run,
        };
        TensorBoard { folder, file: None, before: 0 }
    }

    /// Begins a file; removes those of an earlier run of that name, unless this run resumes it.
    fn begin(&mut self) -> Result<(PathBuf, File)> {
        let cannot_write = |error| Error::cannot_write(&self.folder, error);
        fs::create_dir_all(&self.folder).map_err(cannot_write)?;
        if self.before == 0 {
            remove(&self.folder)?;
        }
        let (path, mut file) = create(&self.folder).map_err(cannot_write)?;
        let mut bytes = record(event(0).bytes(3, VERSION));
        if self.before > 0 {
            let log = Message::default().int(1, START);
            bytes.extend(record(event(self.before + 1).bytes(7, log)));
        }
        file.write_all(&bytes).map_err(|error| Error::cannot_write(&path, error))?;
        Ok((path, file))
    }
}

impl Report for TensorBoard {
    fn start(&mut self, start: &Start) -> Result<()> {
        self.before = start.before.len();
        Ok(())
    }

    fn epoch(&mut self, epoch: &Epoch, _state: &State) -> Result<()> {
        let (path, mut file) = match self.file.take() {
            Some(begun) => begun,
            None => self.begin()?,
        };
        let values = scalars(epoch)
            .into_iter()
            .map(|(tag, value)| Message::default().bytes(1, tag).float(2, value as f32));
        let summary = Message::default().each(1, values);
        let bytes = record(event(epoch.epoch).bytes(5, summary));
        // At one go: a reader finds whole records.
        file.write_all(&bytes).map_err(|error| Error::cannot_write(&path, error))?;
        self.file = Some((path, file));
        Ok(())
    }
}

/// What is told of an epoch; errors in per cent.
fn scalars(epoch: &Epoch) -> Vec<(&'static str, f64)> {
    let Epoch { train, test, .. } = epoch;
    let mut scalars = vec![
        ("loss/train", train.loss),
        ("loss/test", test.loss),
        ("error/train", train.error_percent()),
        ("error/test", test.error_percent()),
        ("learning_rate", f64::from(epoch.lr)),
        ("samples_per_second", train.rate()),
    ];
    if let Some(validation) = epoch.validation {
        scalars.push(("loss/validation", validation.loss));
        scalars.push(("error/validation", validation.error_percent()));
    }
    scalars
}

/// An `Event` of now: its time and its step, which is an epoch.
fn event(step: usize) -> Message {
    Message::default().double(1, now()).int(2, step as i64)
}

/// Seconds since 1970.
fn now() -> f64 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs_f64()
}

/// A new file; TensorBoard reads those of a folder in the order of their names.
fn create(folder: &Path) -> std::io::Result<(PathBuf, File)> {
    let mut second = now() as u64;
    loop {
        let path = folder.join(format!("{PREFIX}{second:010}{SUFFIX}"));
        match OpenOptions::new().append(true).create_new(true).open(&path) {
            Ok(file) => return Ok((path, file)),
            // Two runs in a second.
            Err(error) if error.kind() == ErrorKind::AlreadyExists => second += 1,
            Err(error) => return Err(error),
        }
    }
}

/// The event files of this program.
fn files(folder: &Path) -> std::io::Result<Vec<PathBuf>> {
    let mut files = disk::entries(folder)?;
    let name = |path: &Path| path.file_name().unwrap_or_default().to_string_lossy().into_owned();
    files.retain(|path| name(path).starts_with(PREFIX) && name(path).ends_with(SUFFIX));
    Ok(files)
}

/// Removes the event files of this program from a folder.
pub fn remove(folder: &Path) -> Result<()> {
    let files = files(folder).map_err(|error| Error::cannot_write(folder, error))?;
    let remove =
        |file: &PathBuf| fs::remove_file(file).map_err(|error| Error::cannot_write(file, error));
    files.iter().try_for_each(remove)
}

/// Whether a run has left event files in its folder.
pub fn is_in(folder: &Path) -> bool {
    files(folder).is_ok_and(|files| !files.is_empty())
}

/// A record with its checksums.
fn record(event: Message) -> Vec<u8> {
    let data = event.into_bytes();
    let length = (data.len() as u64).to_le_bytes();
    let [of_length, of_data] = [&length[..], &data].map(|bytes| checksum(bytes).to_le_bytes());
    [&length[..], &of_length, &data, &of_data].concat()
}

/// CRC-32C, rotated and shifted, so that the checksum of data that holds checksums is a good one too.
fn checksum(bytes: &[u8]) -> u32 {
    crc32c(bytes).rotate_right(15).wrapping_add(0xa282_ead8)
}

/// CRC-32 with Castagnoli's polynomial, bit by bit: records have a few hundred bytes.
fn crc32c(bytes: &[u8]) -> u32 {
    const POLYNOMIAL: u32 = 0x82f6_3b78;
    let bit = |sum: u32, _| (sum >> 1) ^ (POLYNOMIAL & (sum & 1).wrapping_neg());
    !bytes.iter().fold(!0, |sum, &byte| (0..8).fold(sum ^ u32::from(byte), bit))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The published test vector, and what the format makes of it.
    #[test]
    fn checksums_of_the_format() {
        assert_eq!(crc32c(b"123456789"), 0xe306_9283);
        assert_eq!(checksum(b"123456789"), 0xc78a_b0e5);
    }
}
