//! Tests that are made from tables of networks, plans and kernels, most of them on an adapter. They are
//! one program, so that both cores always have a test to run. `cargo test --test adapter kernels:` runs one
//! file.
//!
//! Tests that need an adapter are reported as ignored where there is none, and so are those that only run
//! with `./tests/run --all`.

#[path = "../common/mod.rs"]
mod common;

mod batches;
mod bench;
mod commands;
mod cores;
mod distort;
mod doctor;
mod fast;
mod kernels;
mod learns;
mod own;
mod python;
mod pytorch;
mod random;
mod replay;
mod resume;
mod sample;
mod steps;
mod stops;
mod tune;

use common::Tests;

/// Adds the tests of a file.
type Add = fn(&mut Tests);

/// Every file, those with the longest tests first.
const FILES: [(&str, Add); 19] = [
    ("tune", tune::add),
    ("learns", learns::add),
    ("bench", bench::add),
    ("cores", cores::add),
    ("replay", replay::add),
    ("steps", steps::add),
    ("batches", batches::add),
    ("resume", resume::add),
    ("pytorch", pytorch::add),
    ("sample", sample::add),
    ("own", own::add),
    ("random", random::add),
    ("distort", distort::add),
    ("doctor", doctor::add),
    ("kernels", kernels::add),
    ("commands", commands::add),
    ("python", python::add),
    ("stops", stops::add),
    ("fast", fast::add),
];

fn main() {
    let mut tests = Tests::new();
    for (file, add) in FILES {
        tests.file(file, add);
    }
    tests.run()
}
