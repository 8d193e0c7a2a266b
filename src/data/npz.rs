//! Digits in NumPy's archives: Keras's `mnist.npz` with `x_train`, `y_train`, `x_test` and `y_test`, and
//! KMNIST's four files with an `arr_0` each.
//!
//! An archive is a ZIP file of `.npy` files: magic, version, the length of a header, the header as a Python
//! dictionary, and then the numbers.

use std::io::Read;
use std::path::{Path, PathBuf};

use rawzip::{CompressionMethod, ZipArchive};

use super::file::{AGAIN, File, MAX_BYTES, MAX_ITEMS};
use super::reader::{self, Set};
use super::{Digits, field, first_impossible_label};
use crate::error::{Error, Result};
use crate::text::thousands;

/// Numbers of an array, all from 0 to 255.
struct Array {
    shape: Vec<usize>,
    numbers: Vec<u8>,
}

/// Images and labels of a set in a folder of archives, as `kmnist-train-imgs.npz` and
/// `kmnist-train-labels.npz`.
pub(super) fn files(folder: &Path, set: Set) -> Option<[PathBuf; 2]> {
    let mut files = reader::files(folder, &["npz"]);
    let mut find = |kind: &str| {
        let ending = format!("-{}-{kind}.npz", set.name());
        let at = files
            .iter()
            .position(|path| path.to_string_lossy().to_ascii_lowercase().ends_with(&ending));
        at.map(|at| files.remove(at))
    };
    Some([find("imgs")?, find("labels")?])
}

/// The digits of a set: in an archive, or in a folder of archives.
pub(super) fn read(path: &Path, set: Set, side: Option<usize>) -> Result<Digits> {
    let word = set.name();
    if path.is_file() {
        let file = File::read(path)?;
        return digits([&file, &file], [format!("x_{word}"), format!("y_{word}")], side);
    }
    let Some([images, labels]) = files(path, set) else {
        return Err(Error::Data(format!(
            "the folder {} lacks an archive -{word}-imgs.npz and -{word}-labels.npz; put them there",
            path.display()
        )));
    };
    let files = [&File::read(&images)?, &File::read(&labels)?];
    digits(files, ["arr_0".into(), "arr_0".into()], side)
}

/// The digits of an array of images and an array of labels.
fn digits(files: [&File; 2], names: [String; 2], side: Option<usize>) -> Result<Digits> {
    let [images, labels] = [(files[0], &names[0]), (files[1], &names[1])].map(|(file, name)| {
        array(file, name).map_err(|what| file.error(format!("{name}: {what}"), AGAIN))
    });
    let (images, labels) = (images?, labels?);
    let wrong = |at: usize, what: String| {
        files[at]
            .error(format!("{}: {what}", names[at]), "give [N, side, side] images and [N] labels")
    };
    let (count, sides) = match images.shape[..] {
        [count, rows, columns] | [count, rows, columns, 1] => (count, [rows, columns]),
        _ => return Err(wrong(0, format!("its shape is {:?}", images.shape))),
    };
    if !(1..=MAX_ITEMS).contains(&count) {
        let what = format!("{} images where 1 to {} were expected", count, thousands(MAX_ITEMS));
        return Err(wrong(0, what));
    }
    if !matches!(labels.shape[..], [of] | [of, 1] if of == count) {
        return Err(wrong(1, format!("its shape is {:?} for {count} images", labels.shape)));
    }
    if let Some((index, label)) = first_impossible_label(&labels.numbers) {
        let what = format!("label {label} at index {index}, where 0 to 63 were expected");
        return Err(wrong(1, what));
    }
    let found = field::check(sides).and_then(|()| field::of(images.numbers, sides[0], side));
    let (side, pixels) = found.map_err(|what| wrong(0, what))?;
    Ok(Digits::found(side, pixels, labels.numbers))
}

/// Reads an array of an archive. An error says what is wrong.
fn array(file: &File, name: &str) -> Result<Array, String> {
    let bytes = entry(&file.bytes, &format!("{name}.npy"))
        .map_err(|error| format!("the archive is broken ({error})"))?
        .ok_or("there is no such array")?;
    if bytes.len() > MAX_BYTES {
        return Err(format!("more than {} bytes", thousands(MAX_BYTES)));
    }
    npy(&bytes)
}

