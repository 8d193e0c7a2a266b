//! Plans stay within what every device carries, or are refused in words.

use crate::common::own::{self, linear, pool};
use crate::common::profiles;
use crate::common::program::json_of;
use lenet::network::lenet as tables;
use lenet::network::summary::Summary;
use lenet::network::{Output, Row, Table, build};
use lenet::plan::profile::{ITERATION_LIMIT, UNIFORM_WINDOW};
use lenet::plan::{ALIGN, Access, Capacity, Kernel, Layout, Optimizer, Plan, Profile, Strategy};
use lenet::rng::{Rng, Stream};
use lenet::{Error, Model};

/// Many maps, for which a software adapter has to take smaller tiles, or more rows of partial gradients.
#[test]
fn many_maps_have_a_plan() {
    let stage = |name: &str, kernel, maps| {
        vec![own::conv_of(kernel, name, maps), pool(&format!("{name}-p"))]
    };
    for (kernel, border) in [(3, 1), (5, 2), (7, 1)] {
        let rows = [stage("a", kernel, 32), vec![own::conv_of(kernel, "b", 64), linear("c", 64)]];
        let table = own::table("mine", rows.concat(), |options| options.border = border);
        let network = build(&table, table.options).expect("a sound table");
        for profile in profiles() {
            let capacity = Capacity { samples: 100, indices: 100, steps: 10 };
            let optimizer = Optimizer::Sgd { momentum: 0.9, weight_decay: 0.0 };
            let plan = Plan::new(&network, Strategy::Layered, profile, 32, optimizer, capacity);
            assert!(plan.is_ok(), "{kernel}x{kernel}, {}: {:?}", profile.name, plan.err());
        }
    }
}

/// From storage a software adapter reads so slowly that 3x3 kernels took longer than 5x5.
#[test]
fn stages_read_uniform_windows() {
    for (kernel, border) in [(3, 1), (5, 2), (7, 3)] {
        let stages =
            [own::conv_of(kernel, "a", 6), pool("b"), own::conv_of(kernel, "c", 16), pool("d")];
        let table = own::table("mine", stages.into(), |options| options.border = border);
        let network = build(&table, table.options).expect("a sound table");
        let optimizer = Optimizer::Sgd { momentum: 0.9, weight_decay: 0.0 };
        let (profile, capacity) = (Profile::software(), Capacity::default());
        let plan = Plan::new(&network, Strategy::Layered, profile, 256, optimizer, capacity);
        let plan = plan.expect("it fits");
        let mut seen = 0;
        for Kernel { label, op, windows, .. } in &plan.kernels {
            let is_of_stage = label.starts_with("a.") || label.starts_with("c.");
            for (binding, window) in op.bindings().iter().zip(windows) {
                let moves = ["x", "h", "ds"].contains(&binding.name);
                if is_of_stage && moves && binding.access != Access::Write {
                    assert!(window.is_some(), "{kernel}x{kernel}, {label}: {}", binding.name);
                    seen += 1;
                }
            }
        }
        assert_eq!(seen, 10, "two kernels forward, three backward");
    }
}

/// Random tables, of which about half make a network.
fn random(rng: &mut Rng) -> Table {
    const NAMES: [&str; 9] = ["a", "b", "c", "d", "e", "f", "g", "h", "input"];
    let mut rows = Vec::new();
    let mut maps = 1;
    for at in 0..rng.below(7) as usize {
        let odd = |rng: &mut Rng| rng.below(25) == 0;
        let name = NAMES[if odd(rng) { rng.below(9) as usize } else { at }];
        let few = [1, 2, 3, 4, 5, 8, 13, 16][rng.below(8) as usize];
        let count =
            if odd(rng) { [0, 700, 65_535, usize::MAX][rng.below(4) as usize] } else { few };
        match rng.below(5) {
            0 | 1 => {
                let connections = (rng.below(2) == 0).then(|| {
                    let length = if odd(rng) { 3 } else { count.min(800) };
                    let row = |rng: &mut Rng| -> Vec<usize> {
                        let wrong = odd(rng) as usize;
                        (0..maps + wrong).filter(|_| rng.below(3) > 0).collect()
                    };
                    (0..length).map(|_| row(rng)).collect()
                });
                let kernel = if odd(rng) { rng.below(10) as usize } else { 5 };
                rows.push(Row::Conv { name: name.into(), maps: count, kernel, connections });
                maps = count.min(800);
                if !odd(rng) && at < 6 {
                    rows.push(pool(["p", "q", "r", "s", "t", "u"][at]));
                }
            }
            2 => rows.push(linear(name, if odd(rng) { 40_000 } else { 4 * count.min(100_000) })),
            3 => rows.push(linear(name, 84)),
            _ => break,
        }
    }
    own::table("random", rows, |options| {
        options.border = [0, 2, 8, 16][rng.below(4) as usize];
        options.output = if rng.below(3) == 0 { Output::Rbf } else { Output::Linear };
    })
}

