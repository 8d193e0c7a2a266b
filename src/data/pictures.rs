//! Digits as a folder of pictures: a folder for each class, named 0 to 9, with its pictures in it.
//!
//! A picture of 28x28 is taken as it is. In any other the ink is found as `lenet predict` finds it, and all of it
//! is fitted as one digit, as MNIST's digits were.

use std::path::{Path, PathBuf};

use super::file::MAX_ITEMS;
use super::{Digits, reader, writing};
use crate::disk;
use crate::error::{Error, Result};
use crate::network::CLASSES;
use crate::text::thousands;

/// Endings of the pictures that are read.
const ENDINGS: [&str; 8] = ["png", "jpg", "jpeg", "bmp", "pgm", "ppm", "pnm", "webp"];

/// Whether a folder has folders that have pictures.
pub(super) fn is_set(folder: &Path) -> bool {
    folders(folder).iter().any(|class| !reader::files(class, &ENDINGS).is_empty())
}

/// The digits of a folder, class by class in the order of their files' names.
pub(super) fn read(folder: &Path) -> Result<Digits> {
    let (mut pixels, mut labels) = (Vec::new(), Vec::new());
    for class in folders(folder) {
        let files = reader::files(&class, &ENDINGS);
        let name = class.file_name().unwrap_or_default().to_string_lossy();
        let label = match name.parse::<u8>() {
            Ok(label) if usize::from(label) < CLASSES => label,
            _ if files.is_empty() => continue,
            _ => {
                return Err(Error::Data(format!(
                    "{} is named after no digit; name the folders of the classes 0 to 9",
                    class.display()
                )));
            }
        };
        for file in files {
            if labels.len() == MAX_ITEMS {
                let (folder, most) = (folder.display(), thousands(MAX_ITEMS));
                return Err(Error::Data(format!("{folder} has over {most} pictures; give fewer")));
            }
            let name = file.display().to_string();
            pixels.extend(writing::read_one(&name, &writing::bytes_of(&file)?)?);
            labels.push(label);
        }
    }
    match labels.is_empty() {
        false => Digits::new(pixels, labels),
        true => Err(Error::Data(format!(
            "{} has no pictures in folders 0 to 9; put them there",
            folder.display()
        ))),
    }
}

/// The folders in a folder, in the order of their names.
fn folders(folder: &Path) -> Vec<PathBuf> {
    let mut folders = disk::entries(folder).unwrap_or_default();
    folders.retain(|path| path.is_dir());
    folders
}
