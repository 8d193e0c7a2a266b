//! The form of the files that hold parameters: safetensors with one metadata key of sorted JSON.
//!
//! Tensors have the names and shapes that the notebook's PyTorch modules would give them, behind a
//! prefix where a file holds several lists laid out alike.

use std::path::Path;

use safetensors::SafeTensorError;
use safetensors::tensor::{Dtype, SafeTensors, TensorView};
use serde_json::Value;

use crate::error::{Error, Result};
use crate::network::tensors::Tensor;
use crate::plan::Layout;

/// The metadata key.
const KEY: &str = "lenet";
/// No file of this program is as large as this; a larger one is none of them.
const MAX_BYTES: u64 = 64 << 20;

/// An opened file.
pub(crate) struct Container<'a> {
    tensors: SafeTensors<'a>,
    /// What its metadata key says.
    pub(crate) about: Value,
}

/// The bytes of a file that holds `parts`, each a prefix and numbers in the places of `layout`.
pub(crate) fn bytes(layout: &Layout, parts: &[(&str, &[f32])], about: &Value) -> Result<Vec<u8>> {
    let views = parts.iter().flat_map(|(prefix, numbers)| {
        layout.tensors.iter().map(move |tensor| {
            let bytes = bytemuck::cast_slice(&numbers[tensor.range()]);
            let view = TensorView::new(Dtype::F32, tensor.shape.clone(), bytes)
                .expect("a tensor is as long as its shape says");
            (format!("{prefix}{}", tensor.name), view)
        })
    });
    // serde_json keeps the keys of an object sorted.
    let metadata = [(KEY.to_string(), about.to_string())].into_iter().collect();
    safetensors::serialize(views, Some(metadata))
        .map_err(|error| Error::Other(format!("cannot lay out a file of parameters: {error}")))
}

/// Reads a file whole; `way_out` says what to give instead.
pub(crate) fn read(path: &Path, way_out: &str) -> Result<Vec<u8>> {
    let cannot_read = |error| Error::cannot_read(path, error, way_out);
    let size = std::fs::metadata(path).map_err(cannot_read)?.len();
    if size > MAX_BYTES {
        let what = format!("{size} bytes are too many for a file of this program");
        return Err(Error::cannot_read(path, what, way_out));
    }
    std::fs::read(path).map_err(cannot_read)
}

impl<'a> Container<'a> {
    /// Opens the bytes of a file, or says what is wrong with them.
    pub(crate) fn open(bytes: &'a [u8]) -> Result<Self, String> {
        let container = Container::of_any_program(bytes)?;
        match container.about {
            Value::Null => Err(format!("it has no metadata key \"{KEY}\"")),
            _ => Ok(container),
        }
    }

    /// The same of a file that need not have the metadata key: without it nothing is said.
    pub(crate) fn of_any_program(bytes: &'a [u8]) -> Result<Self, String> {
        let broken =
            |error: SafeTensorError| format!("it is no safetensors file, or a cut one ({error})");
        let (_, header) = SafeTensors::read_metadata(bytes).map_err(broken)?;
        let tensors = SafeTensors::deserialize(bytes).map_err(broken)?;
        let about = header.metadata().as_ref().and_then(|metadata| metadata.get(KEY));
        let about = about
            .map_or(Ok(Value::Null), |about| serde_json::from_str(about))
            .map_err(|error| format!("its metadata key \"{KEY}\" is no JSON: {error}"))?;
        Ok(Container { tensors, about })
    }

    /// The numbers behind each prefix, in the places of `layout`; the file has to hold these and
    /// nothing else, all finite.
    pub(crate) fn numbers(
        &self,
        layout: &Layout,
        prefixes: &[&str],
    ) -> Result<Vec<Vec<f32>>, String> {
        let lists = prefixes.iter().map(|prefix| self.list(layout, prefix));
        let lists = lists.collect::<Result<Vec<_>, _>>()?;
        if self.tensors.len() != layout.tensors.len() * prefixes.len() {
            let known = |name: &&str| {
                prefixes.iter().any(|prefix| {
                    let name = name.strip_prefix(prefix);
                    layout.tensors.iter().any(|tensor| Some(tensor.name.as_str()) == name)
                })
            };
            let names = self.tensors.names();
            let surplus: Vec<&str> = names.into_iter().filter(|name| !known(name)).collect();
            return Err(format!("there is no tensor {} in such a file", surplus.join(", ")));
        }
        Ok(lists)
    }

    /// The bytes that have to be those of a tensor.
    fn view(&self, name: &str, tensor: &Tensor) -> Result<TensorView<'_>, String> {
        let view =
            self.tensors.tensor(name).map_err(|_| format!("the tensor {name} is missing"))?;
        if view.dtype() != Dtype::F32 || view.shape() != tensor.shape {
            return Err(format!(
                "the tensor {name} is {:?} {:?} and not F32 {:?}",
                view.dtype(),
                view.shape(),
                tensor.shape
            ));
        }
        Ok(view)
    }

    /// Whether there is a tensor of that name.
    pub(crate) fn has(&self, name: &str) -> bool {
        self.tensors.tensor(name).is_ok()
    }

    /// What keeps the file from holding the tensors of `layout` and nothing else, a phrase for each.
    pub(crate) fn faults(&self, layout: &Layout) -> Vec<String> {
        let wanted = layout.tensors.iter();
        let faults = wanted.filter_map(|tensor| self.view(&tensor.name, tensor).err());
        let known = |name: &&str| layout.tensors.iter().any(|tensor| tensor.name == *name);
        let surplus = self.tensors.names().into_iter().filter(|name| !known(name));
        faults.chain(surplus.map(|name| format!("no tensor {name} belongs there"))).collect()
    }

    fn list(&self, layout: &Layout, prefix: &str) -> Result<Vec<f32>, String> {
        let mut numbers = vec![0.0; layout.size];
        for tensor in &layout.tensors {
            let name = format!("{prefix}{}", tensor.name);
            let view = self.view(&name, tensor)?;
            let values = bytemuck::pod_collect_to_vec::<u8, f32>(view.data());
            if let Some(place) = values.iter().position(|value| !value.is_finite()) {
                return Err(format!("number {place} of {name} is not finite"));
            }
            numbers[tensor.range()].copy_from_slice(&values);
        }
        Ok(numbers)
    }
}
