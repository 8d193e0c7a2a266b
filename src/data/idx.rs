//! IDX, the file format of MNIST, read with every check that can be made.
//!
//! A file of images is magic number 2051, count, rows and columns (four big-endian u32) and then
//! one byte a pixel; a file of labels is magic number 2049, count and then one byte a label. Both
//! may be packed with gzip. The length that the header promises must be the length of the file:
//! a file that is cut or has grown is refused, never read in part. Messages say what was expected,
//! what was found and what to do about it.

use std::fmt::Display;
use std::io::{ErrorKind, Read};
use std::path::Path;

use flate2::read::MultiGzDecoder;

use super::{DIGIT_PIXELS, Digits, first_bad_label, packed};
use crate::error::{Error, Result};
use crate::network::DIGIT_SIDE;
use crate::text::thousands;

/// Most items in one file; MNIST has 60,000. Keeps a broken or malicious file out of memory.
pub const MAX_ITEMS: usize = 1_000_000;
/// Most bytes that one file may have, unpacked: the header and [`MAX_ITEMS`] images.
const MAX_BYTES: usize = Content::Images.header() + MAX_ITEMS * DIGIT_PIXELS;
/// The first two bytes of every gzip file.
pub(super) const GZIP_MAGIC: [u8; 2] = [0x1f, 0x8b];

/// The bytes of one IDX file, unpacked but not yet checked, and how messages speak of it.
pub struct IdxFile {
    name: String,
    bytes: Vec<u8>,
    origin: Origin,
}

/// Decides the way out in messages.
#[derive(Clone, Copy)]
enum Origin {
    Folder,
    BuiltIn,
}

/// The number that a file of images begins with.
pub(super) const IMAGES_MAGIC: u32 = Content::Images.magic();
/// Bytes before its first image.
pub(super) const IMAGES_HEADER: usize = Content::Images.header();

/// What a file is expected to hold.
#[derive(Clone, Copy, PartialEq)]
enum Content {
    Images,
    Labels,
}

impl Content {
    const fn magic(self) -> u32 {
        match self {
            Content::Images => 2051,
            Content::Labels => 2049,
        }
    }

    /// Bytes before the first item.
    const fn header(self) -> usize {
        match self {
            Content::Images => 16,
            Content::Labels => 8,
        }
    }

    /// Bytes of one item.
    const fn item(self) -> usize {
        match self {
            Content::Images => DIGIT_PIXELS,
            Content::Labels => 1,
        }
    }

    const fn word(self) -> &'static str {
        match self {
            Content::Images => "images",
            Content::Labels => "labels",
        }
    }

    const fn other(self) -> Self {
        match self {
            Content::Images => Content::Labels,
            Content::Labels => Content::Images,
        }
    }
}

impl IdxFile {
    /// The file at `path`, unpacked if `packed`.
    ///
    /// # Errors
    /// [`Error::Data`] if it cannot be read, is larger than a million digits or does not unpack.
    pub fn read(path: &Path, packed: bool) -> Result<Self> {
        let cannot_read = |e| Error::cannot_read(path, e, &with_data_left_out("make it readable"));
        let file = std::fs::File::open(path).map_err(cannot_read)?;
        let mut bytes = Vec::new();
        // One byte over the limit is enough to know that it is too long.
        file.take(MAX_BYTES as u64 + 1).read_to_end(&mut bytes).map_err(cannot_read)?;
        let name = path.display().to_string();
        let file = IdxFile { name, bytes, origin: Origin::Folder }.within_limit()?;
        if packed { file.unpack() } else { Ok(file) }
    }

    /// One of the gzip files that are part of the program.
    ///
    /// # Errors
    /// [`Error::Data`] if it does not unpack: the program was built with a broken file.
    pub fn built_in(name: &str, gzip: &[u8]) -> Result<Self> {
        let name = format!("{name} (built in)");
        IdxFile { name, bytes: gzip.to_vec(), origin: Origin::BuiltIn }.unpack()
    }

    /// One of the files of images that are part of the program, packed as `packed.rs` has it.
    ///
    /// # Errors
    /// As [`IdxFile::built_in`].
    pub fn built_in_images(name: &str, gzip: &[u8]) -> Result<Self> {
        let mut file = IdxFile::built_in(name, gzip)?;
        match packed::unpack(&file.bytes) {
            Some(bytes) => file.bytes = bytes,
            None => return Err(file.error("the packed images are broken", "")),
        }
        Ok(file)
    }

    fn unpack(self) -> Result<Self> {
        const AGAIN: &str = "download it again";
        if self.bytes.is_empty() {
            return Err(self.error("the file is empty", AGAIN));
        }
        if !self.bytes.starts_with(&GZIP_MAGIC) {
            let what = "named .gz but not packed with gzip";
            return Err(self.error(what, "take .gz off its name, download it again"));
        }
        let mut bytes = Vec::new();
        let unpacked =
            MultiGzDecoder::new(&self.bytes[..]).take(MAX_BYTES as u64 + 1).read_to_end(&mut bytes);
        match unpacked {
            Ok(_) => IdxFile { bytes, ..self }.within_limit(),
            Err(e) if e.kind() == ErrorKind::UnexpectedEof => {
                let what = format!(
                    "the gzip file is cut (its {} bytes end after {} unpacked bytes and too early)",
                    thousands(self.bytes.len()),
                    thousands(bytes.len())
                );
                Err(self.error(what, AGAIN))
            }
            Err(e) => Err(self.error(format_args!("the gzip file is broken ({e})"), AGAIN)),
        }
    }

