//! What the program was built from: commit, wgpu and compiler, as the environment of
//! `src/version.rs` and `src/bench/machine.rs`. What cannot be found out is left out.

use std::path::Path;
use std::process::Command;

fn main() {
    for path in ["build.rs", "src", "shaders", "Cargo.toml", "Cargo.lock"] {
        println!("cargo::rerun-if-changed={path}");
    }
    // Moves with every commit and checkout. A path that is not there would rebuild each time.
    if let Some(log) = said("git", &["rev-parse", "--git-path", "logs/HEAD"])
        && Path::new(&log).exists()
    {
        println!("cargo::rerun-if-changed={log}");
    }
    let describe = ["describe", "--always", "--dirty", "--abbrev=10", "--exclude=*"];
    // A package that was unpacked in somebody else's checkout is not of its commit.
    let in_checkout = said("git", &["ls-files", "--error-unmatch", "build.rs"]).is_some();
    let compiler = std::env::var("RUSTC").ok();
    let versions = [
        ("LENET_COMMIT", in_checkout.then(|| said("git", &describe)).flatten()),
        ("LENET_WGPU", locked("wgpu")),
        ("LENET_RUSTC", compiler.and_then(|rustc| said(&rustc, &["--version"]))),
    ];
    for (name, version) in versions {
        if let Some(version) = version {
            println!("cargo::rustc-env={name}={version}");
        }
    }
}

/// The line that a command prints if it succeeds.
fn said(program: &str, args: &[&str]) -> Option<String> {
    let output = Command::new(program).args(args).output().ok()?;
    let line = String::from_utf8(output.stdout).ok()?.trim().to_string();
    (output.status.success() && !line.is_empty()).then_some(line)
}

/// The version of a package in Cargo.lock.
fn locked(package: &str) -> Option<String> {
    let lock = std::fs::read_to_string("Cargo.lock").ok()?;
    let (_, rest) = lock.split_once(&format!("name = \"{package}\"\nversion = \""))?;
    Some(rest.split_once('"')?.0.to_string())
}
