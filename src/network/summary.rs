//! A network layer by layer in numbers, as data and as text.
//!
//! The counts are those of the papers: every layer with its trainable parameters and its
//! connections, the poolings included, whose 32 parameters in LeNet-1 the notebook's output misses.
//! A multiply-add is one input of one unit: the connections without the biases.

use serde_json::{Value, json};

use super::tensors::Layout;
use super::{Kind, Layer, Loss, Network, Output, PoolForm, Shape, Squash};
use crate::error::Result;
use crate::text::{Table, bytes, on_one_line, thousands};

/// Bytes of a number, f32.
const F32: usize = 4;

/// A network in numbers.
#[derive(Debug, Clone, PartialEq)]
pub struct Summary {
    pub network: Network,
    /// Numbers in the parameter buffer, gaps included.
    pub buffer: usize,
}

impl Summary {
    /// Counts of the whole network.
    ///
    /// # Errors
    /// [`crate::Error::Usage`] if the network has a layer that no kernel is made for.
    pub fn of(network: &Network) -> Result<Self> {
        Ok(Summary { buffer: Layout::of(network)?.size, network: network.clone() })
    }

    /// Multiply-adds of all layers for one digit.
    pub fn multiply_adds(&self) -> usize {
        self.network.layers.iter().map(Layer::multiply_adds).sum()
    }

    /// Numbers that are fixed.
    pub fn fixed(&self) -> usize {
        self.network.layers.iter().map(Layer::fixed).sum()
    }

    /// Numbers between the layers for one digit, the input included.
    pub fn activations(&self) -> usize {
        let outputs = self.network.layers.iter().map(|layer| layer.output.size());
        self.network.input().size() + outputs.sum::<usize>()
    }

    /// Formats the table for a terminal.
    pub fn text(&self) -> String {
        let network = &self.network;
        let mut table = Table::new(&[
            "layer",
            "kind",
            ">output",
            ">parameters",
            ">connections",
            ">multiply-adds",
        ]);
        table.row(["input".into(), self.input(), shape(network.input())]);
        for layer in &network.layers {
            let counts = [layer.parameters(), layer.connections(), layer.multiply_adds()];
            let head = [layer.name.clone(), what(layer), shape(layer.output)];
            table.row(head.into_iter().chain(counts.map(thousands)));
        }
        let totals = [network.parameters(), network.connections(), self.multiply_adds()];
        let head = ["total", "", ""].map(String::from);
        table.row(head.into_iter().chain(totals.map(thousands)));
        format!("{}{}\n{}", self.heading(), table.text(), self.sizes())
    }

    fn heading(&self) -> String {
        let options = &self.network.options;
        let mut text = match on_one_line(&self.network.source) {
            source if source.is_empty() => format!("{}\n", self.network.name),
            source => format!("{}: {source}\n", self.network.name),
        };
        let squash = match options.squash {
            Squash::Tanh => "tanh(a)",
            Squash::Scaled => "1.7159 tanh(2a/3)",
            Squash::Logistic => "1 / (1 + e^-a)",
            Squash::Relu => "max(a, 0)",
        };
        let before = match options.output {
            Output::Linear => "",
            Output::Rbf => " before the RBF",
            Output::Softmax => " before the softmax",
        };
        let loss = match options.loss {
            Loss::Mse if options.output == Output::Rbf => {
                "1998, eq. 8, the distance to the right class".to_string()
            }
            Loss::Mse => "mean squared error against +1 and -1".to_string(),
            Loss::Map => {
                format!("1998, eq. 9, the right class against the others, j = {}", options.j)
            }
            Loss::CrossEntropy => {
                "cross-entropy, -log of the probability of the right class".into()
            }
        };
        text.push_str(&format!("squash {squash} after every layer{before}; loss: {loss}\n\n"));
        text
    }

    fn input(&self) -> String {
        let options = &self.network.options;
        let (scale, background) = options.scaling.scale_and_background();
        let side = options.side;
        let border = match options.border {
            0 => String::new(),
            border => format!(", border of {border}"),
        };
        format!(
            "digit {side}x{side}{border}, bytes to {background} .. {}",
            255.0 * scale + background
        )
    }

