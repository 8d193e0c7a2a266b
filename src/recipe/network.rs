//! The network of a run: a recipe's table and flags, or that of the model it starts from.

use std::path::Path;

use clap::builder::{NonEmptyStringValueParser, TypedValueParser, ValueParser};
use serde_json::{Value, json};

use super::setting::Held;
use super::settings::{OF_J, misplaced, need};
use super::{Available, Flags, NetworkArgs};
use crate::disk;
use crate::error::{Error, Result};
use crate::network::{CLASSES, Loss, Network, Options, Output, SIDES, Table, build, lenet, named};
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
