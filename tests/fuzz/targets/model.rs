//! Models: a file of parameters with the description of its network.

#![no_main]

use fuzz::Folder;
use lenet::Model;
use libfuzzer_sys::fuzz_target;

fuzz_target!(init: Folder::start(), |bytes: &[u8]| {
    let folder = Folder::empty();
    if let Ok(model) = Model::read(&folder.write("model.safetensors", bytes)) {
        let again = folder.write("again.safetensors", &model.to_bytes().expect("what was read can be written"));
        assert_eq!(Model::read(&again).expect("what was written can be read").network, model.network);
    }
});
