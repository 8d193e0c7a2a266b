//! NumPy's archive of arrays: a ZIP archive, nothing compressed, with a `.npy` file for each tensor.

use std::io::Write;

use super::State;
use crate::error::{Error, Result};

/// The bytes of a `.npz` file.
pub fn bytes(state: &State) -> Result<Vec<u8>> {
    archive(state)
        .map_err(|error| Error::Other(format!("cannot lay out an archive of arrays: {error}")))
}

fn archive(state: &State) -> Result<Vec<u8>, rawzip::Error> {
    let mut archive = rawzip::ZipArchiveWriter::new(Vec::new());
    for (tensor, numbers) in &state.tensors {
        let (mut entry, config) = archive.new_file(format!("{}.npy", tensor.name)).start()?;
        let mut writer = config.wrap(&mut entry);
        writer.write_all(&npy(&tensor.shape, numbers))?;
        let (_, descriptor) = writer.finish()?;
        entry.finish(descriptor)?;
    }
    archive.finish()
}

/// An array of little-endian f32 in NumPy's format 1.0: magic, version, the length of a header as a
/// Python dictionary, padded with spaces so that the numbers begin at a multiple of 64, then they.
fn npy(shape: &[usize], numbers: &[f32]) -> Vec<u8> {
    const BEFORE: usize = 10;
    let sides: String = shape.iter().map(|side| format!("{side},")).collect();
    let header = format!("{{'descr': '<f4', 'fortran_order': False, 'shape': ({sides}), }}");
    let length = (BEFORE + header.len() + 1).next_multiple_of(64) - BEFORE;
    let mut bytes = b"\x93NUMPY\x01\x00".to_vec();
    bytes.extend((length as u16).to_le_bytes());
    bytes.extend(format!("{header:<width$}\n", width = length - 1).bytes());
    bytes.extend(numbers.iter().flat_map(|number| number.to_le_bytes()));
    bytes
}
