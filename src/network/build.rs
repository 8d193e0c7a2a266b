//! From a table and the user's choices to a network with shapes.

use serde::{Deserialize, Serialize};

use super::spec::{self, MAX_NUMBERS, Row, is_usual, is_word, usual};
use super::table::Table;
use super::{
    CLASS_COUNTS, CLASSES, DIGIT_SIDE, Kind, Layer, Loss, Named, Network, Output, PoolForm, SIDES,
    Scaling, Shape, Squash,
};
use crate::error::{Error, Result};
use crate::text::thousands;

/// Units that the bitmaps of the RBF output are compared with: 7 x 12 pixels.
pub const BITMAP: usize = 84;

/// Most letters of a name. Runs have folders with that name.
const LONGEST_NAME: usize = 64;

/// What can be chosen about a network; the rest is its table.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Options {
    /// Side of a picture, in pixels.
    #[serde(default = "usual::<DIGIT_SIDE>", skip_serializing_if = "is_usual::<DIGIT_SIDE>")]
    pub side: usize,
    /// Classes, each with an output.
    #[serde(default = "usual::<CLASSES>", skip_serializing_if = "is_usual::<CLASSES>")]
    pub classes: usize,
    /// Pixels of background around the picture.
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

/// Works out every shape.
///
/// # Errors
/// [`Error::Usage`] where the choices do not fit the table, naming the flag, and where a row cannot
/// be carried out, naming the row.
pub fn build(table: &Table, options: Options) -> Result<Network> {
    check(&options)?;
    let Table { name, source, rows, options: Options { border, .. }, .. } = table;
    let side = options.side + 2 * options.border;
    let mut shape = Shape { maps: 1, height: side, width: side };
    let mut layers: Vec<Layer> = Vec::new();
    let output = Row::output(&options);
    for (at, row) in rows.iter().chain([&output]).enumerate() {
        let by_itself = (at < rows.len()).then(|| row.fault(&rows[..at])).flatten();
        let layer = by_itself.map_or_else(|| shaped(row, shape, *border, &options), Err);
        let layer = layer.map_err(|what| fault(name, at, row.name(), &what))?;
        shape = layer.output;
        layers.push(layer);
    }
    let classes = table.names.clone();
    Ok(Network { name: name.clone(), source: source.clone(), options, classes, layers })
}

/// What is wrong with the layer `name` of a network, which is layer `at`, counted from 0.
pub(crate) fn fault(network: &str, at: usize, name: &str, what: &str) -> Error {
    Error::Usage(format!("{network}, layer {} ({name:?}): {what}", at + 1))
}

/// Checks the name of a network that is to be trained: folders of runs will have it. Models that exist may have any name.
///
/// # Errors
/// [`Error::Usage`] naming it.
pub fn check_name(name: &str) -> Result<()> {
    if is_word(name) && !name.starts_with('-') && name.len() <= LONGEST_NAME {
        return Ok(());
    }
    Err(Error::Usage(format!(
        "the network is called {name:?}, but a name has 1 to {LONGEST_NAME} letters (a to z), digits, - and _, and \
         does not begin with -"
    )))
}

fn check(options: &Options) -> Result<()> {
    for (what, count, range) in
        [("side", options.side, SIDES), ("number of classes", options.classes, CLASS_COUNTS)]
    {
        if !range.contains(&count) {
            let (least, most) = range.into_inner();
            return Err(Error::Usage(format!(
                "the {what} is {count}, but a network takes {least} to {most}"
            )));
        }
    }
    let fault = match (options.output, options.loss) {
        (Output::Linear, Loss::Mse)
        | (Output::Rbf, Loss::Mse | Loss::Map)
        | (Output::Softmax, Loss::CrossEntropy) => None,
        (Output::Linear | Output::Softmax, Loss::Map) => {
            Some("--loss map (eq. 9) needs distances to class centres: use --output rbf")
        }
        (Output::Linear | Output::Rbf, Loss::CrossEntropy) => {
            Some("--loss cross-entropy needs probabilities: use --output softmax")
        }
        (Output::Softmax, Loss::Mse) => Some(
            "--output softmax is trained with --loss cross-entropy: for --loss mse use --output linear",
        ),
    };
    if let Some(fault) = fault {
        return Err(Error::Usage(format!("{fault}, or leave out --loss")));
    }
    if options.output == Output::Rbf && options.classes != CLASSES {
        return Err(Error::Usage(format!(
            "--output rbf has the bitmaps of {CLASSES} digits, and there are {} classes: use \
             --output linear or softmax",
            options.classes
        )));
    }
    if options.output == Output::Rbf && options.squash.of_output() != options.squash {
        return Err(Error::Usage(format!(
            "--output rbf compares units with bitmaps of +1 and -1, which --squash {} does not reach: use \
             --output linear or softmax, or --squash scaled",
            options.squash.name()
        )));
    }
    if !(options.j.is_finite() && options.j > 0.0) {
        return Err(Error::Usage(format!("--j is {}, but must be a positive number", options.j)));
    }
    if options.border > 16 {
        return Err(Error::Usage(format!(
            "--border is {}, but at most 16 pixels of background make sense around {}",
            options.border, options.side
        )));
    }
    Ok(())
}

fn shaped(row: &Row, input: Shape, border: usize, options: &Options) -> Result<Layer, String> {
    let side = options.side;
    let does_not_fit = |what: &str| {
        let (height, width) = (input.height, input.width);
        let way_out = match options.border {
            _ if height == 1 => {
                "convolutions and poolings stand before linear layers, while maps are large".to_string()
            }
            given if given == border => {
                "change the layers before it or the border, or name with --network one for this side".to_string()
            }
            _ => format!("the network was made for --border {border}: give that"),
        };
        format!(
            "it sees {height}x{width} of pictures of {side}x{side} with --border {}: {what}; {way_out}",
            options.border
        )
    };
    let flat = |units| Shape { maps: units, height: 1, width: 1 };
    let (kind, output) = match row {
        Row::Conv { maps, kernel, connections: listed, .. } => {
            if input.height < *kernel {
                return Err(does_not_fit(&format!("its {kernel}x{kernel} kernel is larger")));
            }
            let full = options.full_connections;
            let taps = kernel * kernel;
            let table = spec::connections(input.maps, *maps, listed.as_deref(), taps, full)?;
            let (height, width) = (input.height - kernel + 1, input.width - kernel + 1);
            (Kind::Conv(table), Shape { maps: *maps, height, width })
        }
        Row::Pool { .. } => {
            if !input.height.is_multiple_of(2) {
                return Err(does_not_fit("its 2x2 blocks need an even side"));
            }
            let output = Shape { height: input.height / 2, width: input.width / 2, ..input };
            (Kind::Pool(options.pool), output)
        }
        Row::Linear { units, .. } => (Kind::Linear, flat(*units)),
        Row::Rbf { .. } => {
            if input.size() != BITMAP {
                return Err(format!(
                    "--output rbf compares {BITMAP} units with 7x12 bitmaps, and there are {} \
                     before the output: use --output linear, or --network lenet5",
                    input.size()
                ));
            }
            (Kind::Rbf, flat(CLASSES))
        }
    };
    let layer = Layer { name: row.name().into(), kind, input, output };
    if layer.parameters().max(output.size()) > MAX_NUMBERS {
        return Err(format!(
            "it has {} parameters and makes {} numbers of a digit, and a shader binds {} of them at most: make it \
             smaller",
            thousands(layer.parameters()),
            thousands(output.size()),
            thousands(MAX_NUMBERS)
        ));
    }
    Ok(layer)
}
