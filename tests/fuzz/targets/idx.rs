//! IDX files, plain and packed: once as the images and once as the labels of a data set.

#![no_main]

use fuzz::{Folder, load_test};
use libfuzzer_sys::fuzz_target;

const NAMES: [&str; 2] = ["t10k-images-idx3-ubyte", "t10k-labels-idx1-ubyte"];
/// Two pictures of 8x8, and their labels.
const RIGHT: [&[u8]; 2] =
    [include_bytes!("../seeds/idx/images"), include_bytes!("../seeds/idx/labels")];

fuzz_target!(init: Folder::start(), |bytes: &[u8]| {
    let [images, labels] = RIGHT;
    for files in [[bytes, labels], [images, bytes]] {
        let folder = Folder::empty();
        for (name, file) in NAMES.iter().zip(files) {
            folder.write(name, file);
        }
        load_test(folder.path());
    }
});
