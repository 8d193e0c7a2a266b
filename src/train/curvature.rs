//! Which digits the curvature of an epoch is estimated on, and its summary.

use serde::{Deserialize, Serialize};

use super::Split;
use crate::plan::Layout;
use crate::recipe::Settings;
use crate::rng::{Rng, Stream};

/// The training digits in a random order of their own, from which each pass takes the next few. The
/// 1998 paper says how many (500), not whether they are always the same.
#[derive(Debug)]
pub struct Patterns {
    order: Vec<u32>,
    count: usize,
}

impl Patterns {
    /// Draws the order by the seed alone.
    pub fn draw(settings: &Settings, split: &Split) -> Self {
        let mut order = split.train.clone();
        Rng::new(settings.seed, Stream::Curvature).shuffle(&mut order);
        Patterns { order, count: settings.curvature_patterns }
    }

    /// The digits of an epoch (from 0).
    pub fn of(&self, epoch: usize) -> Vec<u32> {
        self.order
            .iter()
            .cycle()
            .skip(epoch * self.count % self.order.len())
            .take(self.count)
            .copied()
            .collect()
    }
}

/// The smallest, the middle and the largest of some numbers.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Spread {
    pub least: f32,
    pub median: f32,
    pub largest: f32,
}

impl Spread {
    /// # Panics
    /// If there are no numbers.
    fn of(mut numbers: Vec<f32>) -> Self {
        numbers.sort_by(f32::total_cmp);
        let last = numbers.len() - 1;
        Spread { least: numbers[0], median: numbers[last / 2], largest: numbers[last] }
    }
}

/// The parameters of a layer, as second derivatives see them.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct LayerCurvature {
    pub layer: String,
    /// h, the mean second derivative of the loss.
    pub h: Spread,
    /// eta / (mu + h).
    pub rate: Spread,
}

impl LayerCurvature {
    /// Whether a run can have written it.
    pub fn is_possible(&self) -> bool {
        [self.h, self.rate]
            .iter()
            .flat_map(|spread| [spread.least, spread.median, spread.largest])
            .all(f32::is_finite)
    }
}

/// Summarises `curvature`, in the places of a layout, for each layer at a learning rate.
pub fn by_layer(layout: &Layout, curvature: &[f32], mu: f32, eta: f32) -> Vec<LayerCurvature> {
    let mut layers: Vec<(&str, Vec<f32>)> = Vec::new();
    for tensor in &layout.tensors {
        // c3.convs.0.weight is of c3.
        let name = tensor.name.split('.').next().unwrap_or(&tensor.name);
        let numbers = tensor.numbers(curvature);
        match layers.iter_mut().find(|(layer, _)| *layer == name) {
            Some((_, all)) => all.extend_from_slice(&numbers),
            None => layers.push((name, numbers.into_owned())),
        }
    }
    let of_layer = |(layer, h): (&str, Vec<f32>)| LayerCurvature {
        layer: layer.into(),
        rate: Spread::of(h.iter().map(|h| eta / (mu + h)).collect()),
        h: Spread::of(h),
    };
    layers.into_iter().map(of_layer).collect()
}
