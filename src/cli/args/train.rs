//! Flags of `train`.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use clap::builder::PossibleValuesParser;
use serde_json::{Value, json};

use super::ranges::DistortArgs;
use super::results::ResultArgs;
use super::{DataArgs, DeviceArgs, beside};
use crate::network::init::Init;
use crate::recipe::{self, Flags, NetworkArgs, OptimizerArgs, Schedule, Shuffle, words};
use crate::run::record;

/// Flags of `train`.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Set of defaults [default: the network's, lenet5]
    #[arg(long, value_name = "NAME", value_parser = PossibleValuesParser::new(recipe::names()))]
    recipe: Option<String>,
    /// Take the settings of this run.json, or of a TOML file with the flags as keys; flags that are
    /// typed go before
    #[arg(long, value_name = "FILE")]
    pub config: Option<PathBuf>,
    /// Go on with the run in this folder where it stopped; with a larger --epochs beyond its end
    #[arg(long, value_name = "DIR", conflicts_with_all = ["config", "out", "force", "from"])]
    pub resume: Option<PathBuf>,
    #[command(flatten)]
    network: NetworkArgs,
    #[command(flatten)]
    pub device: DeviceArgs,
    #[command(flatten)]
    training: TrainingArgs,
    #[command(flatten)]
    optimizer: OptimizerArgs,
    #[command(flatten)]
    distort: DistortArgs,
    #[command(flatten)]
    pub data: DataArgs,
    #[command(flatten)]
    pub results: ResultArgs,
}

#[derive(Debug, clap::Args)]
#[command(next_help_heading = "Training")]
struct TrainingArgs {
    /// Passes over the training digits [default: the recipe's]
    #[arg(long, value_name = "N")]
    epochs: Option<usize>,
    /// Steps in all, instead of --epochs
    #[arg(long, value_name = "N")]
    steps: Option<usize>,
    /// Samples in a step, 1 to 1,024 [default: the recipe's]
    #[arg(long, value_name = "N")]
    batch: Option<usize>,
    /// Learning rate [default: the recipe's, by output and loss; sdlm 0.0005, times --eta-scale]
    #[arg(long, value_name = "RATE")]
    lr: Option<f32>,
    /// Learning rate over the run: constant, cosine, step:EPOCH:FACTOR, lecun1998 [default: the
    /// recipe's, sdlm lecun1998]
    #[arg(long, value_name = "SCHEDULE")]
    schedule: Option<Schedule>,
    /// Momentum m of v = m v + g, w = w - lr v; 0 to below 1 [default: 0.9, sdlm 0]
    #[arg(long, value_name = "M")]
    momentum: Option<f32>,
    /// sgd: weight decay d: g + d w takes the place of g [default: 0]
    #[arg(long, value_name = "D")]
    weight_decay: Option<f32>,
    /// Seed of weights, order and drawn digits [default: 1]
    #[arg(long, value_name = "SEED")]
    seed: Option<u64>,
    /// Order of the digits: on, a new one in every epoch; once, a random one; off, as they are
    /// stored [default: on, lenet5-1998 once]
    #[arg(long, value_enum)]
    shuffle: Option<Shuffle>,
    /// Training digits, drawn at random by the seed [default: all, notebook 9,840]
    #[arg(long, value_name = "N")]
    train_limit: Option<usize>,
    /// Test digits, drawn at random by the seed [default: all, notebook 2,707]
    #[arg(long, value_name = "N")]
    test_limit: Option<usize>,
    /// Hold back the last N training digits and report the error on them [default: 0]
    #[arg(long, value_name = "N")]
    validate: Option<usize>,
    /// With --distort: the digits and N distorted copies of each, fixed, of which an epoch takes its
    /// share; 9 in the paper [default: every epoch distorts anew]
    #[arg(long, value_name = "N")]
    distortions: Option<usize>,
    /// First weights, in +-2.4/F, +-1.2/sqrt(F) or +-1/sqrt(F), F the fan-in [default: lecun,
    /// lenet5-1998 lecun-sqrt]
    #[arg(long, value_parser = words::<Init>())]
    init: Option<Init>,
    /// Start from the parameters of this model instead of --init
    #[arg(long, value_name = "MODEL")]
    from: Option<PathBuf>,
}

impl Args {
    pub fn flags(&self, origins: &BTreeMap<String, String>) -> Flags {
        let t = &self.training;
        Flags {
            recipe: self.recipe.clone(),
            network: self.network.clone(),
            epochs: t.epochs,
            steps: t.steps,
            batch: t.batch,
            lr: t.lr,
            schedule: t.schedule,
            momentum: t.momentum,
            weight_decay: t.weight_decay,
            seed: t.seed,
            optimizer: self.optimizer,
            shuffle: t.shuffle,
            train_limit: t.train_limit,
            test_limit: t.test_limit,
            validate: t.validate,
            init: t.init,
            distort: self.distort.flags(t.distortions),
            origins: origins.clone(),
        }
    }

    /// The flags that are no settings, for the record.
    pub fn beside(&self) -> Value {
        let mut flags = beside(&self.device, &self.data);
        if self.results.best() {
            flags["select"] = json!("best");
        }
        if let Some(model) = &self.training.from {
            flags["from"] = json!(record::absolute(model));
        }
        flags
    }

    /// The model to start from.
    pub fn from(&self) -> Option<&Path> {
        self.training.from.as_deref()
    }
}
