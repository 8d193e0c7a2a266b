//! The tensors of a model as a module of PyTorch has them.

use std::borrow::Cow;

use serde_json::Value;

use super::Names;
use crate::error::Result;
use crate::network::tensors::{Role, Tensor};
use crate::network::{CLASSES, Kind, Network, bitmaps};
use crate::plan::Layout;
use crate::train::container;
use crate::train::model::Model;

/// The name of the fixed centres of an RBF output, in the names by layer.
pub const CENTRES: &str = "rbf.centres";

/// Named tensors: the parameters, then what a module would hold as a buffer, the centres
/// `[10, 84]` of an RBF output.
#[derive(Debug, Clone, PartialEq)]
pub struct State {
    /// Each tensor with its numbers, row by row.
    pub tensors: Vec<(Tensor, Vec<f32>)>,
    about: Value,
}

impl State {
    /// The tensors of a model.
    ///
    /// # Errors
    /// [`crate::Error::Usage`] if the network cannot be laid out.
    pub fn of(model: &Model, names: Names) -> Result<State> {
        let layout = layout(&model.network, names, true)?;
        let mut numbers = model.parameters.clone();
        numbers.resize(layout.size, 0.0);
        if has_centres(&model.network) {
            let centres = layout.tensors.last().expect("the centres are a tensor");
            centres.put(&bitmaps::centres(), &mut numbers);
        }
        let with_numbers = |tensor: Tensor| {
            let numbers = tensor.numbers(&numbers).into_owned();
            (tensor, numbers)
        };
        let tensors = layout.tensors.into_iter().map(with_numbers).collect();
        Ok(State { tensors, about: model.about() })
    }

    /// The bytes of a safetensors file, which says in its metadata what the network is.
    ///
    /// # Errors
    /// [`crate::Error::Other`] if the format refuses.
    pub fn to_bytes(&self) -> Result<Vec<u8>> {
        let named = self.tensors.iter().map(|(tensor, numbers)| {
            (tensor.name.clone(), tensor.shape.clone(), Cow::Borrowed(&numbers[..]))
        });
        container::bytes(named, &self.about)
    }
}

/// Returns the layout of a network's tensors under these names; the centres, if asked for, follow the
/// parameters.
pub(super) fn layout(network: &Network, names: Names, centres: bool) -> Result<Layout> {
    let mut layout = Layout::of(network)?;
    if centres && has_centres(network) {
        let shape = vec![CLASSES, bitmaps::WIDTH * bitmaps::HEIGHT];
        let (fan_in, start) = (shape[1], layout.size);
        let name = CENTRES.to_string();
        let tensor = Tensor { name, shape, role: Role::Weight, fan_in, start, stride: fan_in };
        layout.size += tensor.size();
        layout.tensors.push(tensor);
    }
    for tensor in &mut layout.tensors {
        tensor.name = names.of(&network.name, &tensor.name);
    }
    Ok(layout)
}

fn has_centres(network: &Network) -> bool {
    network.layers.iter().any(|layer| layer.kind == Kind::Rbf)
}
