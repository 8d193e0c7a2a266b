//! What a setting is: how its value is read, shown and checked. [`super::table`] describes each.
//!
//! `group!` makes flags of a list of settings; `settings!` also makes [`super::Flags`], all that may be
//! asked for, and [`super::Settings`], all that a run goes by.

use std::collections::BTreeMap;

use clap::builder::{PossibleValue, PossibleValuesParser, TypedValueParser, ValueParser};
use serde_json::{Value, json};

use crate::network::Named;

/// Where values come from, by the names of their settings.
pub type Origins = BTreeMap<String, String>;

/// A setting of a run, for the table.
#[derive(Debug, Clone, PartialEq)]
pub struct Row {
    pub name: String,
    pub value: Value,
    pub origin: String,
}

impl Row {
    /// Returns the value for a person.
    pub fn text(&self) -> String {
        words_of(&self.value)
    }
}

/// Returns a value as it is typed.
pub(super) fn words_of(value: &Value) -> String {
    match value {
        Value::String(word) => word.clone(),
        Value::Null => "no finite number".into(),
        other => other.to_string(),
    }
}

/// A value that a setting may have.
pub trait Held: Clone + Send + Sync + 'static {
    /// Reads it: from a flag, a file or a recipe.
    fn parser() -> ValueParser;

    /// The value in `run.json`: a number or a word.
    fn json(&self) -> Value;
}

/// Reads a choice from its word.
pub fn words<T: Named>() -> impl TypedValueParser<Value = T> {
    let words = T::NAMES
        .iter()
        .map(|&(_, name, help)| PossibleValue::new(name).help(help.trim().trim_end_matches('.')));
    PossibleValuesParser::new(words).map(|word| T::find(&word).expect("one of the words"))
}

impl<T: Named> Held for T {
    fn parser() -> ValueParser {
        ValueParser::new(words::<T>())
    }

    fn json(&self) -> Value {
        json!(self.name())
    }
}

macro_rules! whole_numbers {
    ($($type:ty)+) => {$(
        impl Held for $type {
            fn parser() -> ValueParser {
                clap::value_parser!($type).into()
            }

            fn json(&self) -> Value {
                json!(self)
            }
        }
    )+};
}

whole_numbers!(usize u64);

impl Held for f32 {
    fn parser() -> ValueParser {
        clap::value_parser!(f32).into()
    }

    /// With the digits that were typed, not those of the nearest f64.
    fn json(&self) -> Value {
        self.to_string().parse::<f64>().map_or(Value::Null, Value::from)
    }
}

/// A field as flags, keys and records call it: `train-limit`.
pub(super) fn flag(field: &str) -> String {
    field.replace('_', "-")
}

