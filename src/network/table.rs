//! A network as a table of layers, and the file that it stands in.
//!
//! The keys of the file are those of the flags of `lenet train`; docs/networks.md describes each.

use serde::Deserialize;
use serde_json::json;
use toml::Spanned;

use super::connections::{TABLE_1990, TABLE_I};
use super::spec::{self, Row};
use super::{
    CLASSES, ClassNames, DIGIT_SIDE, KERNEL, Loss, Named, Network, Options, Output, PoolForm,
    Scaling, Squash, check_name,
};
use crate::text::{toml_fault, toml_place, toml_word};

/// A network before its shapes are worked out.
#[derive(Debug, Clone, PartialEq)]
pub struct Table {
    pub name: String,
    /// Where it comes from.
    pub source: String,
    /// Side and classes of the only data that it is for, where the file says.
    pub side: Option<usize>,
    pub classes: Option<usize>,
    /// What the classes are called, where the file says.
    pub names: ClassNames,
    /// The choices that its source made.
    pub options: Options,
    /// The layers before the output.
    pub rows: Vec<Row>,
    /// How to train it, where the file says so: settings by the names of their flags.
    pub recipe: Vec<(String, String)>,
}

/// The keys of a file.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    name: String,
    #[serde(default)]
    source: String,
    side: Option<usize>,
    classes: Option<Classes>,
    input: Option<Scaling>,
    #[serde(default)]
    border: usize,
    squash: Option<Squash>,
    pool: Option<PoolForm>,
    layers: Vec<Spanned<Entry>>,
    output: Option<Output>,
    loss: Option<Loss>,
    j: Option<f32>,
    #[serde(default)]
    recipe: toml::Table,
}

/// The classes of a file: their number, or their names.
#[derive(Deserialize)]
#[serde(
    untagged,
    expecting = "\"classes\" is a number, or a list of names: 26, or [\"cat\", \"dog\"]"
)]
enum Classes {
    Number(usize),
    Names(Vec<String>),
}

/// A layer of a file: one of `conv`, `pool` and `linear` is its name.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    conv: Option<String>,
    pool: Option<String>,
    linear: Option<String>,
    maps: Option<usize>,
    kernel: Option<usize>,
    units: Option<usize>,
    connections: Option<toml::Value>,
}

impl Table {
    /// Reads the text of a file.
    ///
    /// # Errors
    /// What is wrong with it, with line and column or the layer.
    pub fn parse(text: &str) -> Result<Table, String> {
        let file: File = toml::from_str(text).map_err(|error| toml_fault(text, &error))?;
        check_name(&file.name).map_err(|error| error.to_string())?;
        let row = |(at, entry): (usize, Spanned<Entry>)| {
            let place = toml_place(text, entry.span().start);
            entry.into_inner().row().map_err(|fault| format!("{place}layer {}: {fault}", at + 1))
        };
        let rows = file.layers.into_iter().enumerate().map(row).collect::<Result<_, String>>()?;
        let setting = |(key, value): (String, toml::Value)| match toml_word(&value) {
            Some(word) => Ok((key, word)),
            None => Err(format!("[recipe]: \"{key}\" is neither a number nor a word")),
        };
        let (classes, names) = match file.classes {
            None => (None, ClassNames::NUMBERS),
            Some(Classes::Number(number)) => (Some(number), ClassNames::NUMBERS),
            Some(Classes::Names(names)) => (Some(names.len()), ClassNames::new(names)?),
        };
        let output = file.output.unwrap_or(Output::Linear);
        Ok(Table {
            name: file.name,
            source: file.source,
            side: file.side,
            classes,
            names,
            options: Options {
                side: file.side.unwrap_or(DIGIT_SIDE),
                classes: classes.unwrap_or(CLASSES),
                border: file.border,
                scaling: file.input.unwrap_or(Scaling::Paper),
                squash: file.squash.unwrap_or(Squash::Scaled),
                pool: file.pool.unwrap_or(PoolForm::Sum),
                full_connections: false,
                output,
                loss: file.loss.unwrap_or(Loss::of(output)),
                j: file.j.unwrap_or(10.0),
            },
            rows,
            recipe: file.recipe.into_iter().map(setting).collect::<Result<_, String>>()?,
        })
    }

    /// The table that a network was built from, with its choices.
    pub fn of(network: &Network) -> Table {
        let Network { options: Options { side, classes, .. }, classes: names, .. } = network;
        let (side, classes) = (*side, *classes);
        Table {
            name: network.name.clone(),
            source: network.source.clone(),
            side: (side != DIGIT_SIDE).then_some(side),
            classes: (classes != CLASSES || !names.are_numbers()).then_some(classes),
            names: names.clone(),
            options: network.options,
            rows: spec::rows(network),
            recipe: Vec::new(),
        }
    }

