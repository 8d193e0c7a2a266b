//! Grey pictures in rows and columns, as PNG: digits, kernels, feature maps.

use std::io::Cursor;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use image::{GrayAlphaImage, ImageFormat, LumaA};

/// A grey picture, `[height, width]` bytes.
#[derive(Debug, Clone, PartialEq)]
pub struct Tile {
    pub height: usize,
    pub width: usize,
    pub bytes: Vec<u8>,
}

impl Tile {
    /// Numbers `[height, width]` from -`limit` (black) through 0 to `limit` (white).
    pub fn of(numbers: &[f32], height: usize, width: usize, limit: f32) -> Self {
        assert_eq!(numbers.len(), height * width, "as many numbers as pixels");
        let byte = |number: &f32| (127.5 * (1.0 + number / limit)).round().clamp(0.0, 255.0) as u8;
        Tile { height, width, bytes: numbers.iter().map(byte).collect() }
    }
}

/// Returns the largest magnitude of some numbers; 1 if all are 0.
pub fn largest(numbers: &[f32]) -> f32 {
    let largest = numbers.iter().map(|number| number.abs()).fold(0.0, f32::max);
    if largest > 0.0 { largest } else { 1.0 }
}

/// A picture of tiles with its caption.
#[derive(Debug, Clone)]
pub struct Picture {
    /// Name of its file.
    pub name: String,
    pub caption: String,
    pub png: Vec<u8>,
    /// Width in pixels.
    pub width: usize,
}

impl Picture {
    /// Tiles of one size row by row, `columns` to a row, each pixel `scale` x `scale`, with gaps of
    /// `gap` pixels between them; gaps and the places of missing tiles are transparent.
    pub fn grid(
        name: &str,
        caption: &str,
        tiles: &[Option<Tile>],
        columns: usize,
        [scale, gap]: [usize; 2],
    ) -> Self {
        let first = tiles.iter().flatten().next();
        let [height, width] =
            first.map_or([1, 1], |tile| [tile.height, tile.width]).map(|side| side * scale);
        let side = |count: usize, size: usize| (count * (size + gap)).saturating_sub(gap).max(1);
        let (all_height, all_width) =
            (side(tiles.len().div_ceil(columns), height), side(columns, width));
        let image = GrayAlphaImage::from_fn(all_width as u32, all_height as u32, |x, y| {
            let [x, y] = [x as usize, y as usize];
            let tile = tiles.get(y / (height + gap) * columns + x / (width + gap));
            let [x, y] = [x % (width + gap), y % (height + gap)];
            match tile {
                Some(Some(tile)) if x < width && y < height => {
                    LumaA([tile.bytes[y / scale * tile.width + x / scale], u8::MAX])
                }
                _ => LumaA([0, 0]),
            }
        });
        let mut png = Cursor::new(Vec::new());
        image.write_to(&mut png, ImageFormat::Png).expect("memory takes every picture");
        let (name, caption, png) = (name.into(), caption.into(), png.into_inner());
        Picture { name, caption, png, width: all_width }
    }

    /// Returns the picture as a `data:` address.
    pub fn uri(&self) -> String {
        format!("data:image/png;base64,{}", STANDARD.encode(&self.png))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_become_greys() {
        let tile = Tile::of(&[-2.0, -1.0, 0.0, 1.0], 2, 2, 1.0);
        assert_eq!(tile.bytes, [0, 0, 128, 255]);
        assert_eq!(largest(&[0.5, -2.0]), 2.0);
        assert_eq!(largest(&[0.0]), 1.0);
    }

    /// Three tiles of one pixel, doubled, in two columns; the second is not there.
    #[test]
    fn tiles_stand_in_rows() {
        let tile = |byte| Some(Tile { height: 1, width: 1, bytes: vec![byte] });
        let tiles = [tile(10), None, tile(30)];
        let picture = Picture::grid("a", "b", &tiles, 2, [2, 1]);
        let read = image::load_from_memory(&picture.png).unwrap().into_luma_alpha8();
        assert_eq!((read.width(), read.height(), picture.width), (5, 5, 5));
        let at = |x, y| read.get_pixel(x, y).0;
        assert_eq!((at(0, 0), at(1, 1), at(2, 0)), ([10, 255], [10, 255], [0, 0]));
        assert_eq!((at(4, 0), at(0, 4), at(4, 4)), ([0, 0], [30, 255], [0, 0]));
        assert!(picture.uri().starts_with("data:image/png;base64,iVBOR"));
    }
}