/// Makes flags of settings: name, type, unit and range of each; the comment is its help.
macro_rules! group {
    ($(#[$about:meta])* $heading:literal $group:ident {
        $($(#[doc = $help:literal])+ $name:ident: $type:ty, $unit:literal, $range:expr;)+
    }) => {
        $(#[$about])*
        #[derive(Debug, Clone, Default, PartialEq, clap::Args)]
        #[command(next_help_heading = $heading)]
        pub struct $group {
            $($(#[doc = $help])+
            #[arg(long, value_name = $unit, value_parser = <$type as Held>::parser(),
                  help = concat!($($help,)+ " [default: the recipe's]"))]
            pub $name: Option<$type>,)+
        }

        impl $group {
            /// Whether every number is in range.
            ///
            /// # Errors
            /// [`crate::Error::Usage`] naming the flag.
            pub fn check(&self) -> Result<()> {
                $(if let Some(value) = &self.$name {
                    $range.check(&flag(stringify!($name)), value)?;
                })+
                Ok(())
            }

            /// Takes from a layer what is not given here.
            pub(super) fn under(&mut self, layer: &Self, mut taken: impl FnMut(String)) {
                $(if self.$name.is_none() && layer.$name.is_some() {
                    self.$name = layer.$name.clone();
                    taken(flag(stringify!($name)));
                })+
            }

            /// Forgets what is given under a name.
            pub(super) fn remove(&mut self, name: &str) {
                $(if name == flag(stringify!($name)) {
                    self.$name = None;
                })+
            }

            /// What is given, by the names of the flags.
            pub(super) fn given(&self) -> Vec<(String, Value)> {
                let all = [$((stringify!($name), self.$name.as_ref().map(Held::json)),)+];
                all.into_iter().filter_map(|(name, value)| Some((flag(name), value?))).collect()
            }
        }
    };
}

/// Makes [`super::Flags`] and [`super::Settings`] of groups of settings, each with its default.
macro_rules! settings {
    ($($(#[$about:meta])* $heading:literal $field:ident: $group:ident {
        $($(#[doc = $help:literal])+ $name:ident: $type:ty = $default:expr, $unit:literal,
            $range:expr;)+
    })+) => {
        $(group! {
            $(#[$about])* $heading $group {
                $($(#[doc = $help])+ $name: $type, $unit, $range;)+
            }
        })+

        /// What is asked for: by the user, a file, a recipe.
        #[derive(Debug, Clone, Default, clap::Args)]
        pub struct Flags {
            /// Set of defaults [default: the network's, lenet5]
            #[arg(long, value_name = "NAME", value_parser = PossibleValuesParser::new(names()))]
            pub recipe: Option<String>,
            #[command(flatten)]
            pub network: NetworkArgs,
            $(#[command(flatten)]
            pub $field: $group,)+
            /// Where values come from that were not typed.
            #[arg(skip)]
            pub origins: Origins,
        }

        impl Flags {
            /// Returns what a run has where nobody asks; a network brings its own settings, and
            /// `--steps` has no default.
            pub(super) fn defaults() -> Self {
                let mut defaults = Flags {
                    $($field: $group { $($name: Some($default),)+ },)+
                    ..Flags::default()
                };
                defaults.training.steps = None;
                defaults
            }

            /// Forgets what is given under a name.
            pub(super) fn remove(&mut self, name: &str) {
                self.network.remove(name);
                $(self.$field.remove(name);)+
            }

            pub(super) fn check(&self) -> Result<()> {
                self.network.check()?;
                $(self.$field.check()?;)+
                Ok(())
            }

            /// Takes from a layer what is not given here.
            pub(super) fn under(&mut self, layer: &Self, origin: &str) {
                let Flags { network, $($field,)+ origins, .. } = self;
                let mut taken = |name: String| _ = origins.insert(name, origin.into());
                network.under(&layer.network, &mut taken);
                $($field.under(&layer.$field, &mut taken);)+
            }

            /// What is given, by the names of the flags.
            pub(super) fn given(&self) -> Vec<(String, Value)> {
                let mut given = self.network.given();
                $(given.extend(self.$field.given());)+
                given
            }
        }

        /// Every setting of a run.
        #[derive(Debug, Clone)]
        pub struct Settings {
            pub recipe: &'static str,
            pub network: Network,
            /// Layered until [`Settings::set_plan`].
            pub strategy: Strategy,
            /// Where the value of each setting comes from; a setting without one is not the run's.
            pub origins: Origins,
            $($($(#[doc = $help])+ pub $name: $type,)+)+
        }

        impl Settings {
            /// Returns the settings, with the default where nothing is asked for.
            pub(super) fn of(flags: Flags, recipe: &'static str, network: Network) -> Self {
                let Flags { $($field,)+ origins, .. } = flags;
                let strategy = Strategy::Layered;
                Settings {
                    recipe,
                    network,
                    strategy,
                    origins,
                    $($($name: $field.$name.unwrap_or($default),)+)+
                }
            }

            /// The settings that the run has, in the order of the table.
            pub fn rows(&self) -> Vec<Row> {
                let own = [$($((stringify!($name), self.$name.json()),)+)+];
                let own = own.into_iter().map(|(name, value)| (flag(name), value));
                let plan = ("plan".to_string(), json!(self.strategy.name()));
                let all = NetworkArgs::of(&self.network).given().into_iter().chain(own);
                let row = |(name, value)| {
                    let origin = self.origins.get(&name)?.clone();
                    Some(Row { name, value, origin })
                };
                all.chain([plan]).filter_map(row).collect()
            }
        }
    };
}

pub(super) use {group, settings};
