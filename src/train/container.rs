//! The form of the files that hold parameters: safetensors with one metadata key of sorted JSON.
//!
//! Tensors have the names and shapes that the notebook's PyTorch modules would give them, after a
//! prefix where a file holds several lists laid out alike.

use std::borrow::Cow;
use std::collections::BTreeSet;
use std::fmt::Display;
use std::path::Path;

use safetensors::SafeTensorError;
use safetensors::tensor::{Dtype, SafeTensors, TensorView};
use serde_json::Value;

use crate::disk;
use crate::error::{Error, Result};
use crate::network::MAX_NUMBERS;
use crate::plan::Layout;

/// The metadata key.
const KEY: &str = "lenet";
/// Bytes of a file at most. The largest is a checkpoint, with three lists of [`MAX_NUMBERS`] f32, totals and metadata.
const MAX_BYTES: u64 = 16 * MAX_NUMBERS as u64;

/// A tensor of a file: its name, its shape and its numbers.
pub(crate) type Named<'a> = (String, Vec<usize>, Cow<'a, [f32]>);

/// An opened file.
pub(crate) struct Container<'a> {
    tensors: SafeTensors<'a>,
    /// What another program put in front of the name of every tensor.
    prefix: String,
    /// Names of the tensors that nobody has asked for yet.
    unread: BTreeSet<String>,
    /// What its metadata key says.
    pub(crate) about: Value,
}

/// Numbers in the places of `layout` as tensors, with `prefix` in front of their names.
pub(crate) fn tensors<'a>(
    layout: &'a Layout,
    prefix: impl Display + 'a,
    numbers: &'a [f32],
) -> impl Iterator<Item = Named<'a>> {
    layout.tensors.iter().map(move |tensor| {
        let name = format!("{prefix}{}", tensor.name);
        (name, tensor.shape.clone(), tensor.numbers(numbers))
    })
}

/// Words that wrappers of a PyTorch module put in front of every name: DataParallel, Lightning and torch.compile.
const PREFIXES: [&str; 3] = ["module.", "model.", "_orig_mod."];
/// The name of the first file in an archive of torch.save, after a folder.
const PICKLE: &[u8] = b"/data.pkl";
/// How files begin that people have in place of safetensors.
const OTHERS: [(&[u8], &str); 8] = [
    (b"PK\x03\x04", "it is a ZIP archive, as numpy.savez and Keras write"),
    (b"\x80\x02", "it is a pickle"),
    (b"\x80\x03", "it is a pickle"),
    (b"\x80\x04", "it is a pickle"),
    (b"\x80\x05", "it is a pickle"),
    (b"\x89HDF", "it is an HDF5 file, as Keras writes"),
    (b"<", "it is a web page"),
    (b"version https://git-lfs", "it is the pointer that Git LFS leaves in place of a file"),
];

/// What a file is that is no safetensors file, where its first bytes tell.
fn other_kind(bytes: &[u8]) -> Option<&'static str> {
    let (_, what) = OTHERS.iter().find(|(start, _)| bytes.starts_with(start))?;
    let head = &bytes[..bytes.len().min(256)];
    Some(match head.windows(PICKLE.len()).any(|word| word == PICKLE) {
        true => "it is a pickle in an archive, as torch.save writes",
        false => what,
    })
}

/// The bytes of a file that holds `tensors`.
pub(crate) fn bytes<'a>(
    tensors: impl Iterator<Item = Named<'a>>,
    about: &Value,
) -> Result<Vec<u8>> {
    let tensors: Vec<Named> = tensors.collect();
    let views = tensors.iter().map(|(name, shape, numbers)| {
        let view = TensorView::new(Dtype::F32, shape.clone(), bytemuck::cast_slice(numbers))
            .expect("a tensor is as long as its shape says");
        (name, view)
    });
    // serde_json keeps the keys of an object sorted.
    let metadata = [(KEY.to_string(), about.to_string())].into_iter().collect();
    safetensors::serialize(views, Some(metadata))
        .map_err(|error| Error::Other(format!("cannot lay out a file of parameters: {error}")))
}

