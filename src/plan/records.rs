//! What the device holds of the data set: bytes and labels, packed into words.

/// Words of a digit: 784 bytes of pixels, then a word with the label. In step with `gather.wgsl`.
pub const RECORD_WORDS: usize = PIXEL_WORDS + 1;
/// Words that hold its pixels, four in a word, the first in the lowest byte.
pub const PIXEL_WORDS: usize = 196;

/// Appends digits (`[n, 784]` bytes) and their labels to a list of records.
///
/// # Panics
/// If there are not 784 bytes for each label.
pub fn append(records: &mut Vec<u32>, pixels: &[u8], labels: &[u8]) {
    assert_eq!(pixels.len(), labels.len() * PIXEL_WORDS * 4, "784 bytes for each label");
    for (digit, &label) in pixels.chunks_exact(PIXEL_WORDS * 4).zip(labels) {
        let word = |bytes: &[u8]| u32::from_le_bytes([bytes[0], bytes[1], bytes[2], bytes[3]]);
        records.extend(digit.chunks_exact(4).map(word));
        records.push(u32::from(label));
    }
}
