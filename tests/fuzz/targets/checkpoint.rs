//! Checkpoints of a small network.

#![no_main]

use std::sync::LazyLock;

use fuzz::{Folder, SMALL, network};
use lenet::plan::{Capacity, Interface, Optimizer, Plan, Profile, Strategy};
use lenet::train::checkpoint::State;
use libfuzzer_sys::fuzz_target;

static INTERFACE: LazyLock<Interface> = LazyLock::new(|| {
    let network = network(SMALL).expect("a network");
    let optimizer = Optimizer::Sgd { momentum: 0.9, weight_decay: 0.0 };
    let capacity = Capacity { samples: 2, indices: 2, steps: 1 };
    let profile = Profile::reference();
    let plan = Plan::new(&network, Strategy::Layered, profile, 2, optimizer, capacity);
    plan.expect("a plan").interface
});

fuzz_target!(init: Folder::start(), |bytes: &[u8]| {
    let folder = Folder::empty();
    let file = folder.write("last.ckpt.safetensors", bytes);
    if let Ok((state, identity)) = State::read(&file, &INTERFACE) {
        let bytes = state.to_bytes(&INTERFACE, &identity).expect("what was read can be written");
        let again = folder.write("again.safetensors", &bytes);
        assert_eq!(State::read(&again, &INTERFACE).expect("what was written can be read").0, state);
    }
});
