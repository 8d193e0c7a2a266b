//! From a recipe and flags to the settings of a run.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::args::NetworkArgs;
use super::distortion::{DistortFlags, Distorted};
use super::network::network;
use super::optimizer::{self, Choice, OptimizerArgs};
use super::picker::{Picker, Row};
use super::schedule::Schedule;
use super::{ALL, LENET5, MAX_BATCH, MAX_EPOCHS, Recipe, Shuffle, names};
use crate::data::Mnist;
use crate::error::{Error, Result};
use crate::network::Network;
use crate::network::init::Init;
use crate::plan::{Distortion, Optimizer, Plan, Profile, Room, Strategy};
use crate::text::did_you_mean;

/// What the user asked for.
#[derive(Debug, Clone, Default)]
pub struct Flags {
    pub recipe: Option<String>,
    pub network: NetworkArgs,
    pub epochs: Option<usize>,
    pub steps: Option<usize>,
    pub batch: Option<usize>,
    pub lr: Option<f32>,
    pub schedule: Option<Schedule>,
    pub momentum: Option<f32>,
    pub weight_decay: Option<f32>,
    pub optimizer: OptimizerArgs,
    pub seed: Option<u64>,
    pub shuffle: Option<Shuffle>,
    pub train_limit: Option<usize>,
    pub test_limit: Option<usize>,
    pub validate: Option<usize>,
    pub init: Option<Init>,
    pub distort: DistortFlags,
    /// Where values come from that were not typed, by the names of their settings.
    pub origins: BTreeMap<String, String>,
}

/// Digits that a data set has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Available {
    pub train: usize,
    pub test: usize,
}

impl Available {
    /// Those of a data set.
    pub fn of(mnist: &Mnist) -> Self {
        Available { train: mnist.train.len(), test: mnist.test.len() }
    }
}

/// Every setting of a run.
#[derive(Debug, Clone)]
pub struct Settings {
    pub recipe: &'static str,
    pub network: Network,
    pub init: Init,
    pub epochs: usize,
    /// Steps in all, where the run ends before its last epoch does.
    pub steps: Option<usize>,
    pub batch: usize,
    /// Layered until [`Settings::set_plan`].
    pub strategy: Strategy,
    pub optimizer: Optimizer,
    /// `--eta-scale` included.
    pub lr: f32,
    pub schedule: Schedule,
    /// Training digits that a curvature is the mean over; 0 where the optimizer has none.
    pub curvature_patterns: usize,
    pub seed: u64,
    pub shuffle: Shuffle,
    /// Digits trained on, tested on, and held back for validation.
    pub train: usize,
    pub test: usize,
    pub validate: usize,
    /// `None`: every digit as it is.
    pub distortion: Option<Distorted>,
    /// All of the above with their origins.
    pub rows: Vec<Row>,
}

