//! Digits as the page reads them: IDX files, packed with gzip.

use std::io::Write;

use flate2::Compression;
use flate2::write::GzEncoder;

use crate::data::Digits;
use crate::error::{Error, Result};
use crate::network::DIGIT_SIDE;

/// The images of a set, `[digits, 28, 28]` bytes after a head of 16.
pub(super) fn images(set: &Digits) -> Result<Vec<u8>> {
    let side = DIGIT_SIDE as u32;
    packed(&[0x0803, set.len() as u32, side, side], set.pixels())
}

/// The labels of a set, `[digits]` bytes after a head of 8.
pub(super) fn labels(set: &Digits) -> Result<Vec<u8>> {
    packed(&[0x0801, set.len() as u32], set.labels())
}

fn packed(head: &[u32], body: &[u8]) -> Result<Vec<u8>> {
    let mut gzip = GzEncoder::new(Vec::new(), Compression::default());
    let written = head.iter().try_for_each(|word| gzip.write_all(&word.to_be_bytes()));
    let packed = written.and_then(|()| gzip.write_all(body)).and_then(|()| gzip.finish());
    packed.map_err(|error| Error::Other(format!("cannot pack the digits: {error}")))
}
