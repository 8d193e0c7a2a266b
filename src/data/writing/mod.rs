//! Digits from pictures: photographed writing, scans, drawings, screenshots.
//!
//! A network that was trained on MNIST knows only MNIST's kind of picture: 28x28, bright ink on a
//! dark ground, one digit, fitted into 20x20 pixels with its aspect ratio kept and its centre of
//! mass at the centre of the field. Any other picture is brought into that form in four stages, a
//! file each:
//!
//! 1. `decode`: from the bytes of a file to a picture in grey, upright;
//! 2. `ink`: from a picture to ink, 0 to 1, whatever light fell on the paper, with room around it (`margin`) and
//!    without ruling (`rules`);
//! 3. `line`: from ink to digits, left to right;
//! 4. `fit`: from a digit to 28x28 bytes, or a picture of the side that a model sees, in the same proportions.
//!
//! A picture that has MNIST's form already keeps its bytes.

mod decode;
mod fit;
mod ink;
mod line;
mod margin;
mod rules;

use ::image::{ImageBuffer, Luma};

use crate::error::{Error, Result};

pub use decode::{MAX_PICTURE_SIDE, bytes_of};
pub use line::Place;

/// Numbers `[height, width]` from 0 to 1: brightness, or ink. (The image crate clamps to these.)
type Plane = ImageBuffer<Luma<f32>, Vec<f32>>;

/// Pixels that a picture keeps: larger ones are reduced first.
const MOST_PIXELS: u32 = 2048 * 2048;

/// What was found in a picture.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Writing {
    /// The ink is darker than the ground.
    pub dark_ink: bool,
    /// Left to right; at least one.
    pub digits: Vec<Written>,
    /// Marks that are too low for a digit, as a dash or a comma, and were left out.
    pub left_out: usize,
}

/// A digit from a picture.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Written {
    /// `[side, side]` bytes, 0 background, 255 ink, in MNIST's form.
    pub pixels: Vec<u8>,
    /// Where it stands in the picture, in pixels of the picture.
    pub place: Place,
    /// It had to be brought into MNIST's form.
    pub fitted: bool,
}

/// Reads the digits in the bytes of a picture file: PNG, JPEG, BMP, PNM or WebP, as pictures
/// of that side. `name` is what messages call it.
///
/// # Errors
/// [`Error::Data`] if it is no such file or a broken one, has a side over [`MAX_PICTURE_SIDE`], shows
/// no ink, or what is not one line of digits.
pub fn read(name: &str, bytes: &[u8], side: usize) -> Result<Writing> {
    let picture = decode::decode(name, bytes)?;
    let full = picture.dimensions();
    let picture = decode::at_most(picture, MOST_PIXELS);
    let Found { ink, digits, left_out, margin } = find(name, &picture)?;
    let dark_ink = ink.dark;
    if let Some(pixels) = fit::as_it_is(&picture, dark_ink, side) {
        let place = line::surrounding(&digits).without_margin(margin);
        let digits = vec![Written { pixels, place, fitted: false }];
        return Ok(Writing { dark_ink, digits, left_out: 0 });
    }
    if let Some(what) = line::fault(&digits) {
        return Err(data_error(name, what, "give it in parts: digits in one line, apart"));
    }
    let scale = f64::from(full.0) / f64::from(picture.width());
    let written = |digit: &line::Digit| Written {
        pixels: fit::fit(&digit.ink, side),
        place: digit.place.without_margin(margin).scaled(scale),
        fitted: true,
    };
    Ok(Writing { dark_ink, digits: digits.iter().map(written).collect(), left_out })
}

/// Reads a picture of one digit: of that side as it is, any other fitted, all its pieces as one.
pub fn read_one(name: &str, bytes: &[u8], side: usize) -> Result<Vec<u8>> {
    let picture = decode::at_most(decode::decode(name, bytes)?, MOST_PIXELS);
    if picture.dimensions() == (side as u32, side as u32) {
        return Ok(fit::bytes(&picture));
    }
    let Found { ink: found, digits, .. } = find(name, &picture)?;
    Ok(match &digits[..] {
        [digit] => fit::fit(&digit.ink, side),
        pieces => {
            let Place { left, top, width, height } = line::surrounding(pieces);
            let ink = ::image::imageops::crop_imm(&found.ink, left, top, width, height);
            fit::fit(&ink.to_image(), side)
        }
    })
}

/// What is found in a picture.
struct Found {
    ink: ink::Found,
    /// At least one.
    digits: Vec<line::Digit>,
    /// Marks that are too low for one.
    left_out: usize,
    /// Pixels that were added on each side, since the ink touched them.
    margin: u32,
}

fn find(name: &str, picture: &Plane) -> Result<Found> {
    let (wide, margin) = margin::added(picture).unwrap_or_else(|| (picture.clone(), 0));
    let found = ink::find(&wide).map(|mut ink| {
        rules::take_out(&mut ink.ink);
        let (digits, left_out) = line::digits(&ink.ink);
        Found { digits, left_out, ink, margin }
    });
    found.filter(|found| !found.digits.is_empty()).ok_or_else(|| {
        data_error(
            name,
            "shows no ink: no pixel stands out of the brightness or the noise of the others",
            "draw the digit bright on dark or dark on bright",
        )
    })
}

/// Reads a picture that is a digit as it is: of that side, bright on dark, nothing changed.
///
/// # Errors
/// As [`read`], and for any other size.
pub fn read_raw(name: &str, bytes: &[u8], side: usize) -> Result<Vec<u8>> {
    let picture = decode::decode(name, bytes)?;
    if picture.dimensions() != (side as u32, side as u32) {
        let (width, height) = picture.dimensions();
        return Err(data_error(
            name,
            format!("has {width}x{height} pixels, where --raw takes {side}x{side} alone"),
            "leave out --raw to have it fitted",
        ));
    }
    Ok(fit::bytes(&picture))
}

fn data_error(name: &str, what: impl std::fmt::Display, way_out: &str) -> Error {
    Error::Data(format!("{name} {what}; {way_out}"))
}
