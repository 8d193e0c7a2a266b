//! Pictures of the kernels of a network.

use super::picture::{Picture, Tile, largest};
use crate::error::Result;
use crate::network::tensors::{Role, Tensor};
use crate::network::{Connections, Kind, Layer, Shape};
use crate::plan::Layout;
use crate::train::model::Model;

/// Width to which pictures are enlarged, in pixels.
const WIDTH: usize = 640;
/// Weights of a layer that is drawn, at most: a picture of more is too large to look at.
const MOST: usize = 1 << 18;

/// Draws the kernels of every layer that has some, and gives the titles of the layers that have too many.
pub fn kernels(model: &Model) -> Result<(Vec<Picture>, Vec<String>)> {
    let layout = Layout::of(&model.network)?;
    let (mut pictures, mut left_out) = (Vec::new(), Vec::new());
    for layer in &model.network.layers {
        let weights = weights(&layout, &model.parameters, layer);
        if weights.len() > MOST {
            left_out.push(title(&layer.name));
            continue;
        }
        let limit = largest(&weights);
        let (maps, inputs) = (layer.output.maps, layer.input.maps);
        let Shape { height, width, .. } = layer.input;
        let (what, tiles, columns) = match &layer.kind {
            Kind::Conv(table) if layer.output.height > 1 || !table.is_full() => {
                let side = layer.kernel();
                let what = match inputs {
                    1 => format!("{maps} kernels of {side}x{side}"),
                    _ => format!(
                        "{} kernels of {side}x{side}; a column for each of {maps} feature maps, a row for \
                         each of {inputs} input maps",
                        table.count()
                    ),
                };
                (what, by_table(table, side, &weights), maps)
            }
            // One row a unit, one column an input map.
            Kind::Conv(_) | Kind::Linear if height > 1 => {
                let kernels = weights.chunks_exact(height * width);
                let tiles: Vec<_> =
                    kernels.map(|kernel| Some(Tile::of(kernel, height, width, limit))).collect();
                let what = format!("weights of {maps} units for {inputs} maps of {height}x{width}");
                // Transposed where there are more units than input maps: pictures are wide.
                match maps > inputs {
                    true => (what, transposed(&tiles, maps, inputs), maps),
                    false => (what, tiles, inputs),
                }
            }
            Kind::Conv(_) | Kind::Linear => {
                let what =
                    format!("a row for each of {maps} units, a column for each of {inputs} inputs");
                (what, vec![Some(Tile::of(&weights, maps, layer.input.size(), limit))], 1)
            }
            Kind::Pool(_) | Kind::Rbf => continue,
        };
        // As large as fits.
        let width = tiles.iter().flatten().map(|tile| tile.width).next().unwrap_or(1);
        let gap = if columns > 40 { 1 } else { 3 };
        let scale = ((WIDTH / columns).saturating_sub(gap) / width).clamp(1, 8);
        let name = format!("{}-kernels", layer.name);
        let caption = format!("{}: {what}", title(&layer.name));
        pictures.push(Picture::grid(&name, &caption, &tiles, columns, [scale, gap]));
    }
    Ok((pictures, left_out))
}

/// Returns the weights of a layer, kernel by kernel; `layout` says where the parameters stand.
pub fn weights(layout: &Layout, parameters: &[f32], layer: &Layer) -> Vec<f32> {
    let its = |tensor: &&Tensor| tensor.role == Role::Weight && of_layer(&tensor.name, layer);
    let tensors = layout.tensors.iter().filter(its);
    tensors.flat_map(|tensor| tensor.numbers(parameters).into_owned()).collect()
}

/// Whether a tensor, `c3.convs.0.weight` say, belongs to a layer.
fn of_layer(tensor: &str, layer: &Layer) -> bool {
    tensor.split('.').next() == Some(layer.name.as_str())
}

/// Returns the name of a layer as the papers write it, in capital letters.
pub fn title(name: &str) -> String {
    if name == "output" { "Output".into() } else { name.to_uppercase() }
}

/// The kernels of a convolution by input map (rows) and feature map (columns).
fn by_table(table: &Connections, side: usize, weights: &[f32]) -> Vec<Option<Tile>> {
    let limit = largest(weights);
    let mut tiles = vec![None; table.inputs() * table.maps()];
    let pairs = (0..table.maps()).flat_map(|map| table.row(map).iter().map(move |&c| (map, c)));
    for ((map, channel), kernel) in pairs.zip(weights.chunks_exact(side * side)) {
        tiles[channel * table.maps() + map] = Some(Tile::of(kernel, side, side, limit));
    }
    tiles
}

/// Swaps rows and columns.
fn transposed(tiles: &[Option<Tile>], rows: usize, columns: usize) -> Vec<Option<Tile>> {
    let from = |column: usize| (0..rows).map(move |row| row * columns + column);
    (0..columns).flat_map(from).map(|at| tiles[at].clone()).collect()
}
