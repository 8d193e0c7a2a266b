//! `lenet bench` through the program itself: the figures, the record to hand in, and refusals.
//!
//! Two of them need an adapter. Without one they are reported as ignored, unless
//! LENET_REQUIRE_ADAPTER is 1.

mod common;

use common::program::{USAGE, fails, json_of};
use common::{Outcome, Tests};
use lenet::plan::{Profile, Strategy};
use serde_json::Value;

fn main() {
    let mut tests = Tests::new();
    tests.plain("flags_that_make_no_sense", usage_errors);
    tests.plain("bench_on_the_cpu", cpu);
    tests.on_adapter("bench_on_an_adapter", |_| adapter());
    tests.on_adapter("a_record_says_what_was_measured_and_on_what", |_| record());
    tests.run()
}

fn usage_errors() -> Outcome {
    for seconds in ["0", "-1", "nan", "inf", "1e300"] {
        let flag = format!("--seconds={seconds}");
        fails(&["bench", &flag], USAGE, &["--seconds"]);
    }
    fails(&["bench", "--repeats", "0"], USAGE, &["--repeats"]);
    fails(&["bench", "--batch", "16,0"], USAGE, &["--batch"]);
    fails(&["bench", "--device", "cpu", "--no-cpu"], USAGE, &["--no-cpu", "--device cpu"]);
    fails(&["bench", "--device", "cpu", "--kernels"], USAGE, &["--kernels", "--device cpu"]);
    Ok(())
}

const QUICK: [&str; 7] =
    ["--network", "lenet1", "--batch", "16", "--repeats", "1", "--seconds=0.02"];

fn cpu() -> Outcome {
    let json = json_of(&[&["bench", "--device", "cpu"], &QUICK[..]].concat());
    assert_eq!(json["adapter"], Value::Null);
    let figures = json["figures"].as_array().expect("figures");
    assert_eq!(figures.len(), 2);
    for figure in figures {
        for side in ["cpu", "naive"] {
            assert!(figure[side]["median"].as_f64() > Some(0.0), "{figure}");
        }
        assert_eq!((&figure["adapter"], &figure["ratio"]), (&Value::Null, &Value::Null));
    }
    Ok(())
}

fn adapter() -> Outcome {
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
fn record() -> Outcome {
    let flags = ["bench", "--device", "gpu", "--all"];
    let json = json_of(&[&flags, &QUICK[..]].concat());
    assert_eq!((&json["kind"], &json["schema"]), (&"lenet-bench".into(), &1.into()));
    let command = json["command"].as_str().expect("the command");
    assert!(command.starts_with("lenet bench --device gpu --all --network lenet1"), "{command}");
    assert!(json["took_seconds"].as_f64() > Some(0.0) && json["unix_time"].is_u64(), "{json}");
    measured_on(&json);
    measured(&json);
    Ok(())
}

/// Program, machine and adapter.
fn measured_on(json: &Value) {
    assert_eq!(json["program"]["lenet"], env!("CARGO_PKG_VERSION"));
    assert!(json["program"]["wgpu"].is_string() && json["program"]["rustc"].is_string(), "{json}");
    assert!(json["machine"]["cores"].as_u64() >= Some(1) && json["machine"]["cpu"].is_string());
    assert!(json["profile"] == "software" || json["profile"] == "gpu", "{json}");
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

/// Every plan that is worth timing, training and inference, and the kernels of each.
fn measured(json: &Value) {
    let of = |name: &str| json[name].as_array().expect("a list");
    let profile = match &json["profile"] {
        name if name == "gpu" => Profile::gpu(),
        _ => Profile::software(),
    };
    let plans: Vec<&str> = Strategy::candidates(&profile).iter().map(|plan| plan.name()).collect();
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