    fn sizes(&self) -> String {
        let parameters = self.network.parameters();
        let mut table = Table::new(&["memory as f32", ">numbers", ">size"]);
        let mut line = |name: &str, numbers: usize| {
            table.row([name.to_string(), thousands(numbers), bytes(F32 * numbers)]);
        };
        line("parameters", parameters);
        line("  as they stand in their buffer, aligned", self.buffer);
        if self.fixed() > 0 {
            line("fixed centres", self.fixed());
        }
        line("activations of a digit, the input included", self.activations());
        table.text()
    }

    /// The connection tables of the convolutions that leave connections out, as the papers draw
    /// them: a column for each feature map, a row for each map it may see.
    pub fn tables(&self) -> String {
        let mut text = String::new();
        for (at, layer) in self.network.layers.iter().enumerate() {
            let Kind::Conv(table) = &layer.kind else { continue };
            if table.is_full() {
                continue;
            }
            let below = at.checked_sub(1).map_or("the input", |at| &self.network.layers[at].name);
            let (maps, inputs) = (table.maps(), table.inputs());
            text.push_str(&format!(
                "\n{}: {maps} maps (columns) over the {inputs} of {below} (rows), {} of {} \
                 connections\n\n",
                layer.name,
                table.count(),
                maps * inputs
            ));
            let columns: String = (0..maps).map(|map| format!("{map:>3}")).collect();
            text.push_str(&format!("    {columns}\n"));
            for input in 0..inputs {
                let mark =
                    |map: usize| if table.rows()[map].contains(&input) { "  X" } else { "   " };
                let marks: String = (0..maps).map(mark).collect();
                text.push_str(format!("{input:>3} {marks}").trim_end());
                text.push('\n');
            }
        }
        if text.is_empty() {
            text.push_str(
                "\nevery feature map sees every map of the layer before: there is no table\n",
            );
        }
        text
    }

    /// For a program. Sizes are in bytes, shapes `[maps, height, width]`; `table` holds for each
    /// feature map of a convolution the maps it sees, and is null for other layers.
    pub fn json(&self) -> Value {
        let network = &self.network;
        let layers = network.layers.iter().map(|layer| {
            let table = match &layer.kind {
                Kind::Conv(table) => json!(table.rows()),
                _ => Value::Null,
            };
            json!({
                "name": layer.name,
                "kind": what(layer),
                "input": dimensions(layer.input),
                "output": dimensions(layer.output),
                "parameters": layer.parameters(),
                "fixed": layer.fixed(),
                "connections": layer.connections(),
                "multiply_adds": layer.multiply_adds(),
                "table": table,
            })
        });
        json!({
            "network": network.name,
            "source": network.source,
            "options": network.options,
            "input": dimensions(network.input()),
            "layers": layers.collect::<Vec<_>>(),
            "parameters": network.parameters(),
            "fixed": self.fixed(),
            "connections": network.connections(),
            "multiply_adds": self.multiply_adds(),
            "activations": self.activations(),
            "bytes": {
                "parameters": F32 * network.parameters(),
                "parameter_buffer": F32 * self.buffer,
                "activations": F32 * self.activations(),
            },
        })
    }
}

fn what(layer: &Layer) -> String {
    match &layer.kind {
        Kind::Conv(table) => {
            let side = layer.kernel();
            let all = table.maps() * table.inputs();
            match table.is_full() {
                true => format!("convolution {side}x{side}"),
                false => {
                    format!("convolution {side}x{side}, {} of {all} connections", table.count())
                }
            }
        }
        Kind::Pool(PoolForm::Mean) => "pooling 2x2, mean * weight + bias".into(),
        Kind::Pool(PoolForm::Sum) => "pooling 2x2, sum * coefficient + bias".into(),
        Kind::Pool(PoolForm::Average) => "pooling 2x2, mean".into(),
        Kind::Pool(PoolForm::Max) => "pooling 2x2, maximum".into(),
        Kind::Linear => "linear".into(),
        Kind::Rbf => "RBF, distance to fixed 7x12 bitmaps".into(),
    }
}

fn shape(shape: Shape) -> String {
    format!("{}x{}x{}", shape.maps, shape.height, shape.width)
}

fn dimensions(shape: Shape) -> [usize; 3] {
    [shape.maps, shape.height, shape.width]
}
