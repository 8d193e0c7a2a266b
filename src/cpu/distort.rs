//! Reference of `shaders/distort.wgsl`, with signs where the shader has none.

use crate::plan::Distortion;
use crate::plan::abi::Record;
use crate::rng::pcg4d;

/// 1 in fixed point: places and shares are multiples of 2^-16.
const ONE: i32 = 1 << 16;

/// The planar affine map of a view: where a pixel of the picture comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Affine {
    /// Columns of the digit for a column, in 2^-16.
    pub xx: i32,
    /// Columns of the digit for a row, in 2^-16.
    pub xy: i32,
    /// Rows of the digit for a row, in 2^-16.
    pub yy: i32,
    /// Shift in 2^-12 pixels of the digit.
    pub x: i32,
    pub y: i32,
}

impl Affine {
    /// Every digit as it is.
    pub const IDENTITY: Affine = Affine { xx: ONE, xy: 0, yy: ONE, x: 0, y: 0 };

    /// The map of a view of a digit; view 0 is the digit as it is.
    pub fn of(k: &Distortion, key: u32, view: u32, digit: u32) -> Self {
        if view == 0 {
            return Affine::IDENTITY;
        }
        let [x, y, scale, squeeze] = pcg4d([key, view, digit, 0]);
        let [shear, ..] = pcg4d([key, view, digit, 1]);
        let (scale, squeeze) = (within(k.max_scale, scale), within(k.max_squeeze, squeeze));
        Affine {
            xx: ONE + scale + squeeze,
            xy: within(k.max_shear, shear),
            yy: ONE + scale - squeeze,
            x: within(k.max_shift, x),
            y: within(k.max_shift, y),
        }
    }

    /// Where a place (row, column) of a picture of that height and width comes from: column and row
    /// of the digit of that side, in 2^-17.
    pub fn source(
        &self,
        side: usize,
        (height, width): (usize, usize),
        (row, column): (usize, usize),
    ) -> (i32, i32) {
        let from_centre = |place: usize, length: usize| 2 * place as i32 + 1 - length as i32;
        let (down, right) = (from_centre(row, height), from_centre(column, width));
        let centre = (side as i32 - 1) << 16;
        let x = self.xx * right + self.xy * down + (self.x << 5) + centre;
        let y = self.yy * down + (self.y << 5) + centre;
        (x, y)
    }
}

/// Maps the upper half of a word to -most .. most.
fn within(most: u32, word: u32) -> i32 {
    let unit = i64::from(word >> 16) - (1 << 15);
    ((i64::from(most) * unit) >> 15) as i32
}

/// The grey value, 0 to 255 in steps of 2^-16, at a place (row, column) of the picture of a digit,
/// whose `pixels` stand in a record; `shape` is height and width of the picture.
pub fn distort(
    map: &Affine,
    pixels: &[u32],
    record: Record,
    shape: (usize, usize),
    place: (usize, usize),
) -> f32 {
    let (x, y) = map.source(record.side, shape, place);
    let (left, upper) = (x >> 17, y >> 17);
    let (x_share, y_share) = ((x >> 9 & 255) as u32, (y >> 9 & 255) as u32);
    let pixel = |row: i32, column: i32| {
        let inside = 0..record.side as i32;
        if !(inside.contains(&row) && inside.contains(&column)) {
            return 0;
        }
        let word = pixels[row as usize * record.row_words() + column as usize / 4];
        word >> (8 * (column % 4)) & 255
    };
    let blend =
        |column| (256 - y_share) * pixel(upper, column) + y_share * pixel(upper + 1, column);
    let sum = (256 - x_share) * blend(left) + x_share * blend(left + 1);
    sum as f32 / ONE as f32
}
