//! A model as an ONNX graph that needs nothing else to run.
//!
//! | value | type, shape | is |
//! |---|---|---|
//! | `digits` | uint8 `[N, 1, 28, 28]` | bytes as MNIST has them: 0 background, 255 ink |
//! | `scores` | float `[N, 10]` | the outputs of a linear network, the penalties of an RBF one |
//! | `class` | int64 `[N]` | the first of the largest outputs, or of the smallest penalties |
//!
//! Everything is an ordinary operator of opset 17: the border and the scaling of the pixels too. A
//! convolution by table is one `Conv` with zeros where the table has no connection: in onnxruntime
//! that takes a tenth to a fifth of the time of a `Conv` for each subset (`docs/sharing.md`). Values
//! have the names of their layers, and parameters those that they have in `model.safetensors`.

mod graph;
pub mod proto;

use std::collections::HashMap;

use graph::{Attribute, Graph, value};
use prost::Message;
use proto::{DataType, Extent, ModelProto, OperatorSetIdProto, StringStringEntryProto};

use super::{CENTRES, Names, State};
use crate::error::Result;
use crate::network::{
    CLASSES, Connections, DIGIT_SIDE, Kind, Layer, Network, Output, PoolForm, Squash, TAPS,
};
use crate::train::model::Model;

/// The operators that the graph counts on.
pub const OPSET: i64 = 17;
/// The version of the format that came with them.
const IR_VERSION: i64 = 8;

/// Scalars that several layers use.
const SLOPE: &str = "squash.slope";
const AMPLITUDE: &str = "squash.amplitude";
const BLOCK: &str = "pooling.block";

/// The bytes of an ONNX file.
///
/// # Errors
/// [`crate::Error::Usage`] if the network cannot be laid out.
pub fn bytes(model: &Model) -> Result<Vec<u8>> {
    Ok(of(model)?.encode_to_vec())
}

/// The graph of a model.
///
/// # Errors
/// As [`bytes`].
pub fn of(model: &Model) -> Result<ModelProto> {
    let network = &model.network;
    let state = State::of(model, Names::Layers)?;
    let tensors = state.tensors().map(|(tensor, numbers)| (tensor.name.as_str(), numbers));
    let mut build = Build { network, tensors: tensors.collect(), graph: Graph::default() };
    build.constants();
    let mut x = build.input();
    for (at, layer) in network.layers.iter().enumerate() {
        let name = if at + 1 < network.layers.len() { &layer.name } else { "scores" };
        x = build.layer(layer, x, name);
    }
    build.class();
    let options = network.options;
    let (what, best) = match options.output {
        Output::Linear => ("outputs", "largest"),
        Output::Rbf => ("penalties, squared distances to the bitmaps of the classes", "smallest"),
    };
    let n = || Extent::Named("N".into());
    let fixed = |sides: &[usize]| {
        let sides = sides.iter().map(|&side| Extent::Fixed(side as i64));
        std::iter::once(n()).chain(sides).collect()
    };
    let digits = fixed(&[1, DIGIT_SIDE, DIGIT_SIDE]);
    let graph = build.graph.finish(
        &network.name,
        value("digits", DataType::Uint8, digits, "MNIST's bytes: 0 background, 255 ink"),
        vec![
            value("scores", DataType::Float, fixed(&[CLASSES]), what),
            value("class", DataType::Int64, vec![n()], &format!("the class of the {best} score")),
        ],
    );
    let about = StringStringEntryProto {
        key: Some("lenet".into()),
        value: Some(model.about().to_string()),
    };
    Ok(ModelProto {
        ir_version: Some(IR_VERSION),
        producer_name: Some(env!("CARGO_PKG_NAME").into()),
        producer_version: Some(env!("CARGO_PKG_VERSION").into()),
        graph: Some(graph),
        opset_import: vec![OperatorSetIdProto { domain: None, version: Some(OPSET) }],
        metadata_props: vec![about],
    })
}

/// A graph under construction.
struct Build<'a> {
    network: &'a Network,
    tensors: HashMap<&'a str, &'a [f32]>,
    graph: Graph,
}

