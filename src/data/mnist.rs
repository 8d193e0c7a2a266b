//! MNIST from a folder that the user names.
//!
//! The four files may be raw or packed with gzip (raw wins where both are there) and spelled with
//! a dash or a dot before `idx`, as the various downloads have it. All of them go through the
//! checks of [`super::idx`]. The `mnist` crate then reads a folder with the files exactly as published
//! (four raw files in the usual spelling, 60,000 and 10,000 digits). That crate knows no other form,
//! panics on a bad file and does not look for surplus bytes: so it sees only checked files, and its
//! digits are compared with the checked ones.

use std::io::ErrorKind;
use std::panic::catch_unwind;
use std::path::{Path, PathBuf};

use ::mnist::MnistBuilder;

use super::idx::{self, IdxFile, with_data_left_out};
use super::{Digits, Mnist};
use crate::error::{Error, Result};

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
/// that [`idx::digits`] knows.
pub fn read(dir: &Path) -> Result<Mnist> {
    let files = find_all(dir, FILES)?;
    let [train_images, train_labels, test_images, test_labels] = &files;
    let checked = Mnist {
        train: read_pair(train_images, train_labels)?,
        test: read_pair(test_images, test_labels)?,
    };
    let as_published = files.iter().zip(FILES).all(|(path, name)| path.ends_with(name))
        && (checked.train.len(), checked.test.len()) == (60_000, 10_000);
    // The crate takes its folder as text.
    match dir.to_str().filter(|_| as_published) {
        Some(folder) => read_with_crate(folder, checked),
        None => Ok(checked),
    }
}

/// The test digits of the folder `dir`, which may lack the training digits.
///
/// # Errors
/// As [`read`].
pub fn read_test(dir: &Path) -> Result<Digits> {
    let [images, labels] = find_all(dir, [FILES[2], FILES[3]])?;
    read_pair(&images, &labels)
}

fn check_folder(dir: &Path) -> Result<()> {
    let way_out = with_data_left_out("name the folder that holds the four MNIST files");
    match std::fs::metadata(dir) {
        Ok(metadata) if metadata.is_dir() => Ok(()),
        Ok(_) => Err(Error::Data(format!("{} is not a folder; {way_out}", dir.display()))),
        Err(e) if e.kind() == ErrorKind::NotFound => {
            Err(Error::Data(format!("there is no folder {}; {way_out}", dir.display())))
        }
        Err(e) => Err(Error::cannot_read(dir, e, &way_out)),
    }
}

/// The files of these names, in their order.
fn find_all<const N: usize>(dir: &Path, names: [&str; N]) -> Result<[PathBuf; N]> {
    check_folder(dir)?;
    let mut missing = Vec::new();
    let mut found = Vec::new();
    for name in names {
        match find(dir, name)? {
            Some(file) => found.push(file),
            None => missing.push(name),
        }
    }
    found.try_into().map_err(|_| {
        Error::Data(format!(
            "the folder {} lacks {}, raw or with .gz; {}",
            dir.display(),
            missing.join(", "),
            with_data_left_out("put the missing there")
        ))
    })
}

/// The first of the four forms of `name` that is there.
fn find(dir: &Path, name: &str) -> Result<Option<PathBuf>> {
    let dotted = name.replace("-idx", ".idx");
    for form in [name, &dotted, &format!("{name}.gz"), &format!("{dotted}.gz")] {
        let path = dir.join(form);
        match std::fs::metadata(&path) {
            // Some unpackers leave a folder of that name: not what is meant.
            Ok(metadata) if metadata.is_file() => return Ok(Some(path)),
            Ok(_) => {}
            Err(e) if e.kind() == ErrorKind::NotFound => {}
            Err(e) => {
                let way_out = with_data_left_out("make it readable");
                return Err(Error::cannot_read(&path, e, &way_out));
            }
        }
    }
    Ok(None)
}

fn read_pair(images: &Path, labels: &Path) -> Result<Digits> {
    idx::digits(IdxFile::read(images)?, IdxFile::read(labels)?)
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
        let way_out = with_data_left_out("try again");
        Error::Data(format!("{folder}: a file changed while it was being read; {way_out}"))
    })
}
