//! Many small pictures in one.

use std::path::Path;

use ::image::{GrayImage, Luma};

use super::image::{MAX_SIDE, save};
use crate::error::Result;

/// Pixels that a sheet is about as wide as, where its pictures leave a choice.
const WIDTH: usize = 1_000;
/// Side of the square that a pixel becomes at most.
const MOST: usize = 8;
/// Pixels of a picture between two of them.
const GAP: usize = 1;
/// Brightness there.
const GREY: u8 = 96;

/// Writes pictures of grey bytes `[height, width]` as a PNG file, `columns` side by side, enlarged to
/// be read with ease.
///
/// # Errors
/// [`crate::Error::Other`] if the file cannot be written.
pub fn write(path: &Path, pictures: &[Vec<u8>], width: usize, columns: usize) -> Result<()> {
    let height = pictures.first().map_or(0, Vec::len) / width;
    let rows = pictures.len().div_ceil(columns);
    let (across, down) = (columns * (width + GAP) + GAP, rows * (height + GAP) + GAP);
    let room = WIDTH / across;
    let scale = room.min(MAX_SIDE / down.max(across)).clamp(1, MOST);
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
