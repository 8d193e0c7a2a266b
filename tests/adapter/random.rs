//! Random networks on the adapter, in layers with either profile.

use lenet::plan::Profile;
use wgpu::Adapter;

use crate::common::random::{RandomFile, SLACK};
use crate::common::run::{compare_loosely, state};
use crate::common::{Outcome, Tests, Way, profiles};

/// Networks; the first two are always trained.
const NETWORKS: usize = 5;

pub fn add(tests: &mut Tests) {
    // The others are refused.
    let files = (0..).map(RandomFile::new).filter(|file| file.run(Profile::reference()).is_ok());
    for (number, file) in files.take(NETWORKS).enumerate() {
        let profile = profiles()[number % 2];
        let add = |tests: &mut Tests| {
            let name = format!("network {} in layers, {} profile", file.seed, profile.name);
            tests.on_adapter(name, move |adapter| trains(adapter, &file, profile.into()));
        };
        if number < 2 { add(tests) } else { tests.rest(add) }
    }
}

fn trains(adapter: &Adapter, file: &RandomFile, way: Way) -> Outcome {
    println!("{}", file.text);
    let run = file.run(way)?;
    let [mut found, mut expected] = [run.on_adapter(adapter, way)?, run.on_cpu()?];
    for executor in [&mut found, &mut expected] {
        file.train(&run, executor.as_mut())?;
    }
    let [found, expected] = [state(found.as_mut())?, state(expected.as_mut())?];
    compare_loosely(&run, &found, &expected, SLACK).outcome(&file.text)
}
