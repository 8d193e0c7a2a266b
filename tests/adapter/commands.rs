//! Commands that ask an adapter, through the program itself.

use std::process::{Command, Output};

use crate::common::program::{
    TINY, command, json_of, path, prints, small_set, text, write_tiny_model,
};
use crate::common::{Outcome, Tests};
use lenet::gpu::adapter;
use tempfile::TempDir;
use wgpu::Adapter;

pub fn add(tests: &mut Tests) {
    tests.on_adapter("adapters pass their self-test", |_| adapters());
    tests.on_adapter("a software adapter is left alone by questions", software);
    tests.on_adapter("a driver of Vulkan 1.0 is refused", |_| vulkan_1_0());
    if cfg!(target_os = "linux") {
        tests.on_adapter("a full disk leaves no compiled shaders", |_| full_disk());
        tests.on_adapter("small files leave no compiled shaders", small_files);
    }
}

/// Where the best adapter is software, `auto` asks the CPU, and says so to those who train.
fn software(adapter: &Adapter) -> Outcome {
    if !adapter::is_software(&adapter.get_info()) {
        return Ok(());
    }
    let folder = TempDir::new()?;
    let (set, model) = (small_set(folder.path()), write_tiny_model(folder.path()));
    let evaluate = ["evaluate", &model, "--data", &set];
    let device = |more: &[&str]| json_of(&[&evaluate[..], more].concat())["device"].to_string();
    assert!(device(&[]).starts_with("\"CPU"), "{}", device(&[]));
    assert!(!device(&["--device", "gpu"]).starts_with("\"CPU"));
    assert!(!device(&["--profile", "software"]).starts_with("\"CPU"));

    let out = folder.path().join("run");
    let network = folder.path().join("tiny.toml");
    std::fs::write(&network, TINY)?;
    let steps = ["--network", path(&network), "--steps", "1", "--no-report", "--data", &set];
    let train = [&["train", "--out", path(&out)], &steps[..]].concat();
    let output = command(&train).env_remove("XDG_RUNTIME_DIR").output()?;
    let said = text(&output.stderr);
    assert!(output.status.success(), "{said}");
    assert_eq!(said.matches("--device cpu").count(), 1, "{said}");
    assert!(!said.contains("XDG_RUNTIME_DIR"), "{said}");
    Ok(())
}

/// Asks an adapter in a shell that has prepared its caches, whose folder is `$1`, and returns what is said.
fn in_shell(prepare: &[&str]) -> Result<String, Box<dyn std::error::Error>> {
    let output = ask_in_shell(prepare)?;
    let said = text(&output.stderr);
    assert!(output.status.success(), "{}: {said}", output.status);
    Ok(said)
}

fn ask_in_shell(prepare: &[&str]) -> Result<Output, Box<dyn std::error::Error>> {
    let folder = TempDir::new()?;
    let cache = folder.path().join("cache");
    std::fs::create_dir(&cache)?;
    let (set, model) = (small_set(folder.path()), write_tiny_model(folder.path()));
    let program = env!("CARGO_BIN_EXE_lenet");
    let args = ["evaluate", &model, "--data", &set, "--device", "gpu"];
    let output = Command::new(prepare[0])
        .args(&prepare[1..])
        .args([path(&cache), program])
        .args(args)
        .env("XDG_CACHE_HOME", &cache)
        .env_remove("MESA_SHADER_CACHE_DIR")
        .output()?;
    Ok(output)
}

/// Mesa maps a file of its cache, and where the disk has no room for it the first write ends the process.
fn full_disk() -> Outcome {
    let may = Command::new("unshare").args(["-rm", "true"]).status();
    if !may.is_ok_and(|status| status.success()) {
        eprintln!("not tried: this user may not mount a small disk (unshare -rm)");
        return Ok(());
    }
    let fill = "mount -t tmpfs -o size=1m tmpfs \"$1\" && \
                { head -c 2000000 /dev/zero >\"$1/fill\" 2>/dev/null; shift; exec \"$@\"; }";
    let said = in_shell(&["unshare", "-rm", "sh", "-c", fill, "sh"])?;
    assert!(said.contains("full disk") && said.contains("XDG_CACHE_HOME"), "{said}");
    Ok(())
}

/// The index of Mesa's cache is longer than the longest file that may be written.
fn small_files(adapter: &Adapter) -> Outcome {
    let limited = &["sh", "-c", "ulimit -f 100; shift; exec \"$@\"", "sh"];
    if adapter::keeps_memory_in_files(&adapter.get_info()) {
        let output = ask_in_shell(limited)?;
        let (status, said) = (output.status, text(&output.stderr));
        assert!(status.code() == Some(4) && said.contains("ulimit -f"), "{status}: {said}");
        return Ok(());
    }
    in_shell(limited).map(|_| Ok(()))?
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
    let mut driver: serde_json::Value = serde_json::from_str(&std::fs::read_to_string(&lavapipe)?)?;
    driver["ICD"]["api_version"] = "1.0.0".into();
    let file = folder.path().join("driver.json");
    std::fs::write(&file, driver.to_string())?;
    let (set, model) = (small_set(folder.path()), write_tiny_model(folder.path()));
    let args = ["evaluate", &model, "--data", &set, "--device", "gpu"];
    // The same driver by its own file passes its self-test, which is remembered.
    prints(&["adapters"]);
    for args in [&args[..], &["adapters"]] {
        let output = command(args).env("VK_DRIVER_FILES", &file).output()?;
        let said = text(&output.stderr) + &text(&output.stdout);
        assert_eq!(output.status.code(), Some(4), "{said}");
        assert!(said.contains("Vulkan 1.0") && !said.contains("panicked"), "{said}");
    }
    // Beside the right file it is passed over.
    for [first, second] in [[&file, &lavapipe], [&lavapipe, &file]] {
        let both = format!("{}:{}", first.display(), second.display());
        let output = command(&args).env("VK_DRIVER_FILES", both).output()?;
        assert!(output.status.success(), "{}", text(&output.stderr));
    }
    Ok(())
}
