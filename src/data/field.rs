//! Pictures of other sides in fields of 28x28, the field of every digit.

use super::DIGIT_PIXELS;
use crate::network::DIGIT_SIDE;

/// Checks that pictures of these sides have a place in the field. An error says what is wrong.
pub(super) fn check([rows, columns]: [usize; 2]) -> Result<(), String> {
    match (rows, columns) {
        (DIGIT_SIDE, DIGIT_SIDE) | (16, 16) | (32, 32) => Ok(()),
        _ => Err(format!(
            "images of {rows}x{columns} pixels where {DIGIT_SIDE}x{DIGIT_SIDE} were expected (16x16 \
             is centred, and 32x32 with an empty border of 2 is cut)"
        )),
    }
}

/// Pictures `[N, side, side]` that [`check`] knows as `[N, 28, 28]`: 28x28 as it is, 16x16 in the middle of
/// the field, as LeCun's notes of 1990 have the zip code digits, and 32x32 without its border of 2, which
/// has to be empty. An error says what is wrong.
pub(super) fn of(pixels: Vec<u8>, side: usize) -> Result<Vec<u8>, String> {
    if side == DIGIT_SIDE {
        return Ok(pixels);
    }
    // From the corner of the picture to that of the field, and back.
    let (shift, back) = (DIGIT_SIDE.saturating_sub(side) / 2, side.saturating_sub(DIGIT_SIDE) / 2);
    let mut fields = vec![0; pixels.len() / (side * side) * DIGIT_PIXELS];
    let inside = |at: usize| (at + shift).checked_sub(back).filter(|&at| at < DIGIT_SIDE);
    let pictures = pixels.chunks_exact(side * side).zip(fields.chunks_exact_mut(DIGIT_PIXELS));
    for (number, (picture, field)) in pictures.enumerate() {
        for (at, &byte) in picture.iter().enumerate() {
            match (inside(at / side), inside(at % side)) {
                (Some(y), Some(x)) => field[y * DIGIT_SIDE + x] = byte,
                _ if byte == 0 => {}
                _ => {
                    return Err(format!(
                        "images of {side}x{side} pixels of which number {number} has ink in its border of 2"
                    ));
                }
            }
        }
    }
    Ok(fields)
}
