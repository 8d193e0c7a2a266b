//! `lenet bench` on the CPU, and what it refuses.

use crate::common::Outcome;
use crate::common::program::{USAGE, fails, json_of, path};
use serde_json::Value;
use tempfile::TempDir;

#[test]
fn flags_that_make_no_sense() -> Outcome {
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

const QUICK: [&str; 5] = ["--batch", "16", "--repeats", "1", "--seconds=0.02"];

#[test]
fn bench_on_the_cpu() -> Outcome {
    measures("lenet1")
}

/// Whose own data are not there, so that it is timed on MNIST's digits, cut.
#[test]
fn bench_of_another_side_and_more_classes() -> Outcome {
    let folder = TempDir::new()?;
    let file = folder.path().join("small.toml");
    let layers = r#"[{ conv = "c1", maps = 2 }, { pool = "s2" }]"#;
    let text =
        format!("name = 'small'\nside = 16\nclasses = 26\noutput = 'softmax'\nlayers = {layers}\n");
    std::fs::write(&file, text)?;
    measures(path(&file))
}

fn measures(network: &str) -> Outcome {
    let json = json_of(&[&["bench", "--device", "cpu", "--network", network], &QUICK[..]].concat());
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