impl Settings {
    /// Puts recipe and flags together. `from` is the network of the model that a run starts from.
    ///
    /// # Errors
    /// [`Error::Usage`] for values out of range and flags that contradict each other, by name.
    pub fn resolve(flags: &Flags, available: Available, from: Option<&Network>) -> Result<Self> {
        let recipe = recipe(flags, from)?;
        let mut picker = Picker {
            recipe: format!("recipe {}", recipe.name),
            origins: flags.origins.clone(),
            rows: Vec::new(),
        };
        let network = network(flags, recipe, from, &mut picker)?;
        let p = &mut picker;
        let init_from = from.map(|_| "not used: --from");
        let init = p.pick("init", flags.init, recipe.init, init_from);
        let batch = p.pick("batch", flags.batch, recipe.batch, None);
        let epochs = p.pick("epochs", flags.epochs, recipe.epochs, None);
        if let Some(steps) = flags.steps {
            p.pick("steps", Some(steps), 0, None);
        }
        let seed = p.pick("seed", flags.seed, 1, Some("default"));
        let shuffle = p.pick("shuffle", flags.shuffle, recipe.shuffle, None);
        let validate = p.pick("validate", flags.validate, 0, Some("default"));
        if validate >= available.train {
            return Err(Error::Usage(format!(
                "--validate {validate} holds back all of the {} training digits: give less",
                available.train
            )));
        }
        let rest = available.train - validate;
        let (train, test) = recipe.digits.unwrap_or((rest, available.test));
        let limit = recipe.digits.is_none().then_some("all there are");
        let train = p.pick("train-limit", flags.train_limit, train.min(rest), limit);
        let test = p.pick("test-limit", flags.test_limit, test.min(available.test), limit);
        check_count("--train-limit", train, rest, "training digits are left")?;
        check_count("--test-limit", test, available.test, "test digits there are")?;
        check_count("--batch", batch, MAX_BATCH, "samples a batch may have")?;
        check_count("--epochs", epochs, MAX_EPOCHS, "epochs a run may have")?;
        let Choice { optimizer, lr, schedule, patterns } =
            optimizer::choose(flags, recipe, &network.options, train, p)?;
        let epochs = match flags.steps {
            None => epochs,
            Some(_) if flags.epochs.is_some() => {
                return Err(Error::Usage(
                    "--steps and --epochs both say how long to train: give one of them".into(),
                ));
            }
            Some(steps) => {
                let most = MAX_EPOCHS * train.div_ceil(batch);
                check_count("--steps", steps, most, "steps a run may have")?;
                steps.div_ceil(train.div_ceil(batch))
            }
        };
        if flags.steps.is_some() {
            for row in p.rows.iter_mut().filter(|row| row.name == "epochs") {
                (row.value, row.origin) = (json!(epochs), "--steps".into());
            }
        }
        let distortion = flags.distort.resolve(recipe.distort, available, epochs, p)?;
        Ok(Settings {
            recipe: recipe.name,
            network,
            init,
            epochs,
            steps: flags.steps,
            batch,
            strategy: Strategy::Layered,
            optimizer,
            lr,
            schedule,
            curvature_patterns: patterns,
            seed,
            shuffle,
            train,
            test,
            validate,
            distortion,
            rows: picker.rows,
        })
    }

    /// Adds how a step is cut into dispatches, which hangs on the device too, and where that comes
    /// from.
    pub fn set_plan(&mut self, (strategy, origin): (Strategy, String)) {
        self.strategy = strategy;
        self.rows.push(Row { name: "plan", value: json!(strategy.name()), origin });
    }

    /// The plan of this run, with its digits distorted as it has them.
    ///
    /// # Errors
    /// As [`Plan::new`].
    pub fn plan(&self, profile: Profile, room: Room) -> Result<Plan> {
        let Settings { network, strategy, batch, optimizer, .. } = self;
        let plan = Plan::new(network, *strategy, profile, *batch, *optimizer, room)?;
        Ok(match self.distortion {
            None => plan,
            Some(Distorted { ranges, .. }) => plan.distorted(Distortion::new(ranges, room.digits)),
        })
    }

    /// The settings by name, without their origins: what equal runs have in common.
    pub fn values(&self) -> Value {
        let rows = self.rows.iter().map(|row| (row.name.to_string(), row.value.clone()));
        let recipe = ("recipe".to_string(), json!(self.recipe));
        Value::Object(rows.chain([recipe]).collect())
    }

    /// The settings with their origins.
    pub fn with_origins(&self) -> Value {
        let row =
            |row: &Row| (row.name.to_string(), json!({ "value": row.value, "origin": row.origin }));
        Value::Object(self.rows.iter().map(row).collect())
    }
}

fn recipe(flags: &Flags, from: Option<&Network>) -> Result<&'static Recipe> {
    let find = |name: &str| ALL.iter().find(|recipe| recipe.name == name).copied();
    let named = flags.recipe.as_deref();
    let network = from.map(|network| network.name).or(flags.network.network.as_deref());
    match named.or(network) {
        None => Ok(&LENET5),
        Some(name) => find(name).ok_or_else(|| {
            let (meant, names) = (did_you_mean(name, names()), names().collect::<Vec<_>>());
            Error::Usage(format!(
                "--recipe {name} is unknown: give one of {}{meant}",
                names.join(", ")
            ))
        }),
    }
}

fn check_count(flag: &str, value: usize, most: usize, what: &str) -> Result<()> {
    if (1..=most).contains(&value) {
        return Ok(());
    }
    Err(Error::Usage(format!("{flag} is {value}, but must be 1 to {most}: that many {what}")))
}
