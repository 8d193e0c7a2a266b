//! Pictures, read as `lenet predict` reads them: decoded, searched for ink, cut into digits, fitted.

#![no_main]

use lenet::data::writing;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let line = writing::read("picture", bytes, 28);
    let one = writing::read_one("picture", bytes, 28);
    let raw = writing::read_raw("picture", bytes, 28);
    if let Ok(line) = &line {
        assert!(
            !line.digits.is_empty() && line.digits.iter().all(|digit| digit.pixels.len() == 784)
        );
    }
    assert!(one.is_ok_and(|pixels| pixels.len() == 784) || line.is_err() && raw.is_err());
});
