//! IDX, the file format of MNIST, read with every check that can be made.
//!
//! A file of images is magic number 2051, count, rows and columns (four big-endian u32) and then
//! one byte a pixel; a file of labels is magic number 2049, count and then one byte a label. Labels may be
//! 32-bit integers too, alone (3073) or as the first of eight columns, as QMNIST has them (3074). All
//! may be packed with gzip, whatever their names say. The length that the header promises must be the length of the file:
//! a file that is cut or has grown is refused, never read in part. Messages say what was expected,
//! what was found and what to do about it.

use super::file::{AGAIN, File, GZIP_MAGIC, MAX_ITEMS, MOST_PACKED};
use super::{Digits, field, first_impossible_label};
use crate::error::{Error, Result};
use crate::text::{count, thousands};

/// The number that a file of images begins with.
pub(super) const IMAGES: u32 = 2051;
/// The number that a file of labels begins with.
const LABELS: u32 = 2049;
/// The same for labels of four bytes: one for each digit, or eight columns.
const WIDE_LABELS: u32 = 3073;
const QMNIST_LABELS: u32 = 3074;
/// Numbers that QMNIST has for each digit; the first is the label.
const QMNIST_COLUMNS: usize = 8;
/// Types of numbers that IDX has besides bytes.
const TYPES: [(u8, &str); 6] = [
    (8, "bytes"),
    (9, "signed bytes"),
    (11, "16-bit integers"),
    (12, "32-bit integers"),
    (13, "32-bit floats"),
    (14, "64-bit floats"),
];

/// The big-endian numbers at the start of a file, its magic number first; `None` if it ends before.
pub(super) fn head<const N: usize>(bytes: &[u8]) -> Option<[u32; N]> {
    let (words, _) = bytes.get(..4 * N)?.as_chunks();
    Some(std::array::from_fn(|at| u32::from_be_bytes(words[at])))
}

/// The digits in a file of images and a file of labels, all of it checked.
pub(super) fn digits(images: File, labels: File, wanted: Option<usize>) -> Result<Digits> {
    let name = images.name.clone();
    let ((side, pixels), bytes) = (pixels(images, wanted)?, labels_of(&labels)?);
    let counts = (pixels.len() / (side * side), bytes.len());
    if counts.0 != counts.1 {
        let (wanted, found) = (thousands(counts.0), thousands(counts.1));
        let what = format!("{found} labels where the {wanted} images of {name} need as many");
        return Err(labels.error(what, "download both again"));
    }
    Ok(Digits::found(side, pixels, bytes))
}

/// The side and the pixels `[count, side, side]` of a file of images.
fn pixels(mut file: File, wanted: Option<usize>) -> Result<(usize, Vec<u8>)> {
    check_magic(&file, "images", &[IMAGES])?;
    let [_, _, rows, columns] = whole_head::<4>(&file)?;
    let sides = [rows as usize, columns as usize];
    let way_out = "bring the images to that size";
    field::check(sides).map_err(|what| file.error(what, way_out))?;
    let length = body::<4>(&file, "images", sides[0] * sides[1])?.len();
    // They stay in the file's memory: to fill another buffer with MNIST takes a tenth of the time of unpacking it.
    let mut pixels = std::mem::take(&mut file.bytes);
    pixels.drain(..pixels.len() - length);
    field::of(pixels, sides[0], wanted).map_err(|what| file.error(what, way_out))
}

/// The labels `[count]` of a file of labels.
fn labels_of(file: &File) -> Result<Vec<u8>> {
    let magic = check_magic(file, "labels", &[LABELS, WIDE_LABELS, QMNIST_LABELS])?;
    let labels = match magic {
        WIDE_LABELS => first_of(body::<2>(file, "labels", 4)?, 4),
        QMNIST_LABELS => {
            let columns = whole_head::<3>(file)?[2] as usize;
            if columns != QMNIST_COLUMNS {
                let what =
                    format!("{columns} columns of labels where {QMNIST_COLUMNS} were expected");
                return Err(file.error(what, AGAIN));
            }
            first_of(body::<3>(file, "labels", 4 * columns)?, 4 * columns)
        }
        _ => body::<2>(file, "labels", 1)?.to_vec(),
    };
    match first_impossible_label(&labels) {
        None => Ok(labels),
        Some((index, label)) => {
            let what = format!("label {label} at index {index}, where 0 to 63 were expected");
            Err(file.error(what, "give labels from 0 to 63"))
        }
    }
}

