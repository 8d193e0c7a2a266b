//! What a network sees: feature maps, and F6 beside the bitmaps.

use super::kernels::title;
use super::picture::{Picture, Tile};
use crate::data::Digits;
use crate::error::Result;
use crate::inference::inspect;
use crate::network::{Kind, Shape, bitmaps};
use crate::train::model::Model;

/// Width to which a feature map is enlarged, in pixels, if it is smaller.
const MAP_WIDTH: usize = 80;
/// Columns of a layer of single units.
const UNIT_COLUMNS: usize = 12;

/// A network with what it makes of some digits.
pub struct Features<'a> {
    model: &'a Model,
    digits: &'a Digits,
    /// What each layer makes, `[digits, maps, height, width]`.
    layers: Vec<Vec<f32>>,
}

impl<'a> Features<'a> {
    /// Shows digits to a network, on the naive reference.
    pub fn of(model: &'a Model, digits: &'a Digits) -> Result<Self> {
        // After the input every layer is there.
        let stored = inspect(model, digits)?.into_iter().skip(1);
        let layers = stored.map(|(_, values)| values).collect();
        Ok(Features { model, digits, layers })
    }

    /// What a layer, by its number, makes of one of the digits.
    fn values(&self, layer: usize, digit: usize) -> &[f32] {
        let size = self.model.network.layers[layer].output.size();
        &self.layers[layer][digit * size..][..size]
    }

    /// Values from the lowest (black) to the highest (white) of the squash.
    fn tile(&self, values: &[f32], height: usize, width: usize) -> Option<Tile> {
        let [low, high] = self.model.network.options.squash.limits();
        let centred: Vec<f32> = values.iter().map(|value| value - (low + high) / 2.0).collect();
        Some(Tile::of(&centred, height, width, (high - low) / 2.0))
    }

    /// The feature maps of every layer for one of the digits.
    pub fn maps(&self, digit: usize) -> Vec<Picture> {
        let bytes = self.digits.digit(digit).to_vec();
        let (height, width) = (self.digits.side(), self.digits.side());
        let input = Some(Tile { height, width, bytes });
        let mut pictures = vec![Picture::grid("input", "The digit", &[input], 1, [3, 0])];
        for (number, layer) in self.model.network.layers.iter().enumerate() {
            if layer.kind == Kind::Rbf {
                continue;
            }
            let Shape { maps, height, width } = layer.output;
            // Units have no neighbours: they stand in rows of one picture.
            let (what, height, width) = match height {
                1 if maps.is_multiple_of(UNIT_COLUMNS) => {
                    (format!("{maps} units"), maps / UNIT_COLUMNS, UNIT_COLUMNS)
                }
                1 => (format!("{maps} units"), 1, maps),
                _ => (format!("{maps} maps of {height}x{width}"), height, width),
            };
            let maps = self.values(number, digit).chunks_exact(height * width);
            let tiles: Vec<_> = maps.map(|map| self.tile(map, height, width)).collect();
            let (name, caption) =
                (format!("{}-maps", layer.name), format!("{}: {what}", title(&layer.name)));
            let scale = [(MAP_WIDTH / width).max(1), 4];
            pictures.push(Picture::grid(&name, &caption, &tiles, tiles.len().min(8), scale));
        }
        pictures
    }

    /// For an RBF output: the last hidden layer for each digit above the bitmap of its class;
    /// `None` for others.
    pub fn beside_bitmaps(&self) -> Option<Picture> {
        let [.., hidden, output] = &self.model.network.layers[..] else { return None };
        if output.kind != Kind::Rbf {
            return None;
        }
        let centres = bitmaps::centres();
        let number = self.layers.len() - 2;
        let found = (0..self.digits.len()).map(|digit| self.values(number, digit));
        let size = bitmaps::HEIGHT * bitmaps::WIDTH;
        let wanted = self.digits.labels().iter();
        let wanted = wanted.map(|&label| &centres[usize::from(label) * size..][..size]);
        let tile = |values| self.tile(values, bitmaps::HEIGHT, bitmaps::WIDTH);
        let tiles: Vec<_> = found.chain(wanted).map(tile).collect();
        let caption = format!(
            "{} as 7x12 pictures for one digit of each class, and the bitmaps that the output \
             compares them with",
            title(&hidden.name)
        );
        let name = format!("{}-bitmaps", hidden.name);
        Some(Picture::grid(&name, &caption, &tiles, self.digits.len(), [7, 10]))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::kernels::kernels;
    use super::*;
    use crate::cpu;
    use crate::data;
    use crate::network::{Table, build, init, lenet};
    use crate::plan::Layout;

    fn model(name: &str) -> Model {
        model_of(lenet::find(name).unwrap())
    }

    fn model_of(table: &Table) -> Model {
        let network = build(table, table.options).unwrap();
        let layout = Layout::of(&network).unwrap();
        let parameters = init::parameters(&network, &layout, init::Init::LecunSqrt, 7);
        Model { network, parameters, settings: json!({}) }
    }

    #[test]
    fn pictures_of_every_layer() {
        let mut digits = data::builtin().unwrap().test;
        digits.truncate(10);
        for (name, kernels_of, maps_of) in [
            ("lenet1", "h1 h3 output", "h1 h2 h3 h4 output"),
            ("lenet5", "c1 c3 c5 f6", "c1 s2 c3 s4 c5 f6"),
        ] {
            let model = model(name);
            let names = |pictures: &[Picture], end: &str| {
                let names = pictures.iter().filter_map(|picture| picture.name.strip_suffix(end));
                names.collect::<Vec<_>>().join(" ")
            };
            assert_eq!(names(&kernels(&model).unwrap().0, "-kernels"), kernels_of);
            let features = Features::of(&model, &digits).unwrap();
            assert_eq!(names(&features.maps(0), "-maps"), maps_of);
            assert_eq!(features.beside_bitmaps().is_some(), name == "lenet5");
        }
    }

    #[test]
    fn a_layer_of_too_many_weights_is_named() {
        let text = "name = \"wide\"\nlayers = [{ linear = \"f1\", units = 400 }]";
        let (pictures, left_out) = kernels(&model_of(&Table::parse(text).unwrap())).unwrap();
        assert_eq!((pictures.len(), &left_out[..]), (1, &["F1".to_string()][..]));
    }

    /// The pooling of the maps of C1 is what S2 holds.
    #[test]
    fn maps_are_those_of_the_network() {
        let mut digits = data::builtin().unwrap().test;
        digits.truncate(3);
        let model = model("lenet5");
        let features = Features::of(&model, &digits).unwrap();
        // With coefficient 0.5 and bias 0, as the pooling starts.
        let h = features.values(0, 1);
        let block = h[0] + h[1] + h[28] + h[29];
        let expected = cpu::squash(model.network.options.squash, f64::from(0.5 * block));
        assert!((f64::from(features.values(1, 1)[0]) - expected).abs() < 1e-6);
    }
}
