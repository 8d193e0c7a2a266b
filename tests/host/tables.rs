//! `lenet summary` and `lenet plan`: networks and plans as tables, which need no adapter.

use std::fs;

use crate::common::own::{self, conv, linear, pool};
use crate::common::program::{USAGE, fails, json_of, network_of, prints};
use lenet::Error;
use lenet::network::lenet as tables;
use lenet::network::summary::Summary;
use lenet::network::{Output, Row, Table, build};
use lenet::plan::{Capacity, Layout, Optimizer, Pass, Plan, Profile, Strategy};
use lenet::train::model::Model;
use serde_json::json;
use tempfile::TempDir;

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
    for table in tables::all() {
        let network = network_of(&table.name);
        let capacity = Capacity { samples: 10, indices: 10, steps: 1 };
        let plan =
            Plan::new(&network, Strategy::Layered, Profile::reference(), 10, optimizer, capacity);
        let plan = plan.expect("a network that kernels are made for");
        let layers = plan.step(Pass::Forward).map(|dispatch| &plan.kernels[dispatch.kernel].op);
        let all: u64 = layers
            .filter(|op| op.name() != "gather")
            // The output goes forward and back in one kernel.
            .map(|op| op.work().multiply_adds / if op.name() == "output" { 2 } else { 1 })
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
    fails(&["plan", "--wgsl", "c3"], USAGE, &["c3.conv_backward_weights"]);
    fails(&["plan", "--wgsl", "no such"], USAGE, &["no such", "input.gather"]);
    let printed = prints(&["plan", "--batch", "32"]);
    for word in ["parameters", "c3.conv_pool_forward", "rbf.output", "stages.update", "total"] {
        assert!(printed.contains(word), "{word} is not in {printed}");
    }
    let forward = prints(&["plan", "--pass", "forward"]);
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
            let views = dispatch["views"].as_array().expect("views");
            assert_eq!(bindings.len(), views.len(), "{}", kernel["label"]);
            for (binding, view) in bindings.iter().zip(views) {
                let number = |key: &str| view[key].as_u64().expect("a number");
                let buffer = &buffers[number("buffer") as usize];
                let end = number("offset") + number("words").next_multiple_of(4);
                assert!(end <= buffer["words"].as_u64().expect("a length"), "{}", buffer["name"]);
                assert_eq!(number("offset") % 64, 0, "{} of {}", binding["name"], kernel["label"]);
                assert_eq!(view["uniform"], binding["type"] == "uniform", "{}", kernel["label"]);
            }
        }
    }
}

/// A table with these rows.
fn table(rows: &[Row]) -> Table {
    own::table("mine", rows.to_vec(), |_| {})
}

/// The same with distances.
fn distances(rows: &[Row]) -> Table {
    own::table("mine", rows.to_vec(), |options| options.output = Output::Rbf)
}

#[test]
fn faults_name_the_layer_and_its_place() {
    let cases: [(&[Row], &[&str]); 23] = [
        (&[linear("input", 4)], &["layer 1", "\"input\"", "choose another"]),
        (&[linear("output", 4)], &["layer 1", "\"output\"", "choose another"]),
        (&[linear("rbf", 84)], &["layer 1", "\"rbf\"", "choose another"]),
        (&[linear("velocity", 4)], &["layer 1", "choose another"]),
        (&[linear("a", 4), linear("a", 4)], &["layer 2", "layer 1 has the same name"]),
        (&[linear("", 4)], &["layer 1", "letters"]),
        (&[linear("a.weight", 4)], &["layer 1", "letters"]),
        (&[linear("a", 0)], &["layer 1", "0 units"]),
        (&[linear("a", 65_536)], &["layer 1", "65536 units"]),
        (&[linear("a", 65_535)], &["layer 1", "parameters"]),
        (&[conv("a", 0, None), pool("b")], &["layer 1", "0 feature maps"]),
        (&[conv("a", usize::MAX, None), pool("b")], &["layer 1", "feature maps"]),
        (&[conv("a", 2, Some(&[&[0]])), pool("b")], &["layer 1", "2 feature maps", "1 rows"]),
        (&[conv("a", 1, Some(&[&[1]])), pool("b")], &["layer 1", "map 1", "there are 1"]),
        (&[conv("a", 1, Some(&[&[]])), pool("b")], &["layer 1", "sees no input map"]),
        (&[conv("a", 1, Some(&[&[0, 0]])), pool("b")], &["layer 1", "twice"]),
        (&[own::conv_of(8, "a", 6)], &["layer 1", "8x8", "1x1 to 7x7"]),
        (&[own::conv_of(0, "a", 6)], &["layer 1", "0x0"]),
        (&[own::conv_of(4, "a", 6), pool("b")], &["layer 2", "even side"]),
        (&[pool("a")], &["layer 1", "after a convolution"]),
        (&[linear("a", 8), conv("b", 4, None)], &["layer 2", "5x5 kernel"]),
        (&[linear("a", 8), pool("b")], &["layer 2", "even side"]),
        (&[conv("a", 4_000, None), pool("b"), conv("c", 4_000, None)], &["layer 3"]),
    ];
    for (rows, parts) in cases {
        let table = table(rows);
        let network = build(&table, table.options);
        let error = match network.and_then(|network| Layout::of(&network).map(|_| ())) {
            Err(error) => error,
            Ok(()) => panic!("{rows:?} make a network"),
        };
        assert!(matches!(error, Error::Usage(_)), "{rows:?}: {error:?}");
        for part in ["mine"].iter().chain(parts) {
            assert!(error.to_string().contains(part), "{part} is not in: {error}");
        }
    }
}

