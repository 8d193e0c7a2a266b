//! A network is a table of layers.
//!
//! A [`Table`] stands in a file, those of [`lenet`] in the program. [`build`] turns one and the user's choices
//! into a [`Network`] whose shapes, parameters and connections are all known, [`init`] draws its first weights and
//! [`summary`] prints it. Shapes are `[maps, height, width]`.

pub mod bitmaps;
mod build;
mod choices;
mod classes;
pub mod connections;
pub mod init;
pub mod lenet;
mod names;
mod spec;
pub mod summary;
mod table;
pub mod tensors;

pub(crate) use build::fault;
pub use build::{Options, build, check_name};
pub use choices::{Loss, Output, PoolForm, Scaling, Squash, Tanh};
pub use classes::ClassNames;
pub use connections::Connections;
pub use names::Named;
pub(crate) use names::named;
pub(crate) use spec::MAX_NUMBERS;
pub use spec::Row;
pub use table::Table;

use std::ops::RangeInclusive;

use serde_json::{Map, Value, json};

use crate::error::Result;

/// Side of the square kernel of every convolution in the papers, and where a file names no other.
pub const KERNEL: usize = 5;
/// Sides of kernels that the shaders are written for.
pub const KERNELS: RangeInclusive<usize> = 1..=7;
/// Classes of digits, and so outputs of a network of digits.
pub const CLASSES: usize = 10;
/// Classes that a network may have.
pub const CLASS_COUNTS: RangeInclusive<usize> = 2..=64;
/// Side of an MNIST digit, in pixels.
pub const DIGIT_SIDE: usize = 28;
/// Sides that a picture may have, in pixels.
pub const SIDES: RangeInclusive<usize> = 8..=64;

/// `[maps, height, width]` of what flows between two layers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Shape {
    pub maps: usize,
    pub height: usize,
    pub width: usize,
}

impl Shape {
    /// Numbers in it.
    pub fn size(self) -> usize {
        self.maps * self.height * self.width
    }
}

/// What a layer computes.
#[derive(Debug, Clone, PartialEq)]
pub enum Kind {
    /// Convolution ([`Layer::kernel`]), stride 1, no border, over the input maps that the table names,
    /// then squash.
    Conv(Connections),
    /// 2x2 pooling; a trained one with squash.
    Pool(PoolForm),
    /// Every unit sees every input, then squash.
    Linear,
    /// Squared distance to the ten bitmaps; nothing to train and no squash.
    Rbf,
}

/// One layer with its shapes.
#[derive(Debug, Clone, PartialEq)]
pub struct Layer {
    /// The paper's name, in small letters: `c1`, `s2`, ...
    pub name: String,
    pub kind: Kind,
    pub input: Shape,
    pub output: Shape,
}

impl Layer {
    /// Side of the kernel of a convolution.
    pub fn kernel(&self) -> usize {
        self.input.height - self.output.height + 1
    }

    /// Weights of one connection between an input map and a feature map of a convolution.
    pub fn taps(&self) -> usize {
        self.kernel() * self.kernel()
    }

    /// Trainable parameters.
    pub fn parameters(&self) -> usize {
        let maps = self.output.maps;
        match &self.kind {
            Kind::Conv(table) => table.count() * self.taps() + maps,
            Kind::Pool(form) if form.is_trained() => 2 * maps,
            Kind::Pool(_) => 0,
            Kind::Linear => (self.input.size() + 1) * maps,
            Kind::Rbf => 0,
        }
    }

    /// Connections as the papers count them: inputs of every unit, its bias included.
    pub fn connections(&self) -> usize {
        let units = self.output.size();
        let area = self.output.height * self.output.width;
        match &self.kind {
            Kind::Conv(_) | Kind::Linear => self.parameters() * area,
            Kind::Pool(form) if form.is_trained() => 5 * units,
            Kind::Pool(_) => 4 * units,
            Kind::Rbf => self.input.size() * units,
        }
    }