/// Unpacks a file of an archive, but no more than one byte over the limit.
fn entry(archive: &[u8], name: &str) -> std::io::Result<Option<Vec<u8>>> {
    let archive = ZipArchive::from_slice(archive).map_err(std::io::Error::other)?;
    let mut entries = archive.entries();
    while let Some(entry) = entries.next_entry().map_err(std::io::Error::other)? {
        if entry.file_path().as_ref() != name.as_bytes() {
            continue;
        }
        let found = archive.get_entry(entry.wayfinder()).map_err(std::io::Error::other)?;
        let packed: Box<dyn Read> = match entry.compression_method() {
            CompressionMethod::STORE => Box::new(found.data()),
            CompressionMethod::DEFLATE => Box::new(flate2::read::DeflateDecoder::new(found.data())),
            _ => return Err(std::io::Error::other("it is packed in a way that is not read")),
        };
        let mut bytes = Vec::new();
        found.verifying_reader(packed).take(MAX_BYTES as u64 + 1).read_to_end(&mut bytes)?;
        return Ok(Some(bytes));
    }
    Ok(None)
}

/// Reads a `.npy` file of numbers.
fn npy(bytes: &[u8]) -> Result<Array, String> {
    let cut = || "it is no whole array of NumPy".to_string();
    let rest = bytes.strip_prefix(b"\x93NUMPY").ok_or_else(cut)?;
    let (version, rest) = rest.split_at_checked(2).ok_or_else(cut)?;
    let wide = version[0] > 1;
    let (length, rest) = rest.split_at_checked(if wide { 4 } else { 2 }).ok_or_else(cut)?;
    let length = length.iter().rev().fold(0, |sum, &byte| sum << 8 | usize::from(byte));
    let (header, body) = rest.split_at_checked(length).ok_or_else(cut)?;
    let header = String::from_utf8_lossy(header);
    let value = |key: &str, until: char| {
        let (_, rest) = header.split_once(&format!("'{key}':"))?;
        rest.split_once(until).map(|(value, _)| value.trim().trim_matches(['(', '\'']))
    };
    let kind = value("descr", ',').ok_or_else(cut)?;
    let (size, signed) = match kind.as_bytes() {
        [b'|', sign @ (b'u' | b'i'), b'1'] => (1, *sign == b'i'),
        [b'<', sign @ (b'u' | b'i'), size @ (b'2' | b'4' | b'8')] => {
            (usize::from(size - b'0'), *sign == b'i')
        }
        b"<f4" => (4, true),
        b"<f8" => (8, true),
        _ => {
            return Err(format!("its numbers are {kind}, where whole numbers and floats are read"));
        }
    };
    if value("fortran_order", ',') != Some("False") {
        return Err("it is in Fortran's order: save it with numpy.ascontiguousarray".into());
    }
    let sides = value("shape", ')').ok_or_else(cut)?.split(',').map(str::trim);
    let shape: Result<Vec<usize>, _> =
        sides.filter(|side| !side.is_empty()).map(str::parse).collect();
    let shape = shape.map_err(|_| cut())?;
    let count = shape.iter().try_fold(size, |count: usize, side| count.checked_mul(*side));
    if count != Some(body.len()) {
        return Err(format!("its shape is {shape:?} and it has {} bytes", thousands(body.len())));
    }
    if kind.starts_with("<f") {
        return Ok(Array { shape, numbers: bytes_of(body, size)? });
    }
    // Little-endian: a number up to 255 has but its first byte.
    let byte = |number: &[u8]| {
        let small =
            number[1..].iter().all(|&byte| byte == 0) && !(signed && size == 1 && number[0] > 127);
        small.then_some(number[0])
    };
    let numbers = body.chunks_exact(size).map(byte).collect::<Option<Vec<u8>>>();
    Ok(Array { shape, numbers: numbers.ok_or("it has numbers that are not 0 to 255")? })
}

/// Floats as bytes: whole numbers from 0 to 255 as they are, or shares from 0 to 1 of 255.
fn bytes_of(body: &[u8], size: usize) -> Result<Vec<u8>, String> {
    let number = |bytes: &[u8]| match size {
        4 => f32::from_le_bytes(bytes.try_into().expect("4 bytes")).into(),
        _ => f64::from_le_bytes(bytes.try_into().expect("8 bytes")),
    };
    let numbers: Vec<f64> = body.chunks_exact(size).map(number).collect();
    let all = |fits: &dyn Fn(f64) -> bool| numbers.iter().all(|&number| fits(number));
    let scale = match () {
        () if all(&|number| (0.0..=255.0).contains(&number) && number.fract() == 0.0) => 1.0,
        () if all(&|number| (0.0..=1.0).contains(&number)) => 255.0,
        () => {
            return Err("it has floats that are neither whole from 0 to 255 nor from 0 to 1".into());
        }
    };
    Ok(numbers.iter().map(|number| (scale * number).round() as u8).collect())
}
