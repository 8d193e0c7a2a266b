//! What a network sees: feature maps, and F6 beside the bitmaps.

use super::kernels::title;
use super::picture::{Picture, Tile};
use crate::cpu::Cpu;
use crate::data::Digits;
use crate::error::Result;
use crate::network::{CLASSES, Kind, Layer, Output, Shape, bitmaps};
use crate::plan::{Activation, Optimizer, Plan, Profile, Strategy};
use crate::train::model::Model;
use crate::train::session::{Lists, Session};

/// Width to which a feature map is enlarged, in pixels, if it is smaller.
const MAP_WIDTH: usize = 80;
/// Columns of a layer of single units.
const UNIT_COLUMNS: usize = 12;

/// What a layer makes of some digits, `[digits, maps, height, width]`.
struct Activations {
    layer: Layer,
    values: Vec<f32>,
}

impl Activations {
    fn of(&self, digit: usize) -> &[f32] {
        let size = self.layer.output.size();
        &self.values[digit * size..(digit + 1) * size]
    }
}

/// A network with what it makes of the ten digits that it is shown.
pub struct Features {
    digits: Digits,
    layers: Vec<Activations>,
    /// A of the squash.
    amplitude: f32,
    output: Output,
}

impl Features {
    /// Shows a network one digit of each class, on the CPU twins.
    ///
    /// # Errors
    /// [`crate::Error::Usage`] if the network cannot be planned.
    pub fn of(model: &Model, digits: &Digits) -> Result<Self> {
        let network = &model.network;
        let count = digits.len();
        let lists = Lists::new(&[digits], 0, vec![(0..count as u32).collect()]);
        let (profile, capacity) = (Profile::reference(), lists.capacity(count));
        let plan =
            Plan::new(network, Strategy::Inspect, profile, count, Optimizer::NONE, capacity)?;
        let mut session = Session::new(Box::new(Cpu::new(plan)), &lists)?;
        session.set_parameters(&model.parameters)?;
        session.scores(0)?;
        let executor = session.executor();
        let layers = network.layers.iter().map(|layer| {
            let stored = executor.interface().activation(&layer.name);
            let &Activation { buffer, stride, .. } =
                stored.expect("an inspection stores every layer");
            let values = executor.read_f32(buffer, stride * count)?;
            let rows = values.chunks_exact(stride);
            let values = rows.flat_map(|row| &row[..layer.output.size()]).copied().collect();
            Ok(Activations { layer: layer.clone(), values })
        });
        let layers = layers.collect::<Result<_>>()?;
        let (amplitude, _) = network.options.squash.amplitude_and_slope();
        Ok(Features { digits: digits.clone(), layers, amplitude, output: network.options.output })
    }

    /// The feature maps of every layer for one of the digits.
    ///
    /// # Errors
    /// As [`Picture::grid`].
    pub fn maps(&self, digit: usize) -> Result<Vec<Picture>> {
        let side = crate::network::DIGIT_SIDE;
        let bytes = self.digits.digit(digit).to_vec();
        let input = Some(Tile { height: side, width: side, bytes });
        let mut pictures = vec![Picture::grid("input", "The digit", &[input], 1, [3, 0])?];
        let squashed = |layer: &&Activations| layer.layer.kind != Kind::Rbf;
        for activations in self.layers.iter().filter(squashed) {
            let Layer { name, output, .. } = &activations.layer;
            let Shape { maps, height, width } = *output;
            // Units have no neighbours: they stand in rows of one picture.
            let (what, height, width) = match height {
                1 if maps.is_multiple_of(UNIT_COLUMNS) => {
                    (format!("{maps} units"), maps / UNIT_COLUMNS, UNIT_COLUMNS)
                }
                1 => (format!("{maps} units"), 1, maps),
                _ => (format!("{maps} maps of {height}x{width}"), height, width),
            };
            let tiles: Vec<_> = activations
                .of(digit)
                .chunks_exact(height * width)
                .map(|map| Some(Tile::of(map, height, width, self.amplitude)))
                .collect();
            let caption = format!("{}: {what}", title(name));
            let scale = [(MAP_WIDTH / width).max(1), 4];
            let columns = tiles.len().min(8);
            let name = format!("{name}-maps");
            pictures.push(Picture::grid(&name, &caption, &tiles, columns, scale)?);
        }
        Ok(pictures)
    }