#[test]
fn only_the_output_is_an_rbf_by_its_row() {
    let table = distances(&[linear("a", 80)]);
    let error = build(&table, table.options).expect_err("80 units, 84 pixels");
    assert!(error.to_string().contains("--output linear"), "{error}");
}

/// `model.` in front of every name of a file is also what a wrapper of another program writes there.
#[test]
fn a_layer_may_be_called_model() {
    let folder = TempDir::new().expect("a folder");
    let table = distances(&[linear("model", 84)]);
    let network = build(&table, table.options).expect("a network");
    let parameters = vec![0.5; Layout::of(&network).expect("a layout").size];
    let model = Model { network, parameters, settings: json!({}) };
    let file = folder.path().join("model.safetensors");
    fs::write(&file, model.to_bytes().expect("a file")).expect("a file");
    let weights = |model: &Model| {
        let tensors = Layout::of(&model.network).expect("a layout").tensors;
        tensors.iter().map(|tensor| tensor.numbers(&model.parameters).into_owned()).collect()
    };
    let read: Vec<Vec<f32>> = weights(&Model::read(&file).expect("it is its own model"));
    assert_eq!(read, weights(&model));
}

/// The names that a network's layers may not have, since buffers have them.
#[test]
fn buffers_of_a_plan_have_names_of_their_own() {
    let optimizer = Optimizer::Sdlm { momentum: 0.9, mu: 1.0, exact: false };
    let network = build(tables::lenet5(), tables::lenet5().options).expect("LeNet-5");
    let capacity = Capacity { samples: 10, indices: 10, steps: 1 };
    let own = |name: &str| network.layers.iter().any(|layer| layer.name == name);
    for strategy in Strategy::ALL {
        let plan = Plan::new(&network, strategy, Profile::software(), 16, optimizer, capacity);
        for buffer in plan.expect("a plan of LeNet-5").buffers {
            if own(&buffer.name) || buffer.name.contains('.') {
                continue;
            }
            let table = table(&[linear(&buffer.name, 4)]);
            assert!(build(&table, table.options).is_err(), "{} is taken", buffer.name);
        }
    }
}

/// Whoever looks into a network finds the output of every layer in a buffer, C1 included.
#[test]
fn an_inspection_stores_every_layer() {
    let plan = json_of(&["plan", "--inspect", "--network", "lenet5", "--profile", "gpu"]);
    let stored = plan["interface"]["activations"].as_array().expect("a list");
    let layers: Vec<&str> = stored.iter().filter_map(|one| one["layer"].as_str()).collect();
    assert_eq!(layers, ["input", "c1", "s2", "c3", "s4", "c5", "f6", "rbf"]);
    for one in stored {
        let size =
            ["maps", "height", "width"].map(|side| one["shape"][side].as_u64().expect("a side"));
        let buffer = &plan["buffers"][one["buffer"].as_u64().expect("an index") as usize];
        assert!(buffer["words"].as_u64() >= Some(size.iter().product::<u64>()), "{one}");
    }
    let compute = |pass: &str| plan["replicas"][0][pass]["compute"].as_array().map(Vec::len);
    assert!(compute("forward") > Some(5));
    assert_eq!(compute("training"), Some(0));
}
