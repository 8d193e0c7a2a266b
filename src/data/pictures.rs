//! Digits, or anything else, as a folder of pictures: a folder for each class, named after it, with its pictures
//! in it. Where all are named 0 to 9, they are digits. What lies elsewhere, or is no such picture, is left out and
//! told.
//!
//! A picture of the side that is wanted, 28x28 where nothing is said, is taken as it is. In any other the ink is
//! found as `lenet predict` finds it, and all of it is fitted as one digit, as MNIST's digits were.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use super::file::MAX_ITEMS;
use super::reader::{self, Set};
use super::{Digits, writing};
use crate::disk;
use crate::error::{Error, Result};
use crate::network::{CLASS_COUNTS, CLASSES, ClassNames, DIGIT_SIDE};
use crate::text::{count, thousands};

/// Classes at most.
const MOST: usize = *CLASS_COUNTS.end();
/// Endings of the pictures that are read.
const ENDINGS: [&str; 9] = ["png", "jpg", "jpeg", "jfif", "bmp", "pgm", "ppm", "pnm", "webp"];
/// [`ENDINGS`] in words.
const READ: &str = "PNG, JPEG, BMP, PNM or WebP";
/// Endings of pictures that are not read.
const OTHERS: [&str; 8] = ["gif", "tif", "tiff", "heic", "heif", "avif", "svg", "jp2"];
/// How many levels of folders are searched for misplaced pictures.
const DEPTH: usize = 3;

/// The folder of a set: the first of its names that has classes, else the first that is there.
pub(super) fn set_folder(folder: &Path, set: Set) -> Option<PathBuf> {
    let names: &[&str] = match set {
        Set::Train => &["train", "training"],
        Set::Test => &["test", "testing", "val", "valid", "validation"],
    };
    let found: Vec<PathBuf> =
        names.iter().filter_map(|name| reader::find(folder, &[*name], Path::is_dir)).collect();
    found.iter().find(|set| is_set(set)).or(found.first()).cloned()
}

/// The digits of a set in a folder of both.
pub(super) fn read_set(folder: &Path, set: Set, side: Option<usize>) -> Result<Digits> {
    let found = set_folder(folder, set).ok_or_else(|| {
        Error::Data(format!(
            "the folder {} lacks a folder {}; put it there, or name the one folder of classes and --test-share",
            folder.display(),
            set.name()
        ))
    })?;
    read(&found, side)
}

/// Whether a file is a picture by its name.
pub(super) fn is_one(file: &Path) -> bool {
    reader::ends(file, &ENDINGS)
}

/// Whether a folder has folders that have pictures.
pub(super) fn is_set(folder: &Path) -> bool {
    folders(folder).iter().any(|class| !reader::files(class, &ENDINGS).is_empty())
}

/// The digits of a folder, class by class in the order of their files' names.
pub(super) fn read(folder: &Path, side: Option<usize>) -> Result<Digits> {
    let side = side.unwrap_or(DIGIT_SIDE);
    let (mut pixels, mut labels, mut names) = (Vec::new(), Vec::new(), Vec::new());
    for class in folders(folder) {
        disk::entries(&class)
            .map_err(|error| Error::cannot_read(&class, error, "make it readable"))?;
        let files = reader::files(&class, &ENDINGS);
        if files.is_empty() {
            let others = others(std::slice::from_ref(&class));
            let others = others.map_or(String::new(), |others| format!(", only {others}"));
            return Err(Error::Data(format!(
                "the folder {} of a class has no picture{others}; put {READ} files there, or remove the folder",
                class.display()
            )));
        }
        let label = names.len() as u8;
        names.push(reader::name_of(&class).into_owned());
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
    // 01 is no digit: it may stand beside 1.
    let digit = |name: &String| (0..CLASSES as u8).find(|digit| *name == digit.to_string());
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

/// What is left out of a folder of classes, if anything is.
pub(super) fn left_out(folder: &Path) -> Option<String> {
    let (others, loose) = (others(&folders(folder)), reader::files(folder, &ENDINGS).len());
    let loose =
        (loose > 0).then(|| format!("{} beside the folders of classes", count(loose, "picture")));
    let told: Vec<String> = others.into_iter().chain(loose).collect();
    (!told.is_empty()).then(|| told.join(", "))
}

/// What is in the folders of classes besides pictures, if anything is: how many files of each ending, and folders.
fn others(classes: &[PathBuf]) -> Option<String> {
    let (mut kinds, mut below) = (BTreeMap::<String, usize>::new(), 0);
    for path in classes.iter().flat_map(|class| reader::visible(class)) {
        let ending = path.extension().map(|it| format!(".{}", it.to_string_lossy().to_lowercase()));
        let kind = match ending {
            _ if path.is_dir() => {
                below += 1;
                continue;
            }
            _ if is_one(&path) => continue,
            ending => ending.unwrap_or_else(|| "without an ending".into()),
        };
        *kinds.entry(kind).or_default() += 1;
    }
    let told = kinds.into_iter().map(|(kind, number)| format!("{} {kind}", thousands(number)));
    let below = (below > 0).then(|| count(below, "deeper folder"));
    let told: Vec<String> = told.chain(below).collect();
    (!told.is_empty()).then(|| told.join(", "))
}

/// The error for a folder that has pictures, but not in a folder for each class.
pub(super) fn astray(folder: &Path) -> Option<Error> {
    fn has_some(folder: &Path, depth: usize) -> bool {
        let is_some = |path: &PathBuf| is_one(path) || reader::ends(path, &OTHERS);
        let below = || depth > 0 && folders(folder).iter().any(|it| has_some(it, depth - 1));
        reader::visible(folder).iter().any(is_some) || below()
    }
    let what = left_out(folder).filter(|_| has_some(folder, DEPTH))?;
    Some(Error::Data(format!(
        "{} has no {READ} files in a folder for each class: it has {what}; put the pictures of a class into a \
         folder with its name",
        folder.display()
    )))
}

/// The folders in a folder, in the order of their names.
fn folders(folder: &Path) -> Vec<PathBuf> {
    let mut folders = reader::visible(folder);
    folders.retain(|path| path.is_dir());
    folders
}
