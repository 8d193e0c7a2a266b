//! Settings as they are picked: a flag's value or a default, and which of the two it was.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::Shuffle;
use super::optimizer::{Curvature, Method};
use super::schedule::Schedule;
use crate::network::init::Init;
use crate::network::{Loss, Output, PoolForm, Scaling, Squash};

/// A resolved setting, for the table.
#[derive(Debug, Clone, PartialEq)]
pub struct Row {
    pub name: &'static str,
    pub value: Value,
    pub origin: String,
}

/// Collects rows while settings are picked.
pub(super) struct Picker {
    /// What a default comes from that has no other origin.
    pub recipe: String,
    /// Of flags that were not typed.
    pub origins: BTreeMap<String, String>,
    pub rows: Vec<Row>,
}

impl Picker {
    /// The flag's value if it was given, else the default, whose origin is `from` or the recipe.
    pub(super) fn pick<T>(
        &mut self,
        name: &'static str,
        flag: Option<T>,
        default: T,
        from: Option<&str>,
    ) -> T
    where
        T: Clone + Into<Shown>,
    {
        let origin = match (&flag, from) {
            (Some(_), _) => self.origins.get(name).cloned().unwrap_or_else(|| format!("--{name}")),
            (None, Some(from)) => from.to_string(),
            (None, None) => self.recipe.clone(),
        };
        let value = flag.unwrap_or(default);
        self.rows.push(Row { name, value: value.clone().into().0, origin });
        value
    }
}

/// A value as JSON; f32 with the digits that were typed, not those of the nearest f64.
pub(super) struct Shown(Value);

impl From<f32> for Shown {
    fn from(value: f32) -> Self {
        Shown(value.to_string().parse::<f64>().map_or(Value::Null, Value::from))
    }
}

macro_rules! shown {
    ($($type:ty: $value:ident => $json:expr;)*) => {
        $(impl From<$type> for Shown {
            fn from($value: $type) -> Self {
                Shown($json)
            }
        })*
    };
}

shown! {
    usize: value => json!(value);
    u64: value => json!(value);
    &'static str: value => json!(value);
    Schedule: value => json!(value.to_string());
    Init: value => json!(value);
    Squash: value => json!(value);
    PoolForm: value => json!(value);
    Scaling: value => json!(value);
    Output: value => json!(value);
    Loss: value => json!(value);
    Method: value => json!(value);
    Curvature: value => json!(value);
    Shuffle: value => json!(value);
}
