//! A layer as data: a row of a [`Table`](super::Table), and what a model file says of a network that is
//! none of this program.

use serde::{Deserialize, Serialize};

use super::{Connections, KERNEL, KERNELS, Kind, Layer, Network, Options, Output};

/// Feature maps or units of a layer at most, and pixels of background: what one dimension of a
/// dispatch can count.
const MAX_UNITS: usize = 65_535;
/// Numbers in the parameters of a layer, or in what it makes of a sample, at most: 128 MiB,
/// WebGPU's default limit for a binding.
pub(crate) const MAX_NUMBERS: usize = 1 << 25;
/// Names that the buffers of a plan have besides those of the layers.
const RESERVED: &[&str] = &[
    "input",
    "output",
    "rbf",
    "digits",
    "data_set",
    "indices",
    "step_table",
    "cursor",
    "parameters",
    "velocity",
    "squares",
    "curvature",
    "partials",
    "gradient",
    "totals",
    "labels",
    "step_state",
    "row",
    "table",
    "traces",
    "shard_gradients",
    "scores",
    "class",
];

/// A layer; its shapes follow from the layer before.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case", deny_unknown_fields)]
pub enum Row {
    /// Convolution.
    Conv {
        name: String,
        maps: usize,
        /// Side of the kernel; left out where it is that of the papers.
        #[serde(default = "usual::<KERNEL>", skip_serializing_if = "is_usual::<KERNEL>")]
        kernel: usize,
        /// For each feature map the input maps it sees; left out where it sees all.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        connections: Option<Vec<Vec<usize>>>,
    },
    /// 2x2 pooling.
    Pool { name: String },
    /// Every unit sees every input.
    Linear { name: String, units: usize },
    /// Distances to the ten bitmaps.
    Rbf { name: String },
}

/// The number that a file leaves out.
pub(super) fn usual<const N: usize>() -> usize {
    N
}

/// Whether a number can be left out.
pub(super) fn is_usual<const N: usize>(number: &usize) -> bool {
    *number == N
}

impl Row {
    /// The output layer.
    pub(super) fn output(options: &Options) -> Self {
        match options.output {
            Output::Linear | Output::Softmax => {
                Row::Linear { name: "output".into(), units: options.classes }
            }
            Output::Rbf => Row::Rbf { name: "rbf".into() },
        }
    }

    pub(super) fn name(&self) -> &str {
        match self {
            Row::Conv { name, .. }
            | Row::Pool { name }
            | Row::Linear { name, .. }
            | Row::Rbf { name } => name,
        }
    }

    /// What is wrong with it by itself, among the rows `before` it.
    pub(super) fn fault(&self, before: &[Row]) -> Option<String> {
        let name = self.name();
        let count = |count: usize, what: &str| {
            let right = (1..=MAX_UNITS).contains(&count);
            (!right).then(|| format!("it has {count} {what}, but must have 1 to {MAX_UNITS}"))
        };
        if !is_word(name) {
            return Some("its name must consist of letters, digits, - and _".into());
        }
        if RESERVED.contains(&name) {
            return Some("the program itself uses this name: choose another".into());
        }
        if let Some(other) = before.iter().position(|row| row.name() == name) {
            return Some(format!("layer {} has the same name: choose another", other + 1));
        }
        match self {
            Row::Conv { kernel, .. } if !KERNELS.contains(kernel) => {
                let (least, most) = (KERNELS.start(), KERNELS.end());
                Some(format!(
                    "its kernel is {kernel}x{kernel}, but must be {least}x{least} to {most}x{most}"
                ))
            }
            Row::Conv { maps, .. } => count(*maps, "feature maps"),
            Row::Linear { units, .. } => count(*units, "units"),
            Row::Pool { .. } => None,
            Row::Rbf { .. } => Some("distances to the bitmaps can only be the output".into()),
        }
    }
}

/// Whether a name can be that of a layer, of a file and of a folder.
pub(super) fn is_word(name: &str) -> bool {
    let letter = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
    !name.is_empty() && name.chars().all(letter)
}

/// The layers of a network but for its output.
pub(super) fn rows(network: &Network) -> Vec<Row> {
    let hidden = &network.layers[..network.layers.len() - 1];
    let row = |layer: &Layer| {
        let name = layer.name.clone();
        match &layer.kind {
            Kind::Conv(table) => Row::Conv {
                name,
                maps: table.maps(),
                kernel: layer.kernel(),
                connections: (!table.is_full()).then(|| table.rows().to_vec()),
            },
            Kind::Pool(_) => Row::Pool { name },
            Kind::Linear => Row::Linear { name, units: layer.output.maps },
            Kind::Rbf => Row::Rbf { name },
        }
    };
    hidden.iter().map(row).collect()
}

/// The connections, of `taps` weights each, of a convolution that has `maps` feature maps over `inputs` input
/// maps, `full` if every one of them sees all.
pub(super) fn connections(
    inputs: usize,
    maps: usize,
    listed: Option<&[Vec<usize>]>,
    taps: usize,
    full: bool,
) -> Result<Connections, String> {
    let listed = listed.map(|rows| Connections::listed(inputs, rows)).transpose()?;
    match listed {
        Some(table) if table.maps() != maps => {
            Err(format!("it has {maps} feature maps, but {} rows of connections", table.maps()))
        }
        Some(table) if !full => Ok(table),
        _ if inputs * maps > MAX_NUMBERS / taps => {
            Err(format!("{inputs} input maps to {maps} feature maps are too many connections"))
        }
        _ => Ok(Connections::full(inputs, maps)),
    }
}
