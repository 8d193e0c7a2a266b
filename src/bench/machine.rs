//! What figures were measured with, besides the device: this program and this machine.

use std::collections::BTreeMap;
use std::time::{SystemTime, UNIX_EPOCH};

use serde_json::{Value, json};

use crate::cpu::fast::Instructions;
use crate::gpu::CHECK_LOOPS;
use crate::{threads, version};

/// Variables that change how fast an adapter computes; none of them holds a path.
const VARIABLES: [&str; 5] =
    ["LP_NUM_THREADS", "GALLIVM_DEBUG", "WGPU_BACKEND", "WGPU_VALIDATION", CHECK_LOOPS];

/// Versions of what was built; `null` where the build could not find one out.
pub fn program() -> Value {
    json!({
        "lenet": version::VERSION,
        "commit": version::COMMIT,
        "wgpu": option_env!("LENET_WGPU"),
        "rustc": option_env!("LENET_RUSTC"),
        "debug_build": cfg!(debug_assertions),
    })
}

/// The machine, and what was set for its drivers.
pub fn machine() -> Value {
    let set = |name| Some((name, std::env::var(name).ok()?));
    let variables: BTreeMap<&str, String> = VARIABLES.into_iter().filter_map(set).collect();
    json!({
        "os": std::env::consts::OS,
        "arch": std::env::consts::ARCH,
        "cpu": cpu_model(),
        "cores": threads::available(),
        "instructions": Instructions::detect().name(),
        "load": load(),
        "environment": variables,
    })
}

/// Seconds since 1970, of a clock that is set at all.
pub fn unix_time() -> Option<u64> {
    SystemTime::now().duration_since(UNIX_EPOCH).ok().map(|time| time.as_secs())
}

/// The processor's own name, where Linux says it.
pub fn cpu_model() -> String {
    let model = || {
        let text = std::fs::read_to_string("/proc/cpuinfo").ok()?;
        let line = text.lines().find(|line| line.starts_with("model name"))?;
        Some(line.split_once(':')?.1.trim().to_string())
    };
    model().unwrap_or_else(|| format!("unknown ({})", std::env::consts::ARCH))
}

/// Threads that ran or wanted to run in the last minute, on average, where Linux says so.
pub fn load() -> Option<f64> {
    let text = std::fs::read_to_string("/proc/loadavg").ok()?;
    text.split_whitespace().next()?.parse().ok()
}
