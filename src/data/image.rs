//! Digits as pictures: written to a PNG file one by one or as a sheet, drawn in a terminal. [`super::writing`] reads
//! them.

use std::io::Cursor;
use std::path::Path;

use ::image::{GrayImage, ImageFormat, Luma};

use super::thousands;
use crate::disk;
use crate::error::{Error, Result};

/// Longest side of a picture that is written, in pixels.
const MAX_SIDE: usize = 4096;
/// Pixels that a sheet is about as wide as, where its pictures leave a choice.
const SHEET_WIDTH: usize = 1_000;
/// Side of the square that a pixel becomes at most.
const MOST_ENLARGED: usize = 8;
/// Pixels between two pictures of a sheet, before it is enlarged.
const GAP: usize = 1;
/// Brightness between them.
const GREY: u8 = 96;
/// From this byte on, [`draw`] shows a pixel as ink.
const DRAW_LEVEL: u8 = 96;

/// Writes a square picture of grey bytes `[side, side]` as a PNG file, each pixel as a square of
/// `scale` x `scale`.
///
/// # Errors
/// [`Error::Other`] if the file cannot be written, if `pixels` is empty or no square, or if the
/// side of the picture would be 0 or over 4,096.
pub fn write_png(path: &Path, pixels: &[u8], scale: usize) -> Result<()> {
    let side = pixels.len().isqrt();
    let scaled = side.saturating_mul(scale);
    if side * side != pixels.len() || scaled == 0 || scaled > MAX_SIDE {
        return Err(Error::Other(format!(
            "cannot write {}: {} pixels at scale {scale}; give a square of pixels and a scale that \
             make a picture of 1 to {MAX_SIDE} pixels a side",
            path.display(),
            thousands(pixels.len())
        )));
    }
    let picture = GrayImage::from_fn(scaled as u32, scaled as u32, |x, y| {
        Luma([pixels[y as usize / scale * side + x as usize / scale]])
    });
    save(path, &picture)
}

/// Writes pictures of grey bytes `[height, width]` as a PNG file, `columns` side by side, enlarged to
/// be read with ease.
///
/// # Errors
/// [`Error::Other`] if the file cannot be written.
pub fn write_sheet(path: &Path, pictures: &[Vec<u8>], width: usize, columns: usize) -> Result<()> {
    let height = pictures.first().map_or(0, Vec::len) / width;
    let rows = pictures.len().div_ceil(columns);
    let (across, down) = (columns * (width + GAP) + GAP, rows * (height + GAP) + GAP);
    let room = SHEET_WIDTH / across;
    let scale = room.min(MAX_SIDE / down.max(across)).clamp(1, MOST_ENLARGED);
    let pixel = |x: usize, y: usize| {
        let (column, row) = (x / (width + GAP), y / (height + GAP));
        // From the gap on, which lies left of the picture and above it.
        let (x, y) = (x % (width + GAP), y % (height + GAP));
        let picture = pictures.get(row * columns + column).filter(|_| column < columns);
        match (x.checked_sub(GAP), y.checked_sub(GAP), picture) {
            (Some(x), Some(y), Some(picture)) => picture[y * width + x],
            _ => GREY,
        }
    };
    let sheet = GrayImage::from_fn((across * scale) as u32, (down * scale) as u32, |x, y| {
        Luma([pixel(x as usize / scale, y as usize / scale)])
    });
    save(path, &sheet)
}

/// Writes a picture as a PNG file.
fn save(path: &Path, picture: &GrayImage) -> Result<()> {
    let mut png = Cursor::new(Vec::new());
    picture
        .write_to(&mut png, ImageFormat::Png)
        .map_err(|e| Error::Other(format!("cannot make a PNG for {}: {e}", path.display())))?;
    disk::write(path, png.get_ref())
}

/// A square picture of grey bytes `[side, side]` as text: `side` columns and a line for every two
/// rows, so 28 x 14 for a digit, each line with its line feed. Needs no colours: half blocks stand
/// for the pixels above a threshold.
pub fn draw(pixels: &[u8]) -> String {
    let side = pixels.len().isqrt();
    let ink = |y: usize, x: usize| y < side && pixels[y * side + x] >= DRAW_LEVEL;
    let mut text = String::new();
    for y in (0..side).step_by(2) {
        text.extend((0..side).map(|x| match (ink(y, x), ink(y + 1, x)) {
            (false, false) => ' ',
            (true, false) => '▀',
            (false, true) => '▄',
            (true, true) => '█',
        }));
        text.push('\n');
    }
    text
}
