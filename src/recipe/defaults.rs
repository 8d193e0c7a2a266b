//! The defaults of settings, as the help of their flags shows them.

use std::collections::BTreeMap;

use clap::Arg;

use super::recipes::{ALL, LENET5};
use super::settings::ALL_THERE_ARE;
use super::{Available, Flags, Row, Settings};

/// How the help of a flag ends until [`with_default`] says what the recipes have. In step with `group!`.
const BY_RECIPE: &str = " [default: the recipe's]";

/// Returns the default of every setting: that of the recipe lenet5, then what other recipes have
/// instead, as `16; lenet1 8`.
///
/// # Panics
/// If a recipe cannot be resolved, which is a bug.
pub fn defaults() -> BTreeMap<String, String> {
    let rows = |recipe: &str| {
        let flags = Flags { recipe: Some(recipe.into()), ..Flags::default() };
        let settings = Settings::resolve(&flags, Available::MNIST, None);
        settings.expect("the settings of a recipe").rows()
    };
    let shown = |row: Row| match row.origin.as_str() {
        ALL_THERE_ARE => (row.name, "all".to_string()),
        _ => (row.name.clone(), row.text()),
    };
    let own: BTreeMap<_, _> = rows(LENET5.name).into_iter().map(shown).collect();
    let of_table = Flags::defaults()
        .given()
        .into_iter()
        .map(|(name, value)| shown(Row { name, value, origin: String::new() }));
    let base: BTreeMap<_, _> = of_table.chain(own).collect();
    let mut defaults = base.clone();
    for recipe in ALL {
        for (name, text) in rows(recipe.name).into_iter().map(shown) {
            if base.get(&name) != Some(&text) {
                defaults.entry(name).or_default().push_str(&format!("; {} {text}", recipe.name));
            }
        }
    }
    defaults
}

/// Puts the default of a setting into the help of its flag.
pub fn with_default(arg: Arg, defaults: &BTreeMap<String, String>) -> Arg {
    let help = arg.get_help().map(ToString::to_string).unwrap_or_default();
    let Some(help) = help.trim().strip_suffix(BY_RECIPE) else { return arg };
    let default = arg.get_long().and_then(|name| defaults.get(name));
    let default = default.map(|default| format!(" [default: {default}]")).unwrap_or_default();
    arg.help(format!("{help}{default}"))
}
