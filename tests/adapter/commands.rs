//! Commands that ask an adapter, through the program itself.

use crate::common::program::{command, json_of, path, prints, small_set, text, write_model};
use crate::common::{Outcome, Tests};
use lenet::gpu::adapter;
use tempfile::TempDir;
use wgpu::Adapter;

pub fn add(tests: &mut Tests) {
    tests.on_adapter("adapters pass their self-test", |_| adapters());
    tests.on_adapter("a software adapter is left alone by questions", software);
}

/// Where the best adapter is software, `auto` asks the CPU, and says so to those who train.
fn software(adapter: &Adapter) -> Outcome {
    if !adapter::is_software(&adapter.get_info()) {
        return Ok(());
    }
    let folder = TempDir::new()?;
    let (set, model) = (small_set(folder.path()), write_model(folder.path(), "lenet1"));
    let evaluate = ["evaluate", &model, "--data", &set];
    let device = |more: &[&str]| json_of(&[&evaluate[..], more].concat())["device"].to_string();
    assert!(device(&[]).starts_with("\"CPU"), "{}", device(&[]));
    assert!(!device(&["--device", "gpu"]).starts_with("\"CPU"));
    assert!(!device(&["--profile", "software"]).starts_with("\"CPU"));

    let out = folder.path().join("run");
    let steps = ["--network", "lenet1", "--steps", "1", "--no-report", "--data", &set];
    let train = [&["train", "--out", path(&out)], &steps[..]].concat();
    let output = command(&train).env_remove("XDG_RUNTIME_DIR").output()?;
    let said = text(&output.stderr);
    assert!(output.status.success(), "{said}");
    assert_eq!(said.matches("--device cpu").count(), 1, "{said}");
    assert!(!said.contains("XDG_RUNTIME_DIR"), "{said}");
    Ok(())
}

fn adapters() -> Outcome {
    let json = json_of(&["adapters"]);
    let list = json["adapters"].as_array().expect("a list");
    let passed = list.iter().filter(|adapter| adapter["self_test"]["passed"] == true).count();
    assert!(passed > 0, "{json}");
    let printed = prints(&["adapters"]);
    for adapter in list {
        assert!(printed.contains(adapter["name"].as_str().expect("a name")), "{printed}");
    }
    assert_eq!(printed.matches("passed").count(), passed, "{printed}");
    Ok(())
}
