//! A network is a table of layers.
//!
//! A [`Table`] stands in a file, those of [`lenet`] in the program. [`build`] turns one and the user's choices
//! into a [`Network`] whose shapes, parameters and connections are all known, [`init`] draws its first weights and
//! [`summary`] prints it. Shapes are `[maps, height, width]`.

pub mod bitmaps;
mod build;
mod classes;
pub mod connections;
pub mod init;
pub mod lenet;
mod names;
mod spec;
pub mod summary;
mod table;
pub mod tensors;

pub use build::{Options, build};
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

named! {
    /// The activation f behind every layer; in step with `ACTIVATION_..` in `shaders/common.wgsl`.
    pub enum Squash {
        /// tanh(a): A = S = 1, the activation of the notebook.
        Tanh = "tanh",
        /// 1.7159 tanh(2a/3), of the 1998 paper (appendix A), so that f(1) = 1.
        Scaled = "scaled",
        /// 1 / (1 + e^-a), between 0 and 1.
        Logistic = "logistic",
        /// max(a, 0).
        Relu = "relu",
    }
}

/// A squash as a tanh: f(a) = centre + A tanh(S a).
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Tanh {
    pub centre: f32,
    /// A.
    pub amplitude: f32,
    /// S.
    pub slope: f32,
}

impl Squash {
    /// The tanh that it is; `None` for a relu.
    pub fn tanh(self) -> Option<Tanh> {
        let (centre, amplitude, slope) = match self {
            Squash::Tanh => (0.0, 1.0, 1.0),
            Squash::Scaled => (0.0, 1.7159, 2.0 / 3.0),
            Squash::Logistic => (0.5, 0.5, 0.5),
            Squash::Relu => return None,
        };
        Some(Tanh { centre, amplitude, slope })
    }

    /// The lowest and the highest value that a picture of its outputs can show: all that a tanh has, and of a relu
    /// those up to 2.
    pub fn limits(self) -> [f32; 2] {
        match self.tanh() {
            Some(Tanh { centre, amplitude, .. }) => [centre - amplitude, centre + amplitude],
            None => [0.0, 2.0],
        }
    }

    /// The squash of a linear output, whose targets are +1 and -1: itself where it reaches them, else
    /// [`Squash::Scaled`].
    pub fn of_output(self) -> Squash {
        match self {
            Squash::Tanh | Squash::Scaled => self,
            Squash::Logistic | Squash::Relu => Squash::Scaled,
        }
    }
}

named! {
    /// The forms of the 2x2 pooling; in step with `POOLING_..` in `shaders/conv_pool.wgsl`. Of the two trained
    /// ones, which have an activation, the functions are the same and the gradients scaled by 4.
    pub enum PoolForm {
        /// mean of the block * weight + bias (the notebook); starts at weight 1.
        Mean = "mean",
        /// sum of the block * coefficient + bias (1998, section II.B); starts at coefficient 0.5.
        Sum = "sum",
        /// mean of the block: no parameters, no activation.
        Average = "average",
        /// largest of the block: no parameters, no activation.
        Max = "max",
    }
}

impl PoolForm {
    /// What the sum of the 2x2 block, or its largest value, is multiplied with before the trainable
    /// coefficient.
    pub fn block_scale(self) -> f32 {
        match self {
            PoolForm::Mean | PoolForm::Average => 0.25,
            PoolForm::Sum | PoolForm::Max => 1.0,
        }
    }

    /// Start value of the trainable coefficient; `None` where there is none.
    pub fn start(self) -> Option<f32> {
        match self {
            PoolForm::Mean => Some(1.0),
            PoolForm::Sum => Some(0.5),
            PoolForm::Average | PoolForm::Max => None,
        }
    }

    /// Whether it has a coefficient and a bias for each map, and an activation behind it.
    pub fn is_trained(self) -> bool {
        self.start().is_some()
    }
}

named! {
    /// How a byte of a digit becomes an input: x = scale * byte + background.
    pub enum Scaling {
        /// Background -0.1, ink 1.175 (1998, section II.B).
        Paper = "paper",
        /// Background -1, ink +1 (1990 and the notebook).
        Symmetric = "symmetric",
    }
}

impl Scaling {
    /// (scale per byte, background).
    pub fn scale_and_background(self) -> (f32, f32) {
        match self {
            Scaling::Paper => (1.275 / 255.0, -0.1),
            Scaling::Symmetric => (2.0 / 255.0, -1.0),
        }
    }
}

named! {
    /// The kind of output layer; in step with `OUTPUT_..` in `shaders/loss.wgsl`.
    pub enum Output {
        /// A linear unit for each class and the squash; the largest output wins.
        Linear = "linear",
        /// Euclidean distance to ten fixed 7x12 bitmaps (1998, eq. 7); the smallest wins.
        Rbf = "rbf",
        /// Ten linear units without a squash, whose softmax are the probabilities of the classes; the
        /// largest wins.
        Softmax = "softmax",
    }
}

named! {
    /// What training minimizes; in step with `LOSS_..` in `shaders/loss.wgsl`.
    pub enum Loss {
        /// With `linear`: the mean of (output - target)^2 over batch and outputs, targets +1 and -1.
        /// With `rbf`: the mean distance to the right class (1998, eq. 8).
        Mse = "mse",
        /// With `rbf` only: eq. 9, which also pushes the wrong classes away.
        Map = "map",
        /// With `softmax`: -log of the probability of the right class, mean over the batch.
        CrossEntropy = "cross-entropy",
    }
}

impl Output {
    /// Whether a score wins against another: a larger output or probability, or a smaller distance.
    pub fn is_better(self, a: f32, b: f32) -> bool {
        match self {
            Output::Linear | Output::Softmax => a > b,
            Output::Rbf => a < b,
        }
    }

    /// The class that wins; of equals the first, as in the shader.
    pub fn winner(self, scores: &[f32]) -> usize {
        let better =
            |best, next| if self.is_better(scores[next], scores[best]) { next } else { best };
        (0..scores.len()).reduce(better).unwrap_or(0)
    }
}

impl Loss {
    /// The loss that an output brings along.
    pub fn of(output: Output) -> Self {
        match output {
            Output::Linear => Loss::Mse,
            Output::Rbf => Loss::Map,
            Output::Softmax => Loss::CrossEntropy,
        }
    }
}

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
    /// `lenet1`, `lenet5`, `lenet5-short`, `lenet5-tutorial`, or that of a table of one's own.
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
