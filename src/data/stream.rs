//! Digits from a stream: IDX, CSV, or nothing but their bytes.
//!
//! [`DigitStream`] gives what has arrived without waiting for more, so that a slow source is answered
//! at once and a fast one in large pieces. Digits are counted from 0, in messages too.

use std::fmt::Display;
use std::io::Read;

use clap::ValueEnum;

use super::csv::{Csv, MAX_LINE};
use super::file::GZIP_MAGIC;
use super::idx;
use crate::error::{Error, Result};

/// Bytes that are asked for at once.
const PIECE: usize = 64 << 10;
/// Bytes of the header of IDX images.
const HEADER: usize = 16;

/// How digits lie in a stream.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// A file of images as MNIST has them: the magic number 2051, their count, their two sides, as 28, then
    /// a byte a pixel; unpacked.
    Idx,
    /// A line for each: 784 numbers from 0 to 255 with commas, or as many as the model sees, or one more
    /// in front, the label; a first line of names is a heading, and says where the label stands.
    Csv,
    /// 784 bytes each, or as many as the model sees, and nothing else.
    Raw,
}

/// Digits that arrived together.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Piece {
    /// `[n, side, side]` bytes.
    pub pixels: Vec<u8>,
    /// `[n]`, where a digit has one.
    pub labels: Vec<Option<u8>>,
}

/// The digits of a stream.
pub struct DigitStream<R> {
    source: R,
    format: Format,
    /// Side of a digit, in pixels.
    side: usize,
    /// Bytes that have arrived and are not used yet.
    rest: Vec<u8>,
    /// Digits given so far.
    given: usize,
    /// All digits, once an IDX header has named their number.
    promised: Option<usize>,
    /// Lines before `rest`.
    lines: usize,
    csv: Csv,
}

impl Piece {
    pub fn len(&self) -> usize {
        self.labels.len()
    }

    pub fn is_empty(&self) -> bool {
        self.labels.is_empty()
    }

    pub fn append(&mut self, mut other: Piece) {
        self.pixels.append(&mut other.pixels);
        self.labels.append(&mut other.labels);
    }

    /// Removes the first `n` digits and returns their labels.
    ///
    /// # Panics
    /// If there are fewer.
    pub fn drop_first(&mut self, n: usize) -> Vec<Option<u8>> {
        self.pixels.drain(..n * (self.pixels.len() / self.labels.len().max(1)));
        self.labels.drain(..n).collect()
    }
}

impl<R: Read> DigitStream<R> {
    /// Reads digits `[side, side]` from `source`.
    pub fn new(source: R, format: Format, side: usize) -> Self {
        DigitStream {
            source,
            format,
            side,
            rest: Vec::new(),
            given: 0,
            promised: None,
            lines: 0,
            csv: Csv::of(side),
        }
    }

    /// Waits for the next digits, at least one; `None` at the end.
    fn piece(&mut self) -> Result<Option<Piece>> {
        loop {
            let old = self.rest.len();
            self.rest.resize(old + PIECE, 0);
            let read = self.source.read(&mut self.rest[old..]);
            self.rest.truncate(old + *read.as_ref().unwrap_or(&0));
            let ended = match read {
                Ok(read) => read == 0,
                Err(e) if e.kind() == std::io::ErrorKind::Interrupted => continue,
                Err(e) => return Err(Error::Data(format!("cannot read standard input: {e}"))),
            };
            if self.given == 0 && self.rest.starts_with(&GZIP_MAGIC) {
                return Err(stream_error("is packed with gzip", "unpack it first, as with zcat"));
            }
            let piece = match self.format {
                Format::Csv => self.lines(ended)?,
                Format::Idx | Format::Raw => self.bytes(ended)?,
            };
            self.given += piece.len();
            if !piece.is_empty() || ended {
                return Ok((!piece.is_empty()).then_some(piece));
            }
        }
    }