    /// Numbers that it computes with and never changes: the centres of the RBF.
    pub fn fixed(&self) -> usize {
        if self.kind == Kind::Rbf { self.connections() } else { 0 }
    }

    /// Inputs of every unit, for one digit: the connections without the biases.
    pub fn multiply_adds(&self) -> usize {
        let has_biases = match self.kind {
            Kind::Rbf => false,
            Kind::Pool(form) => form.is_trained(),
            Kind::Conv(_) | Kind::Linear => true,
        };
        self.connections() - if has_biases { self.output.size() } else { 0 }
    }
}

/// A network whose every shape is known.
#[derive(Debug, Clone, PartialEq)]
pub struct Network {
    /// The name in its table.
    pub name: String,
    /// Where it comes from.
    pub source: String,
    pub options: Options,
    /// What its outputs stand for.
    pub classes: ClassNames,
    pub layers: Vec<Layer>,
}

impl Network {
    /// Trainable parameters of all layers.
    pub fn parameters(&self) -> usize {
        self.layers.iter().map(Layer::parameters).sum()
    }

    /// Connections of all layers, as the papers count them.
    pub fn connections(&self) -> usize {
        self.layers.iter().map(Layer::connections).sum()
    }

    /// Shape of the input, its border included.
    pub fn input(&self) -> Shape {
        self.layers[0].input
    }

    /// The table of this program that makes it, if one does.
    fn table(&self) -> Option<&'static Table> {
        let table = lenet::find(&self.name)?;
        let made = build(table, self.options).ok()?;
        ((made.source, made.layers) == (self.source.clone(), self.layers.clone())).then_some(table)
    }

    /// The same layers with other choices.
    ///
    /// # Errors
    /// As [`build`].
    pub fn with(&self, options: Options) -> Result<Network> {
        let made = match self.table() {
            Some(table) => build(table, options),
            None => build(&Table::of(self), options),
        };
        Ok(Network { classes: self.classes.clone(), ..made? })
    }

    /// What a file has to say for the network to be built again ([`Network::of`]): its name, its options and
    /// the names of its classes, and of a network that no table of this program makes its layers too.
    pub fn about(&self) -> Map<String, Value> {
        let mut about = Map::from_iter([
            ("network".to_string(), json!(self.name)),
            ("options".to_string(), json!(self.options)),
        ]);
        if !self.classes.are_numbers() {
            about.insert("classes".to_string(), json!(self.classes));
        }
        if self.table().is_none() {
            about.insert("source".to_string(), json!(self.source));
            about.insert("layers".to_string(), json!(spec::rows(self)));
        }
        about
    }

    /// The network that [`Network::about`] describes.
    ///
    /// # Errors
    /// What is wrong with the description.
    pub fn of(about: &Value) -> std::result::Result<Network, String> {
        let name = about["network"].as_str();
        let name = name.ok_or("it names no network, as a checkpoint, which is no model")?;
        let options: Options = serde_json::from_value(about["options"].clone())
            .map_err(|error| format!("its options cannot be read: {error}"))?;
        let table = match &about["layers"] {
            Value::Null => lenet::find(name)
                .ok_or_else(|| format!("it holds the unknown network \"{name}\""))?
                .clone(),
            layers => Table {
                name: name.into(),
                source: about["source"].as_str().unwrap_or_default().into(),
                side: None,
                classes: None,
                names: ClassNames::NUMBERS,
                options,
                rows: serde_json::from_value(layers.clone())
                    .map_err(|error| format!("its layers cannot be read: {error}"))?,
                recipe: Vec::new(),
            },
        };
        let mut network = build(&table, options).map_err(|error| error.to_string())?;
        if let names @ Value::Array(_) = &about["classes"] {
            network.classes = serde_json::from_value(names.clone())
                .map_err(|error| format!("its classes cannot be read: {error}"))?;
        }
        if !network.classes.are_numbers() && network.classes.list().len() != options.classes {
            return Err("it has not as many classes as names of classes".into());
        }
        Ok(network)
    }
}