impl Build<'_> {
    fn constants(&mut self) {
        let options = self.network.options;
        let (amplitude, slope) = options.squash.amplitude_and_slope();
        if options.squash == Squash::Scaled {
            self.graph.numbers(SLOPE, &[], &[slope]);
            self.graph.numbers(AMPLITUDE, &[], &[amplitude]);
        }
        if options.pool == PoolForm::Sum {
            self.graph.numbers(BLOCK, &[], &[4.0]);
        }
    }

    /// From bytes to what the first layer sees.
    fn input(&mut self) -> String {
        let options = self.network.options;
        let (scale, background) = options.scaling.scale_and_background();
        let graph = &mut self.graph;
        graph.numbers("input.scale", &[], &[scale]);
        graph.numbers("input.background", &[], &[background]);
        let to = Attribute::Int("to", DataType::Float as i64);
        let mut x = graph.node("Cast", &["digits"], "input.bytes", &[to]);
        if options.border > 0 {
            let border = options.border as i64;
            let pads = [0, 0, border, border, 0, 0, border, border];
            graph.integers("input.pads", &pads);
            x = graph.node("Pad", &[&x, "input.pads"], "input.padded", &[]);
        }
        let x = graph.node("Mul", &[&x, "input.scale"], "input.scaled", &[]);
        graph.node("Add", &[&x, "input.background"], "input", &[])
    }

    /// One layer on the value `x`; `name` is that of what it makes.
    fn layer(&mut self, layer: &Layer, x: String, name: &str) -> String {
        let own = |part: &str| format!("{}.{part}", layer.name);
        let (weight, bias) = (own("weight"), own("bias"));
        let maps = layer.output.maps;
        match &layer.kind {
            Kind::Conv(table) => {
                let (weights, biases) = self.kernels(&layer.name, table);
                self.graph.numbers(&weight, &[maps, table.inputs(), 5, 5], &weights);
                self.graph.numbers(&bias, &[maps], &biases);
                let a = self.graph.node("Conv", &[&x, &weight, &bias], &own("conv"), &[]);
                self.squash(&layer.name, a, name)
            }
            Kind::Pool(form) => {
                self.parameter(&weight, &[maps, 1, 1]);
                self.parameter(&bias, &[maps, 1, 1]);
                let block =
                    [Attribute::Ints("kernel_shape", &[2, 2]), Attribute::Ints("strides", &[2, 2])];
                let mut a = self.graph.node("AveragePool", &[&x], &own("mean"), &block);
                if *form == PoolForm::Sum {
                    a = self.graph.node("Mul", &[&a, BLOCK], &own("sum"), &[]);
                }
                let a = self.graph.node("Mul", &[&a, &weight], &own("weighted"), &[]);
                let a = self.graph.node("Add", &[&a, &bias], &own("biased"), &[]);
                self.squash(&layer.name, a, name)
            }
            Kind::Linear => {
                self.parameter(&weight, &[maps, layer.input.size()]);
                self.parameter(&bias, &[maps]);
                let x = self.graph.node("Flatten", &[&x], &own("inputs"), &[]);
                let transposed = [Attribute::Int("transB", 1)];
                let a = self.graph.node("Gemm", &[&x, &weight, &bias], &own("sum"), &transposed);
                self.squash(&layer.name, a, name)
            }
            Kind::Rbf => {
                self.parameter(CENTRES, &[CLASSES, layer.input.size()]);
                self.graph.integers("rbf.axis", &[1]);
                let x = self.graph.node("Flatten", &[&x], &own("inputs"), &[]);
                let x = self.graph.node("Unsqueeze", &[&x, "rbf.axis"], &own("rows"), &[]);
                let apart = self.graph.node("Sub", &[&x, CENTRES], &own("apart"), &[]);
                let sums = [Attribute::Ints("axes", &[2]), Attribute::Int("keepdims", 0)];
                self.graph.node("ReduceSumSquare", &[&apart], name, &sums)
            }
        }
    }

    /// f(a) = A tanh(S a).
    fn squash(&mut self, layer: &str, a: String, name: &str) -> String {
        let graph = &mut self.graph;
        match self.network.options.squash {
            Squash::Tanh => graph.node("Tanh", &[&a], name, &[]),
            Squash::Scaled => {
                let a = graph.node("Mul", &[&a, SLOPE], &format!("{layer}.slope"), &[]);
                let y = graph.node("Tanh", &[&a], &format!("{layer}.tanh"), &[]);
                graph.node("Mul", &[&y, AMPLITUDE], name, &[])
            }
        }
    }

    fn class(&mut self) {
        let operator = match self.network.options.output {
            Output::Linear => "ArgMax",
            Output::Rbf => "ArgMin",
        };
        let attributes = [Attribute::Int("axis", 1), Attribute::Int("keepdims", 0)];
        self.graph.node(operator, &["scores"], "class", &attributes);
    }

    fn parameter(&mut self, name: &str, shape: &[usize]) {
        self.graph.numbers(name, shape, self.tensors[name]);
    }

    /// Kernels `[M, C, 5, 5]`, zeros where there is no connection, and biases `[M]`.
    fn kernels(&self, layer: &str, table: &Connections) -> (Vec<f32>, Vec<f32>) {
        if table.is_full() {
            let of = |part: &str| self.tensors[format!("{layer}.{part}").as_str()].to_vec();
            return (of("weight"), of("bias"));
        }
        let inputs = table.inputs();
        let (mut weights, mut biases) = (vec![0.0; table.maps() * inputs * TAPS], Vec::new());
        for map in 0..table.maps() {
            let of = |part: &str| self.tensors[format!("{layer}.convs.{map}.{part}").as_str()];
            for (&input, kernel) in table.row(map).iter().zip(of("weight").chunks_exact(TAPS)) {
                weights[(map * inputs + input) * TAPS..][..TAPS].copy_from_slice(kernel);
            }
            biases.extend(of("bias"));
        }
        (weights, biases)
    }
}
