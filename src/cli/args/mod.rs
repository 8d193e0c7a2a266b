//! Flags that several commands share.

pub mod config;
pub mod data;
pub mod device;
pub mod model;
pub mod page;
pub mod results;

use clap::builder::PossibleValue;
use clap::{Args, ValueEnum};
use serde_json::{Value, json};

use crate::device::PlanChoice;
use crate::network::Named;
use crate::plan::Strategy;
use crate::recipe::words;

pub use data::DataArgs;

/// What computes.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
pub enum DeviceChoice {
    /// The best adapter there is, else the CPU, with a warning; to read digits the CPU instead of a software adapter.
    #[default]
    Auto,
    /// An adapter, or an error.
    Gpu,
    /// The CPU, by choice.
    Cpu,
}

/// How kernels are launched.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
pub enum ProfileChoice {
    /// Software for software adapters, else gpu.
    #[default]
    Auto,
    /// Few and fat invocations, uniform reads.
    Software,
    /// An invocation for every item, storage reads.
    Gpu,
}

/// The words of `--plan`.
impl Named for PlanChoice {
    const NAMES: &'static [(Self, &'static str, &'static str)] = &[
        (PlanChoice::Auto, "auto", "Sample on GPUs, else layered"),
        (PlanChoice::Tuned, "tuned", "What `lenet tune` found to be the fastest"),
        (PlanChoice::Named(Strategy::Layered), "layered", "By layers, in the tiles of the profile"),
        (PlanChoice::Named(Strategy::LayeredOne), "layered-one", "By layers, an output at a time"),
        (PlanChoice::Named(Strategy::LayeredPair), "layered-pair", "By layers, in small tiles"),
        (PlanChoice::Named(Strategy::LayeredRow), "layered-row", "By layers, a row at a time"),
        (
            PlanChoice::Named(Strategy::LayeredMap),
            "layered-map",
            "By layers, a whole map at a time",
        ),
        (PlanChoice::Named(Strategy::Sample), "sample", "A workgroup for each sample"),
    ];
}

/// The help of `--plan`.
pub const PLAN_HELP: &str = "How a step is cut into dispatches [default: auto]";

/// Where to compute.
#[derive(Debug, Clone, Default, Args)]
#[command(next_help_heading = "Device")]
pub struct DeviceArgs {
    /// What computes: auto takes a GPU, else a software adapter or the CPU [default: auto]
    #[arg(long, value_enum, default_value = "auto", hide_default_value = true)]
    pub device: DeviceChoice,
    /// Adapter by a part of its name or its index in `lenet adapters` [default: the best]
    #[arg(long, value_name = "NAME|INDEX")]
    pub adapter: Option<String>,
    /// Launch profile [default: auto]
    #[arg(long, value_enum, default_value = "auto", hide_default_value = true)]
    pub profile: ProfileChoice,
    #[arg(long, help = PLAN_HELP, value_parser = words::<PlanChoice>(), default_value = "auto",
          hide_default_value = true)]
    pub plan: PlanChoice,
    /// Threads of the CPU, at most one for 8 digits of a batch; changes the speed only [default:
    /// all]
    #[arg(long, value_name = "N")]
    pub threads: Option<usize>,
}

/// Returns the flags about the device that were given: they are no settings, but a run needs them to be
/// repeated.
pub fn beside(device: &DeviceArgs) -> Value {
    let name = |value: Option<PossibleValue>| {
        value.map(|value| value.get_name().to_string()).filter(|name| name != "auto")
    };
    let given = [
        ("device", name(device.device.to_possible_value())),
        ("adapter", device.adapter.clone()),
        ("profile", name(device.profile.to_possible_value())),
    ];
    given.into_iter().filter_map(|(name, value)| Some((name, json!(value?)))).collect()
}
