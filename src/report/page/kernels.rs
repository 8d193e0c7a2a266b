//! What a network is made of: the kernels of its layers.

use super::picture::{Picture, Tile, largest};
use crate::error::Result;
use crate::network::tensors::{Role, Tensor};
use crate::network::{Connections, KERNEL, Kind, Layer, Shape, TAPS};
use crate::plan::Layout;
use crate::train::model::Model;

/// Width to which pictures are enlarged, in pixels.
const WIDTH: usize = 640;

/// The kernels of every layer that has some.
///
/// # Errors
/// As [`Picture::grid`].
pub fn kernels(model: &Model) -> Result<Vec<Picture>> {
    let layout = Layout::of(&model.network)?;
    let mut pictures = Vec::new();
    for layer in &model.network.layers {
        let weights = weights(&layout, &model.parameters, layer);
        let name = format!("{}-kernels", layer.name);
        let (maps, inputs) = (layer.output.maps, layer.input.maps);
        let title = title(&layer.name);
        let picture = match &layer.kind {
            Kind::Conv(table) if layer.output.height > 1 => {
                let tiles = by_table(table, &weights);
                let caption = match inputs {
                    1 => format!("{title}: {maps} kernels of 5x5"),
                    _ => format!(
                        "{title}: {} kernels of 5x5; a column for each of {maps} feature maps, a \
                         row for each of {inputs} input maps",
                        table.count()
                    ),
                };
                enlarged(&name, &caption, &tiles, maps)?
            }
            // A unit for each row, what it sees of each input map for each column.
            Kind::Conv(_) | Kind::Linear if layer.input.height > 1 => {
                let Shape { height, width, .. } = layer.input;
                let limit = largest(&weights);
                let tiles: Vec<_> = weights
                    .chunks_exact(height * width)
                    .map(|kernel| Some(Tile::of(kernel, height, width, limit)))
                    .collect();
                // Turned where there are more units than input maps: pictures are wide.
                let (tiles, columns) = match maps > inputs {
                    true => (turned(&tiles, maps, inputs), maps),
                    false => (tiles, inputs),
                };
                let caption = format!(
                    "{title}: what each of {maps} units makes of each of {inputs} maps of \
                     {height}x{width}"
                );
                enlarged(&name, &caption, &tiles, columns)?
            }
            Kind::Conv(_) | Kind::Linear => {
                let tile = Tile::of(&weights, maps, layer.input.size(), largest(&weights));
                let caption = format!(
                    "{title}: a row for each of {maps} units, a column for each of {inputs} inputs"
                );
                enlarged(&name, &caption, &[Some(tile)], 1)?
            }
            Kind::Pool(_) | Kind::Rbf => continue,
        };
        pictures.push(picture);
    }
    Ok(pictures)
}

/// The weights of a layer, kernel by kernel, of parameters in the places of `layout`.
pub fn weights(layout: &Layout, parameters: &[f32], layer: &Layer) -> Vec<f32> {
    let its = |tensor: &&Tensor| tensor.role == Role::Weight && of_layer(&tensor.name, layer);
    let tensors = layout.tensors.iter().filter(its);
    tensors.flat_map(|tensor| tensor.numbers(parameters).into_owned()).collect()
}

/// Whether a tensor, `c3.convs.0.weight` say, belongs to a layer.
fn of_layer(tensor: &str, layer: &Layer) -> bool {
    tensor.split('.').next() == Some(layer.name.as_str())
}

/// The papers' names have capital letters.
pub fn title(name: &str) -> String {
    if name == "output" { "Output".into() } else { name.to_uppercase() }
}

/// The kernels of a convolution by input map (rows) and feature map (columns).
fn by_table(table: &Connections, weights: &[f32]) -> Vec<Option<Tile>> {
    let limit = largest(weights);
    let mut tiles = vec![None; table.inputs() * table.maps()];
    let pairs = (0..table.maps()).flat_map(|map| table.row(map).iter().map(move |&c| (map, c)));
    for ((map, channel), kernel) in pairs.zip(weights.chunks_exact(TAPS)) {
        tiles[channel * table.maps() + map] = Some(Tile::of(kernel, KERNEL, KERNEL, limit));
    }
    tiles
}

/// Rows as columns, of `rows` rows.
fn turned(tiles: &[Option<Tile>], rows: usize, columns: usize) -> Vec<Option<Tile>> {
    let from = |column: usize| (0..rows).map(move |row| row * columns + column);
    (0..columns).flat_map(from).map(|at| tiles[at].clone()).collect()
}

/// A grid as large as fits into [`WIDTH`].
fn enlarged(name: &str, caption: &str, tiles: &[Option<Tile>], columns: usize) -> Result<Picture> {
    let width = tiles.iter().flatten().map(|tile| tile.width).next().unwrap_or(1);
    let gap = if columns > 40 { 1 } else { 3 };
    let scale = ((WIDTH / columns).saturating_sub(gap) / width).clamp(1, 8);
    Picture::grid(name, caption, tiles, columns, [scale, gap])
}
