//! Digits: where they come from and what is known about them.
//!
//! The whole of MNIST is part of the program, so that it needs neither a network nor a folder:
//! [`builtin`] unpacks it in a fraction of a second. [`load`] reads what a [`Source`] names instead: MNIST's
//! files ([`mnist`]), CSV, NumPy's archives, zip codes or folders of pictures, chosen by what stands
//! there. Every reader accepts nothing that it has not checked, so that the rest of the program can rely on what
//! a [`Digits`] promises: a square picture for every digit, all of one side, and a label that is one of the
//! classes, by number or by name. [`stream`] reads digits as
//! they arrive, [`writing`] finds digits in pictures of any kind, [`image`] writes digits as PNG files and
//! draws them in a terminal, [`mod@facts`] counts and averages, [`odd()`] and [`transposed()`] say what is probably
//! wrong.

mod classes;
mod csv;
pub mod facts;
pub(crate) mod field;
mod file;
mod idx;
pub mod image;
pub mod mnist;
mod npz;
mod odd;
mod pictures;
mod reader;
mod source;
pub mod stream;
mod transposed;
pub mod writing;
mod zipcodes;

use crate::error::{Error, Result};
use crate::network::{CLASS_COUNTS, CLASSES, ClassNames, DIGIT_SIDE, Network, Options};
use crate::text::thousands;

pub use facts::{Facts, facts};
use file::File;
pub use odd::odd;
pub use reader::kind;
pub use source::Source;
pub use transposed::transposed;

/// Pixels of one digit: 28 x 28.
pub const DIGIT_PIXELS: usize = DIGIT_SIDE * DIGIT_SIDE;

/// N digits, or whatever else there are classes of, each `[side, side]` bytes (0 background, 255 ink) row by
/// row, with a label.
#[derive(Clone, PartialEq, Eq)]
pub struct Digits {
    /// Side of a picture, in pixels.
    side: usize,
    /// Classes that there are, whether or not a label names each.
    classes: usize,
    names: ClassNames,
    /// `[N, side, side]`.
    pixels: Vec<u8>,
    /// `[N]`, each below `classes`.
    labels: Vec<u8>,
}

/// The two sets of MNIST, in the order of their files.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mnist {
    pub train: Digits,
    pub test: Digits,
}

impl Mnist {
    /// The same digits as data for a network whose own are elsewhere, for timing and replays: cut, or padded
    /// with background, to its side, and with labels modulo its number of classes; the first `train` of those for
    /// training.
    pub fn cut_for(&self, network: &Network, train: usize) -> Mnist {
        let Options { side, classes, .. } = network.options;
        let cut = |set: &Digits, most: usize| {
            let labels = set.labels.iter().take(most).map(|label| label % classes as u8).collect();
            let names = network.classes.clone();
            let pixels = &set.pixels[..set.pixels.len().min(most * set.side * set.side)];
            Digits {
                names,
                ..Digits::of(side, classes, field::cut(pixels, set.side, side).0, labels)
            }
        };
        Mnist { train: cut(&self.train, train), test: cut(&self.test, self.test.len()) }
    }
}

impl Digits {
    /// Digits as MNIST's: ten classes, `pixels` `[N, 28, 28]` and `labels` `[N]`.
    ///
    /// # Errors
    /// [`Error::Data`] if the two lengths do not agree or a label is over 9.
    pub fn new(pixels: Vec<u8>, labels: Vec<u8>) -> Result<Self> {
        if pixels.len() != labels.len() * DIGIT_PIXELS {
            return Err(Error::Data(format!(
                "{} pixels for {} labels, where every label needs {DIGIT_PIXELS}; \
                 give as many digits as labels",
                thousands(pixels.len()),
                thousands(labels.len()),
            )));
        }
        if let Some((index, label)) = first_label_over(9, &labels) {
            return Err(Error::Data(format!(
                "label {label} at index {index}, where 0 to 9 were expected; correct it"
            )));
        }
        Ok(Digits::of(DIGIT_SIDE, CLASSES, pixels, labels))
    }

    /// Digits that are checked already, `[n, side, side]`, with labels below `classes`.
    fn of(side: usize, classes: usize, pixels: Vec<u8>, labels: Vec<u8>) -> Self {
        Digits { side, classes, names: ClassNames::NUMBERS, pixels, labels }
    }

    /// Digits as a file has them: as many classes as the highest label asks for.
    fn found(side: usize, pixels: Vec<u8>, labels: Vec<u8>) -> Self {
        let highest = labels.iter().max().map_or(0, |&label| usize::from(label));
        Digits::of(side, (highest + 1).max(*CLASS_COUNTS.start()), pixels, labels)
    }

