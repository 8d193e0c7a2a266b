//! The network as flags ask for it.

use clap::builder::{PossibleValue, PossibleValuesParser, TypedValueParser};
use clap::{Args, ValueEnum};

use crate::error::Result;
use crate::network::lenet::{self, Table};
use crate::network::{Loss, Named, Network, Options, Output, PoolForm, Scaling, Squash, build};

/// Reads a choice from its word.
pub fn words<T: Named>() -> impl TypedValueParser<Value = T> {
    let words = T::NAMES.iter().map(|&(_, name, help)| PossibleValue::new(name).help(help));
    PossibleValuesParser::new(words).map(|word| T::find(&word).expect("one of the words"))
}

/// Which connections the convolutions with a table have.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum ConnectionChoice {
    /// Those of the paper's table.
    Table,
    /// All.
    Full,
}

/// The network and what can be chosen about it.
#[derive(Debug, Clone, Default, Args)]
#[command(next_help_heading = "Network")]
pub struct NetworkArgs {
    /// Network [default: lenet5, or the recipe's]
    #[arg(long, value_name = "NAME", value_parser = names())]
    pub network: Option<String>,
    /// Squash behind every layer [default: scaled]
    #[arg(long, value_parser = words::<Squash>())]
    pub squash: Option<Squash>,
    /// Form of the weighted 2x2 pooling [default: the network's: lenet1 mean, lenet5 sum]
    #[arg(long, value_parser = words::<PoolForm>())]
    pub pool: Option<PoolForm>,
    /// Connections of the convolutions that have a table [default: table]
    #[arg(long, value_enum)]
    pub connections: Option<ConnectionChoice>,
    /// Scaling of the pixels: paper -0.1..1.175, symmetric -1..1 [default: paper]
    #[arg(long, value_parser = words::<Scaling>())]
    pub input: Option<Scaling>,
    /// Pixels of background around the 28x28 digit [default: the network's: lenet1 0, lenet5 2]
    #[arg(long, value_name = "PIXELS")]
    pub border: Option<usize>,
    /// Output layer [default: the network's: lenet5 rbf, else linear]
    #[arg(long, value_parser = words::<Output>())]
    pub output: Option<Output>,
    /// Loss: mse (with rbf: eq. 8) or map (eq. 9) [default: rbf map, linear mse]
    #[arg(long, value_parser = words::<Loss>())]
    pub loss: Option<Loss>,
    /// j of eq. 9, a positive number [default: 10]
    #[arg(long, value_name = "J")]
    pub j: Option<f32>,
}

fn names() -> PossibleValuesParser {
    PossibleValuesParser::new(lenet::ALL.iter().map(|table| table.name))
}

impl NetworkArgs {
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
    /// [`crate::Error::Usage`] if the flags contradict each other.
    pub fn build(&self) -> Result<Network> {
        let table = self.table(&lenet::LENET5);
        build(table, self.options(table.options()))
    }
}
