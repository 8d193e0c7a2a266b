//! Digits in NumPy's archives: Keras's `mnist.npz` with `x_train`, `y_train`, `x_test` and `y_test`, and
//! KMNIST's four files with an `arr_0` each.
//!
//! An archive is a ZIP file of `.npy` files: magic, version, the length of a header, the header as a Python
//! dictionary, and then the numbers.

use std::borrow::Cow;
use std::io::{ErrorKind, Read};
use std::path::{Path, PathBuf};

use rawzip::{CompressionMethod, ZipArchive};

use super::file::{AGAIN, File, MAX_BYTES, MAX_ITEMS};
use super::reader::{self, Set};
use super::{Digits, field, first_impossible_label};
use crate::error::{Error, Result};
use crate::text::thousands;

/// What is wrong, and what to do about it.
type Fault = (String, &'static str);
/// How many names of arrays a message lists at most, and how many letters of each.
const MOST_NAMES: usize = 8;
const LONGEST_NAME: usize = 20;
/// Sides of an array that images may have: one for the image, row and column, and one for the colour.
const MOST_SIDES: usize = 4;

/// Numbers of an array, all from 0 to 255.
struct Array {
    shape: Vec<usize>,
    numbers: Vec<u8>,
    /// Whether they are floats or bool, and all 0 or 1. In a picture 1 then stands for 255.
    is_black_or_white: bool,
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
        array(file, name).map_err(|(what, way_out)| file.error(format!("{name}: {what}"), way_out))
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
    let full = if images.is_black_or_white { 255 } else { 1 };
    let pixels = images.numbers.into_iter().map(|number| full * number).collect();
    let found = field::check(sides).and_then(|()| field::of(pixels, sides[0], side));
    let (side, pixels) = found.map_err(|what| wrong(0, what))?;
    Ok(Digits::found(side, pixels, labels.numbers))
}

/// Reads an array of an archive.
fn array(file: &File, name: &str) -> Result<Array, Fault> {
    let broken = |error: std::io::Error| match error.kind() {
        ErrorKind::Unsupported => {
            (error.to_string(), "write it with numpy.savez or numpy.savez_compressed")
        }
        _ => (format!("the archive is broken ({error})"), AGAIN),
    };
    let Some(bytes) = entry(&file.bytes, &format!("{name}.npy")).map_err(broken)? else {
        let names = names(&file.bytes).map_err(broken)?.join(", ");
        let names = if names.is_empty() { "none" } else { &names };
        let what = format!("there is no such array; those of the archive: {names}");
        return Err((
            what,
            "name them x_train, y_train, x_test and y_test as Keras does, or arr_0 as KMNIST does",
        ));
    };
    if bytes.len() > MAX_BYTES {
        return Err((format!("more than {} bytes", thousands(MAX_BYTES)), "give fewer digits"));
    }
    npy(&bytes)
}

/// The names of the arrays in an archive, the first few.
fn names(archive: &[u8]) -> std::io::Result<Vec<String>> {
    let archive = ZipArchive::from_slice(archive).map_err(std::io::Error::other)?;
    let (mut names, mut entries) = (Vec::new(), archive.entries());
    while let Some(entry) = entries.next_entry().map_err(std::io::Error::other)? {
        let path = String::from_utf8_lossy(entry.file_path().as_ref()).into_owned();
        names.push(path.trim_end_matches(".npy").chars().take(LONGEST_NAME).collect());
        if names.len() == MOST_NAMES {
            names.push("...".into());
            break;
        }
    }
    Ok(names)
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
            _ => {
                let what = "it is packed in a way that is not read, neither stored nor deflated";
                return Err(std::io::Error::new(ErrorKind::Unsupported, what));
            }
        };
        let mut bytes = Vec::new();
        found.verifying_reader(packed).take(MAX_BYTES as u64 + 1).read_to_end(&mut bytes)?;
        return Ok(Some(bytes));
    }
    Ok(None)
}

