//! The JSON of a program is all that another executor needs: one that is built from it alone, and never
//! sees network, recipe or data set, computes the same bits.
//!
//! `./tests/run --all` goes through every network, profile, plan, optimizer and distortion.

use crate::common::program::prints;
use crate::common::run::on_adapter;
use crate::common::{Outcome, Tests};
use lenet::plan::Program;
use lenet::train::replay::{carry_out, checksum};
use wgpu::Adapter;

/// Flags of the programs that are always tried: layers, layers by two devices, samples, and second
/// derivatives.
const ALWAYS: [&str; 4] = [
    "--network lenet1 --batch 16 --plan layered --replicas 1 --profile gpu",
    "--network lenet1 --batch 16 --plan layered --replicas 2 --profile software",
    "--network lenet1 --batch 16 --plan sample --profile gpu",
    "--network lenet5 --batch 16 --plan layered --replicas 1 --profile gpu --optimizer sdlm",
];

pub fn add(tests: &mut Tests) {
    let add = |tests: &mut Tests, flags: String| {
        tests.on_adapter(flags.clone(), move |adapter| replayed(adapter, &flags));
    };
    ALWAYS.into_iter().for_each(|flags| add(tests, flags.into()));
    tests.rest(|tests| every().into_iter().for_each(|flags| add(tests, flags)));
}

/// Every network, profile, plan, optimizer and distortion.
fn every() -> Vec<String> {
    let plans = ["layered", "layered-one", "layered-pair", "layered-row", "layered-map", "sample"];
    let mut all = Vec::new();
    for network in ["lenet1", "lenet5", "lenet5-short"] {
        for profile in ["software", "gpu"] {
            for plan in plans {
                for more in ["", " --optimizer sdlm", " --distort on"] {
                    all.push(format!(
                        "--network {network} --batch 16 --profile {profile} --plan {plan}{more}"
                    ));
                }
            }
        }
    }
    all
}

fn replayed(adapter: &Adapter, flags: &str) -> Outcome {
    let flags: Vec<&str> = flags.split(' ').collect();
    let json = prints(&[&["plan", "--json", "--replay", "20"], &flags[..]].concat());
    let program = Program::of_json(&json)?;
    let replay = program.replay.clone().ok_or("the JSON has no replay")?;
    let mut executor = on_adapter(adapter, program)?;
    let parameters = carry_out(&replay, executor.as_mut())?;
    if parameters == replay.parameters {
        return Err("twenty steps leave the first weights".into());
    }
    let found = checksum(&parameters);
    if found != replay.crc32 {
        let largest = parameters.iter().fold(0.0_f32, |largest, number| largest.max(number.abs()));
        return Err(format!(
            "the checksum is {found:08x}, not {:08x}; the largest parameter is {largest}",
            replay.crc32
        )
        .into());
    }
    Ok(())
}
