//! A model as one JSON object that says everything needed to run it: see `docs/sharing.md`.

use std::collections::BTreeMap;

use serde::Serialize;

use super::State;
use crate::error::{Error, Result};
use crate::network::{Kind, Network, Options, Output, Shape};

/// Raised when the meaning of a field changes.
const VERSION: u32 = 1;

#[derive(Serialize)]
struct Document<'a> {
    format: &'static str,
    version: u32,
    network: &'a str,
    options: Options,
    /// x = scale * byte + background, with a border of background around the digit.
    input: Input,
    /// f(a) = amplitude tanh(slope a).
    squash: Squash,
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
    /// Of a pooling: what the sum of a block is multiplied with before the coefficient.
    #[serde(skip_serializing_if = "Option::is_none")]
    block_scale: Option<f32>,
}

#[derive(Serialize)]
struct Tensor<'a> {
    shape: &'a [usize],
    /// Row by row, in as many digits as tell f32 apart.
    values: &'a [f32],
}

/// The bytes of the file.
///
/// # Errors
/// [`Error::Other`] if the format refuses.
pub fn bytes(network: &Network, state: &State) -> Result<Vec<u8>> {
    let options = network.options;
    let (scale, background) = options.scaling.scale_and_background();
    let (amplitude, slope) = options.squash.amplitude_and_slope();
    let tensors = state
        .tensors
        .iter()
        .map(|(tensor, values)| (tensor.name.as_str(), Tensor { shape: &tensor.shape, values }));
    let document = Document {
        format: "lenet",
        version: VERSION,
        network: &network.name,
        options,
        input: Input { border: options.border, scale, background },
        squash: Squash { amplitude, slope },
        layers: network.layers.iter().map(layer).collect(),
        best: match options.output {
            Output::Linear => "largest",
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
    let (kind, table, block_scale) = match &layer.kind {
        Kind::Conv(table) => {
            ("convolution", Some((0..table.maps()).map(|map| table.row(map)).collect()), None)
        }
        Kind::Pool(form) => ("pooling", None, Some(form.block_scale())),
        Kind::Linear => ("linear", None, None),
        Kind::Rbf => ("rbf", None, None),
    };
    let (input, output) = (dimensions(layer.input), dimensions(layer.output));
    Layer { name: &layer.name, kind, input, output, table, block_scale }
}
