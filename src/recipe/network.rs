//! The network of a run: a recipe's table and flags, or that of the model it starts from.

use super::settings::need;
use super::{Flags, NetworkArgs};
use crate::error::{Error, Result};
use crate::network::lenet::{self, Table};
use crate::network::{Loss, Network, Options, Output, build, named};

named! {
    /// Which connections the convolutions with a table have.
    pub enum ConnectionChoice {
        /// Those of the paper's table.
        Table = "table",
        /// All.
        Full = "full",
    }
}

impl NetworkArgs {
    /// Describes a network as flags do.
    pub(super) fn of(network: &Network) -> Self {
        let Options { border, scaling, squash, pool, full_connections, output, loss, j } =
            network.options;
        let connections =
            if full_connections { ConnectionChoice::Full } else { ConnectionChoice::Table };
        NetworkArgs {
            network: Some(network.name.clone()),
            input: Some(scaling),
            border: Some(border),
            squash: Some(squash),
            pool: Some(pool),
            connections: Some(connections),
            output: Some(output),
            loss: Some(loss),
            j: (output == Output::Rbf && loss == Loss::Map).then_some(j),
        }
    }

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
    /// [`Error::Usage`] if the flags contradict each other.
    pub fn build(&self) -> Result<Network> {
        let table = self.table(&lenet::LENET5);
        build(table, self.options(table.options()))
    }
}

/// The network that was asked for, of which `asked` then says everything.
///
/// # Errors
/// [`Error::Usage`] if flags contradict each other or make no network.
pub(super) fn choose(asked: &mut Flags, of_recipe: &Flags, by_recipe: &str) -> Result<Network> {
    let args = &asked.network;
    let own = of_recipe.network.table(&lenet::LENET5);
    let table = args.table(own);
    let mut base = table.options();
    base.scaling = of_recipe.network.input.unwrap_or(base.scaling);
    let network = build(table, args.options(base))?;
    let all = NetworkArgs::of(&network);
    let layer = |network: NetworkArgs| Flags { network, ..Flags::default() };
    let NetworkArgs { input, loss, .. } = all.clone();
    let named = NetworkArgs { network: all.network.clone(), input, ..NetworkArgs::default() };
    asked.under(&layer(named), by_recipe);
    if asked.network.output.is_some() {
        asked.under(&layer(NetworkArgs { loss, ..NetworkArgs::default() }), "--output");
    }
    let origin = if table.name == own.name { by_recipe } else { "--network" };
    asked.under(&layer(all), origin);
    Ok(network)
}

/// The network of a model; flags may repeat what it is, but not change it.
///
/// # Errors
/// [`Error::Usage`] or [`Error::Data`] if they would.
pub(super) fn from_model(asked: &mut Flags, network: &Network) -> Result<Network> {
    let args = &asked.network;
    need(asked.training.init.is_none(), || {
        "--init draws the first weights, but --from brings them along: leave out one".into()
    })?;
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
    let own = NetworkArgs::of(network).given();
    let free = |name: &str| ["network", "loss", "j"].contains(&name);
    let other = args.given().into_iter().find(|row| !free(&row.0) && !own.contains(row));
    if let Some((name, value)) = other {
        return Err(Error::Usage(format!(
            "--from brings its network along, whose --{name} is not {value}: leave out --{name}"
        )));
    }
    let network = network.with(loss)?;
    // Of a network that was not chosen the run says no more than this.
    for (name, _) in asked.network.given().iter().filter(|(name, _)| name != "loss") {
        asked.origins.remove(name);
    }
    let NetworkArgs { network: name, output, loss, .. } = NetworkArgs::of(&network);
    asked.network = NetworkArgs { loss: asked.network.loss, ..NetworkArgs::default() };
    let told = NetworkArgs { network: name, output, loss, ..NetworkArgs::default() };
    asked.under(&Flags { network: told, ..Flags::default() }, "--from");
    Ok(network)
}
