//! Flags that several commands share.

use std::path::PathBuf;

use clap::builder::{PossibleValue, PossibleValuesParser};
use clap::{Args, ValueEnum};

use crate::device::PlanChoice;
use crate::error::Result;
use crate::network::lenet::{self, Table};
use crate::network::{Loss, Network, Options, Output, PoolForm, Scaling, Squash, build};
use crate::plan::Strategy;

/// Which connections the convolutions with a table have.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum ConnectionChoice {
    /// Those of the paper's table.
    Table,
    /// All.
    Full,
}

/// The network and what can be chosen about it.
#[derive(Debug, Clone, Default, Args)]
#[command(next_help_heading = "Network")]
pub struct NetworkArgs {
    /// Network [default: lenet5, or the recipe's]
    #[arg(long, value_name = "NAME", value_parser = names())]
    pub network: Option<String>,
    /// Squash behind every layer [default: scaled]
    #[arg(long, value_enum)]
    pub squash: Option<Squash>,
    /// Form of the weighted 2x2 pooling [default: the network's: lenet1 mean, lenet5 sum]
    #[arg(long, value_enum)]
    pub pool: Option<PoolForm>,
    /// Connections of the convolutions that have a table [default: table]
    #[arg(long, value_enum)]
    pub connections: Option<ConnectionChoice>,
    /// Scaling of the pixels: paper -0.1..1.175, symmetric -1..1 [default: paper]
    #[arg(long, value_enum)]
    pub input: Option<Scaling>,
    /// Pixels of background around the 28x28 digit [default: the network's: lenet1 0, lenet5 2]
    #[arg(long, value_name = "PIXELS")]
    pub border: Option<usize>,
    /// Output layer [default: the network's: lenet5 rbf, else linear]
    #[arg(long, value_enum)]
    pub output: Option<Output>,
    /// Loss: mse (with rbf: eq. 8) or map (eq. 9) [default: rbf map, linear mse]
    #[arg(long, value_enum)]
    pub loss: Option<Loss>,
    /// j of eq. 9, a positive number [default: 10]
    #[arg(long, value_name = "J")]
    pub j: Option<f32>,
}

fn names() -> PossibleValuesParser {
    PossibleValuesParser::new(lenet::ALL.iter().map(|table| table.name))
}

impl NetworkArgs {
    /// The table that `--network` names, or `default`.
    pub fn table(&self, default: &'static Table) -> &'static Table {
        self.network.as_deref().and_then(lenet::find).unwrap_or(default)
    }

    /// What `base` says, with the flags that were given in its place.
    pub fn options(&self, base: Options) -> Options {
        let output = self.output.unwrap_or(base.output);
        let loss = match (output, base.output) {
            // An output brings its own loss along.
            (Output::Linear, _) => Loss::Mse,
            (Output::Rbf, Output::Rbf) => base.loss,
            (Output::Rbf, Output::Linear) => Loss::Map,
        };
        Options {
            border: self.border.unwrap_or(base.border),
            scaling: self.input.unwrap_or(base.scaling),
            squash: self.squash.unwrap_or(base.squash),
            pool: self.pool.unwrap_or(base.pool),
            full_connections: match self.connections {
                Some(choice) => choice == ConnectionChoice::Full,
                None => base.full_connections,
            },
            output,
            loss: self.loss.unwrap_or(loss),
            j: self.j.unwrap_or(base.j),
        }
    }

    /// The network, LeNet-5 unless another is named.
    ///
    /// # Errors
    /// [`crate::Error::Usage`] if the flags contradict each other.
    pub fn build(&self) -> Result<Network> {
        let table = self.table(&lenet::LENET5);
        build(table, self.options(table.options()))
    }
}

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
    /// As suits the adapter.
    #[default]
    Auto,
    /// Few and fat invocations, uniform reads.
    Software,
    /// An invocation for every item, storage reads.
    Gpu,
}

impl ValueEnum for PlanChoice {
    fn value_variants<'a>() -> &'a [Self] {
        const CHOICES: [PlanChoice; Strategy::ALL.len() + 2] = {
            let mut choices = [PlanChoice::Auto; Strategy::ALL.len() + 2];
            choices[1] = PlanChoice::Tuned;
            let mut i = 0;
            while i < Strategy::ALL.len() {
                choices[i + 2] = PlanChoice::Named(Strategy::ALL[i]);
                i += 1;
            }
            choices
        };
        &CHOICES
    }

    fn to_possible_value(&self) -> Option<PossibleValue> {
        Some(PossibleValue::new(match self {
            PlanChoice::Auto => "auto",
            PlanChoice::Tuned => "tuned",
            PlanChoice::Named(strategy) => strategy.name(),
        }))
    }
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
    #[arg(long, value_enum, default_value = "auto", hide_default_value = true)]
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
