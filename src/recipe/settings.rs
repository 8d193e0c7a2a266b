//! From a recipe and flags to the settings of a run.
//!
//! Layers of [`Flags`] lie one under the other: what was asked for, what the optimizer brings, the
//! recipe, the defaults. A value is that of the first layer that has one, and its origin is that layer.

use clap::{Args, Command, FromArgMatches};
use serde_json::{Value, json};

use super::file::with_file;
use super::optimizer::{OF_ADAM, OF_SDLM};
use super::range::Range;
use super::recipes::{ALL, LENET5, MAX_EPOCHS, Recipe, names};
use super::{
    Available, Flags, Method, NetworkArgs, NetworkChoice, Settings, Switch, TrainingArgs, choose,
    optimizer,
};
use crate::error::{Error, Result, need};
use crate::network::{Loss, Network, Options, Output, check_name};
use crate::plan::{Capacity, Distortion, Plan, Profile, Strategy};
use crate::text::{did_you_mean, in_plain_words};

/// The origin of a number of digits that nobody limits.
pub(super) const ALL_THERE_ARE: &str = "all there are";

impl Flags {
    /// Flags by their names, without the dashes: `[("recipe", "lenet1"), ("steps", "300")]`.
    ///
    /// # Errors
    /// [`Error::Usage`] for a name or value that there is not.
    pub fn of(settings: &[(&str, &str)]) -> Result<Self> {
        let words = settings.iter().map(|(name, value)| format!("--{name}={value}"));
        let command = Flags::augment_args(Command::new("settings").no_binary_name(true));
        let names = || command.get_arguments().filter_map(|flag| flag.get_long());
        for (name, _) in settings {
            need(names().any(|known| known == *name), || {
                format!("there is no setting \"{name}\"{}", did_you_mean(name, names()))
            })?;
        }
        command
            .try_get_matches_from(words)
            .and_then(|matches| Flags::from_arg_matches(&matches))
            .map_err(|error| Error::Usage(first_lines(&error)))
    }
}

impl Settings {
    /// Puts recipe and flags together. `from` is the network of the model that a run starts from.
    ///
    /// # Errors
    /// [`Error::Usage`] for values out of range and flags that contradict each other, by name.
    pub fn resolve(flags: &Flags, available: Available, from: Option<&Network>) -> Result<Self> {
        let flags = &with_file(flags, from)?;
        flags.check()?;
        let recipe = recipe(flags, from)?;
        let by_recipe = format!("recipe {}", recipe.name);
        let mut of_recipe = recipe.flags();
        // The choices below take out of it what does not apply.
        let mut defaults = Flags::defaults();
        let mut asked = flags.clone();
        let origin = |(name, _)| {
            let origin = flags.origins.get(&name).cloned();
            let typed = format!("--{name}");
            (name, origin.unwrap_or(typed))
        };
        asked.origins = flags.given().into_iter().map(origin).collect();

        let network = match from {
            None => choose::choose(&mut asked, &of_recipe, &by_recipe, &available)?,
            Some(network) => choose::from_model(&mut asked, network, &available)?,
        };
        check_name(&network.name)?;
        of_recipe.network = NetworkArgs::default();
        if from.is_some() {
            let mut layer = Flags::default();
            layer.training.init = of_recipe.training.init.or(defaults.training.init);
            asked.under(&layer, "not used: --from");
        }
        let by_flag = asked.optimizer.optimizer;
        let method = by_flag.or(of_recipe.optimizer.optimizer).unwrap_or(Method::Sgd);
        let distort = asked.distort.distort.or(of_recipe.distort.distort);
        let given = flags.given();
        for (needed, names) in without_use(method, &network.options, distort == Some(Switch::On)) {
            // A flag that this run has no use for is an error; its default is left out.
            if let Some((name, _)) = given.iter().find(|(name, _)| names.contains(&name.as_str())) {
                return Err(misplaced(name, needed));
            }
            names.iter().for_each(|name| defaults.remove(name));
        }
        let by_optimizer = match by_flag {
            Some(_) => "--optimizer".into(),
            None => by_recipe.clone(),
        };
        let origin = match method {
            Method::Sgd => format!("{by_recipe}, {}", recipe.rates.of(&network.options).1),
            Method::Sdlm | Method::Adam => by_optimizer.clone(),
        };
        let layer = optimizer::layer(method, recipe, &defaults.optimizer, &network.options);
        asked.under(&layer, &origin);
        digits(&mut asked, (&of_recipe, &by_recipe), &available)?;
        patterns(&mut asked, &defaults, &by_optimizer)?;
        let TrainingArgs { seed, validate, distortions, .. } = defaults.training;
        let everyones = Flags {
            training: TrainingArgs { seed, validate, distortions, ..TrainingArgs::default() },
            ranges: defaults.ranges.clone(),
            ..Flags::default()
        };
        asked.under(&everyones, "default");
        asked.under(&of_recipe, &by_recipe);
        asked.under(&defaults, &by_recipe);

        let mut settings = Settings::of(asked, recipe.name, network);
        steps(&mut settings, flags)?;
        settings.check_views(&available)?;
        Ok(settings)
    }