    /// For an RBF output: the last hidden layer for each digit above the bitmap of its class;
    /// `None` for others.
    ///
    /// # Errors
    /// As [`Picture::grid`].
    pub fn beside_bitmaps(&self) -> Result<Option<Picture>> {
        let hidden = self.layers.iter().rev().nth(1);
        let Some(hidden) = hidden.filter(|_| self.output == Output::Rbf) else { return Ok(None) };
        let (height, width) = (bitmaps::HEIGHT, bitmaps::WIDTH);
        let tile = |numbers: &[f32]| Some(Tile::of(numbers, height, width, self.amplitude));
        let centres = bitmaps::centres();
        let found = (0..self.digits.len()).map(|digit| tile(hidden.of(digit)));
        let wanted = self.digits.labels().iter().map(|&label| {
            let size = height * width;
            tile(&centres[usize::from(label) * size..][..size])
        });
        let tiles: Vec<_> = found.chain(wanted).collect();
        let caption = format!(
            "{} as 7x12 pictures for one digit of each class, and the bitmaps that the output \
             compares them with",
            title(&hidden.layer.name)
        );
        let name = format!("{}-bitmaps", hidden.layer.name);
        Ok(Some(Picture::grid(&name, &caption, &tiles, CLASSES, [7, 10])?))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::kernels::kernels;
    use super::*;
    use crate::cpu;
    use crate::data;
    use crate::network::{build, init, lenet};
    use crate::plan::Layout;

    fn model(name: &str) -> Model {
        let table = lenet::find(name).unwrap();
        let network = build(table, table.options()).unwrap();
        let layout = Layout::of(&network).unwrap();
        let parameters = init::parameters(&network, &layout, init::Init::LecunSqrt, 7);
        Model { network, parameters, settings: json!({}) }
    }

    #[test]
    fn pictures_of_every_layer() {
        let mut digits = data::builtin().unwrap().test;
        digits.truncate(10);
        for (name, kernels_of, maps_of) in [
            ("lenet1", vec!["h1", "h3", "output"], vec!["h1", "h2", "h3", "h4", "output"]),
            ("lenet5", vec!["c1", "c3", "c5", "f6"], vec!["c1", "s2", "c3", "s4", "c5", "f6"]),
        ] {
            let model = model(name);
            let names = |pictures: &[Picture], end: &str| {
                let names = pictures.iter().map(|picture| picture.name.clone());
                names
                    .filter_map(|name| name.strip_suffix(end).map(String::from))
                    .collect::<Vec<_>>()
            };
            assert_eq!(names(&kernels(&model).unwrap(), "-kernels"), kernels_of);
            let features = Features::of(&model, &digits).unwrap();
            assert_eq!(names(&features.maps(0).unwrap(), "-maps"), maps_of);
            assert_eq!(features.beside_bitmaps().unwrap().is_some(), name == "lenet5");
        }
    }

    /// The pooling of the maps of C1 is what S2 holds.
    #[test]
    fn maps_are_those_of_the_network() {
        let mut digits = data::builtin().unwrap().test;
        digits.truncate(3);
        let model = model("lenet5");
        let features = Features::of(&model, &digits).unwrap();
        let (conv, pool) = (&features.layers[0], &features.layers[1]);
        // With coefficient 0.5 and bias 0, as the pooling starts.
        let h = conv.of(1);
        let block = h[0] + h[1] + h[28] + h[29];
        let expected = cpu::squash(model.network.options.squash, f64::from(0.5 * block));
        assert!((f64::from(pool.of(1)[0]) - expected).abs() < 1e-6);
    }
}
