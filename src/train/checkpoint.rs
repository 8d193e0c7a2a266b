//! A trained network as a safetensors file.
//!
//! Tensors have the names and shapes that the notebook's PyTorch modules would give them. One
//! metadata key, `lenet`, holds sorted JSON: the network, its options and the settings of the run,
//! and nothing that differs between equal runs, so that equal runs give equal files.

use std::path::Path;

use safetensors::tensor::{Dtype, SafeTensors, TensorView};
use serde_json::{Value, json};

use crate::error::{Error, Result};
use crate::network::{Network, Options, build, lenet};
use crate::plan::Layout;

/// The metadata key.
const KEY: &str = "lenet";
/// No model of this program is as large as this; a larger file is not one.
const MAX_BYTES: u64 = 64 << 20;

/// A network and its parameters.
#[derive(Debug, Clone)]
pub struct Model {
    pub network: Network,
    /// In the places of [`Layout::of`].
    pub parameters: Vec<f32>,
    /// The settings of the run that made it.
    pub settings: Value,
}

impl Model {
    /// The bytes of the file.
    ///
    /// # Errors
    /// [`Error::Usage`] if the network cannot be laid out.
    pub fn to_bytes(&self) -> Result<Vec<u8>> {
        let layout = Layout::of(&self.network)?;
        let views = layout.tensors.iter().map(|tensor| {
            let bytes = bytemuck::cast_slice(&self.parameters[tensor.range()]);
            let view = TensorView::new(Dtype::F32, tensor.shape.clone(), bytes)
                .expect("a tensor is as long as its shape says");
            (tensor.name.clone(), view)
        });
        // serde_json keeps the keys of an object sorted.
        let about = json!({
            "network": self.network.name,
            "options": self.network.options,
            "settings": self.settings,
        });
        let metadata = [(KEY.to_string(), about.to_string())].into_iter().collect();
        safetensors::serialize(views, Some(metadata))
            .map_err(|error| Error::Other(format!("cannot lay out the model file: {error}")))
    }

    /// Reads a model file.
    ///
    /// # Errors
    /// [`Error::Data`] naming the file and what is wrong with it.
    pub fn read(path: &Path) -> Result<Model> {
        let way_out = "give a model.safetensors that `lenet train` wrote";
        let size = std::fs::metadata(path)
            .map_err(|error| Error::cannot_read(path, error, way_out))?
            .len();
        if size > MAX_BYTES {
            return Err(Error::cannot_read(
                path,
                format!("{size} bytes are too many for a model of this program"),
                way_out,
            ));
        }
        let bytes =
            std::fs::read(path).map_err(|error| Error::cannot_read(path, error, way_out))?;
        Model::from_bytes(&bytes).map_err(|what| Error::cannot_read(path, what, way_out))
    }

    fn from_bytes(bytes: &[u8]) -> std::result::Result<Model, String> {
        let broken = |error: safetensors::SafeTensorError| {
            format!("it is no safetensors file, or a cut one ({error})")
        };
        let (_, header) = SafeTensors::read_metadata(bytes).map_err(broken)?;
        let tensors = SafeTensors::deserialize(bytes).map_err(broken)?;
        let about = header
            .metadata()
            .as_ref()
            .and_then(|metadata| metadata.get(KEY))
            .ok_or_else(|| format!("it has no metadata key \"{KEY}\""))?;
        let about: Value = serde_json::from_str(about)
            .map_err(|error| format!("its metadata key \"{KEY}\" is no JSON: {error}"))?;
        let name = about["network"].as_str().unwrap_or_default();
        let table =
            lenet::find(name).ok_or_else(|| format!("it holds the unknown network \"{name}\""))?;
        let options: Options = serde_json::from_value(about["options"].clone())
            .map_err(|error| format!("its options cannot be read: {error}"))?;
        let network = build(table, options).map_err(|error| error.to_string())?;
        let layout = Layout::of(&network).map_err(|error| error.to_string())?;
        let mut parameters = vec![0.0; layout.size];
        for tensor in &layout.tensors {
            let view = tensors
                .tensor(&tensor.name)
                .map_err(|_| format!("the tensor {} of {name} is missing", tensor.name))?;
            if view.dtype() != Dtype::F32 || view.shape() != tensor.shape {
                return Err(format!(
                    "the tensor {} is {:?} {:?} where {name} has F32 {:?}",
                    tensor.name,
                    view.dtype(),
                    view.shape(),
                    tensor.shape
                ));
            }
            let values = bytemuck::pod_collect_to_vec::<u8, f32>(view.data());
            parameters[tensor.range()].copy_from_slice(&values);
        }
        if tensors.len() != layout.tensors.len() {
            let known = |name: &&str| layout.tensors.iter().any(|tensor| tensor.name == **name);
            let names = tensors.names();
            let surplus: Vec<&str> = names.into_iter().filter(|name| !known(name)).collect();
            return Err(format!("{name} has no tensor {}", surplus.join(", ")));
        }
        if let Some(place) = parameters.iter().position(|value| !value.is_finite()) {
            return Err(format!("number {place} of its parameters is not finite"));
        }
        Ok(Model { network, parameters, settings: about["settings"].clone() })
    }
}
