//! A model as one JSON object that says everything needed to run it: see `docs/sharing.md`.

use std::collections::BTreeMap;

use serde::Serialize;

use super::State;
use crate::error::{Error, Result};
use crate::network::{ClassNames, Kind, Named, Network, Options, Output, PoolForm, Shape, Tanh};

/// Raised when the meaning of a field changes.
const VERSION: u32 = 1;

#[derive(Serialize)]
struct Document<'a> {
    format: &'static str,
    version: u32,
    network: &'a str,
    options: Options,
    /// What the classes are called, where not by their numbers.
    #[serde(skip_serializing_if = "ClassNames::are_numbers")]
    classes: &'a ClassNames,
    /// x = scale * byte + background, with a border of background around the digit.
    input: Input,
    /// f(a) = centre + amplitude tanh(slope a); null for a relu, max(a, 0). A linear output has that of
    /// `output_squash`.
    squash: Option<Squash>,
    #[serde(skip_serializing_if = "Option::is_none")]
    output_squash: Option<Squash>,
    layers: Vec<Layer<'a>>,
    /// Which score names the class.
    best: &'static str,
    tensors: BTreeMap<&'a str, Tensor<'a>>,
}

#[derive(Serialize)]
struct Input {
    border: usize,
    scale: f32,
    background: f32,
}

#[derive(Serialize)]
struct Squash {
    #[serde(skip_serializing_if = "is_zero")]
    centre: f32,
    amplitude: f32,
    slope: f32,
}

#[derive(Serialize)]
struct Layer<'a> {
    name: &'a str,
    kind: &'static str,
    /// `[maps, height, width]`.
    input: [usize; 3],
    output: [usize; 3],
    /// Of a convolution: the input maps of each feature map.
    #[serde(skip_serializing_if = "Option::is_none")]
    table: Option<Vec<&'a [usize]>>,
    /// Of a pooling: what the sum of a block is multiplied with before the coefficient, if it has one.
    #[serde(skip_serializing_if = "Option::is_none")]
    block_scale: Option<f32>,
    /// Of a pooling without parameters and activation: its form.
    #[serde(skip_serializing_if = "Option::is_none")]
    form: Option<&'static str>,
}

fn is_zero(number: &f32) -> bool {
    *number == 0.0
}

#[derive(Serialize)]
struct Tensor<'a> {
    shape: &'a [usize],
    /// Row by row, in as many digits as tell f32 apart.
    values: &'a [f32],
}

/// The bytes of the file.
pub fn bytes(network: &Network, state: &State) -> Result<Vec<u8>> {
    let options = network.options;
    let (scale, background) = options.scaling.scale_and_background();
    let tanh = |squash: crate::network::Squash| {
        squash.tanh().map(|Tanh { centre, amplitude, slope }| Squash { centre, amplitude, slope })
    };
    let of_output = options.squash.of_output();
    let differs = options.output == Output::Linear && of_output != options.squash;
    let tensors = state
        .tensors
        .iter()
        .map(|(tensor, values)| (tensor.name.as_str(), Tensor { shape: &tensor.shape, values }));
    let document = Document {
        format: "lenet",
        version: VERSION,
        network: &network.name,
        options,
        classes: &network.classes,
        input: Input { border: options.border, scale, background },
        squash: tanh(options.squash),
        output_squash: tanh(of_output).filter(|_| differs),
        layers: network.layers.iter().map(layer).collect(),
        best: match options.output {
            Output::Linear | Output::Softmax => "largest",
            Output::Rbf => "smallest",
        },
        tensors: tensors.collect(),
    };
    let mut bytes = serde_json::to_vec(&document)
        .map_err(|error| Error::Other(format!("cannot lay out the document: {error}")))?;
    bytes.push(b'\n');
    Ok(bytes)
}

fn layer(layer: &crate::network::Layer) -> Layer<'_> {
    let dimensions = |shape: Shape| [shape.maps, shape.height, shape.width];
    let (kind, table, pooling) = match &layer.kind {
        Kind::Conv(table) => {
            ("convolution", Some((0..table.maps()).map(|map| table.row(map)).collect()), None)
        }
        Kind::Pool(form) => ("pooling", None, Some(*form)),
        Kind::Linear => ("linear", None, None),
        Kind::Rbf => ("rbf", None, None),
    };
    let block_scale = pooling.filter(|form| *form != PoolForm::Max).map(PoolForm::block_scale);
    let form = pooling.filter(|form| !form.is_trained()).map(Named::name);
    let (input, output) = (dimensions(layer.input), dimensions(layer.output));
    Layer { name: &layer.name, kind, input, output, table, block_scale, form }
}
