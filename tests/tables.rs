//! `lenet summary` and `lenet plan`: networks and plans as tables, which need no adapter.

mod common;

use common::program::{USAGE, fails, json_of, network_of, prints};
use lenet::network::lenet as tables;
use lenet::network::summary::Summary;
use lenet::plan::{Optimizer, Pass, Plan, Profile, Room, Strategy};
use serde_json::json;

#[test]
fn summary_counts_as_the_papers_do() {
    let cases: [(&[&str], u64, u64, u64); 4] = [
        (&["--network", "lenet1"], 2_578, 98_442, 0),
        (&["--network", "lenet5"], 60_000, 340_908, 840),
        (&["--network", "lenet5", "--output", "linear"], 60_850, 340_918, 0),
        (&["--network", "lenet5-short"], 51_046, 331_114, 0),
    ];
    for (flags, parameters, connections, fixed) in cases {
        let args = [&["summary"], flags].concat();
        let json = json_of(&args);
        assert_eq!(json["parameters"], parameters, "{flags:?}");
        assert_eq!(json["connections"], connections, "{flags:?}");
        assert_eq!(json["fixed"], fixed, "{flags:?}");
        let printed = prints(&args);
        let total = printed.lines().find(|line| line.starts_with("total")).expect("a total");
        let numbers: Vec<u64> = total
            .split_whitespace()
            .filter_map(|word| word.replace(',', "").parse().ok())
            .collect();
        assert_eq!(numbers[..2], [parameters, connections], "{total}");
    }
    let layers = json_of(&["summary", "--network", "lenet1"])["layers"].take();
    let of = |key: &str| -> Vec<u64> {
        let layers = layers.as_array().expect("layers");
        layers.iter().map(|layer| layer[key].as_u64().expect("a count")).collect()
    };
    assert_eq!(of("parameters"), [104, 8, 512, 24, 1_930], "32 of them are the poolings'");
    assert_eq!(of("connections"), [59_904, 2_880, 32_768, 960, 1_930]);
    assert_eq!(layers[2]["output"], json!([12, 8, 8]));
    assert_eq!(layers[2]["table"][6], json!([2]));
}

#[test]
fn summary_draws_the_tables() {
    let printed = prints(&["summary", "--table"]);
    assert!(printed.contains("60 of 96"), "{printed}");
    let first = printed.lines().find(|line| line.starts_with("  0 ")).expect("a row for map 0");
    // Table I, row 0, read from the paper: X . . . X X X . . X X X X . X X.
    assert_eq!(first, "  0   X           X  X  X        X  X  X  X     X  X");
    assert!(prints(&["summary", "--connections", "full", "--table"]).contains("there is no table"));
}

#[test]
fn plan_and_summary_agree() {
    let optimizer = Optimizer::Sgd { momentum: 0.9, weight_decay: 0.0 };
    for table in tables::ALL {
        let network = network_of(table.name);
        let room = Room { digits: 10, order: 10, steps: 1 };
        let plan =
            Plan::new(&network, Strategy::Layered, Profile::reference(), 10, optimizer, room);
        let plan = plan.expect("a network that kernels are made for");
        let layers = plan.step(Pass::Forward).map(|dispatch| &plan.kernels[dispatch.kernel].op);
        let all: u64 = layers
            .filter(|op| op.name() != "gather")
            // The output goes forward and back in one kernel.
            .map(|op| op.multiply_adds() / if op.name() == "output" { 2 } else { 1 })
            .sum();
        let summary = Summary::of(&network).expect("a network with a layout");
        assert_eq!(all, 10 * summary.multiply_adds() as u64, "{}", table.name);
    }
}

#[test]
fn plan_prints_every_kernel_in_valid_wgsl() {
    let wgsl = prints(&["plan", "--wgsl", "c3.conv_pool_forward"]);
    assert!(wgsl.contains("const M: u32 = 16u;") && wgsl.contains("fn conv_pool_forward("));
    validate("c3.conv_pool_forward", &wgsl);
    assert_eq!(prints(&["plan", "--wgsl", "c3.conv_pool_f"]), wgsl, "a part of a label will do");
    fails(&["plan", "--wgsl", "c3"], USAGE, &["several", "c3.conv_backward_weights"]);
    fails(&["plan", "--wgsl", "no such"], USAGE, &["no such", "input.gather"]);
    let printed = prints(&["plan", "--batch", "32"]);
    for word in ["parameters", "c3.conv_pool_forward", "rbf.output", "stages.update", "total"] {
        assert!(printed.contains(word), "{word} is not in {printed}");
    }
    let forward = prints(&["plan", "--forward"]);
    assert!(forward.contains("rbf.output") && !forward.contains("stages.update"), "{forward}");
}

fn validate(label: &str, wgsl: &str) {
    use wgpu::naga::{front::wgsl::parse_str, valid};
    let module = parse_str(wgsl).unwrap_or_else(|e| panic!("{label}: {}", e.emit_to_string(wgsl)));
    valid::Validator::new(valid::ValidationFlags::all(), valid::Capabilities::default())
        .validate(&module)
        .unwrap_or_else(|error| panic!("{label}: {}", error.emit_to_string(wgsl)));
}

#[test]
fn plan_is_complete_as_json() {
    for (network, profile, batch) in
        [("lenet1", "software", "16"), ("lenet5", "software", "100"), ("lenet5", "gpu", "16")]
    {
        let args = ["plan", "--network", network, "--profile", profile, "--batch", batch];
        let plan = json_of(&args);
        assert_eq!(plan["network"], network);
        let list = |key: &str| plan[key].as_array().unwrap_or_else(|| panic!("{key}")).clone();
        let (buffers, kernels) = (list("buffers"), list("kernels"));
        for kernel in &kernels {
            let label = kernel["label"].as_str().expect("a label");
            validate(label, kernel["wgsl"].as_str().expect("a text"));
        }
        let passes = ["forward", "training"].map(|pass| &plan["replicas"][0][pass]["compute"]);
        for dispatch in passes.into_iter().flat_map(|pass| pass.as_array().expect("a list")) {
            let kernel = &kernels[dispatch["kernel"].as_u64().expect("an index") as usize];
            let bindings = kernel["bindings"].as_array().expect("bindings");
            let views = dispatch["bindings"].as_array().expect("bindings");
            assert_eq!(bindings.len(), views.len(), "{}", kernel["label"]);
            for (binding, view) in bindings.iter().zip(views) {
                let number = |key: &str| view[key].as_u64().expect("a number");
                let buffer = &buffers[number("buffer") as usize];
                let end = number("offset") + number("size");
                assert!(end <= buffer["size"].as_u64().expect("a size"), "{}", buffer["name"]);
                assert_eq!(number("offset") % 256, 0, "{} of {}", binding["name"], kernel["label"]);
                if binding["type"] == "uniform" {
                    assert_eq!((number("size") % 16, &buffer["uniform"]), (0, &json!(true)));
                }
            }
        }
    }
}