/// Reads a whole file; `way_out` says what to give instead.
pub(crate) fn read(path: &Path, way_out: &str) -> Result<Vec<u8>> {
    let cannot_read = |error| Error::cannot_read(path, error, way_out);
    disk::read(path, MAX_BYTES).map_err(cannot_read)
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

    /// The same of a file that may lack the metadata key; `about` is then null.
    pub(crate) fn of_any_program(bytes: &'a [u8]) -> Result<Self, String> {
        // The length of a header may have the first bytes of a pickle.
        let broken = |error: SafeTensorError| {
            let cut = || format!("it is no safetensors file, or a cut one ({error})");
            other_kind(bytes).map_or_else(cut, String::from)
        };
        let (_, header) = SafeTensors::read_metadata(bytes).map_err(broken)?;
        let tensors = SafeTensors::deserialize(bytes).map_err(broken)?;
        let about = header.metadata().as_ref().and_then(|metadata| metadata.get(KEY));
        let about = about
            .map_or(Ok(Value::Null), |about| serde_json::from_str(about))
            .map_err(|error| format!("its metadata key \"{KEY}\" is no JSON: {error}"))?;
        let names = tensors.names();
        let unread = names.iter().map(|name| name.to_string()).collect();
        let mut prefix = String::new();
        let wrapped = |prefix: &str| {
            let longer = PREFIXES.iter().map(|word| format!("{prefix}{word}"));
            longer.into_iter().find(|it| names.iter().all(|name| name.starts_with(it)))
        };
        // A network of one's own may have a layer of such a name.
        while let Some(longer) = wrapped(&prefix).filter(|_| about.is_null() && !names.is_empty()) {
            prefix = longer;
        }
        Ok(Container { tensors, prefix, unread, about })
    }

    /// The numbers after a prefix, in the places of `layout`.
    pub(crate) fn list(&mut self, layout: &Layout, prefix: &str) -> Result<Vec<f32>, String> {
        let mut numbers = vec![0.0; layout.size];
        for tensor in &layout.tensors {
            let values = self.tensor(&format!("{prefix}{}", tensor.name), &tensor.shape)?;
            tensor.put(&values, &mut numbers);
        }
        Ok(numbers)
    }

    /// The numbers of a tensor, all finite.
    pub(crate) fn tensor(&mut self, name: &str, shape: &[usize]) -> Result<Vec<f32>, String> {
        let view = self.view(name, shape)?;
        let values: Vec<f32> = match view.dtype() {
            Dtype::F16 => view.data().as_chunks().0.iter().map(|half| of_half(*half)).collect(),
            _ => bytemuck::pod_collect_to_vec(view.data()),
        };
        if let Some(place) = values.iter().position(|value| !value.is_finite()) {
            return Err(format!("number {place} of {name} is not finite"));
        }
        self.unread.remove(&format!("{}{name}", self.prefix));
        Ok(values)
    }

    /// The bytes that have to be those of a tensor of this shape.
    fn view(&self, name: &str, shape: &[usize]) -> Result<TensorView<'_>, String> {
        let view = self.find(name).ok_or_else(|| format!("the tensor {name} is missing"))?;
        let readable =
            view.dtype() == Dtype::F32 || self.about.is_null() && view.dtype() == Dtype::F16;
        if !readable || view.shape() != shape {
            return Err(format!(
                "the tensor {name} is {:?} {:?} and not F32 {shape:?}",
                view.dtype(),
                view.shape(),
            ));
        }
        Ok(view)
    }

    /// Whether it has tensors of 16-bit floats, which are read in files of other programs.
    pub(crate) fn has_halves(&self) -> bool {
        self.tensors.iter().any(|(_, view)| view.dtype() == Dtype::F16)
    }

    pub(crate) fn has(&self, name: &str) -> bool {
        self.find(name).is_some()
    }

    fn find(&self, name: &str) -> Option<TensorView<'_>> {
        self.tensors.tensor(&format!("{}{name}", self.prefix)).ok()
    }

    /// What keeps the file from holding the tensors of `layout` and nothing else, a phrase for each.
    pub(crate) fn faults(&self, layout: &Layout) -> Vec<String> {
        let wanted = layout.tensors.iter();
        let faults = wanted.filter_map(|tensor| self.view(&tensor.name, &tensor.shape).err());
        let known = |name: &&str| {
            layout.tensors.iter().any(|tensor| tensor.name == name[self.prefix.len()..])
        };
        let surplus = self.tensors.names().into_iter().filter(|name| !known(name));
        faults.chain(surplus.map(|name| format!("no tensor {name} belongs there"))).collect()
    }

    /// Ends the reading of a file, which has to hold nothing else.
    pub(crate) fn end(self) -> Result<(), String> {
        if self.unread.is_empty() {
            return Ok(());
        }
        let surplus = Vec::from_iter(self.unread).join(", ");
        Err(format!("there is no tensor {surplus} in such a file"))
    }
}

/// The number of a 16-bit float: a sign, 5 bits of exponent, 10 of fraction.
fn of_half(bytes: [u8; 2]) -> f32 {
    let bits = u16::from_le_bytes(bytes);
    let (exponent, fraction) = (i32::from(bits >> 10 & 31), f32::from(bits & 1023) / 1024.0);
    let size = match exponent {
        0 => fraction * 2.0_f32.powi(-14),
        31 if fraction == 0.0 => f32::INFINITY,
        31 => f32::NAN,
        _ => (1.0 + fraction) * 2.0_f32.powi(exponent - 15),
    };
    if bits >> 15 == 1 { -size } else { size }
}

#[cfg(test)]
mod tests {
    use super::of_half;

    #[test]
    fn halves_are_what_the_standard_says() {
        let half = |bits: u16| of_half(bits.to_le_bytes());
        let bits = [0x3c00, 0xc000, 0x7bff, 0x0400, 0x0001, 0x8000, 0x3555];
        let numbers = [1.0, -2.0, 65_504.0, 6.103_515_6e-5, 5.960_464_5e-8, -0.0, 0.333_251_95];
        assert_eq!(bits.map(half), numbers);
        assert!(half(0x7c00) == f32::INFINITY && half(0x7e00).is_nan());
    }
}
