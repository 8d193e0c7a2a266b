//! Digits that arrive on standard input, in each of the forms.

#![no_main]

use lenet::data::stream::{DigitStream, Format};
use libfuzzer_sys::fuzz_target;

/// Side of a picture.
const SIDE: usize = 8;

fuzz_target!(|bytes: &[u8]| {
    for format in [Format::Csv, Format::Idx, Format::Raw] {
        for piece in DigitStream::new(bytes, format, SIDE) {
            let Ok(piece) = piece else { break };
            assert_eq!(piece.pixels.len(), piece.labels.len() * SIDE * SIDE);
        }
    }
});
