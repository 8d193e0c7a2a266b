//! Training by second derivatives through the program itself, on the CPU: the recipe of 1998, what it
//! leaves in `metrics.jsonl`, and that a run repeats.

use std::fs;
use std::sync::LazyLock;

use crate::common::program::{path, prints};
use serde_json::Value;
use tempfile::TempDir;

const DIGITS: usize = 300;

/// What a run leaves: the model's bytes, the lines of its metrics, and its record.
type Left = (Vec<u8>, Vec<Value>, Value);

/// The recipe as it is.
static RECIPE: LazyLock<Left> = LazyLock::new(|| train(&[]));

/// Runs the recipe on a few digits.
fn train(more: &[&str]) -> Left {
    let folder = TempDir::new().expect("a folder");
    let out = folder.path().join("run");
    let digits = DIGITS.to_string();
    let args = ["train", "--recipe", "lenet5-1998", "--device", "cpu", "--epochs", "3"];
    let limits = ["--train-limit", &digits, "--test-limit", "100", "--out", path(&out)];
    prints(&[&args[..], &limits, more].concat());
    let read = |name: &str| fs::read(out.join(name)).expect("a file of the run");
    let metrics = String::from_utf8(read("metrics.jsonl")).expect("text");
    let json = |text: &str| serde_json::from_str(text).expect("JSON");
    let run = json(&String::from_utf8(read("run.json")).expect("text"));
    (read("model.safetensors"), metrics.lines().map(json).collect(), run)
}

#[test]
fn the_recipe_of_1998() {
    let (model, epochs, run) = &*RECIPE;
    let setting = |name: &str| run["settings"][name]["value"].clone();
    for (name, value) in [("optimizer", "sdlm"), ("schedule", "lecun1998"), ("shuffle", "once")] {
        assert_eq!(setting(name), value);
    }
    assert_eq!((setting("batch"), setting("init")), (1.into(), "lecun-sqrt".into()));
    assert_eq!(setting("curvature-patterns"), DIGITS, "all there are, where 500 are not");
    assert_eq!(setting("mu"), 0.02);
    // 0.0005 for two passes, then 0.0002, times 0.2.
    let rates = epochs.iter().map(|epoch| epoch["learning_rate"].as_f64().expect("a rate"));
    for (rate, expected) in rates.zip([1e-4, 1e-4, 4e-5]) {
        assert!((rate / expected - 1.0).abs() < 1e-6, "{rate}");
    }
    for epoch in epochs {
        let layers = epoch["curvature"].as_array().expect("curvatures");
        let names: Vec<&str> = layers.iter().filter_map(|layer| layer["layer"].as_str()).collect();
        assert_eq!(names, ["c1", "s2", "c3", "s4", "c5", "f6"]);
        let eta = epoch["learning_rate"].as_f64().expect("a rate");
        for layer in layers {
            let of = |what: &str, which: &str| layer[what][which].as_f64().expect("a number");
            let h = ["least", "median", "largest"].map(|which| of("h", which));
            assert!(0.0 <= h[0] && h[0] <= h[1] && h[1] <= h[2] && h[2] > 0.0, "{layer}");
            // The largest curvature has the smallest rate.
            for (rate, h) in [("largest", h[0]), ("least", h[2])] {
                let expected = eta / (0.02 + h);
                assert!((of("rate", rate) / expected - 1.0).abs() < 1e-5, "{layer}");
            }
        }
    }
    let errors = epochs[2]["test_errors"].as_u64().expect("a count");
    assert!(errors <= 40, "{errors} errors on 100 digits after 900 steps: it does not learn");

    let (again, ..) = train(&[]);
    assert!(*model == again, "a second run has other bits");
    let (other, ..) = train(&["--seed", "2"]);
    assert!(*model != other, "another seed has the same bits");
}

/// From the start that the paper prints nearly every curvature is below mu.
#[test]
fn the_start_of_the_paper_has_little_curvature() {
    let median = |(_, epochs, _): &Left| {
        epochs[0]["curvature"][4]["h"]["median"].as_f64().expect("c5 has a curvature")
    };
    let (printed, ours) = (median(&train(&["--init", "lecun"])), median(&RECIPE));
    assert!(printed < 0.02 && 0.02 < ours, "{printed} and {ours}");
}
