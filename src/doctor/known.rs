//! Known problems of adapters and drivers: `assets/doctor/known.toml`.

use serde::{Deserialize, Serialize};

use crate::gpu::facts::Facts;

/// A known fault of an adapter or driver.
#[derive(Debug, Clone, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Problem {
    /// Parts of the adapter's name: each has to occur.
    #[serde(default, skip_serializing)]
    adapter: Vec<String>,
    /// Parts of the driver's name or description.
    #[serde(default, skip_serializing)]
    driver: Vec<String>,
    #[serde(skip_serializing)]
    backend: Option<String>,
    /// Name of the check of `lenet doctor` that finds it.
    pub check: Option<String>,
    pub what: String,
    pub advice: String,
    pub link: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Table {
    problem: Vec<Problem>,
}

/// All known problems.
pub fn all() -> Vec<Problem> {
    let text = include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/assets/doctor/known.toml"));
    let table: Table = toml::from_str(text).expect("known.toml is valid");
    table.problem
}

/// The known problems of an adapter.
pub fn matching(facts: &Facts) -> Vec<Problem> {
    let driver = format!("{} {}", facts.driver, facts.driver_info);
    let Facts { name, backend, .. } = facts;
    all().into_iter().filter(|problem| problem.concerns(name, &driver, backend)).collect()
}

impl Problem {
    /// Whether the problem concerns adapters with this name, driver and backend.
    fn concerns(&self, name: &str, driver: &str, backend: &str) -> bool {
        has(name, &self.adapter)
            && has(driver, &self.driver)
            && self.backend.as_ref().is_none_or(|known| known == backend)
    }
}

/// Whether a text contains every part, whatever the case.
fn has(text: &str, parts: &[String]) -> bool {
    let text = text.to_lowercase();
    parts.iter().all(|part| text.contains(&part.to_lowercase()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn problems_are_found_by_name_driver_and_backend() {
        let count = |name: &str, driver: &str, backend: &str| {
            all().iter().filter(|problem| problem.concerns(name, driver, backend)).count()
        };
        let llvmpipe = "llvmpipe (LLVM 15.0.6, 256 bits)";
        assert_eq!(count(llvmpipe, "llvmpipe Mesa 22.3.6 (LLVM 15.0.6)", "Vulkan"), 1);
        assert_eq!(count(llvmpipe, "llvmpipe Mesa 25.0.7 (LLVM 15.0.6)", "Vulkan"), 0);
        assert_eq!(count("llvmpipe", "llvmpipe Mesa 26.1.6 (LLVM 22.1.0)", "Vulkan"), 1);
        assert_eq!(count("NVIDIA H100 80GB HBM3", "NVIDIA 580.159.04", "Vulkan"), 2);
        assert_eq!(count("NVIDIA H100 80GB HBM3", "NVIDIA", "Dx12"), 0);
        assert_eq!(count("Apple M3 Pro", "", "Metal"), 3);
    }
}
