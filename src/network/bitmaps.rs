//! The ten 7x12 bitmaps that the RBF output of LeNet-5 compares F6 with (1998, Fig. 3).

use super::CLASSES;

/// Columns of a bitmap.
pub const WIDTH: usize = 7;
/// Rows of a bitmap.
pub const HEIGHT: usize = 12;

/// Rows of each digit, top to bottom, seven bits with the left column highest.
///
/// From transcriptions of Fig. 3 that agree in 839 of 840 pixels; the doubtful one is in the 9,
/// row 3, column 4.
const ROWS: [[u8; HEIGHT]; CLASSES] = [
    [62, 0, 28, 54, 99, 99, 99, 99, 54, 28, 0, 0],
    [12, 28, 60, 12, 12, 12, 12, 12, 12, 63, 0, 0],
    [62, 0, 62, 99, 67, 6, 28, 48, 96, 127, 0, 0],
    [127, 3, 6, 12, 30, 3, 3, 3, 99, 62, 0, 0],
    [62, 0, 0, 51, 51, 115, 99, 99, 103, 63, 3, 3],
    [62, 0, 127, 96, 96, 60, 30, 3, 99, 62, 0, 0],
    [30, 48, 96, 96, 126, 115, 99, 99, 115, 62, 0, 0],
    [127, 3, 3, 6, 12, 12, 24, 24, 24, 24, 0, 0],
    [62, 99, 99, 99, 62, 99, 99, 99, 99, 62, 0, 0],
    [62, 103, 99, 99, 103, 63, 3, 3, 6, 60, 0, 0],
];

/// The rows of a digit's bitmap, top to bottom, seven bits with the left column highest.
///
/// # Panics
/// If `digit` is over 9.
pub fn rows(digit: u8) -> &'static [u8; HEIGHT] {
    &ROWS[usize::from(digit)]
}

/// The centres `[10, 84]`: +1 where the bitmap has ink, -1 elsewhere.
pub fn centres() -> Vec<f32> {
    let bit = |row: u8, x: usize| if row >> (WIDTH - 1 - x) & 1 == 1 { 1.0 } else { -1.0 };
    ROWS.iter()
        .flat_map(|rows| rows.iter().flat_map(move |&row| (0..WIDTH).map(move |x| bit(row, x))))
        .collect()
}