    /// The whole digits among the bytes that have arrived.
    fn bytes(&mut self, ended: bool) -> Result<Piece> {
        if self.format == Format::Idx && self.promised.is_none() {
            if self.rest.len() < HEADER && !ended {
                return Ok(Piece::default());
            }
            self.header()?;
        }
        let begins = self.rest.starts_with(&idx::IMAGES.to_be_bytes());
        if self.format == Format::Raw && self.given == 0 && begins {
            return Err(stream_error("begins as an IDX file does", "give --stream idx for it"));
        }
        let size = self.side * self.side;
        let whole = self.rest.len() / size;
        let wanted = self.promised.map_or(whole, |all| whole.min(all - self.given));
        if wanted == 0 && (ended || whole > 0) {
            self.check_end()?;
        }
        let pixels: Vec<u8> = self.rest.drain(..wanted * size).collect();
        Ok(Piece { pixels, labels: vec![None; wanted] })
    }

    fn header(&mut self) -> Result<()> {
        let Some([magic, count, rows, columns]) = idx::head(&self.rest) else {
            return Err(stream_error("ends within its IDX header", "give a whole file of images"));
        };
        if magic != idx::IMAGES {
            return Err(stream_error(
                format!("begins with {magic} where IDX images have {}", idx::IMAGES),
                "give a file of images, or another --stream",
            ));
        }
        let side = self.side;
        if [rows, columns] != [side as u32; 2] {
            return Err(stream_error(
                format!("has images of {rows}x{columns} pixels where {side}x{side} were expected"),
                "bring the images to that size",
            ));
        }
        self.promised = Some(count as usize);
        self.rest.drain(..HEADER);
        Ok(())
    }

    /// At the end of the bytes, or where no digit is expected any more.
    fn check_end(&self) -> Result<()> {
        let (over, given) = (self.rest.len(), self.given);
        match self.promised {
            Some(all) if given == all && over > 0 => Err(stream_error(
                format!("continues after the {all} images that its header promises"),
                "correct the header, or cut the file",
            )),
            Some(all) if given < all && over == 0 => Err(stream_error(
                format!("ends before record {given}, where its header promises {all} images"),
                "give the whole file",
            )),
            _ if over > 0 => Err(stream_error(
                format!("has only {over} of the {} bytes of record {given}", self.side * self.side),
                "give whole records",
            )),
            _ => Ok(()),
        }
    }

    /// The digits in the whole lines that have arrived. An error waits until those before it were
    /// given.
    fn lines(&mut self, ended: bool) -> Result<Piece> {
        let mut piece = Piece::default();
        let mut start = 0;
        let result = loop {
            let rest = &self.rest[start..];
            let (line, used) = match rest.iter().position(|&byte| byte == b'\n') {
                Some(length) => (&rest[..length], length + 1),
                None if ended && !rest.is_empty() => (rest, rest.len()),
                None if rest.len() > MAX_LINE => (rest, 0),
                None => break Ok(()),
            };
            if let Err(what) = self.csv.line(line, &mut piece) {
                let (record, line) = (self.given + piece.len(), self.lines + 1);
                break Err(stream_error(
                    format!("has a broken record {record} in line {line}: {what}"),
                    &format!(
                        "give {} numbers from 0 to 255 with commas between, or a label before them",
                        self.side * self.side
                    ),
                ));
            }
            self.lines += 1;
            start += used;
        };
        self.rest.drain(..start);
        match result {
            Err(error) if piece.is_empty() => Err(error),
            _ => Ok(piece),
        }
    }
}

/// The digits that have arrived, as soon as there are any. An error, [`Error::Data`], names the number
/// of the digit that is broken, and comes after all digits before it; nothing comes after that.
impl<R: Read> Iterator for DigitStream<R> {
    type Item = Result<Piece>;

    fn next(&mut self) -> Option<Self::Item> {
        self.piece().transpose()
    }
}

fn stream_error(what: impl Display, way_out: &str) -> Error {
    Error::Data(format!("standard input {what}; {way_out}"))
}
