//! Chooses the network of a run: that of `--network` and its flags, or that of the model it starts from.

use super::{Available, Flags, NetworkArgs, NetworkChoice};
use crate::error::{Error, Result, need};
use crate::network::{CLASSES, Network, Options, Output, Table, build, lenet};

/// Builds the network that was asked for, and fills `asked` with all its settings.
///
/// # Errors
/// [`Error::Usage`] if flags contradict each other or make no network.
pub(super) fn choose(
    asked: &mut Flags,
    of_recipe: &Flags,
    by_recipe: &str,
    data: &Available,
) -> Result<Network> {
    let args = &asked.network;
    let own = of_recipe.network.table(lenet::lenet5())?;
    let mut table = args.table(&own)?;
    let mut base = table.options;
    base.scaling = of_recipe.network.input.unwrap_or(base.scaling);
    let options = for_data(&mut table, args.options(base), data)?;
    let network = build(&table, options)?;
    let typed = args.network.as_ref().map(|asked| format!("--network {}", asked.name()));
    let origin = typed.filter(|_| table.name != own.name).unwrap_or_else(|| by_recipe.into());
    if let Some(NetworkChoice::Word(word)) = &mut asked.network.network
        && *word != table.name
    {
        // It was a path.
        asked.origins.insert("network".into(), origin.clone());
        word.clone_from(&table.name);
    }
    let all = NetworkArgs::of(&network);
    let layer = |network: NetworkArgs| Flags { network, ..Flags::default() };
    asked.under(
        &layer(NetworkArgs { input: of_recipe.network.input, ..NetworkArgs::default() }),
        by_recipe,
    );
    if asked.network.output.is_some() {
        let loss = all.loss;
        asked.under(&layer(NetworkArgs { loss, ..NetworkArgs::default() }), "--output");
    }
    asked.under(&layer(all), &origin);
    Ok(network)
}

/// The choices of a network on these data: their side, and an output for each class, of which the table gets
/// the names.
fn for_data(table: &mut Table, options: Options, data: &Available) -> Result<Options> {
    suits(table, data)?;
    let Available { side, classes, names, .. } = data;
    if !names.are_numbers() {
        table.names = names.clone();
    }
    // Ten bitmaps do for fewer digits.
    let digits = options.output == Output::Rbf && names.are_numbers() && *classes < CLASSES;
    Ok(Options { side: *side, classes: if digits { CLASSES } else { *classes }, ..options })
}

/// Whether the data are such as a table asks for.
///
/// # Errors
/// [`Error::Usage`] if it is for another side, or for other classes.
pub fn suits(table: &Table, data: &Available) -> Result<()> {
    let Available { side, classes, names, .. } = data;
    for (key, asked, found) in [("side", table.side, side), ("classes", table.classes, classes)] {
        if let Some(asked) = asked.filter(|asked| asked != found) {
            return Err(Error::Usage(format!(
                "the network {} is for data with {key} = {asked}, and these have {found}: give other data, or \
                 leave {key:?} out of its file",
                table.name
            )));
        }
    }
    let is_same = names.are_numbers() || [names.list(), &[]].contains(&table.names.list());
    need(is_same, || {
        format!(
            "the network {} is for data with the classes {}, and these have {}: give other data, or leave \
             \"classes\" out of its file",
            table.name,
            table.names.list().join(", "),
            names.list().join(", ")
        )
    })
}

/// The network of a model; flags may repeat what it is, but not change it.
///
/// # Errors
/// [`Error::Usage`] or [`Error::Data`] if they would.
pub(super) fn from_model(
    asked: &mut Flags,
    network: &Network,
    data: &Available,
) -> Result<Network> {
    let args = &asked.network;
    let Options { side, classes, .. } = network.options;
    need(side == data.side && classes >= data.classes, || {
        format!(
            "the model given with --from sees {side}x{side} pixels and has {classes} classes, and the data have \
             {0}x{0} and {1}: give other data, or leave out --from",
            data.side, data.classes
        )
    })?;
    need(data.names.are_numbers() || data.names == network.classes, || {
        format!(
            "the data have the classes {}, and the model given with --from has others: leave out --from",
            data.names.list().join(", ")
        )
    })?;
    need(asked.training.init.is_none(), || {
        "--init draws the first weights, but --from brings them along: leave out one".into()
    })?;
    let name = args.network.as_ref().map(NetworkChoice::name);
    if let Some(name) = name.filter(|&name| name != network.name) {
        return Err(Error::Data(format!(
            "the model given with --from holds {}, not the --network {name} that was asked for: \
             leave out --network, or give another model",
            network.name
        )));
    }
    let loss = Options {
        loss: args.loss.unwrap_or(network.options.loss),
        j: args.j.unwrap_or(network.options.j),
        ..network.options
    };
    let own = NetworkArgs::of(network).given();
    let free = |name: &str| ["network", "loss", "j"].contains(&name);
    let other = args.given().into_iter().find(|row| !free(&row.0) && !own.contains(row));
    if let Some((name, value)) = other {
        return Err(Error::Usage(format!(
            "--from brings its network along, whose --{name} is not {value}: leave out --{name}"
        )));
    }
    let network = network.with(loss)?;
    // The network came with the model, so the settings name only these.
    for (name, _) in asked.network.given().iter().filter(|(name, _)| name != "loss") {
        asked.origins.remove(name);
    }
    let NetworkArgs { network: name, output, loss, .. } = NetworkArgs::of(&network);
    asked.network = NetworkArgs { loss: asked.network.loss, ..NetworkArgs::default() };
    let told = NetworkArgs { network: name, output, loss, ..NetworkArgs::default() };
    asked.under(&Flags { network: told, ..Flags::default() }, "--from");
    Ok(network)
}
