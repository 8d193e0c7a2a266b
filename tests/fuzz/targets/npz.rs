//! NumPy's archives: an archive, and an array in a sound archive, which its checksum would guard.

#![no_main]

use std::io::Write;

use fuzz::{Folder, load_test};
use libfuzzer_sys::fuzz_target;
use rawzip::ZipArchiveWriter;

/// The labels of two pictures.
const LABELS: &[u8] = include_bytes!("../seeds/npz/labels.npy");

fuzz_target!(init: Folder::start(), |bytes: &[u8]| {
    let folder = Folder::empty();
    load_test(&folder.write("whole.npz", bytes));
    load_test(&folder.write("array.npz", &archive(&[("x_test.npy", bytes), ("y_test.npy", LABELS)])));
});

fn archive(files: &[(&str, &[u8])]) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut archive = ZipArchiveWriter::new(&mut bytes);
    for (name, content) in files {
        let (mut entry, config) = archive.new_file(name).start().expect("a plain name");
        let mut writer = config.wrap(&mut entry);
        writer.write_all(content).expect("memory takes it");
        let (_, descriptor) = writer.finish().expect("memory takes it");
        entry.finish(descriptor).expect("memory takes it");
    }
    archive.finish().expect("memory takes it");
    bytes
}
