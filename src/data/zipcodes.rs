//! The zip code digits of the U.S. Postal Service, as *The Elements of Statistical Learning* has them.
//!
//! A line a digit: the label, then 256 grey values from -1 (background) to 1 (ink), row by row, with
//! blanks between. The digits are 16x16 and are centred in 28x28, unless another side is asked for.

use std::path::{Path, PathBuf};

use super::file::{AGAIN, File, MAX_ITEMS};
use super::reader::{self, Set};
use super::{Digits, field};
use crate::error::{Error, Result};
use crate::text::{count, thousands};

/// Side of a digit.
const SIDE: usize = 16;
/// The byte of a grey value of 0.
const GREY_OF_0: u8 = 128;
/// How many letters a message shows of a field that is no number.
const SHOWN: usize = 20;

/// The file of a set, raw or packed.
pub(super) fn file(folder: &Path, set: Set) -> Option<PathBuf> {
    let name = format!("zip.{}", set.name());
    reader::find(folder, &[&name, &format!("{name}.gz")], reader::is_no_folder)
}

/// The digits of a set.
pub(super) fn read(folder: &Path, set: Set, side: Option<usize>) -> Result<Digits> {
    let Some(path) = file(folder, set) else {
        return Err(Error::Data(format!(
            "the folder {} lacks zip.{}, raw or with .gz; put it there",
            folder.display(),
            set.name()
        )));
    };
    let file = File::read(&path)?;
    let (mut pixels, mut labels) = (Vec::new(), Vec::new());
    let text = file.bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(&file.bytes);
    for (number, line) in (1..).zip(text.split(|&byte| byte == b'\n')) {
        let broken = |what: String| file.error(format!("line {number}: {what}"), AGAIN);
        if line.trim_ascii().is_empty() {
            continue;
        }
        if labels.len() == MAX_ITEMS {
            return Err(broken(format!("it has over {} digits", thousands(MAX_ITEMS))));
        }
        labels.push(digit(line, &mut pixels).map_err(broken)?);
    }
    if labels.is_empty() {
        return Err(file.error("the file is empty", AGAIN));
    }
    // Paper is -1 there.
    if pixels.iter().all(|&pixel| pixel >= GREY_OF_0) {
        let what = "its grey values are from 0 to 1, where -1 to 1 were expected";
        return Err(file.error(what, "take 2 * grey - 1, or download it again"));
    }
    let (side, pixels) = field::of(pixels, SIDE, side).map_err(|what| file.error(what, AGAIN))?;
    Ok(Digits::found(side, pixels, labels))
}

/// Appends the pixels of a line and returns its label.
fn digit(line: &[u8], pixels: &mut Vec<u8>) -> Result<u8, String> {
    let text = std::str::from_utf8(line).map_err(|_| "it is no text".to_string())?;
    let separate = |c: char| c.is_ascii_whitespace() || c == ',';
    let number = |word: &str| {
        word.parse::<f32>().map_err(|_| {
            format!("\"{}\" is no number", word.chars().take(SHOWN).collect::<String>())
        })
    };
    let numbers = text.split(separate).filter(|word| !word.is_empty()).map(number);
    let numbers = numbers.collect::<Result<Vec<f32>, _>>()?;
    let Some((label, greys)) = numbers.split_first() else { return Err("it has no number".into()) };
    if label.fract() != 0.0 || !(0.0..=9.0).contains(label) {
        return Err(format!("its label is {label}, where 0 to 9 were expected"));
    }
    if greys.len() != SIDE * SIDE {
        let found = count(greys.len(), "grey value");
        return Err(format!("it has {found} after its label, where {} were expected", SIDE * SIDE));
    }
    if let Some(grey) = greys.iter().find(|grey| !(-1.0..=1.0).contains(*grey)) {
        return Err(format!("its grey value {grey} is not from -1 to 1"));
    }
    pixels.extend(greys.iter().map(|grey| (127.5 * (grey + 1.0)).round() as u8));
    Ok(*label as u8)
}