    /// Pictures of a side without labels, all of which are 0.
    pub fn unlabelled(side: usize, pixels: Vec<u8>) -> Self {
        let labels = vec![0; pixels.len() / (side * side)];
        Digits::found(side, pixels, labels)
    }

    /// Number of digits, N.
    pub fn len(&self) -> usize {
        self.labels.len()
    }

    /// True if there is no digit.
    pub fn is_empty(&self) -> bool {
        self.labels.is_empty()
    }

    /// Side of a digit, in pixels.
    pub fn side(&self) -> usize {
        self.side
    }

    /// Classes that there are.
    pub fn classes(&self) -> usize {
        self.classes
    }

    /// What the classes are called.
    pub fn names(&self) -> &ClassNames {
        &self.names
    }

    /// Pixels of a picture.
    fn size(&self) -> usize {
        self.side * self.side
    }

    /// All bytes, `[N, side, side]`.
    pub fn pixels(&self) -> &[u8] {
        &self.pixels
    }

    /// All labels, `[N]`, each below the number of classes.
    pub fn labels(&self) -> &[u8] {
        &self.labels
    }

    /// The bytes of digit `i`, `[side, side]`; panics if there is none, as indexing a slice does.
    pub fn digit(&self, i: usize) -> &[u8] {
        &self.pixels[i * self.size()..(i + 1) * self.size()]
    }

    /// The label of digit `i`; panics if there is none, as indexing a slice does.
    pub fn label(&self, i: usize) -> u8 {
        self.labels[i]
    }

    /// The digits of these numbers, in their order; panics if there is none, as indexing a slice does.
    pub fn pick(&self, numbers: impl IntoIterator<Item = usize>) -> Digits {
        let (pixels, labels) = (Vec::new(), Vec::new());
        let mut picked = Digits { pixels, labels, names: self.names.clone(), ..*self };
        for number in numbers {
            picked.pixels.extend_from_slice(self.digit(number));
            picked.labels.push(self.label(number));
        }
        picked
    }

    /// CRC-32 of all pixels, then all labels: tells data sets apart, not forgeries.
    pub fn checksum(&self) -> u32 {
        let mut sum = flate2::Crc::new();
        sum.update(&self.pixels);
        sum.update(&self.labels);
        sum.sum()
    }

    /// Keeps the first `n` digits; does nothing if there are no more than that.
    pub fn truncate(&mut self, n: usize) {
        self.labels.truncate(n);
        self.pixels.truncate(self.labels.len() * self.side * self.side);
    }
}

/// Only the number of digits: 47 million bytes help nobody.
impl std::fmt::Debug for Digits {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Digits").field("len", &self.len()).finish_non_exhaustive()
    }
}

/// The digits of `train` or `t10k` from the two files that are part of the program.
macro_rules! built_in {
    ($set:literal) => {
        idx::digits(
            built_in!($set, "-images-idx3-ubyte.gz")?,
            built_in!($set, "-labels-idx1-ubyte.gz")?,
            None,
        )
    };
    ($set:literal, $kind:literal) => {
        File::built_in(
            concat!($set, $kind),
            include_bytes!(concat!("../../assets/mnist/", $set, $kind)),
        )
    };
}

/// Both sets of a source.
///
/// # Errors
/// [`Error::Data`] that names what cannot be read, [`Error::Usage`] for a source that cannot be meant.
pub fn load(source: &Source) -> Result<Mnist> {
    let mut mnist = match source.path_or_plain()? {
        Some(path) => reader::both(path, source)?,
        None => builtin()?,
    };
    source.change(&mut mnist.train);
    source.change(&mut mnist.test);
    Ok(mnist)
}

/// The test digits of a source, which need not have others.
pub fn load_test(source: &Source) -> Result<Digits> {
    let mut test = match source.path_or_plain()? {
        Some(path) => reader::test(path, source)?,
        None => built_in!("t10k")?,
    };
    source.change(&mut test);
    Ok(test)
}

/// Says what the files and folders of a source leave out, a sentence each.
pub fn left_out(source: &Source) -> Vec<String> {
    source.path.as_deref().map_or(Vec::new(), reader::left_out)
}

/// The 60,000 training and 10,000 test digits that are part of the program.
///
/// # Errors
/// [`Error::Data`] if the program was built with broken files.
pub fn builtin() -> Result<Mnist> {
    Ok(Mnist { train: built_in!("train")?, test: built_in!("t10k")? })
}

/// Index and value of the first label that no class can have; labels may count from 0 or from 1.
fn first_impossible_label(labels: &[u8]) -> Option<(usize, u8)> {
    first_label_over(*CLASS_COUNTS.end(), labels)
}

/// Index and value of the first label over the highest.
fn first_label_over(most: usize, labels: &[u8]) -> Option<(usize, u8)> {
    labels.iter().copied().enumerate().find(|&(_, label)| usize::from(label) > most)
}
