//! Digits, or anything else, as a folder of pictures: a folder for each class, named after it, with its pictures
//! in it. Where all are named 0 to 9, they are digits.
//!
//! A picture of the side that is wanted, 28x28 where nothing is said, is taken as it is. In any other the ink is
//! found as `lenet predict` finds it, and all of it is fitted as one digit, as MNIST's digits were.

use std::path::{Path, PathBuf};

use super::file::MAX_ITEMS;
use super::{Digits, reader, writing};
use crate::disk;
use crate::error::{Error, Result};
use crate::network::{CLASS_COUNTS, CLASSES, ClassNames, DIGIT_SIDE};
use crate::text::thousands;

/// Classes at most.
const MOST: usize = *CLASS_COUNTS.end();
/// Endings of the pictures that are read.
const ENDINGS: [&str; 8] = ["png", "jpg", "jpeg", "bmp", "pgm", "ppm", "pnm", "webp"];

/// Whether a folder has folders that have pictures.
pub(super) fn is_set(folder: &Path) -> bool {
    folders(folder).iter().any(|class| !reader::files(class, &ENDINGS).is_empty())
}

/// The digits of a folder, class by class in the order of their files' names.
pub(super) fn read(folder: &Path, side: Option<usize>) -> Result<Digits> {
    let side = side.unwrap_or(DIGIT_SIDE);
    let (mut pixels, mut labels, mut names) = (Vec::new(), Vec::new(), Vec::new());
    for class in folders(folder) {
        let files = reader::files(&class, &ENDINGS);
        if files.is_empty() {
            continue;
        }
        let label = names.len() as u8;
        names.push(class.file_name().unwrap_or_default().to_string_lossy().into_owned());
        if names.len() > MOST {
            let folder = folder.display();
            return Err(Error::Data(format!(
                "{folder} has over {MOST} folders of pictures, a class each; give fewer"
            )));
        }
        for file in files {
            if labels.len() == MAX_ITEMS {
                let (folder, most) = (folder.display(), thousands(MAX_ITEMS));
                return Err(Error::Data(format!("{folder} has over {most} pictures; give fewer")));
            }
            let name = file.display().to_string();
            pixels.extend(writing::read_one(&name, &writing::bytes_of(&file)?, side)?);
            labels.push(label);
        }
    }
    let fault = |what: &str| Error::Data(format!("{} {what}", folder.display()));
    if labels.is_empty() {
        return Err(fault("has no pictures in a folder for each class; put them there"));
    }
    let digit = |name: &String| name.parse::<u8>().ok().filter(|&it| usize::from(it) < CLASSES);
    if let Some(digits) = names.iter().map(digit).collect::<Option<Vec<u8>>>() {
        labels.iter_mut().for_each(|label| *label = digits[usize::from(*label)]);
        return Ok(Digits::found(side, pixels, labels));
    }
    if names.len() == 1 {
        return Err(fault("has pictures of one class; give a folder for each of two at least"));
    }
    let names = ClassNames::new(names).map_err(|what| fault(&format!("cannot be read: {what}")))?;
    Ok(Digits { names, ..Digits::found(side, pixels, labels) })
}

/// The folders in a folder, in the order of their names.
fn folders(folder: &Path) -> Vec<PathBuf> {
    let mut folders = disk::entries(folder).unwrap_or_default();
    folders.retain(|path| path.is_dir());
    folders
}
