//! Settings in a TOML file.

#![no_main]

use fuzz::{Folder, settings};
use libfuzzer_sys::fuzz_target;

fuzz_target!(init: Folder::start(), |bytes: &[u8]| {
    let folder = Folder::empty();
    settings(&folder.write("settings.toml", bytes));
});
