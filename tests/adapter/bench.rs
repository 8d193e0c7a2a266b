//! `lenet bench` on an adapter: the figures, and the record to hand in.

use crate::common::program::json_of;
use crate::common::{Outcome, Tests};
use lenet::plan::{Profile, Strategy};
use serde_json::Value;

/// In the profile of GPUs, which compiles in a tenth of the time.
const QUICK: [&str; 9] = [
    "--network",
    "lenet1",
    "--batch",
    "16",
    "--repeats",
    "1",
    "--seconds=0.02",
    "--profile",
    "gpu",
];

pub fn add(tests: &mut Tests) {
    tests.on_adapter("kernels and figures", |_| figures());
    tests
        .on_adapter("a record says what was measured and on what", |_| record(&[Strategy::Sample]));
    tests.rest(|tests| {
        let all = Strategy::candidates(&Profile::gpu());
        tests.on_adapter("a record of every plan", move |_| record(all));
    });
}

fn figures() -> Outcome {
    let json = json_of(&[&["bench", "--device", "gpu", "--kernels"], &QUICK[..]].concat());
    for figure in json["figures"].as_array().expect("figures") {
        for side in ["adapter", "cpu", "naive"] {
            let rate = |key: &str| figure[side][key].as_f64().expect("a rate");
            assert!(0.0 < rate("min") && rate("min") <= rate("median"), "{figure}");
            assert!(rate("median") <= rate("max"), "{figure}");
        }
        assert!(figure["ratio"].as_f64() > Some(0.0), "{figure}");
    }
    let kernels = &json["kernels"][0];
    assert!(kernels["kernel_seconds"].as_f64() > Some(0.0), "{kernels}");
    let shares = kernels["kernels"].as_array().into_iter().flatten();
    let sum: f64 = shares.filter_map(|kernel| kernel["share"].as_f64()).sum();
    assert!((sum - 1.0).abs() < 1e-6, "{kernels}");
    Ok(())
}

/// `--all` of one network at one batch: what a whole record has many of.
fn record(plans: &[Strategy]) -> Outcome {
    let flags = ["bench", "--device", "gpu", "--all"];
    let named = match plans {
        [plan] => vec!["--plan", plan.name()],
        _ => vec![],
    };
    let json = json_of(&[&flags, &QUICK[..], &named].concat());
    assert_eq!((&json["kind"], &json["schema"]), (&"lenet-bench".into(), &1.into()));
    let command = json["command"].as_str().expect("the command");
    assert!(command.starts_with("lenet bench --device gpu --all --network lenet1"), "{command}");
    assert!(json["took_seconds"].as_f64() > Some(0.0) && json["unix_time"].is_u64(), "{json}");
    measured_on(&json);
    measured(&json, plans);
    Ok(())
}

/// Program, machine and adapter.
fn measured_on(json: &Value) {
    assert_eq!(json["program"]["lenet"], env!("CARGO_PKG_VERSION"));
    assert!(json["program"]["wgpu"].is_string() && json["program"]["rustc"].is_string(), "{json}");
    assert!(json["machine"]["cores"].as_u64() >= Some(1) && json["machine"]["cpu"].is_string());
    let (adapter, listed) = (&json["adapter"], json_of(&["adapters"]));
    assert_eq!(adapter["self_test"]["passed"], true, "{json}");
    // As `lenet adapters` has it, but for its index there.
    let same = |one: &&Value| {
        let facts = adapter.as_object().expect("an object");
        facts.len() + 1 == one.as_object().map_or(0, |one| one.len())
            && facts.iter().all(|(name, fact)| one[name] == *fact)
    };
    assert!(listed["adapters"].as_array().into_iter().flatten().any(|one| same(&one)), "{json}");
}

/// Every one of these plans, training and inference, and the kernels of each.
fn measured(json: &Value, plans: &[Strategy]) {
    let of = |name: &str| json[name].as_array().expect("a list");
    assert_eq!(json["profile"], Profile::gpu().name);
    let plans: Vec<&str> = plans.iter().map(|plan| plan.name()).collect();
    let both = |plan: &&'static str| ["training", "inference"].map(|work| [*plan, work]);
    let wanted: Vec<[&str; 2]> = plans.iter().flat_map(both).collect();
    assert_eq!(of("figures").len(), wanted.len(), "{json}");
    for (figure, wanted) in of("figures").iter().zip(wanted) {
        assert_eq!([&figure["plan"], &figure["work"]], wanted);
        for side in ["adapter", "cpu"] {
            let rates = &figure[side];
            assert!(rates["median"].as_f64() > Some(0.0), "{figure}");
            assert_eq!(rates["measurements"], 1, "{figure}");
        }
        assert_eq!(figure["naive"], Value::Null);
    }
    assert!(of("left_out").is_empty(), "{json}");
    assert_eq!(of("kernels").len(), plans.len(), "{json}");
    for (times, plan) in of("kernels").iter().zip(plans) {
        assert_eq!((&times["plan"], &times["batch"]), (&plan.into(), &16.into()));
        // Some drivers have timestamps and a clock that stands still.
        let timestamps = times["clock"] == "timestamps" && json["adapter"]["timestamps"] == true;
        assert!(timestamps || times["clock"] == "submissions", "{times}");
        assert!(times["kernel_seconds"].as_f64() > Some(0.0), "{times}");
    }
}
