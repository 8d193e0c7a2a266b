//! From a table and the user's choices to a network with shapes.

use serde::{Deserialize, Serialize};

use super::lenet::{Row, Table};
use super::{
    CLASSES, Connections, DIGIT_SIDE, KERNEL, Kind, Layer, Loss, Network, Output, PoolForm,
    Scaling, Shape, Squash,
};
use crate::error::{Error, Result};

/// Units that the bitmaps of the RBF output are compared with: 7 x 12 pixels.
pub const BITMAP: usize = 84;

/// What can be chosen about a network; the rest is its table.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Options {
    /// Pixels of background around the 28x28 digit.
    pub border: usize,
    pub scaling: Scaling,
    pub squash: Squash,
    pub pool: PoolForm,
    /// Whether every convolution sees all maps instead of those in its table.
    pub full_connections: bool,
    pub output: Output,
    pub loss: Loss,
    /// j of eq. 9: e^-j is the share of a class outside the ten.
    pub j: f32,
}

impl Table {
    /// The choices that the table's source made, with the loss of the training code beside it.
    pub fn options(&self) -> Options {
        Options {
            border: self.border,
            scaling: self.scaling,
            squash: self.squash,
            pool: self.pool,
            full_connections: false,
            output: self.output,
            loss: if self.output == Output::Rbf { Loss::Map } else { Loss::Mse },
            j: 10.0,
        }
    }
}

/// Works out every shape.
///
/// # Errors
/// [`Error::Usage`] where the choices do not fit the table, naming the flag.
pub fn build(table: &Table, options: Options) -> Result<Network> {
    check(&options)?;
    let side = DIGIT_SIDE + 2 * options.border;
    let mut shape = Shape { maps: 1, height: side, width: side };
    let mut layers = Vec::new();
    let output = match options.output {
        Output::Linear => Row::Linear("output", CLASSES),
        Output::Rbf => Row::Linear("rbf", CLASSES),
    };
    for row in table.rows.iter().chain([&output]) {
        let layer = shaped(row, shape, table, &options)?;
        shape = layer.output;
        layers.push(layer);
    }
    Ok(Network { name: table.name, options, layers })
}

fn check(options: &Options) -> Result<()> {
    if options.output == Output::Linear && options.loss == Loss::Map {
        return Err(Error::Usage(
            "--loss map (eq. 9) needs distances to class centres: use --output rbf, or --loss mse"
                .into(),
        ));
    }
    if !(options.j.is_finite() && options.j > 0.0) {
        return Err(Error::Usage(format!("--j is {}, but must be a positive number", options.j)));
    }
    if options.border > 16 {
        return Err(Error::Usage(format!(
            "--border is {}, but at most 16 pixels of background make sense around 28",
            options.border
        )));
    }
    Ok(())
}

fn shaped(row: &Row, input: Shape, table: &Table, options: &Options) -> Result<Layer> {
    let does_not_fit = |name: &str, what: &str| {
        Error::Usage(format!(
            "{name} of {} sees {}x{} with --border {}: {what}; the network was made for --border {}",
            table.name, input.height, input.width, options.border, table.border
        ))
    };
    let flat = |units| Shape { maps: units, height: 1, width: 1 };
    Ok(match *row {
        Row::Conv(name, maps, connections) => {
            if input.height < KERNEL {
                return Err(does_not_fit(name, "its 5x5 kernel is larger"));
            }
            let table = match connections {
                Some(rows) if !options.full_connections => Connections::listed(input.maps, rows),
                _ => Connections::full(input.maps, maps),
            };
            let (height, width) = (input.height - KERNEL + 1, input.width - KERNEL + 1);
            let output = Shape { maps, height, width };
            Layer { name, kind: Kind::Conv(table), input, output }
        }
        Row::Pool(name) => {
            if !input.height.is_multiple_of(2) {
                return Err(does_not_fit(name, "its 2x2 blocks need an even side"));
            }
            let output = Shape { height: input.height / 2, width: input.width / 2, ..input };
            Layer { name, kind: Kind::Pool(options.pool), input, output }
        }
        Row::Linear("rbf", _) => {
            if input.size() != BITMAP {
                return Err(Error::Usage(format!(
                    "--output rbf compares {BITMAP} units with 7x12 bitmaps, and {} has {} before \
                     its output: use --output linear, or --network lenet5",
                    table.name,
                    input.size()
                )));
            }
            Layer { name: "rbf", kind: Kind::Rbf, input, output: flat(CLASSES) }
        }
        Row::Linear(name, units) => Layer { name, kind: Kind::Linear, input, output: flat(units) },
    })
}
