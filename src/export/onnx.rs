//! A model as an ONNX graph that needs nothing else to run.
//!
//! | value | type, shape | is |
//! |---|---|---|
//! | `digits` | uint8 `[N, 1, side, side]` | bytes as MNIST has them: 0 background, 255 ink |
//! | `scores` | float `[N, classes]` | outputs of a linear network, penalties of an RBF one, or probabilities |
//! | `class` | int64 `[N]` | the first of the largest outputs, or of the smallest penalties |
//!
//! The graph uses ordinary operators of opset 17 only; it includes the border and the scaling of the
//! pixels. A convolution with a connection table is one `Conv` with zeros where the table has no
//! connection: in onnxruntime that takes a tenth to a fifth of the time of a `Conv` for each subset
//! (`docs/sharing.md`). Values have the names of their layers, and parameters those that they have in
//! `model.safetensors`.
//!
//! The numbers of the fields are those of `onnx.proto`, IR version 8.

use std::collections::HashMap;

use super::node::Attribute::{self, Int, Ints};
use super::node::{DataType, attribute, convolution, pooling, value};
use super::{CENTRES, Names, State};
use crate::error::Result;
use crate::network::{Connections, Kind, Layer, Options, Output, PoolForm, Squash, Tanh};
use crate::protobuf::Message;
use crate::train::model::Model;

/// Version of the operators that the graph uses.
const OPSET: i64 = 17;
/// Version of the format that came with them.
const IR_VERSION: i64 = 8;

/// Scalars that several layers use. The name of a layer has no "/".
const SLOPE: &str = "squash/slope";
const AMPLITUDE: &str = "squash/amplitude";
const BLOCK: &str = "pooling/block";
/// Where a tanh is 1 or -1 to the last bit of f32. OpenCV 5.0 makes NaN of what is far beyond.
const ENDS: [(&str, f32); 2] = [("squash/least", -16.0), ("squash/largest", 16.0)];
/// Where the input of the RBF units gets a dimension more.
const AXIS: &str = "rbf/axis";

/// A node that continues a chain: its operator, its inputs besides the value before it, what it
/// makes, and its attributes.
type Link = (&'static str, Vec<String>, &'static str, Vec<Attribute>);

/// The bytes of an ONNX file.
///
/// # Errors
/// [`crate::Error::Usage`] if the network cannot be laid out.
pub fn bytes(model: &Model) -> Result<Vec<u8>> {
    let opset = Message::default().int(2, OPSET);
    let about = Message::default().bytes(1, "lenet").bytes(2, model.about().to_string());
    let message = Message::default()
        .int(1, IR_VERSION)
        .bytes(2, env!("CARGO_PKG_NAME"))
        .bytes(3, env!("CARGO_PKG_VERSION"))
        .bytes(7, graph(model)?)
        .bytes(8, opset)
        .bytes(14, about);
    Ok(message.into_bytes())
}

fn graph(model: &Model) -> Result<Message> {
    let network = &model.network;
    let state = State::of(model, Names::Layers)?;
    let tensors = state.tensors.iter();
    let parameters =
        tensors.map(|(tensor, numbers)| (tensor.name.as_str(), &numbers[..])).collect();
    let options = network.options;
    let mut graph = Graph { options, parameters, nodes: Vec::new(), tensors: Vec::new() };
    let input = graph.input(&network.layers);
    graph.chain("digits", "input", "input", input);
    let mut x = "input";
    for (at, layer) in network.layers.iter().enumerate() {
        let name = if at + 1 < network.layers.len() { &layer.name } else { "scores" };
        let links = graph.layer(layer, name == "scores");
        graph.chain(x, &layer.name, name, links);
        x = name;
    }
    let (arg, what, best) = match options.output {
        Output::Linear => ("ArgMax", "outputs", "largest"),
        Output::Softmax => ("ArgMax", "probabilities", "largest"),
        Output::Rbf => {
            ("ArgMin", "penalties, squared distances to the bitmaps of the classes", "smallest")
        }
    };
    graph.chain(
        "scores",
        "class",
        "class",
        vec![(arg, vec![], "", vec![Int("axis", 1), Int("keepdims", 0)])],
    );
    let digits = value(
        "digits",
        DataType::Uint8,
        &[1, options.side, options.side],
        "bytes as MNIST's: 0 background, 255 ink",
    );
    let outputs = [
        value("scores", DataType::Float, &[options.classes], what),
        value("class", DataType::Int64, &[], &format!("the class of the {best} score")),
    ];
    let message = Message::default().each(1, graph.nodes).bytes(2, &network.name);
    Ok(message.each(5, graph.tensors).bytes(11, digits).each(12, outputs))
}

