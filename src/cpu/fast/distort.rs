//! Distorted digits row by row. The reference goes pixel by pixel; here the two rows of the digit
//! around a source are blended once for all columns.

use crate::cpu::Affine;
use crate::network::SIDES;
use crate::plan::abi::Record;

/// Columns outside of the digit before it and after it.
const OUTSIDE: usize = 2;
/// Columns of the widest row with those.
const COLUMNS: usize = *SIDES.end() + 2 * OUTSIDE;

/// Gives `put` the place and the grey value of every pixel of the picture `[height, width]` of a
/// digit, whose `pixels` stand in a record; in step with `distort` of the reference, to the bit.
#[inline(always)]
pub fn distort(
    map: &Affine,
    pixels: &[u32],
    record: Record,
    (height, width): (usize, usize),
    mut put: impl FnMut(usize, f32),
) {
    for row in 0..height {
        let (x, y) = map.source(record.side, (height, width), (row, 0));
        let mut columns = [0; COLUMNS];
        let share = (y >> 9 & 255) as u32;
        add_row(&mut columns, pixels, record, y >> 17, 256 - share);
        add_row(&mut columns, pixels, record, (y >> 17) + 1, share);
        for column in 0..width {
            let x = x + 2 * map.xx * column as i32;
            let share = (x >> 9 & 255) as u32;
            let last = (record.side + 2 * OUTSIDE) as i32 - 2;
            let left = ((x >> 17) + OUTSIDE as i32).clamp(0, last) as usize;
            let sum = (256 - share) * columns[left] + share * columns[left + 1];
            put(row * width + column, sum as f32 / (1 << 16) as f32);
        }
    }
}

/// Adds `share` times a row of the digit, if there is one.
#[inline(always)]
fn add_row(columns: &mut [u32; COLUMNS], pixels: &[u32], record: Record, row: i32, share: u32) {
    if !(0..record.side as i32).contains(&row) {
        return;
    }
    let words = &pixels[row as usize * record.row_words()..][..record.row_words()];
    for (to, word) in columns[OUTSIDE..].chunks_exact_mut(4).zip(words) {
        for (byte, to) in to.iter_mut().enumerate() {
            *to += share * (word >> (8 * byte) & 255);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::distort;
    use crate::cpu::{self, Affine};
    use crate::plan::abi::Record;
    use crate::plan::{Distortion, Ranges};
    use crate::rng::{Rng, Stream};

    #[test]
    fn is_the_reference_to_the_bit() {
        let mut rng = Rng::new(0, Stream::Test);
        let ranges = Ranges { shift: 8.0, scale: 0.4, squeeze: 0.4, shear: 0.9 };
        let k = Distortion::new(ranges, 1);
        let shapes =
            [(28, 28, 28), (28, 32, 32), (28, 31, 38), (28, 60, 60), (9, 13, 13), (64, 64, 64)];
        for (view, (side, height, width)) in (0..60).zip(shapes.into_iter().cycle()) {
            let (record, shape) = (Record { side }, (height, width));
            let bytes: Vec<u8> = (0..side * side).map(|_| rng.next_u32() as u8).collect();
            let mut pixels = Vec::new();
            record.append(&mut pixels, &bytes, &[0]);
            let map = Affine::of(&k, 5, view, 0);
            let mut places = 0;
            distort(&map, &pixels, record, shape, |place, value| {
                let expected =
                    cpu::distort(&map, &pixels, record, shape, (place / shape.1, place % shape.1));
                assert_eq!(
                    value.to_bits(),
                    expected.to_bits(),
                    "{map:?}, {shape:?}, place {place}"
                );
                places += 1;
            });
            assert_eq!(places, shape.0 * shape.1);
        }
    }
}