    /// Adds how a step is cut into dispatches, which depends on the device too, and where that comes
    /// from.
    pub fn set_plan(&mut self, (strategy, origin): (Strategy, String)) {
        self.strategy = strategy;
        self.origins.insert("plan".into(), origin);
    }

    /// The plan of this run, with its digits distorted as it has them.
    ///
    /// # Errors
    /// As [`Plan::new`].
    pub fn plan(&self, profile: Profile, capacity: Capacity) -> Result<Plan> {
        let Settings { network, strategy, batch, .. } = self;
        let plan = Plan::new(network, *strategy, profile, *batch, self.optimizer(), capacity)?;
        Ok(match self.ranges() {
            None => plan,
            Some(ranges) => plan.distorted(Distortion::new(ranges, capacity.samples)),
        })
    }

    /// The settings by name, without their origins: what equal runs have in common.
    pub fn values(&self) -> Value {
        let rows = self.rows().into_iter().map(|row| (row.name, row.value));
        let recipe = ("recipe".to_string(), json!(self.recipe));
        Value::Object(rows.chain([recipe]).collect())
    }

    /// The settings with their origins.
    pub fn with_origins(&self) -> Value {
        let rows = self.rows().into_iter();
        let entry = |value: Value, origin: String| json!({ "value": value, "origin": origin });
        Value::Object(rows.map(|row| (row.name, entry(row.value, row.origin))).collect())
    }
}

/// The flags of the only loss that has a j and a choice of curvature.
pub(super) const OF_J: &str = "--output rbf --loss map";
/// Settings that say how digits are distorted.
pub(super) const OF_DISTORTION: &[&str] = &["distortions", "shift", "scale", "squeeze", "shear"];

