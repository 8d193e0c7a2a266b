//! Flags of `train`.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use super::results::ResultArgs;
use super::{DataArgs, DeviceArgs, beside};
use crate::recipe::Flags;
use crate::run::record;

/// Flags of `train`.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Take the settings of this run.json, or of a TOML file with the flags as keys; flags that are
    /// typed go before
    #[arg(long, value_name = "FILE")]
    pub config: Option<PathBuf>,
    /// Go on with the run in this folder where it stopped; with a larger --epochs beyond its end
    #[arg(long, value_name = "DIR", conflicts_with_all = ["config", "out", "force", "from"])]
    pub resume: Option<PathBuf>,
    /// Start from the parameters of this model instead of --init
    #[arg(long, value_name = "MODEL")]
    from: Option<PathBuf>,
    #[command(flatten)]
    settings: Flags,
    #[command(flatten)]
    pub device: DeviceArgs,
    #[command(flatten)]
    pub data: DataArgs,
    #[command(flatten)]
    pub results: ResultArgs,
}

impl Args {
    /// The settings that were asked for, of which those in `origins` were not typed.
    pub fn flags(&self, origins: &BTreeMap<String, String>) -> Flags {
        Flags { origins: origins.clone(), ..self.settings.clone() }
    }

    /// The flags that are no settings, for the record.
    pub fn beside(&self) -> Value {
        let mut flags = beside(&self.device, &self.data);
        if self.results.best() {
            flags["select"] = json!("best");
        }
        if let Some(model) = &self.from {
            flags["from"] = json!(record::absolute(model));
        }
        flags
    }

    /// The model to start from.
    pub fn from(&self) -> Option<&Path> {
        self.from.as_deref()
    }
}
