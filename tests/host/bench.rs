//! `lenet bench` on the CPU, and what it refuses.

use crate::common::Outcome;
use crate::common::program::{USAGE, fails, json_of};
use serde_json::Value;

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

const QUICK: [&str; 7] =
    ["--network", "lenet1", "--batch", "16", "--repeats", "1", "--seconds=0.02"];

#[test]
fn bench_on_the_cpu() -> Outcome {
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