/// The settings that a run has no use for, after the flags that would give them one.
fn without_use(
    method: Method,
    options: &Options,
    is_distorted: bool,
) -> impl Iterator<Item = (&'static str, &'static [&'static str])> {
    let has_j = options.output == Output::Rbf && options.loss == Loss::Map;
    let all: [(bool, _, &[_]); 6] = [
        (method == Method::Sdlm, "--optimizer sdlm", OF_SDLM),
        (method == Method::Adam, "--optimizer adam", OF_ADAM),
        (method != Method::Adam, "--optimizer sgd or sdlm", &["momentum"]),
        (method != Method::Sdlm, "--optimizer sgd or adam", &["weight-decay"]),
        (has_j, OF_J, &["curvature", "j"]),
        (is_distorted, "--distort on", OF_DISTORTION),
    ];
    all.into_iter().filter(|(is_used, ..)| !is_used).map(|(_, needed, names)| (needed, names))
}

/// The error about a setting that a run has no use for.
pub(super) fn misplaced(name: &str, needed: &str) -> Error {
    Error::Usage(format!(
        "--{name} belongs to {needed}, which this run has not: leave it out, or give {needed}"
    ))
}

/// How many digits to train on and to test on: no more than there are.
fn digits(
    asked: &mut Flags,
    (of_recipe, by_recipe): (&Flags, &str),
    available: &Available,
) -> Result<()> {
    let validate = asked.training.validate.unwrap_or(0);
    need(validate < available.train, || {
        let all = available.train;
        format!("--validate {validate} holds back all of the {all} training digits: give less")
    })?;
    let rest = available.train - validate;
    let TrainingArgs { train_limit, test_limit, .. } = of_recipe.training;
    let limits = TrainingArgs {
        train_limit: Some(train_limit.unwrap_or(rest).min(rest)),
        test_limit: Some(test_limit.unwrap_or(available.test).min(available.test)),
        ..TrainingArgs::default()
    };
    let limits = Flags { training: limits, ..Flags::default() };
    asked.under(&limits, if train_limit.is_some() { by_recipe } else { ALL_THERE_ARE });
    let train = asked.training.train_limit.unwrap_or(rest);
    let test = asked.training.test_limit.unwrap_or(available.test);
    Range::Count(rest, "training digits are left").check("train-limit", &train)?;
    Range::Count(available.test, "test digits there are").check("test-limit", &test)
}

/// How many digits a curvature is the mean over: no more than are trained on.
fn patterns(asked: &mut Flags, defaults: &Flags, by_optimizer: &str) -> Result<()> {
    let train = asked.training.train_limit.unwrap_or(0);
    if let Some(patterns) = defaults.optimizer.curvature_patterns {
        let mut layer = Flags::default();
        layer.optimizer.curvature_patterns = Some(patterns.min(train));
        asked.under(&layer, if patterns > train { ALL_THERE_ARE } else { by_optimizer });
    }
    let patterns = asked.optimizer.curvature_patterns.unwrap_or(1);
    Range::Count(train, "digits are trained on").check("curvature-patterns", &patterns)
}

/// How long to train: epochs, or steps, of which epochs follow.
fn steps(settings: &mut Settings, flags: &Flags) -> Result<()> {
    let Some(steps) = flags.training.steps else { return Ok(()) };
    need(flags.training.epochs.is_none(), || {
        "--steps and --epochs both say how long to train: give one of them".into()
    })?;
    let per_epoch = settings.train_limit.div_ceil(settings.batch);
    Range::Count(MAX_EPOCHS * per_epoch, "steps a run may have").check("steps", &steps)?;
    settings.epochs = steps.div_ceil(per_epoch);
    settings.origins.insert("epochs".into(), "--steps".into());
    Ok(())
}

/// The recipe that is named, else that of the network's name, else LeNet-5's.
fn recipe(flags: &Flags, from: Option<&Network>) -> Result<&'static Recipe> {
    let find = |name: &str| ALL.iter().find(|recipe| recipe.name == name);
    let asked = flags.network.network.as_ref().map(NetworkChoice::name);
    let network = from.map(|network| network.name.as_str()).or(asked);
    let Some(name) = flags.recipe.as_deref() else {
        // A network that has no recipe of its name takes the default one.
        return Ok(network.and_then(find).unwrap_or(&LENET5));
    };
    find(name).ok_or_else(|| {
        let (meant, names) = (did_you_mean(name, names()), names().collect::<Vec<_>>());
        let names = names.join(", ");
        Error::Usage(format!("--recipe {name} is unknown: give one of {names}{meant}"))
    })
}

/// Returns what is wrong, without how the command is used.
pub(crate) fn first_lines(error: &clap::Error) -> String {
    let text = in_plain_words(&error.render().to_string());
    let end = ["\n\nUsage:", "\n\nFor more"].iter().filter_map(|mark| text.find(mark)).min();
    text[..end.unwrap_or(text.len())].trim_start_matches("error: ").trim_end().into()
}
