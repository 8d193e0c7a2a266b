//! The network of a run: a recipe's table and flags, or that of the model it starts from.

use std::path::Path;

use clap::builder::{NonEmptyStringValueParser, TypedValueParser, ValueParser};
use serde_json::{Value, json};

use super::NetworkArgs;
use super::setting::Held;
use super::settings::{OF_J, misplaced};
use crate::disk;
use crate::error::{Error, Result};
use crate::network::{Loss, Network, Options, Output, SIDES, Table, build, lenet, named};
use crate::plan::Layout;
use crate::text::did_you_mean;

/// Bytes of a network file at most.
const MAX_FILE: u64 = 1 << 20;

/// The network that `--network` asks for.
#[derive(Debug, Clone, PartialEq)]
pub enum NetworkChoice {
    /// By its name, or by the path of its file.
    Word(String),
    /// That of a run or of a library's user.
    Table(Box<Table>),
}

impl Held for NetworkChoice {
    fn parser() -> ValueParser {
        NonEmptyStringValueParser::new().map(NetworkChoice::Word).into()
    }

    fn json(&self) -> Value {
        json!(self.name())
    }
}

impl From<&str> for NetworkChoice {
    fn from(word: &str) -> Self {
        NetworkChoice::Word(word.into())
    }
}

impl NetworkChoice {
    /// The word that was given, or the name of the table.
    pub fn name(&self) -> &str {
        match self {
            NetworkChoice::Word(word) => word,
            NetworkChoice::Table(table) => &table.name,
        }
    }

    /// The table: of this program, or from the file of that path.
    ///
    /// # Errors
    /// [`Error::Usage`] if it is neither; [`Error::Data`] if the file is no network.
    pub fn table(&self) -> Result<Table> {
        match self {
            NetworkChoice::Table(table) => Ok((**table).clone()),
            NetworkChoice::Word(word) => match lenet::find(word) {
                Some(table) => Ok(table.clone()),
                None if Self::is_path(word, Path::new("")) => read(Path::new(word)),
                None => {
                    let names = || lenet::all().iter().map(|table| table.name.as_str());
                    let all = names().collect::<Vec<_>>().join(", ");
                    let meant = did_you_mean(word, names());
                    Err(Error::Usage(format!(
                        "--network {word} is unknown: give one of {all}, or the path of a network file \
                         (docs/networks.md){meant}"
                    )))
                }
            },
        }
    }

    /// Whether a word is meant as a path, seen from a folder, and not as the name of a network.
    pub fn is_path(word: &str, folder: &Path) -> bool {
        lenet::find(word).is_none()
            && (word.ends_with(".toml")
                || word.contains(std::path::is_separator)
                || folder.join(word).exists())
    }
}

/// Reads a network file, which has to be sound with its own choices. One that names no side only has to fit some
/// pictures: whether it fits those of a run is said when their side is known.
fn read(path: &Path) -> Result<Table> {
    let cannot_read = |what: String| {
        Error::cannot_read(path, what, "docs/networks.md says what a network file holds")
    };
    let text = disk::read_text(path, MAX_FILE).map_err(|error| cannot_read(error.to_string()))?;
    let table = Table::parse(&text).map_err(cannot_read)?;
    let fits = |side: usize| {
        build(&table, Options { side, ..table.options }).and_then(|network| Layout::of(&network))
    };
    if let Err(error) = fits(table.options.side)
        && (table.side.is_some() || !SIDES.into_iter().any(|side| fits(side).is_ok()))
    {
        return Err(cannot_read(error.to_string()));
    }
    super::file::of_table(&table).map_err(|error| cannot_read(format!("[recipe]: {error}")))?;
    match lenet::find(&table.name) {
        Some(own) if (&own.rows, own.options) != (&table.rows, table.options) => {
            Err(cannot_read(format!(
                "a network of this program has the name {:?} and other layers or choices: choose \
                 another name",
                table.name
            )))
        }
        _ => Ok(table),
    }
}

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
        let Options { border, scaling, squash, pool, full_connections, output, loss, j, .. } =
            network.options;
        let connections =
            if full_connections { ConnectionChoice::Full } else { ConnectionChoice::Table };
        NetworkArgs {
            network: Some(NetworkChoice::Word(network.name.clone())),
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

    /// The table that `--network` asks for, or `default`.
    ///
    /// # Errors
    /// As [`NetworkChoice::table`].
    pub fn table(&self, default: &Table) -> Result<Table> {
        self.network.as_ref().map_or_else(|| Ok(default.clone()), NetworkChoice::table)
    }

    /// What `base` says, with the flags that were given in its place.
    pub fn options(&self, base: Options) -> Options {
        let output = self.output.unwrap_or(base.output);
        let loss = match (output, base.output) {
            // Another output brings its own loss along.
            (output, before) if output == before => base.loss,
            (output, _) => Loss::of(output),
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
            ..base
        }
    }

    /// The network, LeNet-5 unless another is named.
    ///
    /// # Errors
    /// [`Error::Usage`] if the flags contradict each other.
    pub fn build(&self) -> Result<Network> {
        let table = self.table(lenet::lenet5())?;
        let options = self.options(table.options);
        self.suit(&options)?;
        build(&table, options)
    }

    /// Checks that every choice means something for a network with these options.
    ///
    /// # Errors
    /// [`Error::Usage`] naming the flag that does not.
    pub fn suit(&self, options: &Options) -> Result<()> {
        let has_j = (options.output, options.loss) == (Output::Rbf, Loss::Map);
        if self.j.is_some() && !has_j { Err(misplaced("j", OF_J)) } else { Ok(()) }
    }
}
