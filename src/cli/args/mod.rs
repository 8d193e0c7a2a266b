//! Flags that several commands share, and those of `train`.

pub mod config;
pub mod device;
pub mod page;
pub mod results;
pub mod source;
pub mod train;

use std::path::PathBuf;

use clap::builder::{PossibleValue, PossibleValuesParser, TypedValueParser};
use clap::{Args, ValueEnum};
use serde_json::{Map, Value, json};

use crate::device::PlanChoice;
use crate::plan::Strategy;
use crate::run::record;

/// What computes.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
pub enum DeviceChoice {
    /// The best adapter there is, else the CPU, with a warning.
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
    /// Chosen for the adapter.
    #[default]
    Auto,
    /// Few and fat invocations, uniform reads.
    Software,
    /// An invocation for every item, storage reads.
    Gpu,
}

/// Reads how a step is cut into dispatches.
pub fn plans() -> impl TypedValueParser<Value = PlanChoice> {
    let named = Strategy::ALL.iter().map(|strategy| strategy.name());
    PossibleValuesParser::new(["auto", "tuned"].into_iter().chain(named)).map(|word| {
        let named = Strategy::ALL.iter().find(|strategy| strategy.name() == word);
        match named {
            Some(&strategy) => PlanChoice::Named(strategy),
            None if word == "tuned" => PlanChoice::Tuned,
            None => PlanChoice::Auto,
        }
    })
}

/// Where to compute.
#[derive(Debug, Clone, Default, Args)]
#[command(next_help_heading = "Device")]
pub struct DeviceArgs {
    /// What computes: auto takes an adapter, else the CPU [default: auto]
    #[arg(long, value_enum, default_value = "auto", hide_default_value = true)]
    pub device: DeviceChoice,
    /// Adapter by a part of its name or its index in `lenet adapters` [default: the best]
    #[arg(long, value_name = "NAME|INDEX")]
    pub adapter: Option<String>,
    /// Launch profile: auto is software for software adapters, else gpu [default: auto]
    #[arg(long, value_enum, default_value = "auto", hide_default_value = true)]
    pub profile: ProfileChoice,
    /// How a step is cut into dispatches: layered (with the tiles one, pair, row or map, else those of
    /// the profile) or sample; auto: sample on GPUs, else layered; tuned: as `lenet tune` found
    /// [default: auto]
    #[arg(long, value_parser = plans(), default_value = "auto", hide_default_value = true)]
    pub plan: PlanChoice,
    /// Threads of the CPU, at most one for 8 digits of a batch; changes the speed only [default:
    /// all]
    #[arg(long, value_name = "N")]
    pub threads: Option<usize>,
}

/// Where the digits are.
#[derive(Debug, Clone, Default, Args)]
#[command(next_help_heading = "Data")]
pub struct DataArgs {
    /// Folder with MNIST's files, raw or .gz [default: the built-in digits]
    #[arg(long, value_name = "DIR")]
    pub data: Option<PathBuf>,
}

/// The flags about device and data that were given: no settings, but a run needs them to be
/// repeated.
pub fn beside(device: &DeviceArgs, data: &DataArgs) -> Value {
    let name = |value: Option<PossibleValue>| {
        value.map(|value| value.get_name().to_string()).filter(|name| name != "auto")
    };
    let given = [
        ("device", name(device.device.to_possible_value())),
        ("adapter", device.adapter.clone()),
        ("profile", name(device.profile.to_possible_value())),
        ("data", data.data.as_deref().map(record::absolute)),
    ];
    let given = given.into_iter().filter_map(|(name, value)| Some((name.into(), json!(value?))));
    Value::Object(given.collect::<Map<_, _>>())
}
