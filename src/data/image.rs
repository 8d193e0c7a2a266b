//! Single digits as pictures: written to a PNG file, drawn in a terminal. [`super::writing`] reads
//! them.

use std::io::Cursor;
use std::path::Path;

use ::image::{GrayImage, ImageFormat, Luma};

use super::thousands;
use crate::disk;
use crate::error::{Error, Result};

/// Longest side of a picture that is written, in pixels.
pub const MAX_SIDE: usize = 4096;
/// From this byte on, [`draw`] shows a pixel as ink.
const DRAW_LEVEL: u8 = 96;

/// Writes a square picture of grey bytes `[side, side]` as a PNG file, each pixel as a square of
/// `scale` x `scale`.
///
/// # Errors
/// [`Error::Other`] if the file cannot be written, if `pixels` is empty or no square, or if the
/// side of the picture would be 0 or over [`MAX_SIDE`].
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

/// Writes a picture as a PNG file.
///
/// # Errors
/// [`Error::Other`] if the file cannot be written.
pub(super) fn save(path: &Path, picture: &GrayImage) -> Result<()> {
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
