//! The digits of assets/mnist as tensors on a device.

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

use burn::tensor::{Device, Tensor, TensorData};
use flate2::read::GzDecoder;

const SIDE: usize = 28;
const CLASSES: usize = 10;
/// Digits on the device. All 60,000 with their border are 234 MiB, more than one binding of a
/// software adapter may hold (128 MiB).
pub const COUNT: usize = 30_000;

/// Inputs in -1..1 with a border of background, `[COUNT, 1, H, W]`, and targets +-1, `[COUNT, 10]`.
pub fn tensors(border: usize, device: &Device) -> io::Result<(Tensor<4>, Tensor<2>)> {
    let pixels = read("train-images-idx3-ubyte.gz", 16)?;
    let labels = read("train-labels-idx1-ubyte.gz", 8)?;
    let side = SIDE + 2 * border;
    let mut inputs = vec![-1.0f32; COUNT * side * side];
    for (i, &pixel) in pixels[..COUNT * SIDE * SIDE].iter().enumerate() {
        let (digit, y, x) = (i / (SIDE * SIDE), i / SIDE % SIDE, i % SIDE);
        inputs[(digit * side + y + border) * side + x + border] = f32::from(pixel) / 127.5 - 1.0;
    }
    let mut targets = vec![-1.0f32; COUNT * CLASSES];
    for (digit, &label) in labels[..COUNT].iter().enumerate() {
        targets[digit * CLASSES + usize::from(label)] = 1.0;
    }
    Ok((
        Tensor::from_data(TensorData::new(inputs, [COUNT, 1, side, side]), device),
        Tensor::from_data(TensorData::new(targets, [COUNT, CLASSES]), device),
    ))
}

/// The bytes of an IDX file behind its header.
fn read(name: &str, header: usize) -> io::Result<Vec<u8>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../assets/mnist");
    let mut bytes = Vec::new();
    GzDecoder::new(File::open(folder.join(name))?).read_to_end(&mut bytes)?;
    Ok(bytes.split_off(header))
}