/// The big-endian i32 at the start of every item; one that is no byte becomes 255, which no class has.
fn first_of(body: &[u8], item: usize) -> Vec<u8> {
    let items = body.chunks_exact(item).filter_map(|item| item.first_chunk());
    items.map(|&word| i32::from_be_bytes(word).try_into().unwrap_or(u8::MAX)).collect()
}

/// What stands after the head of `N` numbers: as many items of `item` bytes as it promises.
fn body<'a, const N: usize>(file: &'a File, word: &str, item: usize) -> Result<&'a [u8]> {
    let head = whole_head::<N>(file)?;
    let limit = match head[1] as usize {
        0 => Some("at least 1 was".to_string()),
        1..=MAX_ITEMS => None,
        _ => Some(format!("at most {} were", thousands(MAX_ITEMS))),
    };
    if let Some(limit) = limit {
        let count = thousands(head[1] as usize);
        return Err(
            file.error(format!("its header says {count} {word} where {limit} expected"), AGAIN)
        );
    }
    let expected = (head[1] as usize).saturating_mul(item).saturating_add(4 * N);
    let found = file.bytes.len();
    if found != expected {
        let which = if found < expected { "cut" } else { "too long" };
        let (found, expected) = (thousands(found), thousands(expected));
        let what = format!("{found} bytes where {expected} were expected (the file is {which})");
        return Err(file.error(what, AGAIN));
    }
    Ok(&file.bytes[4 * N..])
}

fn whole_head<const N: usize>(file: &File) -> Result<[u32; N]> {
    head(&file.bytes).ok_or_else(|| cut(file, 4 * N))
}

fn cut(file: &File, least: usize) -> Error {
    let found = file.bytes.len();
    file.error(
        format!("{found} bytes where at least {least} were expected (the file is cut)"),
        AGAIN,
    )
}

/// Checks that the file begins with one of these magic numbers, and returns it.
fn check_magic(file: &File, word: &str, wanted: &[u32]) -> Result<u32> {
    if file.bytes.is_empty() {
        return Err(file.error("the file is empty", AGAIN));
    }
    let Some([magic]) = head(&file.bytes) else {
        return Err(cut(file, if wanted.contains(&IMAGES) { 16 } else { 8 }));
    };
    if wanted.contains(&magic) {
        return Ok(magic);
    }
    let first = wanted[0];
    let other = [(IMAGES, "images"), (LABELS, "labels")].into_iter().find(|(it, _)| *it == magic);
    if let Some((_, other)) = other {
        let what =
            format!("holds {other} (magic number {magic}) where {word} ({first}) were expected");
        return Err(file.error(what, "the two files are probably swapped: give each its own name"));
    }
    let (kind, way_out) = kind(file, magic, first);
    let what = format!("begins with the number {magic} where {word} have {first}");
    Err(file.error(format!("{what}: {kind}"), way_out))
}

/// What a file that begins with `magic` is in place of one that begins with `wanted`, and what to do about it.
fn kind(file: &File, magic: u32, wanted: u32) -> (String, &'static str) {
    let (needed, as_needed) = match wanted {
        IMAGES => ("3, count, rows and columns, of bytes", "save the images so, [N, side, side]"),
        _ => ("1 of bytes, the classes", "save the labels so, [N]"),
    };
    let [zero, zero_too, kind, dimensions] = magic.to_be_bytes();
    let kind = TYPES.iter().find(|(number, _)| [zero, zero_too, kind] == [0, 0, *number]);
    match kind {
        Some((_, name)) => {
            let dimensions = count(dimensions.into(), "dimension");
            (format!("it is IDX with {dimensions} of {name}, and needs {needed}"), as_needed)
        }
        None if magic.swap_bytes() == wanted => (
            "the order of its bytes is reversed".into(),
            "write the numbers of its head big-endian",
        ),
        None if file.bytes.starts_with(b"<") => ("it is a web page".into(), AGAIN),
        None if file.bytes.starts_with(&GZIP_MAGIC) => {
            (format!("it is packed with gzip more than {MOST_PACKED} times"), "unpack it")
        }
        None => ("it is no IDX file".into(), AGAIN),
    }
}
