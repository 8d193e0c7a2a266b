//! Commands that ask an adapter, through the program itself.

use crate::common::program::{command, json_of, path, prints, small_set, text, write_model};
use crate::common::{Outcome, Tests};
use lenet::gpu::adapter;
use tempfile::TempDir;
use wgpu::Adapter;

pub fn add(tests: &mut Tests) {
    tests.on_adapter("adapters pass their self-test", |_| adapters());
    tests.on_adapter("a software adapter is left alone by questions", software);
    tests.on_adapter("a driver of Vulkan 1.0 is refused", |_| vulkan_1_0());
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

/// The loader gives less than the driver of such a file says to have.
fn vulkan_1_0() -> Outcome {
    let folder = TempDir::new()?;
    let files = std::fs::read_dir("/usr/share/vulkan/icd.d").into_iter().flatten().flatten();
    let mut files = files.map(|entry| entry.path());
    let Some(lavapipe) = files.find(|path| path.display().to_string().contains("/lvp_icd")) else {
        return Ok(());
    };
    let mut driver: serde_json::Value = serde_json::from_str(&std::fs::read_to_string(lavapipe)?)?;
    driver["ICD"]["api_version"] = "1.0.0".into();
    let file = folder.path().join("driver.json");
    std::fs::write(&file, driver.to_string())?;
    let (set, model) = (small_set(folder.path()), write_model(folder.path(), "lenet1"));
    let args = ["evaluate", &model, "--data", &set, "--device", "gpu"];
    let output = command(&args).env("VK_DRIVER_FILES", &file).output()?;
    let said = text(&output.stderr);
    assert_eq!(output.status.code(), Some(4), "{said}");
    assert!(said.contains("Vulkan 1.0") && !said.contains("panicked"), "{said}");
    Ok(())
}
