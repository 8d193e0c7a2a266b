//! Where digits come from: what a command is given, and what the record of a run keeps.

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::reader::{self, Set};
use super::{Digits, field, zipcodes};
use crate::disk;
use crate::error::{Error, Result};
use crate::network::SIDES;

/// Fraction to which pictures may be shrunk at least.
const LEAST_SHRUNK: f64 = 0.1;

/// A data set by its place; without one the built-in MNIST.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, clap::Args)]
#[serde(default)]
#[command(next_help_heading = "Data")]
pub struct Source {
    /// Digits: a folder with MNIST's files, CSV, KMNIST's archives, zip.train and zip.test, or pictures by
    /// class; or a file .npz or .csv [default: the built-in digits, or those of the run that is named]
    #[serde(rename = "source", with = "place")]
    #[arg(id = "data", long = "data", value_name = "PATH")]
    pub path: Option<PathBuf>,
    /// Share of the digits that is for testing, where the data have no test set, as 0.2
    #[serde(skip_serializing_if = "Option::is_none")]
    #[arg(long, value_name = "SHARE")]
    pub test_share: Option<f64>,
    /// Side of the pictures in pixels, 8 to 64: those in folders are fitted to it, others put into the middle
    /// of an empty field or freed of an empty border [default: 28 of folders and zip codes, else their own]
    #[serde(skip_serializing_if = "Option::is_none")]
    #[arg(long, value_name = "PIXELS")]
    pub side: Option<usize>,
    /// Exchange rows and columns of every digit, as EMNIST's need it [default: off]
    #[serde(skip_serializing_if = "is_off")]
    #[arg(long)]
    pub transpose: bool,
    /// Make dark bright and bright dark, for dark ink on a bright ground [default: off]
    #[serde(skip_serializing_if = "is_off")]
    #[arg(long)]
    pub invert: bool,
    /// Make every picture smaller about its middle, to this fraction of its side: 0.8 gives MNIST's digits the
    /// 16x16 pixels of 1998 [default: off]
    #[serde(skip_serializing_if = "Option::is_none")]
    #[arg(long, value_name = "FRACTION")]
    pub shrink: Option<f64>,
}

fn is_off(flag: &bool) -> bool {
    !flag
}

impl Source {
    /// The digits at `path`, as they are.
    pub fn at(path: &Path) -> Self {
        Source { path: Some(path.into()), ..Source::default() }
    }

    /// Whether it names the zip code digits, which are not MNIST's.
    pub fn is_zip_codes(&self) -> bool {
        let files = |path: &PathBuf| zipcodes::file(path, Set::Test).is_some();
        self.path.as_ref().is_some_and(files)
    }

    /// Whether a file that is there is one of the data: the file that was named, or one that is read in the folder.
    pub fn has(&self, file: &Path) -> bool {
        let Some(path) = &self.path else { return false };
        if !path.is_dir() || !disk::is_there(file) {
            return disk::are_one(file, path);
        }
        let (file, folder) = (disk::real(file), disk::real(path));
        file.starts_with(&folder) && reader::takes(&folder, &file)
    }

    /// Whether it has settings that apply only to digits read from a path.
    pub fn is_about_path(&self) -> bool {
        (Source { shrink: None, ..self.clone() }) != Source::default()
    }

    /// Checks its numbers.
    ///
    /// # Errors
    /// [`Error::Usage`] for a number out of its range.
    pub fn check(&self) -> Result<()> {
        if let Some(side) = self.side.filter(|side| !SIDES.contains(side)) {
            let (least, most) = SIDES.into_inner();
            return Err(Error::Usage(format!("--side is {side}, but must be {least} to {most}")));
        }
        if let Some(fraction) =
            self.shrink.filter(|fraction| !(LEAST_SHRUNK..=1.0).contains(fraction))
        {
            return Err(Error::Usage(format!(
                "--shrink is {fraction}, but must be {LEAST_SHRUNK} to 1: give 0.8"
            )));
        }
        Ok(())
    }

    /// Returns the path; without one nothing else may be said of the built-in digits.
    pub(super) fn path_or_plain(&self) -> Result<Option<&Path>> {
        self.check()?;
        match &self.path {
            None if self.is_about_path() => Err(Error::Usage(
                "--test-share, --side, --transpose and --invert are about the digits of --data: name them"
                    .into(),
            )),
            Some(path) if disk::absolute(path).to_str().is_none() => Err(Error::Data(format!(
                "the name of {} is not UTF-8, so that no run could say where its digits are; rename it",
                disk::absolute(path).display()
            ))),
            path => Ok(path.as_deref()),
        }
    }

    /// Turns, inverts and shrinks digits as the source says.
    pub(super) fn change(&self, digits: &mut Digits) {
        if self.transpose {
            let side = digits.side;
            for digit in digits.pixels.chunks_exact_mut(side * side) {
                for y in 0..side {
                    for x in 0..y {
                        digit.swap(y * side + x, x * side + y);
                    }
                }
            }
        }
        if self.invert {
            digits.pixels.iter_mut().for_each(|byte| *byte = 255 - *byte);
        }
        if let Some(fraction) = self.shrink {
            field::shrink(&mut digits.pixels, digits.side, fraction);
        }
    }

    /// Returns the same source with what `other` says where this says nothing.
    pub fn or(self, other: Source) -> Self {
        Source {
            path: self.path.or(other.path),
            test_share: self.test_share.or(other.test_share),
            side: self.side.or(other.side),
            transpose: self.transpose || other.transpose,
            invert: self.invert || other.invert,
            shrink: self.shrink.or(other.shrink),
        }
    }

    /// Returns the same source with a path that means the same in another folder.
    pub fn absolute(&self) -> Self {
        Source { path: self.path.as_deref().map(disk::absolute), ..self.clone() }
    }
}

/// The source, for a person.
impl std::fmt::Display for Source {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match &self.path {
            Some(path) => write!(f, "{}", path.display())?,
            None => f.write_str("the built-in MNIST")?,
        }
        self.shrink.map_or(Ok(()), |fraction| write!(f, ", shrunk to {fraction}"))
    }
}

/// A path in JSON, with words for none.
mod place {
    use std::path::PathBuf;

    use serde::{Deserialize, Deserializer, Serializer};

    const BUILT_IN: &str = "built in";

    pub fn serialize<S: Serializer>(path: &Option<PathBuf>, to: S) -> Result<S::Ok, S::Error> {
        match path {
            Some(path) => to.collect_str(&path.display()),
            None => to.serialize_str(BUILT_IN),
        }
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Option<PathBuf>, D::Error> {
        let text = String::deserialize(from)?;
        Ok((text != BUILT_IN).then(|| text.into()))
    }
}
