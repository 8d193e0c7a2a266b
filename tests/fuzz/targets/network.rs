//! Network files: parsed, built, written again, and planned with every strategy, on two profiles, with two optimizers.

#![no_main]

use fuzz::network;
use lenet::network::Table;
use lenet::plan::{Capacity, Optimizer, Plan, Profile, Strategy};
use libfuzzer_sys::fuzz_target;

/// Larger networks are not planned: it takes too long.
const MAX_PARAMETERS: usize = 100_000;
const OPTIMIZERS: [Optimizer; 2] = [
    Optimizer::Sgd { momentum: 0.9, weight_decay: 0.0 },
    Optimizer::Sdlm { momentum: 0.5, mu: 1.0, exact: true },
];

fuzz_target!(|text: &str| {
    let Ok(table) = Table::parse(text) else { return };
    let again = Table::parse(&table.text()).expect("what was written can be read");
    assert_eq!((&again.rows, &again.name), (&table.rows, &table.name));
    let Ok(network) = network(text) else { return };
    if network.parameters() > MAX_PARAMETERS {
        return;
    }
    for strategy in Strategy::ALL {
        for profile in [Profile::software(), Profile::gpu()] {
            for optimizer in OPTIMIZERS {
                let capacity = Capacity { samples: 20, indices: 20, steps: 1 };
                if let Ok(plan) = Plan::new(&network, strategy, profile, 20, optimizer, capacity) {
                    plan.program();
                }
            }
        }
    }
});