/// Reads a `.npy` file of numbers.
fn npy(bytes: &[u8]) -> Result<Array, Fault> {
    let cut = || ("it is no whole array of NumPy".to_string(), AGAIN);
    let rest = bytes.strip_prefix(b"\x93NUMPY").ok_or_else(cut)?;
    let (version, rest) = rest.split_at_checked(2).ok_or_else(cut)?;
    let wide = version[0] > 1;
    let (length, rest) = rest.split_at_checked(if wide { 4 } else { 2 }).ok_or_else(cut)?;
    let length = length.iter().rev().fold(0, |sum, &byte| sum << 8 | usize::from(byte));
    let (header, body) = rest.split_at_checked(length).ok_or_else(cut)?;
    let header = String::from_utf8_lossy(header);
    let value = |key: &str, until: char| {
        let (_, rest) = header.split_once(&format!("'{key}':"))?;
        let value = rest.split([until, '}']).next()?;
        Some(value.trim().trim_matches(['(', '\'']))
    };
    let descr = value("descr", ',').ok_or_else(cut)?;
    let Some(kind) = Kind::of(descr) else {
        let (found, way_out) = match descr.starts_with('[') {
            true => ("records of several fields".to_string(), "save one field alone"),
            false => {
                let start: String = descr.chars().take(LONGEST_NAME).collect();
                (format!("of NumPy's type {start:?}"), "save it with .astype(numpy.uint8)")
            }
        };
        let what =
            format!("its numbers are {found}, where whole numbers, floats and bool are read");
        return Err((what, way_out));
    };
    let is_fortran = match value("fortran_order", ',') {
        Some("True") => true,
        Some("False") => false,
        _ => return Err(cut()),
    };
    let sides = value("shape", ')').ok_or_else(cut)?.split(',').map(str::trim);
    let shape: Result<Vec<usize>, _> =
        sides.filter(|side| !side.is_empty()).map(str::parse).collect();
    let shape = shape.map_err(|_| cut())?;
    let count = shape.iter().try_fold(kind.size, |count: usize, side| count.checked_mul(*side));
    if count != Some(body.len()) {
        let what = format!("its shape is {shape:?} and it has {} bytes", thousands(body.len()));
        return Err((what, AGAIN));
    }
    let body = match is_fortran && (2..=MOST_SIDES).contains(&shape.len()) {
        true => Cow::Owned(last_side_first(body, &shape, kind.size)),
        false => Cow::Borrowed(body),
    };
    let numbers = body.chunks_exact(kind.size).map(|bytes| kind.number(bytes));
    let is_one = |number: f64| number == 0.0 || number == 1.0;
    let is_black_or_white = matches!(kind.letter, b'b' | b'f') && numbers.clone().all(is_one);
    Ok(Array { shape, numbers: bytes_of(numbers)?, is_black_or_white })
}

/// The numbers of an array that lie in the order of Fortran, the first side fastest, with the last side fastest.
fn last_side_first(body: &[u8], shape: &[usize], size: usize) -> Vec<u8> {
    let mut numbers = vec![0; body.len()];
    for (place, to) in numbers.chunks_exact_mut(size).enumerate() {
        let (mut rest, mut stride, mut from) = (place, body.len() / size, 0);
        for &side in shape.iter().rev() {
            stride /= side;
            from += rest % side * stride;
            rest /= side;
        }
        to.copy_from_slice(&body[from * size..][..size]);
    }
    numbers
}

/// How the numbers of an array lie in its bytes.
struct Kind {
    /// As NumPy writes it: `b` for bool, `u`, `i` or `f`.
    letter: u8,
    size: usize,
    big_endian: bool,
}

impl Kind {
    /// That of NumPy's word for it, as `<f4`.
    fn of(descr: &str) -> Option<Kind> {
        let [order, letter, size] = *descr.as_bytes() else { return None };
        let is_read = match letter {
            b'b' => size == b'1',
            b'u' | b'i' => b"1248".contains(&size),
            b'f' => b"248".contains(&size),
            _ => false,
        };
        let kind =
            Kind { letter, size: usize::from(size.wrapping_sub(b'0')), big_endian: order == b'>' };
        (is_read && b"<>|=".contains(&order)).then_some(kind)
    }

    fn number(&self, bytes: &[u8]) -> f64 {
        let mut word = [0; 8];
        word[..self.size].copy_from_slice(bytes);
        if self.big_endian {
            word[..self.size].reverse();
        }
        let bits = u64::from_le_bytes(word);
        let unused = 64 - 8 * self.size;
        match (self.letter, self.size) {
            (b'f', 2) => half(bits as u16),
            (b'f', 4) => f32::from_bits(bits as u32).into(),
            (b'f', _) => f64::from_bits(bits),
            (b'i', _) => ((bits << unused) as i64 >> unused) as f64,
            _ => bits as f64,
        }
    }
}

/// The value of a float of 16 bits: a sign, 5 bits of exponent, 10 of the fraction.
fn half(bits: u16) -> f64 {
    let (exponent, fraction) = (i32::from(bits >> 10 & 31), f64::from(bits & 1023));
    let size = match exponent {
        0 => fraction * f64::powi(2.0, -24),
        31 => f64::NAN,
        _ => (1024.0 + fraction) * f64::powi(2.0, exponent - 25),
    };
    if bits >> 15 == 0 { size } else { -size }
}

/// Numbers as bytes: whole ones from 0 to 255 as they are, or shares from 0 to 1 of 255.
fn bytes_of(numbers: impl Iterator<Item = f64> + Clone) -> Result<Vec<u8>, Fault> {
    let all = |fits: &dyn Fn(f64) -> bool| numbers.clone().all(fits);
    let scale = match () {
        () if all(&|number| (0.0..=255.0).contains(&number) && number.fract() == 0.0) => 1.0,
        () if all(&|number| (0.0..=1.0).contains(&number)) => 255.0,
        () => {
            let what = "it has numbers that are neither whole from 0 to 255 nor shares from 0 to 1";
            return Err((what.into(), "bring pixels to 0 to 255, and labels to 0 to 63"));
        }
    };
    Ok(numbers.map(|number| (scale * number).round() as u8).collect())
}
