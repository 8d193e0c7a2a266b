//! The wrong answers as a picture, as in Fig. 8 of 1998: each digit, under it what it is and what the
//! network said, in the bitmaps of Fig. 3. There are none for other classes than digits, nor room below smaller
//! pictures.

use std::path::Path;

use super::Answer;
use crate::data::{Digits, image};
use crate::error::Result;
use crate::network::{CLASSES, DIGIT_SIDE, bitmaps};

/// Digits in a row.
const COLUMNS: usize = 16;
/// Most rows, so that the sheet stays easy to look at.
const ROWS: usize = 40;
/// Pixels between a digit and its caption.
const GAP: usize = 2;
/// Columns at which the two bitmaps begin, and the arrow between them.
const LABEL: usize = 2;
const ARROW: usize = 12;
const SAID: usize = 19;
/// Ink of the arrow, row by row from its top, as the bitmaps have it; it has five columns.
const ARROW_ROWS: [u8; 5] = [0b00100, 0b00010, 0b11111, 0b00010, 0b00100];
const ARROW_WIDTH: usize = 5;
/// Row of the arrow, counted from the top of the bitmaps.
const ARROW_TOP: usize = 3;

/// Writes wrong answers as a PNG file, those first that the network was surest of; at most 640.
/// Returns how many it shows; without any it writes nothing.
///
/// # Errors
/// [`crate::Error::Other`] if the file cannot be written.
pub fn write(path: &Path, answers: &[Answer], digits: &Digits) -> Result<usize> {
    let mut wrong: Vec<&Answer> = answers.iter().filter(|answer| answer.is_wrong()).collect();
    wrong.sort_by(|a, b| b.margin.total_cmp(&a.margin));
    wrong.truncate(COLUMNS * ROWS);
    if !wrong.is_empty() {
        let side = digits.side();
        let captions =
            digits.names().are_numbers() && digits.classes() <= CLASSES && side >= DIGIT_SIDE;
        let picture = |answer: &&Answer| match captions {
            true => tile(answer, digits.digit(answer.digit), side),
            false => digits.digit(answer.digit).to_vec(),
        };
        let tiles: Vec<Vec<u8>> = wrong.iter().map(picture).collect();
        image::write_sheet(path, &tiles, side, COLUMNS.min(tiles.len()))?;
    }
    Ok(wrong.len())
}

/// A digit of that side with its caption, `[42, 28]` with MNIST.
fn tile(answer: &Answer, pixels: &[u8], side: usize) -> Vec<u8> {
    let mut tile = pixels.to_vec();
    tile.resize((side + GAP + bitmaps::HEIGHT) * side, 0);
    let caption = &mut tile[(side + GAP) * side..];
    let mut stamp = |left: usize, top: usize, width: usize, rows: &[u8]| {
        for (y, row) in rows.iter().enumerate() {
            for x in (0..width).filter(|x| row >> (width - 1 - x) & 1 == 1) {
                caption[(top + y) * side + left + x] = u8::MAX;
            }
        }
    };
    stamp(LABEL, 0, bitmaps::WIDTH, bitmaps::rows(answer.label));
    stamp(ARROW, ARROW_TOP, ARROW_WIDTH, &ARROW_ROWS);
    stamp(SAID, 0, bitmaps::WIDTH, bitmaps::rows(answer.said));
    tile
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tile_has_the_digit_and_both_bitmaps() {
        let answer = Answer { digit: 0, label: 7, said: 1, margin: 1.0 };
        let tile = tile(&answer, &[9; 784], 28);
        assert_eq!(tile.len(), 42 * 28);
        assert!(tile[..784].iter().all(|&byte| byte == 9));
        let caption = &tile[30 * 28..];
        // The bar of the 7, and the foot of the 1 in its tenth row.
        assert!(caption[2..9].iter().all(|&byte| byte == 255));
        assert!(caption[9 * 28 + 20..9 * 28 + 26].iter().all(|&byte| byte == 255));
        let ink: u32 = [7, 1].iter().flat_map(|&d| bitmaps::rows(d)).map(|r| r.count_ones()).sum();
        assert_eq!(caption.iter().filter(|&&byte| byte > 0).count() as u32, ink + 9);
    }
}
