//! MNIST from a folder that the user names.
//!
//! The four files may be raw or packed with gzip (raw wins where both are there) and spelled as the various
//! downloads have it. All of them go through the
//! checks of `super::idx`. The `mnist` crate then reads a folder with the files exactly as published
//! (four raw files in the usual spelling, 60,000 and 10,000 digits). That crate knows no other form,
//! panics on a bad file and does not look for surplus bytes: so it sees only checked files, and its
//! digits are compared with the checked ones.

use std::panic::catch_unwind;
use std::path::{Path, PathBuf};

use ::mnist::MnistBuilder;

use super::file::File;
use super::reader::{is_no_folder, name_of};
use super::{Digits, Mnist, idx, pictures};
use crate::disk;
use crate::error::{Error, Result};
use crate::network::{CLASSES, DIGIT_SIDE};

/// Images and labels of the training digits, then of the test digits.
const FILES: [&str; 4] = [
    "train-images-idx3-ubyte",
    "train-labels-idx1-ubyte",
    "t10k-images-idx3-ubyte",
    "t10k-labels-idx1-ubyte",
];

/// The digits of the folder `dir`.
///
/// # Errors
/// [`Error::Data`] if `dir` is missing or no folder, if files are missing, and for every defect
/// of their contents.
pub fn read(dir: &Path, side: Option<usize>) -> Result<Mnist> {
    let files = find_all(dir, FILES)?;
    let [train_images, train_labels, test_images, test_labels] = &files;
    let checked = Mnist {
        train: read_pair(train_images, train_labels, side)?,
        test: read_pair(test_images, test_labels, side)?,
    };
    let as_published = files.iter().zip(FILES).all(|(path, name)| path.ends_with(name))
        && (checked.train.len(), checked.test.len()) == (60_000, 10_000)
        && (checked.train.side(), checked.train.classes()) == (DIGIT_SIDE, CLASSES);
    // The crate takes its folder as text.
    match dir.to_str().filter(|_| as_published) {
        Some(folder) => read_with_crate(folder, checked),
        None => Ok(checked),
    }
}

/// The test digits of the folder `dir`, which may lack the training digits.
pub fn read_test(dir: &Path, side: Option<usize>) -> Result<Digits> {
    let [images, labels] = find_all(dir, [FILES[2], FILES[3]])?;
    read_pair(&images, &labels, side)
}

/// The files of these names, in their order: in the folder, or where torchvision puts them below it.
fn find_all<const N: usize>(dir: &Path, names: [&str; N]) -> Result<[PathBuf; N]> {
    let mut lacks = Vec::new();
    for below in ["", "MNIST/raw", "raw"] {
        let folder = dir.join(below);
        let listed = list(&folder).or_else(|error| match below {
            "" => Err(error),
            _ => Ok(Vec::new()),
        })?;
        let found = names.map(|name| find(&folder, &listed, name));
        let missing = || names.iter().zip(&found).filter(|(_, found)| found.is_none());
        if missing().next().is_none() {
            let found = found.map(|found| found.expect("none is missing"));
            check_sets(&folder, &found)?;
            return Ok(found.map(|(_, file)| file));
        }
        if below.is_empty() {
            lacks = missing().map(|(name, _)| *name).collect();
        }
    }
    if lacks.len() == N
        && let Some(error) = pictures::astray(dir)
    {
        return Err(error);
    }
    Err(Error::Data(format!(
        "the folder {} lacks {}, raw or with .gz; put the missing there, or \
         name other data: CSV, .npz, zip.train and zip.test, pictures in a folder for each class",
        dir.display(),
        lacks.join(", "),
    )))
}

/// Checks that images and labels are of one set.
fn check_sets(folder: &Path, found: &[(String, PathBuf)]) -> Result<()> {
    let (pairs, _) = found.as_chunks();
    match pairs.iter().find(|[(of_images, _), (of_labels, _)]| of_images != of_labels) {
        None => Ok(()),
        Some([(_, images), (_, labels)]) => Err(Error::Data(format!(
            "{}: {} and {} are of two sets; leave one set in the folder, images and labels",
            folder.display(),
            name_of(images),
            name_of(labels)
        ))),
    }
}

/// The names of the files in a folder, sorted.
fn list(dir: &Path) -> Result<Vec<String>> {
    let way_out = "name the folder that holds the four MNIST files";
    let entries = disk::entries(dir).map_err(|error| Error::cannot_read(dir, error, way_out))?;
    // Some unpackers leave a folder of that name: not what is meant.
    let files = entries.iter().filter(|path| is_no_folder(path));
    Ok(files.filter_map(|path| Some(path.file_name()?.to_str()?.to_string())).collect())
}

/// The file of the name `name` among those that are there, and the name of its set. Its name may be in capitals, end in .gz, have a dot
/// before `idx`, say `test` for `t10k`, and begin with the name of its set (`emnist-digits-`), if there is one
/// set alone. What is raw and spelled as published comes first.
fn find(dir: &Path, there: &[String], name: &str) -> Option<(String, PathBuf)> {
    let plain = |file: &str| {
        let file = file.to_ascii_lowercase().replace(".idx", "-idx").replace("test-", "t10k-");
        // QMNIST's labels are wider.
        let file = file.replace("-idx2-int", "-idx1-ubyte");
        let (file, packed) = match file.strip_suffix(".gz") {
            Some(file) => (file.to_string(), true),
            None => (file, false),
        };
        let set = file.strip_suffix(name)?.to_string();
        (set.is_empty() || set.ends_with('-')).then_some((set, packed))
    };
    let mut found: Vec<_> = there
        .iter()
        .filter_map(|file| plain(file).map(|(set, packed)| (set, packed, file)))
        .collect();
    found.sort_by_key(|(set, packed, file)| (set.clone(), *packed, !file.contains("-idx")));
    let (set, _, file) = found.first()?;
    let several = !set.is_empty() && found.iter().any(|(other, ..)| other != set);
    (!several).then(|| (set.clone(), dir.join(file)))
}

fn read_pair(images: &Path, labels: &Path, side: Option<usize>) -> Result<Digits> {
    idx::digits(File::read(images)?, File::read(labels)?, side)
}

/// The same digits as `checked`, read by the `mnist` crate.
///
/// It can only panic or differ if somebody writes to the files at this very moment.
fn read_with_crate(folder: &str, checked: Mnist) -> Result<Mnist> {
    let read = catch_unwind(|| MnistBuilder::new().base_path(folder).finalize()).ok();
    let sets = read.and_then(|read| {
        let train = Digits::new(read.trn_img, read.trn_lbl).ok()?;
        Some(Mnist { train, test: Digits::new(read.tst_img, read.tst_lbl).ok()? })
    });
    sets.filter(|sets| *sets == checked).ok_or_else(|| {
        Error::Data(format!("{folder}: a file changed while it was being read; try again"))
    })
}
