//! IDX, the file format of MNIST, read with every check that can be made.
//!
//! A file of images is magic number 2051, count, rows and columns (four big-endian u32) and then
//! one byte a pixel; a file of labels is magic number 2049, count and then one byte a label. Both
//! may be packed with gzip, whatever their names say. The length that the header promises must be the length of the file:
//! a file that is cut or has grown is refused, never read in part. Messages say what was expected,
//! what was found and what to do about it.

use std::fmt::Display;
use std::io::{ErrorKind, Read};
use std::path::Path;

use flate2::read::MultiGzDecoder;

use super::{DIGIT_PIXELS, Digits, first_bad_label};
use crate::disk;
use crate::error::{Error, Result};
use crate::network::DIGIT_SIDE;
use crate::text::{count, thousands};

/// Most items in one file; MNIST has 60,000. Keeps a broken or malicious file out of memory.
pub const MAX_ITEMS: usize = 1_000_000;
/// Most bytes that one file may have, unpacked: the header and [`MAX_ITEMS`] images.
const MAX_BYTES: usize = IMAGES.header + MAX_ITEMS * DIGIT_PIXELS;
/// The first two bytes of every gzip file.
pub(super) const GZIP_MAGIC: [u8; 2] = [0x1f, 0x8b];
/// How often one file may be packed: some servers pack what is packed.
const MOST_PACKED: usize = 2;
/// Types of numbers that IDX has besides bytes.
const TYPES: [(u8, &str); 6] = [
    (8, "bytes"),
    (9, "signed bytes"),
    (11, "16-bit integers"),
    (12, "32-bit integers"),
    (13, "32-bit floats"),
    (14, "64-bit floats"),
];
/// What to do about a broken file.
const AGAIN: &str = "download it again";

/// What a file is expected to hold.
pub(super) struct Content {
    /// What messages call its items.
    word: &'static str,
    /// The number that it begins with.
    pub magic: u32,
    /// Bytes before the first item.
    pub header: usize,
    /// Bytes of one item.
    item: usize,
}

pub(super) const IMAGES: Content =
    Content { word: "images", magic: 2051, header: 16, item: DIGIT_PIXELS };
const LABELS: Content = Content { word: "labels", magic: 2049, header: 8, item: 1 };

/// The bytes of one IDX file, unpacked but not yet checked.
pub struct IdxFile {
    name: String,
    bytes: Vec<u8>,
    /// Whether it is part of the program, which decides the way out in messages.
    built_in: bool,
}

impl IdxFile {
    /// The file at `path`, unpacked where it is packed, also twice.
    ///
    /// # Errors
    /// [`Error::Data`] if it cannot be read, is larger than a million digits or does not unpack.
    pub fn read(path: &Path) -> Result<Self> {
        let cannot_read = |e| Error::cannot_read(path, e, "make it readable");
        let file = disk::open(path).map_err(cannot_read)?;
        let mut bytes = Vec::new();
        // One byte over the limit is enough to know that it is too long.
        file.take(MAX_BYTES as u64 + 1).read_to_end(&mut bytes).map_err(cannot_read)?;
        let name = path.display().to_string();
        let mut file = IdxFile { name, bytes, built_in: false }.within_limit()?;
        for _ in 0..MOST_PACKED {
            file = if file.bytes.starts_with(&GZIP_MAGIC) { file.unpack()? } else { file };
        }
        Ok(file)
    }

    /// One of the gzip files that are part of the program.
    ///
    /// # Errors
    /// [`Error::Data`] if it does not unpack: the program was built with a broken file.
    pub fn built_in(name: &str, gzip: &[u8]) -> Result<Self> {
        let name = format!("{name} (built in)");
        IdxFile { name, bytes: gzip.to_vec(), built_in: true }.unpack()
    }

