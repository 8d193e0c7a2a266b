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
    // Where the picture's corner lies in the field: outside of it where the picture is larger.
    let corner = match side > from {
        true => ((side - from) / 2) as isize,
        false => -(((from - side) / 2) as isize),
    };
    let mut fields = vec![0; pixels.len() / (from * from) * (side * side)];
    let inside = |at: usize| at.checked_add_signed(corner).filter(|&at| at < side);
    let mut spoilt = None;
    let pictures = pixels.chunks_exact(from * from).zip(fields.chunks_exact_mut(side * side));
    for (number, (picture, field)) in pictures.enumerate() {
        for (at, &byte) in picture.iter().enumerate() {
            match (inside(at / from), inside(at % from)) {
                (Some(y), Some(x)) => field[y * side + x] = byte,
                _ if byte == 0 => {}
                _ => spoilt = spoilt.or(Some(number)),
            }
        }
    }
    (fields, spoilt)
}

/// Makes pictures `[N, side, side]` smaller about their middle, to a fraction of their side. A pixel becomes the mean
/// of the area that it covers; outside of the picture there is nothing.
pub(crate) fn shrink(pictures: &mut [u8], side: usize, fraction: f64) {
    // Of a row or a column that covers the pixels from `low` to `high`, the share of pixel `at`.
    let middle = side as f64 / 2.0;
    let share = |to: usize, at: usize| {
        let [low, high] = [to, to + 1].map(|edge| middle + (edge as f64 - middle) / fraction);
        (high.min(at as f64 + 1.0) - low.max(at as f64)).max(0.0) * fraction
    };
    let shares: Vec<f64> = (0..side * side).map(|i| share(i / side, i % side)).collect();
    let of = |to: usize| &shares[to * side..(to + 1) * side];
    for picture in pictures.chunks_exact_mut(side * side) {
        // Rows, then columns.
        let mut rows = vec![0.0; side * side];
        for (y, row) in rows.chunks_exact_mut(side).enumerate() {
            for (share, line) in
                of(y).iter().zip(picture.chunks_exact(side)).filter(|(share, _)| **share > 0.0)
            {
                row.iter_mut().zip(line).for_each(|(sum, byte)| *sum += share * f64::from(*byte));
            }
        }
        for (line, row) in picture.chunks_exact_mut(side).zip(rows.chunks_exact(side)) {
            for (x, byte) in line.iter_mut().enumerate() {
                let sum: f64 = of(x).iter().zip(row).map(|(share, value)| share * value).sum();
                *byte = sum.round() as u8;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shrinks_by_area() {
        // Four pixels to two, which are those in the middle, then to a half of each side's last.
        let mut picture: Vec<u8> = (0..16).map(|i| 10 * i).collect();
        let mut all = vec![200; 25];
        shrink(&mut picture, 4, 0.5);
        assert_eq!(picture, [0, 0, 0, 0, 0, 25, 45, 0, 0, 105, 125, 0, 0, 0, 0, 0]);
        shrink(&mut all, 5, 0.8);
        assert_eq!([all[0], all[1], all[2], all[12]], [50, 100, 100, 200]);
        let mut same: Vec<u8> = (0..64).collect();
        shrink(&mut same, 8, 1.0);
        assert!((0..64).eq(same));
    }
}
