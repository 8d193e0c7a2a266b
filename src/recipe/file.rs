//! The `[recipe]` of a network file: how its network is trained where no flag says otherwise.

use serde_json::{Value, json};

use super::distortion::Switch;
use super::optimizer::{Method, OF_ADAM, OF_EACH, OF_SDLM};
use super::settings::OF_DISTORTION;
use super::{Available, Flags, NetworkArgs, Row, Settings, TrainingArgs};
use crate::error::{Error, Result, need};
use crate::network::{Network, Table};
use crate::text::plain;

/// The flags, with what the file of their network says of training where they say nothing.
pub(super) fn with_file(flags: &Flags, from: Option<&Network>) -> Result<Flags> {
    let mut flags = flags.clone();
    let Some(asked) = flags.network.network.as_ref().filter(|_| from.is_none()) else {
        return Ok(flags);
    };
    let (table, origin) = (asked.table()?, format!("{}, [recipe]", asked.name()));
    let mut layer = of_table(&table).map_err(|error| Error::Data(format!("{origin}: {error}")))?;
    ruled_out(&flags, &table, &layer).into_iter().for_each(|name| layer.remove(name));
    flags.under(&layer, &origin);
    Ok(flags)
}

/// The settings of a file that typed flags leave no use for, or take the place of.
fn ruled_out(typed: &Flags, table: &Table, of_file: &Flags) -> Vec<&'static str> {
    let Flags { training: TrainingArgs { steps, epochs, .. }, network, .. } = typed;
    let options = network.options(table.options);
    let ends_alike = (options.output, options.loss) == (table.options.output, table.options.loss);
    let method = |flags: &Flags| flags.optimizer.optimizer;
    let of_file = method(of_file).unwrap_or(Method::Sgd);
    let moves_alike = method(typed).is_none_or(|typed| typed == of_file);
    let rules: [(bool, &[&str]); 7] = [
        (steps.is_some(), &["epochs"]),
        (epochs.is_some(), &["steps"]),
        // A rate is for its optimizer and its loss.
        (!ends_alike, &["lr", "curvature"]),
        (!moves_alike, OF_EACH),
        (!moves_alike, OF_SDLM),
        (!moves_alike, OF_ADAM),
        (typed.distort.distort == Some(Switch::Off), OF_DISTORTION),
    ];
    rules
        .into_iter()
        .filter(|(applies, _)| *applies)
        .flat_map(|(_, names)| names)
        .copied()
        .collect()
}

/// What the file of a network says of training.
///
/// # Errors
/// [`Error::Usage`] naming a key that is no setting of training, or a value that cannot be.
pub fn of_table(table: &Table) -> Result<Flags> {
    let settings: Vec<(&str, &str)> =
        table.recipe.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    let layer = Flags::of(&settings)?;
    layer.check()?;
    need(layer.recipe.is_none(), || "a network file takes no \"recipe\": leave it out".into())?;
    match layer.network.given().first() {
        Some((name, _)) => {
            Err(Error::Usage(format!("\"{name}\" describes the network: put it above [recipe]")))
        }
        None => Ok(layer),
    }
}

/// The `[recipe]` for a network that flags name, as the end of its file: how `lenet train` trains it.
///
/// # Errors
/// As [`Settings::resolve`].
pub fn text(network: &NetworkArgs) -> Result<String> {
    let flags = Flags { network: network.clone(), ..Flags::default() };
    let settings = Settings::resolve(&flags, Available::suiting(network)?, None)?;
    let of_network = NetworkArgs::of(&settings.network).given();
    let is_known = |name: &str| of_network.iter().any(|(of_network, _)| of_network == name);
    let rows = settings.rows().into_iter();
    let rows = rows.filter(|row| row.origin.contains("recipe") && !is_known(&row.name));
    let line = |row: Row| {
        let value = match &row.value {
            number @ Value::Number(_) => number.to_string(),
            other => json!(plain(other)).to_string(),
        };
        format!("{} = {value}\n", row.name)
    };
    Ok(format!("\n[recipe]\n{}", rows.map(line).collect::<String>()))
}