    fn within_limit(self) -> Result<Self> {
        if self.bytes.len() > MAX_BYTES {
            let what = format!(
                "more than {} bytes, the most that {} digits need",
                thousands(MAX_BYTES),
                thousands(MAX_ITEMS)
            );
            return Err(self.error(what, "give fewer digits"));
        }
        Ok(self)
    }

    /// The items behind the header, `[count, 28, 28]` or `[count]`, once all is known to be right.
    fn items(mut self, content: Content) -> Result<Vec<u8>> {
        self.check_magic(content)?;
        let count = self.check_header(content)?;
        let expected = content.header() + count * content.item();
        let found = self.bytes.len();
        if found != expected {
            let which = if found < expected { "cut" } else { "too long" };
            return Err(self.error(
                format_args!(
                    "{} bytes where {} were expected (the file is {which})",
                    thousands(found),
                    thousands(expected)
                ),
                "download it again",
            ));
        }
        self.bytes.drain(..content.header());
        if content == Content::Labels
            && let Some((index, label)) = first_bad_label(&self.bytes)
        {
            return Err(self.error(
                format_args!("label {label} at index {index}, where 0 to 9 were expected"),
                "correct the label, download the file again",
            ));
        }
        Ok(self.bytes)
    }

    /// Checks that the file begins with the magic number of `content`.
    fn check_magic(&self, content: Content) -> Result<()> {
        if self.bytes.is_empty() {
            return Err(self.error("the file is empty", "download it again"));
        }
        let magic = self.header_word(0, content)?;
        let (wanted, other) = (content.magic(), content.other());
        if magic == wanted {
            return Ok(());
        }
        let what = if magic == other.magic() {
            format!(
                "holds {} (magic number {magic}) where {} ({wanted}) were expected",
                other.word(),
                content.word()
            )
        } else {
            format!("begins with the number {magic} where {} have {wanted}", content.word())
        };
        let remedy = if magic == other.magic() {
            "the two files are probably swapped: give each its own name"
        } else if self.bytes.starts_with(&GZIP_MAGIC) {
            "it is packed with gzip: add .gz to its name"
        } else {
            "it is no IDX file: download it again"
        };
        Err(self.error(what, remedy))
    }

    /// Checks the rest of the header and returns the count.
    fn check_header(&self, content: Content) -> Result<usize> {
        let count = self.header_word(4, content)? as usize;
        if content == Content::Images {
            let (rows, columns) = (self.header_word(8, content)?, self.header_word(12, content)?);
            if (rows as usize, columns as usize) != (DIGIT_SIDE, DIGIT_SIDE) {
                let what = format!(
                    "images of {rows}x{columns} pixels where {DIGIT_SIDE}x{DIGIT_SIDE} were expected"
                );
                return Err(self.error(what, "bring the images to that size"));
            }
        }
        if count == 0 {
            let what =
                format!("its header says 0 {} where at least 1 was expected", content.word());
            return Err(self.error(what, "download it again"));
        }
        if count > MAX_ITEMS {
            let what = format!(
                "its header says {} {} where at most {} were expected",
                thousands(count),
                content.word(),
                thousands(MAX_ITEMS)
            );
            return Err(self.error(what, "download it again"));
        }
        Ok(count)
    }

    /// The big-endian u32 at byte `at` of the header.
    fn header_word(&self, at: usize, content: Content) -> Result<u32> {
        match self.bytes.get(at..).and_then(|rest| rest.first_chunk()) {
            Some(&word) => Ok(u32::from_be_bytes(word)),
            None => Err(self.error(
                format_args!(
                    "{} bytes where at least {} were expected (the file is cut)",
                    self.bytes.len(),
                    content.header()
                ),
                "download it again",
            )),
        }
    }

    /// "file: what is wrong; what to do".
    fn error(&self, what: impl Display, remedy: &str) -> Error {
        let way_out = match self.origin {
            Origin::Folder => with_data_left_out(remedy),
            Origin::BuiltIn => "build lenet again from a fresh copy of its sources".to_string(),
        };
        Error::Data(format!("{}: {what}; {way_out}", self.name))
    }
}

/// The way out that always works, behind the one that fits the defect.
pub(super) fn with_data_left_out(remedy: &str) -> String {
    format!("{remedy} or leave out --data to use the built-in digits")
}

/// The digits in a file of images and a file of labels, all of it checked.
///
/// # Errors
/// [`Error::Data`] that names the file for every defect: empty, cut, too long, wrong magic number,
/// no items, not 28x28, a label over 9, not as many images as labels.
pub fn digits(images: IdxFile, labels: IdxFile) -> Result<Digits> {
    let (images_name, labels_name, origin) =
        (images.name.clone(), labels.name.clone(), labels.origin);
    let pixels = images.items(Content::Images)?;
    let labels = labels.items(Content::Labels)?;
    let (image_count, label_count) = (pixels.len() / DIGIT_PIXELS, labels.len());
    if image_count != label_count {
        let both = IdxFile { name: labels_name, bytes: Vec::new(), origin };
        return Err(both.error(
            format_args!(
                "{} labels where the {} images of {images_name} need as many",
                thousands(label_count),
                thousands(image_count)
            ),
            "download both again",
        ));
    }
    Digits::new(pixels, labels)
}
