//! CSV with a label and a picture in each line.

#![no_main]

use fuzz::{Folder, load_test};
use libfuzzer_sys::fuzz_target;

fuzz_target!(init: Folder::start(), |bytes: &[u8]| {
    let folder = Folder::empty();
    load_test(&folder.write("test.csv", bytes));
});
