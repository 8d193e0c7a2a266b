//! The form in which the images are part of the program, behind gzip.
//!
//! Most pixels are background, and how bright ink is hangs on which of its neighbours are background
//! too. So a mask of the ink comes first and the bytes of the ink behind it, sorted by their four
//! neighbours: gzip takes a sixth less than of the pixels as they come, and unpacks in less time.
//!
//! All numbers are big-endian u32: the count of images, the lengths of the [`KINDS`] lists of bytes,
//! then a mask for each row of each image, its leftmost pixel the highest of 28 bits. The lists
//! follow one another. In step with `assets/mnist/pack.py`, which makes such a file.

use super::idx::IMAGES_MAGIC;
use crate::network::DIGIT_SIDE;

/// Which of the neighbours above, below, to the left and to the right have ink: a bit each.
const KINDS: usize = 16;

/// The IDX file of images that was packed; `None` if the bytes are not what this module's form says.
pub(super) fn unpack(packed: &[u8]) -> Option<Vec<u8>> {
    let (head, rest) = packed.split_at_checked(4 * (1 + KINDS))?;
    let head = words(head);
    let count = usize::try_from(head[0]).ok()?;
    let (masks, mut ink) = rest.split_at_checked(count.checked_mul(4 * DIGIT_SIDE)?)?;
    let masks = words(masks);
    let mut kinds = Vec::with_capacity(KINDS);
    for &length in &head[1..] {
        let (kind, behind) = ink.split_at_checked(usize::try_from(length).ok()?)?;
        kinds.push(kind.iter());
        ink = behind;
    }
    let header = [IMAGES_MAGIC, head[0], DIGIT_SIDE as u32, DIGIT_SIDE as u32];
    let mut idx = header.map(u32::to_be_bytes).concat();
    let start = idx.len();
    idx.resize(start + masks.len() * DIGIT_SIDE, 0);
    for (i, row) in idx[start..].chunks_exact_mut(DIGIT_SIDE).enumerate() {
        let above = if i % DIGIT_SIDE > 0 { masks[i - 1] } else { 0 };
        let below = if i % DIGIT_SIDE < DIGIT_SIDE - 1 { masks[i + 1] } else { 0 };
        let (left, right) = (masks[i] >> 1, masks[i] << 1);
        let mut missing = masks[i];
        while missing != 0 {
            let bit = missing.ilog2();
            let has_ink = |side: u32| (side >> bit & 1) as usize;
            let kind =
                has_ink(above) | has_ink(below) << 1 | has_ink(left) << 2 | has_ink(right) << 3;
            let pixel = (DIGIT_SIDE - 1).checked_sub(bit as usize)?;
            row[pixel] = *kinds[kind].next()?;
            missing ^= 1 << bit;
        }
    }
    let all_used = ink.is_empty() && kinds.iter().all(|kind| kind.len() == 0);
    all_used.then_some(idx)
}

fn words(bytes: &[u8]) -> Vec<u32> {
    let (words, _) = bytes.as_chunks();
    words.iter().map(|&word| u32::from_be_bytes(word)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// One image: a 7 at the upper left with an 8 to its right and a 9 below it.
    fn packed() -> Vec<u8> {
        let mut lengths = [0_u32; KINDS];
        let (right_and_below, left, above) = (0b1010, 0b0100, 0b0001);
        for kind in [right_and_below, left, above] {
            lengths[kind] = 1;
        }
        let mut masks = [0_u32; DIGIT_SIDE];
        (masks[0], masks[1]) = (0b11 << 26, 0b1 << 27);
        let numbers = [1].into_iter().chain(lengths).chain(masks);
        let mut bytes: Vec<u8> = numbers.flat_map(u32::to_be_bytes).collect();
        bytes.extend([9, 8, 7]);
        bytes
    }

    #[test]
    fn puts_ink_in_its_place() {
        let idx = unpack(&packed()).unwrap();
        assert_eq!(idx[..16], [0, 0, 8, 3, 0, 0, 0, 1, 0, 0, 0, 28, 0, 0, 0, 28]);
        let pixels = &idx[16..];
        assert_eq!(pixels.len(), DIGIT_SIDE * DIGIT_SIDE);
        assert_eq!((pixels[0], pixels[1], pixels[DIGIT_SIDE]), (7, 8, 9));
        assert_eq!(pixels.iter().filter(|&&byte| byte != 0).count(), 3);
    }

    #[test]
    fn broken_files_are_refused() {
        let whole = packed();
        for length in 0..whole.len() {
            assert_eq!(unpack(&whole[..length]), None, "cut to {length}");
        }
        assert_eq!(unpack(&[&whole[..], &[1]].concat()), None, "too long");
        let change = |at: usize, byte: u8| {
            let mut bytes = whole.clone();
            bytes[at] = byte;
            unpack(&bytes)
        };
        let masks = 4 * (1 + KINDS);
        assert_eq!(change(masks, 0xff), None, "a mask of more than 28 bits");
        assert_eq!(change(masks + 7, 1), None, "more ink than bytes");
        assert_eq!(change(masks + 4, 0), None, "more bytes than ink");
    }
}
