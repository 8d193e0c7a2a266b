//! Models for other programs, and models from them.
//!
//! Everything starts from the [`State`] of a model: its tensors under names that the other program
//! knows ([`names`]). [`onnx`] makes a graph of it that needs nothing else to run, [`npz`] and
//! [`document`] hold the numbers for NumPy and for programs that read JSON, and [`State::to_bytes`]
//! makes a state dict of PyTorch as a safetensors file, which [`mod@import`] reads back.

pub mod document;
pub mod import;
pub mod names;
mod node;
pub mod npz;
pub mod onnx;
mod state;

pub use names::Names;
pub use state::{CENTRES, State};

use crate::error::Result;
use crate::network::named;
use crate::train::model::Model;

named! {
    /// What a model is exported as.
    pub enum Format {
        /// A graph from bytes to classes that runs by itself.
        Onnx = "onnx",
        /// A state dict of PyTorch.
        Safetensors = "safetensors",
        /// Arrays of NumPy.
        Npz = "npz",
        /// One object with layers, tables and numbers.
        Json = "json",
    }
}

/// The bytes of a file for other programs. The names are those of its tensors; a graph has its own.
///
/// # Errors
/// [`crate::Error::Usage`] if the network cannot be laid out.
pub fn export(model: &Model, format: Format, names: Names) -> Result<Vec<u8>> {
    match format {
        Format::Onnx => onnx::bytes(model),
        Format::Safetensors => State::of(model, names)?.to_bytes(),
        Format::Npz => npz::bytes(&State::of(model, names)?),
        Format::Json => document::bytes(&model.network, &State::of(model, names)?),
    }
}
