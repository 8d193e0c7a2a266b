//! Random network files: each is refused with a reason, or trains steps that equal the reference.

use lenet::cpu::fast::{Fast, Instructions};
use lenet::plan::Profile;

use crate::common::random::{RandomFile, SLACK};
use crate::common::run::{compare_loosely, state};
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
                let plan = run.plan(Profile::reference());
                let fast = Box::new(Fast::new(plan, 1, Instructions::detect()));
                let [found, expected] = [run.prepared(fast), run.on_cpu()].map(|executor| {
                    let mut executor = executor.expect("an executor");
                    file.train(&run, executor.as_mut()).expect("the CPU computes");
                    state(executor.as_mut()).expect("a state")
                });
                let outcome =
                    compare_loosely(&run, &found, &expected, SLACK).outcome("the fast CPU");
                outcome.unwrap_or_else(|failed| panic!("{}", failed.message().unwrap_or_default()));
                trained += 1;
            }
        }
    }
    println!("{refused} refused, {trained} trained");
    assert!(refused.min(trained) > files / 4, "{refused} refused, {trained} trained");
}
