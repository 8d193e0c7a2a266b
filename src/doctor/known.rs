//! Known problems of adapters and drivers: `assets/doctor/known.toml`.

use serde::{Deserialize, Serialize};

use crate::gpu::facts::Facts;

/// A fault that others were bitten by.
#[derive(Debug, Clone, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Problem {
    /// Parts of the adapter's name; all have to be there.
    #[serde(default, skip_serializing)]
    adapter: Vec<String>,
    /// Parts of what the driver says of itself.
    #[serde(default, skip_serializing)]
    driver: Vec<String>,
    #[serde(skip_serializing)]
    backend: Option<String>,
    /// Name of the check that finds it.
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

/// The whole table.
pub fn all() -> Vec<Problem> {
    let text = include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/assets/doctor/known.toml"));
    let table: Table = toml::from_str(text).expect("a table of this program");
    table.problem
}

/// The problems that an adapter may have.
pub fn of(facts: &Facts) -> Vec<Problem> {
    let driver = format!("{} {}", facts.driver, facts.driver_info);
    all().into_iter().filter(|problem| problem.concerns(facts, &driver)).collect()
}

impl Problem {
    fn concerns(&self, facts: &Facts, driver: &str) -> bool {
        has(&facts.name, &self.adapter)
            && has(driver, &self.driver)
            && self.backend.as_ref().is_none_or(|backend| *backend == facts.backend)
    }
}

/// Whether a text has all of these parts, in any case.
fn has(text: &str, parts: &[String]) -> bool {
    let text = text.to_lowercase();
    parts.iter().all(|part| text.contains(&part.to_lowercase()))
}