    /// The text of a file that holds the table.
    pub fn text(&self) -> String {
        let Options {
            side: _,
            classes: _,
            border,
            scaling,
            squash,
            pool,
            full_connections: _,
            output,
            loss,
            j,
        } = self.options;
        let mut text = format!("name = {}\n", quoted(&self.name));
        if !self.source.is_empty() {
            text.push_str(&format!("source = {}\n", quoted(&self.source)));
        }
        if let Some(side) = self.side {
            text.push_str(&format!("side = {side}\n"));
        }
        match self.classes {
            Some(_) if !self.names.are_numbers() => {
                let names: Vec<_> = self.names.list().iter().map(|name| quoted(name)).collect();
                text.push_str(&format!("classes = [{}]\n", names.join(", ")));
            }
            Some(classes) => text.push_str(&format!("classes = {classes}\n")),
            None => {}
        }
        let choices = [
            ("border", border.to_string()),
            ("input", quoted(scaling.name())),
            ("squash", quoted(squash.name())),
            ("pool", quoted(pool.name())),
        ];
        choices.iter().for_each(|(key, value)| text.push_str(&format!("{key} = {value}\n")));
        text.push_str("layers = [\n");
        self.rows.iter().for_each(|row| text.push_str(&format!("    {},\n", entry(row))));
        text.push_str("]\n");
        text.push_str(&format!("output = {}\n", quoted(output.name())));
        text.push_str(&format!("loss = {}\n", quoted(loss.name())));
        if loss == Loss::Map {
            text.push_str(&format!("j = {j:?}\n"));
        }
        text
    }
}

impl Entry {
    fn row(self) -> Result<Row, String> {
        let Entry { conv, pool, linear, maps, kernel, units, connections } = self;
        let unused = |what: &str, there: bool, of: &str| match there {
            true => Err(format!("\"{what}\" belongs to {of}")),
            false => Ok(()),
        };
        let is_one = [&conv, &pool, &linear].into_iter().flatten().count() == 1;
        if is_one && conv.is_none() {
            unused("maps", maps.is_some(), "a \"conv\"")?;
            unused("kernel", kernel.is_some(), "a \"conv\"")?;
            unused("connections", connections.is_some(), "a \"conv\"")?;
        }
        if is_one && linear.is_none() {
            unused("units", units.is_some(), "a \"linear\" layer")?;
        }
        match (conv, pool, linear) {
            (Some(name), None, None) => {
                let maps = maps.ok_or("a \"conv\" has \"maps\", the number of its feature maps")?;
                let connections = connections.map(listed).transpose()?.flatten();
                Ok(Row::Conv { name, maps, kernel: kernel.unwrap_or(KERNEL), connections })
            }
            (None, Some(name), None) => Ok(Row::Pool { name }),
            (None, None, Some(name)) => {
                let units = units.ok_or("a \"linear\" layer has \"units\", their number")?;
                Ok(Row::Linear { name, units })
            }
            _ => Err("it is one of conv, pool and linear, each with its name: { conv = \"c1\", \
                      maps = 6 }"
                .into()),
        }
    }
}

/// The connections that a file names or lists; `None` is all.
fn listed(value: toml::Value) -> Result<Option<Vec<Vec<usize>>>, String> {
    let of = |table: &[&[usize]]| Some(table.iter().map(|row| row.to_vec()).collect());
    match value.as_str() {
        Some("full") => return Ok(None),
        Some("table-1") => return Ok(of(TABLE_I)),
        Some("1990") => return Ok(of(TABLE_1990)),
        _ => {}
    }
    value.try_into().map(Some).map_err(|_| {
        "\"connections\" is \"full\", \"table-1\" (1998), \"1990\", or for each feature map the list of \
         the input maps that it sees, counted from 0: [[0, 1], [1, 2]]"
            .into()
    })
}

/// Writes a string for TOML, escaped as in JSON; TOML also wants an escape for U+007F.
fn quoted(text: &str) -> String {
    json!(text).to_string().replace('\u{7f}', "\\u007f")
}

/// The text of a layer in a file.
fn entry(row: &Row) -> String {
    match row {
        Row::Conv { name, maps, kernel, connections } => {
            let kernel = match *kernel {
                KERNEL => String::new(),
                other => format!(", kernel = {other}"),
            };
            let connections = match connections {
                None => String::new(),
                Some(rows) if rows == TABLE_I => ", connections = \"table-1\"".into(),
                Some(rows) if rows == TABLE_1990 => ", connections = \"1990\"".into(),
                Some(rows) => format!(", connections = {rows:?}"),
            };
            format!("{{ conv = {}, maps = {maps}{kernel}{connections} }}", quoted(name))
        }
        Row::Pool { name } => format!("{{ pool = {} }}", quoted(name)),
        Row::Linear { name, units } => format!("{{ linear = {}, units = {units} }}", quoted(name)),
        Row::Rbf { name } => format!("{{ rbf = {} }}", quoted(name)),
    }
}