/// An adapter holds as many samples as one binding of its own limit carries; the CPU holds any.
#[test]
fn a_data_set_fits_the_binding_of_the_device() {
    let network = build(tables::lenet1(), tables::lenet1().options).expect("LeNet-1");
    let optimizer = Optimizer::Sgd { momentum: 0.9, weight_decay: 0.0 };
    let plan = |samples, profile| {
        let capacity = Capacity { samples, indices: samples, steps: samples.div_ceil(16) };
        Plan::new(&network, Strategy::Layered, profile, 16, optimizer, capacity)
    };
    // 128 MiB, 197 words a sample.
    let most = (1 << 25) / 197;
    for profile in [Profile::software(), Profile::gpu()] {
        assert!(plan(most, profile).is_ok());
        let said = plan(most + 1, profile).expect_err("one too many").to_string();
        for part in ["170,328", "170,327", "--device cpu"] {
            assert!(said.contains(part), "{said}");
        }
        assert!(plan(most + 1, profile.for_bindings(1 << 30)).is_ok());
    }
    assert!(plan(1_000_000, Profile::reference()).is_ok());
}

/// Plans of whatever table either stay within what every device carries, or are refused in words.
#[test]
fn random_tables_never_panic() {
    let mut rng = Rng::new(16, Stream::Test);
    let optimizers = [
        Optimizer::Sgd { momentum: 0.9, weight_decay: 0.0 },
        Optimizer::Sdlm { momentum: 0.0, mu: 1.0, exact: true },
    ];
    let (mut networks, mut plans) = (0, 0);
    for number in 0..400 {
        let table = random(&mut rng);
        let batch = [1, 3, 16, 100, 1_024][rng.below(5) as usize];
        let refused = |error: Error| {
            let said = error.to_string();
            assert!(matches!(error, Error::Usage(_)), "{number}: {said}");
            let way_out = ["layer ", "--plan layered", "--batch", "smaller"];
            assert!(way_out.iter().any(|part| said.contains(part)), "{number}: {said}");
        };
        let network = match build(&table, table.options) {
            Ok(network) => network,
            Err(error) => {
                refused(error);
                continue;
            }
        };
        let Ok(layout) = Layout::of(&network).map_err(&refused) else { continue };
        let stored: usize = layout.tensors.iter().map(|tensor| tensor.size()).sum();
        assert_eq!(stored, network.parameters(), "{number}");
        Summary::of(&network).expect("a network with a layout").text();
        networks += 1;
        for strategy in Strategy::ALL.into_iter().chain([Strategy::Inspect]) {
            for profile in [Profile::software(), Profile::gpu(), Profile::reference()] {
                let capacity = Capacity { samples: 10, indices: 10, steps: 1 };
                let optimizer = optimizers[number % 2];
                match Plan::new(&network, strategy, profile, batch, optimizer, capacity) {
                    Ok(plan) => check(&plan, profile),
                    Err(error) => refused(error),
                }
                plans += 1;
            }
        }
        let (chosen, _) = Strategy::choose(&network, Profile::gpu(), batch);
        let capacity = Capacity { samples: 10, indices: 10, steps: 1 };
        if let Err(error) =
            Plan::new(&network, chosen, Profile::gpu(), batch, optimizers[number % 2], capacity)
        {
            assert_eq!(chosen, Strategy::Layered, "auto takes layers where a sample does not fit");
            refused(error);
        }
    }
    assert!(networks > 100 && plans > 2_000, "only {networks} networks, {plans} plans");
}

/// Bindings and loops are within limits.
fn check(plan: &Plan, profile: Profile) {
    for dispatch in plan.dispatches() {
        for view in &dispatch.views {
            assert!(view.offset + view.words <= plan.buffers[view.buffer].words);
            assert!(view.offset.is_multiple_of(ALIGN));
            assert!(!view.uniform || view.words <= UNIFORM_WINDOW);
            assert!(view.words > 0, "{}", plan.kernels[dispatch.kernel].label);
            assert!(view.words <= 1 << 25 || profile.name == "reference");
        }
    }
    if profile.name != "reference" {
        assert!(plan.iterations() <= ITERATION_LIMIT, "{}", plan.iterations());
    }
}

/// Nothing starts with more than it holds: a browser refuses such a write as a whole.
#[test]
fn contents_fit_their_buffers() {
    for flags in ["--profile software --batch 256", "--profile gpu", "--profile gpu --plan sample"]
    {
        let flags: Vec<&str> = flags.split(' ').collect();
        let plan = json_of(&[&["plan", "--network", "lenet5"], &flags[..]].concat());
        for buffer in plan["buffers"].as_array().expect("a list") {
            let words = buffer["start"]["words"].as_array().map_or(0, Vec::len);
            assert!(words as u64 <= buffer["words"].as_u64().expect("words"), "{}", buffer["name"]);
        }
    }
}

/// The largest networks make the largest files: what was written can be read.
#[test]
fn a_large_model_can_be_read() {
    let table = own::table("large", vec![linear("f1", 22_000)], |_| {});
    let network = build(&table, table.options).expect("a sound table");
    let parameters = vec![0.5; Layout::of(&network).expect("a layout").size];
    let model = Model { network, parameters, settings: serde_json::json!({}) };
    let file = tempfile::NamedTempFile::new().expect("a file");
    std::fs::write(&file, model.to_bytes().expect("a file")).expect("space on the disk");
    assert!(file.path().metadata().expect("a file").len() > 64 << 20);
    assert_eq!(Model::read(file.path()).expect("a model").network, model.network);
}