    fn unpack(self) -> Result<Self> {
        let mut bytes = Vec::new();
        let unpacked =
            MultiGzDecoder::new(&self.bytes[..]).take(MAX_BYTES as u64 + 1).read_to_end(&mut bytes);
        match unpacked {
            Ok(_) => IdxFile { bytes, ..self }.within_limit(),
            Err(e) if e.kind() == ErrorKind::UnexpectedEof => {
                let (packed, whole) = (thousands(self.bytes.len()), thousands(bytes.len()));
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
            let (bytes, items) = (thousands(MAX_BYTES), thousands(MAX_ITEMS));
            let what = format!("more than {bytes} bytes, the most that {items} digits need");
            return Err(self.error(what, "give fewer digits"));
        }
        Ok(self)
    }

    /// The items behind the header, `[count, 28, 28]` or `[count]`, once all is known to be right.
    fn items(&mut self, content: &Content) -> Result<Vec<u8>> {
        self.check_magic(content)?;
        let expected = content.header + self.count(content)? * content.item;
        let found = self.bytes.len();
        if found != expected {
            let which = if found < expected { "cut" } else { "too long" };
            let (found, expected) = (thousands(found), thousands(expected));
            let what =
                format!("{found} bytes where {expected} were expected (the file is {which})");
            return Err(self.error(what, AGAIN));
        }
        self.bytes.drain(..content.header);
        if content.magic == LABELS.magic
            && let Some((index, label)) = first_bad_label(&self.bytes)
        {
            return Err(self.error(
                format_args!("label {label} at index {index}, where 0 to 9 were expected"),
                "give labels from 0 to 9",
            ));
        }
        Ok(std::mem::take(&mut self.bytes))
    }

    /// Checks that the file begins with the magic number of `content`.
    fn check_magic(&self, content: &Content) -> Result<()> {
        let Content { word, magic: wanted, .. } = content;
        if self.bytes.is_empty() {
            return Err(self.error("the file is empty", AGAIN));
        }
        let magic = self.header_word(0, content)?;
        if magic == *wanted {
            return Ok(());
        }
        if let Some(other) = [IMAGES, LABELS].iter().find(|other| other.magic == magic) {
            let other = other.word;
            let what = format!(
                "holds {other} (magic number {magic}) where {word} ({wanted}) were expected"
            );
            return Err(
                self.error(what, "the two files are probably swapped: give each its own name")
            );
        }
        let what = format!("begins with the number {magic} where {word} have {wanted}");
        Err(self.error(format!("{what}: {}", self.kind(magic, *wanted)), AGAIN))
    }

    /// What a file that begins with `magic` is in place of one that begins with `wanted`.
    fn kind(&self, magic: u32, wanted: u32) -> String {
        let [zero, zero_too, kind, dimensions] = magic.to_be_bytes();
        let kind = TYPES.iter().find(|(number, _)| [zero, zero_too, kind] == [0, 0, *number]);
        match kind {
            Some((_, name)) => {
                let dimensions = count(dimensions.into(), "dimension");
                format!("it is IDX with {dimensions} of {name}, and bytes are needed")
            }
            None if magic.swap_bytes() == wanted => "the order of its bytes is reversed".into(),
            None if self.bytes.starts_with(b"<") => "it is a web page".into(),
            None if self.bytes.starts_with(&GZIP_MAGIC) => {
                format!("it is packed with gzip more than {MOST_PACKED} times")
            }
            None => "it is no IDX file".into(),
        }
    }

    /// The count of the header, whose other numbers are checked.
    fn count(&self, content: &Content) -> Result<usize> {
        let count = self.header_word(4, content)? as usize;
        if content.magic == IMAGES.magic {
            let (rows, columns) = (self.header_word(8, content)?, self.header_word(12, content)?);
            if (rows as usize, columns as usize) != (DIGIT_SIDE, DIGIT_SIDE) {
                let what = format!(
                    "images of {rows}x{columns} pixels where {DIGIT_SIDE}x{DIGIT_SIDE} were expected"
                );
                return Err(self.error(what, "bring the images to that size"));
            }
        }
        let limit = match count {
            0 => "at least 1 was".to_string(),
            1..=MAX_ITEMS => return Ok(count),
            _ => format!("at most {} were", thousands(MAX_ITEMS)),
        };
        let (count, word) = (thousands(count), content.word);
        Err(self.error(format!("its header says {count} {word} where {limit} expected"), AGAIN))
    }

    /// The big-endian u32 at byte `at` of the header.
    fn header_word(&self, at: usize, content: &Content) -> Result<u32> {
        match self.bytes.get(at..).and_then(|rest| rest.first_chunk()) {
            Some(&word) => Ok(u32::from_be_bytes(word)),
            None => {
                let (found, least) = (self.bytes.len(), content.header);
                let what =
                    format!("{found} bytes where at least {least} were expected (the file is cut)");
                Err(self.error(what, AGAIN))
            }
        }
    }

    /// "file: what is wrong; what to do".
    fn error(&self, what: impl Display, remedy: &str) -> Error {
        let way_out = match self.built_in {
            false => remedy,
            true => "build lenet again from a fresh copy of its sources",
        };
        Error::Data(format!("{}: {what}; {way_out}", self.name))
    }
}

/// The digits in a file of images and a file of labels, all of it checked.
///
/// # Errors
/// [`Error::Data`] that names the file for every defect: empty, cut, too long, wrong magic number,
/// no items, not 28x28, a label over 9, not as many images as labels.
pub fn digits(mut images: IdxFile, mut labels: IdxFile) -> Result<Digits> {
    let (pixels, bytes) = (images.items(&IMAGES)?, labels.items(&LABELS)?);
    let counts = (pixels.len() / DIGIT_PIXELS, bytes.len());
    if counts.0 != counts.1 {
        let (wanted, found, name) = (thousands(counts.0), thousands(counts.1), images.name);
        let what = format!("{found} labels where the {wanted} images of {name} need as many");
        return Err(labels.error(what, "download both again"));
    }
    Digits::new(pixels, bytes)
}
