//! A file of digits as bytes: read with a limit, unpacked, and named in every message.

use std::fmt::Display;
use std::io::{ErrorKind, Read};
use std::path::Path;

use flate2::bufread::GzDecoder;

use super::DIGIT_PIXELS;
use crate::error::{Error, Result};
use crate::text::{count, thousands};

/// Most items in one file; MNIST has 60,000. Keeps a broken or malicious file out of memory.
pub const MAX_ITEMS: usize = 1_000_000;
/// Most bytes that one file may have, unpacked: [`MAX_ITEMS`] images of 28x28 and a header.
pub(super) const MAX_BYTES: usize = 16 + MAX_ITEMS * DIGIT_PIXELS;
/// The first two bytes of every gzip file.
pub(super) const GZIP_MAGIC: [u8; 2] = [0x1f, 0x8b];
/// Most bytes that are reserved before a gzip file is unpacked: a broken file may promise more. MNIST's images have 47 MB.
const MOST_RESERVED: usize = 64 << 20;
/// How often one file may be packed: some servers pack what is packed.
pub(super) const MOST_PACKED: usize = 2;
/// What to do about a broken file.
pub(super) const AGAIN: &str = "download it again";

/// The bytes of one file, unpacked but not yet checked.
pub(super) struct File {
    pub name: String,
    pub bytes: Vec<u8>,
    /// Whether it is part of the program, which decides the way out in messages.
    built_in: bool,
}

impl File {
    /// The file at `path`, unpacked where it is packed with gzip, also twice.
    pub fn read(path: &Path) -> Result<Self> {
        let cannot_read = |e| Error::cannot_read(path, e, "make it readable");
        let name = path.display().to_string();
        let mut file = File { name, bytes: Vec::new(), built_in: false };
        if path.is_symlink() && !path.exists() {
            return Err(file.error("it is a link to a file that is not there", "correct the link"));
        }
        // A pipe or a device may never end, or never begin.
        if !std::fs::metadata(path).map_err(cannot_read)?.is_file() {
            return Err(file.error("it is neither a file nor a folder", "name a file or a folder"));
        }
        let source = std::fs::File::open(path).map_err(cannot_read)?;
        // One byte over the limit is enough to know that it is too long.
        let mut source = source.take(MAX_BYTES as u64 + 1);
        source.read_to_end(&mut file.bytes).map_err(cannot_read)?;
        file = file.within_limit()?;
        for _ in 0..MOST_PACKED {
            if file.bytes.starts_with(&GZIP_MAGIC) {
                file = File { bytes: file.unpacked(&file.bytes)?, ..file }.within_limit()?;
            }
        }
        Ok(file)
    }

    /// One of the gzip files that are part of the program.
    pub fn built_in(name: &str, gzip: &[u8]) -> Result<Self> {
        let name = format!("{name} (built in)");
        let file = File { name, bytes: Vec::new(), built_in: true };
        Ok(File { bytes: file.unpacked(gzip)?, ..file })
    }

    /// The bytes that are packed in `gzip`. Unpacking stops one byte over the limit, which `within_limit` refuses.
    fn unpacked(&self, gzip: &[u8]) -> Result<Vec<u8>> {
        let (mut bytes, mut rest) = (Vec::with_capacity(promised(gzip)), gzip);
        let unpacked = loop {
            let mut part = GzDecoder::new(rest);
            let most = (MAX_BYTES + 1).saturating_sub(bytes.len());
            if let Err(e) = (&mut part).take(most as u64).read_to_end(&mut bytes) {
                break Err(e);
            }
            rest = part.into_inner();
            // Tapes and old disks put zeros after a file.
            if bytes.len() > MAX_BYTES || rest.iter().all(|&byte| byte == 0) {
                break Ok(());
            }
            if !rest.starts_with(&GZIP_MAGIC) {
                let what = format!("{} follow that are not packed", count(rest.len(), "byte"));
                break Err(std::io::Error::other(what));
            }
        };
        match unpacked {
            Ok(()) => Ok(bytes),
            Err(e) if e.kind() == ErrorKind::UnexpectedEof => {
                let (packed, whole) = (thousands(gzip.len()), thousands(bytes.len()));
                let what = format!(
                    "the gzip file is cut (its {packed} bytes end after {whole} unpacked bytes and \
                     too early)"
                );
                Err(self.error(what, AGAIN))
            }
            Err(e) => Err(self.error(format_args!("the gzip file is broken ({e})"), AGAIN)),
        }
    }

    fn within_limit(self) -> Result<Self> {
        if self.bytes.len() > MAX_BYTES {
            let what =
                format!("more than {} bytes, the most that a file may have", thousands(MAX_BYTES));
            return Err(self.error(what, "give fewer digits"));
        }
        Ok(self)
    }

    /// "file: what is wrong; what to do".
    pub fn error(&self, what: impl Display, remedy: &str) -> Error {
        let way_out = match self.built_in {
            false => remedy,
            true => "build lenet again from a fresh copy of its sources",
        };
        Error::Data(format!("{}: {what}; {way_out}", self.name))
    }
}

/// The length that the last four bytes of a gzip file promise, or 0 if it is over [`MOST_RESERVED`].
fn promised(gzip: &[u8]) -> usize {
    let length = gzip.last_chunk().map_or(0, |&end| u32::from_le_bytes(end) as usize);
    if length <= MOST_RESERVED { length } else { 0 }
}
