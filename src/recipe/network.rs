//! The network of a run: a recipe's table and flags, or that of the model it starts from.

use super::Recipe;
use super::args::NetworkArgs;
use super::picker::Picker;
use super::settings::Flags;
use crate::error::{Error, Result};
use crate::network::{Loss, Network, Options, Output, build, lenet};

pub(super) fn network(
    flags: &Flags,
    recipe: &Recipe,
    from: Option<&Network>,
    p: &mut Picker,
) -> Result<Network> {
    let args = &flags.network;
    if let Some(network) = from {
        return from_model(args, network, flags.init.is_some(), p);
    }
    let table = args.table(recipe.table);
    let own = std::ptr::eq(table, recipe.table);
    let mut base = table.options();
    if let Some(scaling) = recipe.scaling {
        base.scaling = scaling;
    }
    let options = args.options(base);
    let origin = if own { None } else { Some("--network") };
    p.pick("network", args.network.as_ref().map(|_| table.name), table.name, None);
    p.pick("input", args.input, options.scaling, None);
    p.pick("border", args.border, options.border, origin);
    p.pick("squash", args.squash, options.squash, origin);
    p.pick("pool", args.pool, options.pool, origin);
    let connections = if options.full_connections { "full" } else { "table" };
    p.pick("connections", args.connections.map(|_| connections), connections, origin);
    p.pick("output", args.output, options.output, origin);
    let brought = args.output.is_some().then_some("--output");
    p.pick("loss", args.loss, options.loss, brought.or(origin));
    if options.output == Output::Rbf && options.loss == Loss::Map {
        p.pick("j", args.j, options.j, origin);
    } else if args.j.is_some() {
        return Err(Error::Usage(
            "--j belongs to eq. 9, and this run has another loss: leave it out, or give \
             --output rbf --loss map"
                .into(),
        ));
    }
    build(table, options)
}

/// The network of a model; flags may repeat what it is, but not change it.
fn from_model(
    args: &NetworkArgs,
    network: &Network,
    init: bool,
    p: &mut Picker,
) -> Result<Network> {
    if init {
        return Err(Error::Usage(
            "--init draws the first weights, but --from brings them along: leave out one".into(),
        ));
    }
    if let Some(name) = args.network.as_deref().filter(|&name| name != network.name) {
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
    let asked = args.options(loss);
    if asked != loss {
        return Err(Error::Usage(format!(
            "--from brings its network along ({:?}), which --squash, --pool, --connections, \
             --input, --border and --output cannot change: leave them out",
            network.options
        )));
    }
    let from = Some("--from");
    p.pick("network", None, network.name, from);
    p.pick("output", None, loss.output, from);
    p.pick("loss", args.loss, loss.loss, from);
    let table = lenet::find(network.name).expect("a model holds a known network");
    build(table, loss)
}
