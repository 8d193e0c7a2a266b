//! Random network files: each is refused with a reason, or trains steps that equal the reference.

use lenet::cpu::fast::{Fast, Instructions};
use lenet::network::{Table, build};
use lenet::plan::{Optimizer, Profile};

use crate::common::random::{RandomFile, SLACK};
use crate::common::run::{Run, Trained, compare_loosely, state};
use crate::common::takes_all;

/// What a refusal names besides a layer: a key of the file, or the flag of the same name.
const KEYS: [&str; 7] = ["side", "classes", "border", "squash", "pool", "output", "loss"];

#[test]
fn random_networks_are_refused_or_train_as_the_reference() {
    let files = if takes_all() { 2_000 } else { 60 };
    let (mut refused, mut trained) = (0, 0);
    for seed in 0..files {
        let file = RandomFile::new(seed);
        // Shown where the test fails.
        println!("random network {seed}\n{}", file.text);
        match file.run(Profile::reference()) {
            Err(reason) => {
                println!("refused: {reason}\n");
                let names = |key: &&str| reason.contains(*key);
                assert!(reason.contains("layer ") || KEYS.iter().any(names), "{reason}");
                refused += 1;
            }
            Ok(run) => {
                fast_as_reference(&run);
                fast_as_reference(&Run { batch: 1, steps: vec![1; 2], ..run });
                trained += 1;
            }
        }
    }
    println!("{refused} refused, {trained} trained");
    assert!(refused.min(trained) > files / 4, "{refused} refused, {trained} trained");
}

/// A map of 2x2 numbers has no more room than what follows the maps of a batch of one.
#[test]
fn small_maps_train_as_the_reference() {
    let text = "name = \"small\"\nside = 8\nlayers = [{ conv = \"c1\", maps = 3, kernel = 5 }, { pool = \"s2\" }, \
                { conv = \"c3\", maps = 4, kernel = 1 }, { pool = \"s4\" }, { linear = \"f5\", units = 10 }]";
    let table = Table::parse(text).expect("a table");
    let network = build(&table, table.options).expect("a network");
    for batch in [1, 2] {
        let trained = Trained { name: "small maps".into(), network: network.clone(), rate: 0.02 };
        let optimizer = Optimizer::Sgd { momentum: 0.9, weight_decay: 0.01 };
        fast_as_reference(&Run::full(trained, batch, 2, optimizer));
    }
}

/// The fast CPU executor leaves what the reference leaves.
fn fast_as_reference(run: &Run) {
    let fast = Box::new(Fast::new(run.plan(Profile::reference()), 1, Instructions::detect()));
    let [found, expected] = [run.prepared(fast), run.on_cpu()].map(|executor| {
        let mut executor = executor.expect("an executor");
        let steps = run.steps.len();
        run.train(executor.as_mut(), steps, steps).expect("the CPU computes");
        state(executor.as_mut()).expect("a state")
    });
    let outcome = compare_loosely(run, &found, &expected, SLACK).outcome("the fast CPU");
    outcome.unwrap_or_else(|failed| panic!("{}", failed.message().unwrap_or_default()));
}
