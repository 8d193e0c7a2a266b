//! Distorted digits row by row. The reference goes pixel by pixel; here the two rows of the digit
//! around a source are blended once for all columns.

use crate::cpu::Affine;
use crate::network::DIGIT_SIDE;

/// Words of a row of a digit.
const ROW_WORDS: usize = DIGIT_SIDE / 4;
/// Columns outside of the digit in front of it and behind it.
const OUTSIDE: usize = 2;
/// Columns of a row with those.
const COLUMNS: usize = DIGIT_SIDE + 2 * OUTSIDE;

/// Gives `put` the place and the grey value of every pixel of the picture `[height, width]` of a
/// digit, whose `pixels` are four to a word; in step with `distort` of the reference, to the bit.
#[inline(always)]
pub fn distort(
    map: &Affine,
    pixels: &[u32],
    (height, width): (usize, usize),
    mut put: impl FnMut(usize, f32),
) {
    for row in 0..height {
        let (x, y) = map.source((height, width), (row, 0));
        let mut columns = [0; COLUMNS];
        let share = (y >> 9 & 255) as u32;
        add_row(&mut columns, pixels, y >> 17, 256 - share);
        add_row(&mut columns, pixels, (y >> 17) + 1, share);
        for column in 0..width {
            let x = x + 2 * map.xx * column as i32;
            let share = (x >> 9 & 255) as u32;
            let last = COLUMNS as i32 - 2;
            let left = ((x >> 17) + OUTSIDE as i32).clamp(0, last) as usize;
            let sum = (256 - share) * columns[left] + share * columns[left + 1];
            put(row * width + column, sum as f32 / (1 << 16) as f32);
        }
    }
}

/// Adds `share` times a row of the digit, if there is one.
#[inline(always)]
fn add_row(columns: &mut [u32; COLUMNS], pixels: &[u32], row: i32, share: u32) {
    if !(0..DIGIT_SIDE as i32).contains(&row) {
        return;
    }
    let words = &pixels[row as usize * ROW_WORDS..][..ROW_WORDS];
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
    use crate::plan::{Distortion, Ranges};
    use crate::rng::{Rng, Stream};

    #[test]
    fn is_the_reference_to_the_bit() {
        let mut rng = Rng::new(0, Stream::Test);
        let pixels: Vec<u32> = (0..196).map(|_| rng.next_u32()).collect();
        let ranges = Ranges { shift: 8.0, scale: 0.4, squeeze: 0.4, shear: 0.9 };
        let k = Distortion::new(ranges, 1);
        for (view, shape) in (0..40).zip([(28, 28), (32, 32), (31, 38), (60, 60)].iter().cycle()) {
            let map = Affine::of(&k, 5, view, 0);
            let mut places = 0;
            distort(&map, &pixels, *shape, |place, value| {
                let expected =
                    cpu::distort(&map, &pixels, *shape, (place / shape.1, place % shape.1));
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