/// The nodes and constant tensors of a graph so far.
struct Graph<'a> {
    options: Options,
    parameters: HashMap<&'a str, &'a [f32]>,
    nodes: Vec<Message>,
    tensors: Vec<Message>,
}

impl Graph<'_> {
    /// From bytes to what the first layer sees; adds the scalars of all layers.
    fn input(&mut self, layers: &[Layer]) -> Vec<Link> {
        let options = self.options;
        let linear = (options.output == Output::Linear).then(|| options.squash.of_output());
        let has = |squash| [Some(options.squash), linear].contains(&Some(squash));
        if has(Squash::Scaled)
            && let Some(Tanh { amplitude, slope, .. }) = Squash::Scaled.tanh()
        {
            self.numbers(SLOPE, &[], &[slope]);
            self.numbers(AMPLITUDE, &[], &[amplitude]);
        }
        if has(Squash::Scaled) || has(Squash::Tanh) {
            ENDS.iter().for_each(|(name, end)| self.numbers(name, &[], &[*end]));
        }
        if layers.iter().any(|layer| layer.kind == Kind::Pool(PoolForm::Sum)) {
            self.numbers(BLOCK, &[], &[4.0]);
        }
        let (scale, background) = options.scaling.scale_and_background();
        let [scale_name, background_name, pads] =
            ["scale", "background", "pads"].map(|part| format!("input.{part}"));
        self.numbers(&scale_name, &[], &[scale]);
        self.numbers(&background_name, &[], &[background]);
        let mut links: Vec<Link> =
            vec![("Cast", vec![], "bytes", vec![Int("to", DataType::Float as i64)])];
        if options.border > 0 {
            let border = options.border as i64;
            self.integers(&pads, &[0, 0, border, border, 0, 0, border, border]);
            links.push(("Pad", vec![pads], "padded", vec![]));
        }
        links.push(("Mul", vec![scale_name], "scaled", vec![]));
        links.push(("Add", vec![background_name], "", vec![]));
        links
    }

    /// What a layer computes; adds its parameters.
    fn layer(&mut self, layer: &Layer, is_output: bool) -> Vec<Link> {
        let [weight, bias] = ["weight", "bias"].map(|part| format!("{}.{part}", layer.name));
        let (maps, inputs) = (layer.output.maps, layer.input.size());
        let mut links: Vec<Link> = Vec::new();
        match &layer.kind {
            Kind::Conv(table) => {
                let (weights, biases) = self.kernels(layer, table);
                let side = layer.kernel();
                self.numbers(&weight, &[maps, table.inputs(), side, side], &weights);
                self.numbers(&bias, &[maps], &biases);
                links.push(("Conv", vec![weight, bias], "conv", convolution(side)));
            }
            Kind::Pool(PoolForm::Max) => return vec![("MaxPool", vec![], "", pooling())],
            Kind::Pool(PoolForm::Average) => return vec![("AveragePool", vec![], "", pooling())],
            Kind::Pool(form) => {
                self.parameter(&weight, &[maps, 1, 1]);
                self.parameter(&bias, &[maps, 1, 1]);
                links.push(("AveragePool", vec![], "mean", pooling()));
                if *form == PoolForm::Sum {
                    links.push(("Mul", vec![BLOCK.into()], "sum", vec![]));
                }
                links.push(("Mul", vec![weight], "weighted", vec![]));
                links.push(("Add", vec![bias], "biased", vec![]));
            }
            Kind::Linear => {
                self.parameter(&weight, &[maps, inputs]);
                self.parameter(&bias, &[maps]);
                links.push(("Flatten", vec![], "inputs", vec![]));
                links.push(("Gemm", vec![weight, bias], "sum", vec![Int("transB", 1)]));
            }
            Kind::Rbf => {
                self.parameter(CENTRES, &[maps, inputs]);
                self.integers(AXIS, &[1]);
                links.push(("Flatten", vec![], "inputs", vec![]));
                links.push(("Unsqueeze", vec![AXIS.into()], "rows", vec![]));
                links.push(("Sub", vec![CENTRES.into()], "apart", vec![]));
                let of_row = vec![Ints("axes", vec![2]), Int("keepdims", 0)];
                links.push(("ReduceSumSquare", vec![], "", of_row));
                return links;
            }
        }
        if is_output && self.options.output == Output::Softmax {
            links.push(("Softmax", vec![], "", vec![Int("axis", 1)]));
            return links;
        }
        let squash = self.options.squash;
        let ends = || ENDS.map(|(name, _)| name.to_string()).to_vec();
        match if is_output { squash.of_output() } else { squash } {
            Squash::Tanh => {
                links.push(("Clip", ends(), "clipped", vec![]));
                links.push(("Tanh", vec![], "", vec![]));
            }
            // f(a) = A tanh(S a).
            Squash::Scaled => {
                links.push(("Mul", vec![SLOPE.into()], "slope", vec![]));
                links.push(("Clip", ends(), "clipped", vec![]));
                links.push(("Tanh", vec![], "tanh", vec![]));
                links.push(("Mul", vec![AMPLITUDE.into()], "", vec![]));
            }
            Squash::Logistic => links.push(("Sigmoid", vec![], "", vec![])),
            Squash::Relu => links.push(("Relu", vec![], "", vec![])),
        }
        links
    }

    /// Kernels `[M, C, K, K]`, zeros where there is no connection, and biases `[M]`.
    fn kernels(&self, layer: &Layer, table: &Connections) -> (Vec<f32>, Vec<f32>) {
        let of = |tensor: &str| self.parameters[format!("{}.{tensor}", layer.name).as_str()];
        if table.is_full() {
            return (of("weight").to_vec(), of("bias").to_vec());
        }
        let (inputs, taps) = (table.inputs(), layer.taps());
        let (mut weights, mut biases) = (vec![0.0; table.maps() * inputs * taps], Vec::new());
        for map in 0..table.maps() {
            let kernels = of(&format!("convs.{map}.weight")).chunks_exact(taps);
            for (&input, kernel) in table.row(map).iter().zip(kernels) {
                weights[(map * inputs + input) * taps..][..taps].copy_from_slice(kernel);
            }
            biases.extend(of(&format!("convs.{map}.bias")));
        }
        (weights, biases)
    }

    /// Adds nodes, of which each takes what the one before it makes: the first the value `x`. The
    /// last makes the value `name`, the others values named after `layer`.
    fn chain(&mut self, x: &str, layer: &str, name: &str, links: Vec<Link>) {
        let mut x = x.to_string();
        for (operator, others, part, attributes) in links {
            let made = if part.is_empty() { name.into() } else { format!("{layer}.{part}") };
            // A node has the name of the one value that it makes.
            let node = Message::default()
                .each(1, [x].iter().chain(&others))
                .bytes(2, &made)
                .bytes(3, &made)
                .bytes(4, operator)
                .each(5, attributes.iter().map(attribute));
            self.nodes.push(node);
            x = made;
        }
    }

    fn parameter(&mut self, name: &str, shape: &[usize]) {
        self.numbers(name, shape, self.parameters[name]);
    }

    /// Adds a constant tensor; no sides make a scalar.
    fn numbers(&mut self, name: &str, shape: &[usize], numbers: &[f32]) {
        let bytes = numbers.iter().flat_map(|number| number.to_le_bytes()).collect();
        self.tensor(name, shape, DataType::Float, bytes);
    }

    /// Adds a constant list of whole numbers.
    fn integers(&mut self, name: &str, numbers: &[i64]) {
        let bytes = numbers.iter().flat_map(|number| number.to_le_bytes()).collect();
        self.tensor(name, &[numbers.len()], DataType::Int64, bytes);
    }

    fn tensor(&mut self, name: &str, shape: &[usize], element: DataType, bytes: Vec<u8>) {
        let shape: Vec<i64> = shape.iter().map(|&side| side as i64).collect();
        let tensor = Message::default().ints(1, &shape).int(2, element as i64);
        self.tensors.push(tensor.bytes(8, name).bytes(9, bytes));
    }
}
