//! The side of pictures as a file has them, and as they are taken.

use crate::network::{DIGIT_SIDE, SIDES};

/// Checks that pictures of these sides can be taken. An error says what is wrong.
pub(super) fn check([rows, columns]: [usize; 2]) -> Result<(), String> {
    if rows == columns && SIDES.contains(&rows) {
        return Ok(());
    }
    let (least, most) = SIDES.into_inner();
    Err(format!(
        "images of {rows}x{columns} pixels where squares of {least}x{least} to {most}x{most} were expected"
    ))
}

/// Pictures `[N, from, from]` that [`check`] knows with the side `wanted`: smaller ones in the middle of an
/// empty field, larger ones without their border, which has to be empty. Where no side is wanted, they stay as they
/// are, but for those of digits: 16x16 are put into 28x28, as LeCun's notes of 1990 have the zip code digits,
/// and 32x32 with an empty border of 2 lose it. Returns the side too. An error says what is wrong.
pub(super) fn of(
    pixels: Vec<u8>,
    from: usize,
    wanted: Option<usize>,
) -> Result<(usize, Vec<u8>), String> {
    match (wanted, from) {
        (Some(side), _) => placed(&pixels, from, side).map(|pixels| (side, pixels)),
        (None, 16 | 32) => {
            let digits = placed(&pixels, from, DIGIT_SIDE);
            Ok(digits.map_or((from, pixels), |digits| (DIGIT_SIDE, digits)))
        }
        (None, _) => Ok((from, pixels)),
    }
}

fn placed(pixels: &[u8], from: usize, side: usize) -> Result<Vec<u8>, String> {
    match cut(pixels, from, side) {
        (fields, None) => Ok(fields),
        (_, Some(number)) => Err(format!(
            "images of {from}x{from} pixels, of which number {number} has ink outside of the {side}x{side} of --side"
        )),
    }
}

/// Pictures put into the middle of an empty field, or freed of their border. Also the first picture whose border was
/// not empty.
pub(super) fn cut(pixels: &[u8], from: usize, side: usize) -> (Vec<u8>, Option<usize>) {
    if side == from {
        return (pixels.to_vec(), None);
    }
    // From the corner of the picture to that of the field, and back.
    let (shift, back) = (side.saturating_sub(from) / 2, from.saturating_sub(side) / 2);
    let mut fields = vec![0; pixels.len() / (from * from) * (side * side)];
    let inside = |at: usize| (at + shift).checked_sub(back).filter(|&at| at < side);
    let mut spoilt = None;
    let pictures = pixels.chunks_exact(from * from).zip(fields.chunks_exact_mut(side * side));
    for (number, (picture, field)) in pictures.enumerate() {
        for (at, &byte) in picture.iter().enumerate() {
            match (inside(at / from), inside(at % from)) {
                (Some(y), Some(x)) => field[y * side + x] = byte,
                _ if byte == 0 => {}
                _ => _ = spoilt.get_or_insert(number),
            }
        }
    }
    (fields, spoilt)
}
