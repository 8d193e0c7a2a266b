//! `lenet adapters`: the GPUs and drivers of this machine.

use serde_json::{Value, json};

use crate::cli::output;
use crate::error::{Error, Result};
use crate::gpu::adapter::{self, HOW_TO_GET_ONE};
use crate::gpu::facts::Facts;
use crate::gpu::probe::LOOPS_ASKED;
use crate::selftest;
use crate::text::{bytes, thousands};

#[derive(Debug, clap::Args)]
pub struct Args {
    /// One JSON object instead of text [default: off]
    #[arg(long)]
    json: bool,
}

pub fn run(args: Args) -> Result<()> {
    let all: Vec<Facts> = adapter::all()
        .iter()
        .map(|adapter| Facts::of(adapter, selftest::examine(adapter)))
        .collect();
    let listed = all.iter().enumerate();
    if args.json {
        let list: Vec<Value> = listed.map(|(index, facts)| json_of(index, facts)).collect();
        output::print_json(&json!({ "adapters": list }))?;
    } else if all.is_empty() {
        output::print(&format!("no adapter was found: {}\n", adapter::how_to_get_one()))?;
    } else {
        let list: Vec<String> = listed.map(|(index, facts)| text_of(index, facts)).collect();
        output::print(&list.join("\n"))?;
    }
    if all.iter().any(|facts| facts.health.is_ok()) {
        Ok(())
    } else if all.is_empty() {
        // Text output has already said what to do.
        let way_out =
            if args.json { format!(": {}", adapter::how_to_get_one()) } else { String::new() };
        Err(Error::Adapter(format!("no adapter was found{way_out}")))
    } else {
        Err(Error::Adapter(format!(
            "no adapter here computes correctly: update its driver, or {HOW_TO_GET_ONE}"
        )))
    }
}

fn text_of(index: usize, facts: &Facts) -> String {
    let size = |value: u64| bytes(usize::try_from(value).unwrap_or(usize::MAX));
    let limits = format!(
        "{} storage buffers a kernel; a binding has {} of storage or {} uniform, a buffer {}",
        thousands(facts.limits.storage_buffers_per_kernel),
        size(facts.limits.storage_binding_bytes),
        size(facts.limits.uniform_binding_bytes),
        size(facts.limits.buffer_bytes),
    );
    let launches = format!(
        "{} invocations a workgroup, {} workgroups a dimension",
        thousands(facts.limits.invocations_per_workgroup),
        thousands(facts.limits.workgroups_per_dimension),
    );
    let suffices = match facts.limits.suffice {
        true => "WebGPU's defaults, which this program needs, are met",
        false => "TOO LOW: this program needs WebGPU's defaults",
    };
    let (test, loops) = match &facts.health {
        Err(fault) => (format!("FAILED: {fault}"), "not known".to_string()),
        Ok(health) if health.loops < LOOPS_ASKED => {
            ("passed".into(), format!("loops end silently after {}", thousands(health.loops)))
        }
        Ok(health) => (
            "passed".into(),
            format!("at least {} in the loops of an invocation", thousands(health.loops)),
        ),
    };
    let lines = [
        ("type", facts.kind.to_string()),
        ("backend", facts.backend.clone()),
        ("driver", format!("{} {}", facts.driver, facts.driver_info)),
        ("profile", facts.profile.to_string()),
        ("limits", suffices.to_string()),
        ("", limits),
        ("", launches),
        ("timestamps", if facts.timestamps { "yes" } else { "no" }.to_string()),
        ("iterations", loops),
        ("self-test", test),
    ];
    let mut text = format!("{index}: {}\n", facts.name);
    for (name, value) in lines {
        text.push_str(&format!("   {name:<11} {}\n", value.trim()));
    }
    text
}

fn json_of(index: usize, facts: &Facts) -> Value {
    let mut json = facts.json();
    json["index"] = index.into();
    json
}
