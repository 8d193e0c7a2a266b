//! What the device holds of the data set: bytes and labels, packed into words.

use crate::network::DIGIT_SIDE;

/// Pixels in a word, the first in the lowest byte.
pub const PIXELS_PER_WORD: usize = 4;
/// Words that hold the pixels of a digit.
pub const PIXEL_WORDS: usize = DIGIT_SIDE * DIGIT_SIDE / PIXELS_PER_WORD;
/// Words of a digit: those of its pixels, then one with the label. `RECORD` in `gather.wgsl`.
pub const RECORD_WORDS: usize = PIXEL_WORDS + 1;

/// Bytes of a digit.
const PIXELS: usize = DIGIT_SIDE * DIGIT_SIDE;

/// Appends digits (`[n, 784]` bytes) and their labels to a list of records.
///
/// # Panics
/// If there are not 784 bytes for each label.
pub fn append(records: &mut Vec<u32>, pixels: &[u8], labels: &[u8]) {
    assert_eq!(pixels.len(), labels.len() * PIXELS, "784 bytes for each label");
    for (digit, &label) in pixels.chunks_exact(PIXELS).zip(labels) {
        let word = |bytes: &[u8]| u32::from_le_bytes([bytes[0], bytes[1], bytes[2], bytes[3]]);
        records.extend(digit.chunks_exact(PIXELS_PER_WORD).map(word));
        records.push(u32::from(label));
    }
}
