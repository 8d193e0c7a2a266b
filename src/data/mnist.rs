//! MNIST from a folder that the user names.
//!
//! The four files may be raw or packed with gzip (raw wins where both are there) and spelled with
//! a dash or a dot before `idx`, as the various downloads have it. All of them go through the
//! checks of [`super::idx`]. A folder with the files exactly as published (four raw files in the
//! usual spelling, 60,000 and 10,000 digits) is then read by the `mnist` crate. That crate knows no
//! other form, panics on a bad file and does not look for bytes in excess, which is why nothing
//! reaches it unchecked and what it returns is compared with what was checked.

use std::io::ErrorKind;
use std::panic::catch_unwind;
use std::path::{Path, PathBuf};

use ::mnist::MnistBuilder;

use super::idx::{self, IdxFile, with_data_left_out};
use super::{Digits, Mnist};
use crate::error::{Error, Result};

const TRAIN_IMAGES: &str = "train-images-idx3-ubyte";
const TRAIN_LABELS: &str = "train-labels-idx1-ubyte";
const TEST_IMAGES: &str = "t10k-images-idx3-ubyte";
const TEST_LABELS: &str = "t10k-labels-idx1-ubyte";

/// Training digits that the `mnist` crate insists on.
const TRAIN_COUNT: u32 = 60_000;
/// Test digits that the `mnist` crate insists on.
const TEST_COUNT: u32 = 10_000;

/// Which code read a folder.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reader {
    /// [`super::idx`]: packed files, other spellings, other counts.
    Idx,
    /// The `mnist` crate, after the checks of [`super::idx`].
    MnistCrate,
}

/// One of the four files as it lies in the folder.
struct Found {
    path: PathBuf,
    packed: bool,
    /// Raw and in the usual spelling.
    as_published: bool,
}

/// The digits of the folder `dir` and which code read them.
///
/// # Errors
/// [`Error::Data`] if `dir` is missing or no folder, if files are missing, and for every defect
/// that [`idx::digits`] knows.
pub fn read(dir: &Path) -> Result<(Mnist, Reader)> {
    check_folder(dir)?;
    let files = find_all(dir, [TRAIN_IMAGES, TRAIN_LABELS, TEST_IMAGES, TEST_LABELS])?;
    let [train_images, train_labels, test_images, test_labels] = &files;
    let own = Mnist {
        train: read_pair(train_images, train_labels)?,
        test: read_pair(test_images, test_labels)?,
    };
    let as_published = files.iter().all(|file| file.as_published)
        && own.train.len() == TRAIN_COUNT as usize
        && own.test.len() == TEST_COUNT as usize;
    // The crate takes its folder as text.
    match dir.to_str().filter(|_| as_published) {
        Some(folder) => Ok((read_with_crate(folder, &own)?, Reader::MnistCrate)),
        None => Ok((own, Reader::Idx)),
    }
}

/// The test digits of the folder `dir`, which may lack the training digits.
///
/// # Errors
/// As [`read`].
pub fn read_test(dir: &Path) -> Result<Digits> {
    check_folder(dir)?;
    let [images, labels] = find_all(dir, [TEST_IMAGES, TEST_LABELS])?;
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
fn find_all<const N: usize>(dir: &Path, names: [&str; N]) -> Result<[Found; N]> {
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
fn find(dir: &Path, name: &str) -> Result<Option<Found>> {
    for packed in [false, true] {
        for spelling in [name.to_string(), name.replace("-idx", ".idx")] {
            let as_published = !packed && spelling == name;
            let path = dir.join(if packed { spelling + ".gz" } else { spelling });
            match std::fs::metadata(&path) {
                // Some unpackers leave a folder of that name: not what is meant.
                Ok(metadata) if metadata.is_file() => {
                    return Ok(Some(Found { path, packed, as_published }));
                }
                Ok(_) => {}
                Err(e) if e.kind() == ErrorKind::NotFound => {}
                Err(e) => {
                    let way_out = with_data_left_out("make it readable");
                    return Err(Error::cannot_read(&path, e, &way_out));
                }
            }
        }
    }
    Ok(None)
}

fn read_pair(images: &Found, labels: &Found) -> Result<Digits> {
    idx::digits(
        IdxFile::read(&images.path, images.packed)?,
        IdxFile::read(&labels.path, labels.packed)?,
    )
}

/// The same digits as `checked`, read by the `mnist` crate.
///
/// It can only panic or differ if somebody writes to the files at this very moment.
fn read_with_crate(folder: &str, checked: &Mnist) -> Result<Mnist> {
    let read = catch_unwind(|| {
        MnistBuilder::new()
            .base_path(folder)
            .training_images_filename(TRAIN_IMAGES)
            .training_labels_filename(TRAIN_LABELS)
            .test_images_filename(TEST_IMAGES)
            .test_labels_filename(TEST_LABELS)
            .training_set_length(TRAIN_COUNT)
            .validation_set_length(0)
            .test_set_length(TEST_COUNT)
            .label_format_digit()
            .finalize()
    });
    let changed = || {
        Error::Data(format!(
            "{folder}: a file changed while it was being read; {}",
            with_data_left_out("try again")
        ))
    };
    let read = read.map_err(|_| changed())?;
    let mnist = Mnist {
        train: Digits::new(read.trn_img, read.trn_lbl)?,
        test: Digits::new(read.tst_img, read.tst_lbl)?,
    };
    if &mnist == checked { Ok(mnist) } else { Err(changed()) }
}
