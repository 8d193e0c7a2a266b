//! Single digits as pictures: read from a PNG file, written to one, drawn in a terminal.
//!
//! A network that was trained on MNIST knows only MNIST's kind of picture: 28x28, bright ink on a
//! dark ground, the digit fitted into 20x20 pixels with its aspect ratio kept and its centre of
//! mass at the centre of the field. A 28x28 PNG is taken to be of that kind already and keeps its
//! bytes; any other size is brought into that form here. Dark ink on a bright ground is inverted,
//! and the caller is told.

use std::fs::File;
use std::io::{BufReader, Cursor, ErrorKind, Read, Seek};
use std::path::Path;

use ::image::codecs::png::PngDecoder;
use ::image::{DynamicImage, GrayImage, ImageDecoder, ImageFormat, Luma};

use super::{DIGIT_PIXELS, thousands};
use crate::error::{Error, Result};
use crate::network::DIGIT_SIDE;

/// Longest side of a picture that is read or written, in pixels.
pub const MAX_SIDE: usize = 4096;
/// Side of the square into which MNIST's digits were fitted, in pixels.
const FIT: usize = 20;
/// Where MNIST has the centre of mass: the middle of row 14 and column 14, counted from 0. Measured:
/// so, and only so, do the test digits come back as they were after being enlarged and fitted.
const CENTRE: f32 = 14.5;
/// Least difference between the brightest and the darkest byte that counts as ink.
const LEAST_CONTRAST: u8 = 16;
/// Brightness above the ground, as a part of the brightest, from which a pixel belongs to the
/// digit's box. Keeps faint noise out of it.
const BOX_LEVEL: f32 = 0.1;
/// From this byte on, [`draw`] shows a pixel as ink.
const DRAW_LEVEL: u8 = 96;

const PNG_SIGNATURE: [u8; 8] = *b"\x89PNG\r\n\x1a\n";

/// A digit from a picture, in MNIST's form, and what had to be done for it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReadDigit {
    /// `[28, 28]` bytes, 0 background, 255 ink.
    pub pixels: [u8; DIGIT_PIXELS],
    /// The picture was dark on bright.
    pub inverted: bool,
    /// The picture was not 28x28.
    pub resized: bool,
}

/// Reads one digit from the PNG file at `path`, of any colour type; transparency is laid over
/// black.
///
/// # Errors
/// [`Error::Data`] if the file is missing, is no PNG or a broken one, has a side over
/// [`MAX_SIDE`], or shows no ink.
pub fn read_digit(path: &Path) -> Result<ReadDigit> {
    let mut picture = read_grey(path)?;
    let (darkest, brightest) = picture
        .iter()
        .fold((u8::MAX, u8::MIN), |(low, high), &byte| (low.min(byte), high.max(byte)));
    if brightest.saturating_sub(darkest) < LEAST_CONTRAST {
        return Err(data_error(
            path,
            "shows no ink: all its pixels have about the same brightness (transparent counts as \
             black)",
            "draw the digit bright on dark or dark on bright, without transparency",
        ));
    }
    let inverted = border_is_bright(&picture);
    if inverted {
        picture.iter_mut().for_each(|byte| *byte = u8::MAX - *byte);
    }
    let side = DIGIT_SIDE as u32;
    let (pixels, resized) = match <[u8; DIGIT_PIXELS]>::try_from(picture.as_raw().as_slice()) {
        Ok(pixels) if picture.dimensions() == (side, side) => (pixels, false),
        _ => (fit(&picture), true),
    };
    Ok(ReadDigit { pixels, inverted, resized })
}

/// Writes a square picture of grey bytes `[side, side]` as a PNG file, each pixel as a square of
/// `scale` x `scale`.
///
/// # Errors
/// [`Error::Other`] if the file cannot be written, if `pixels` is empty or no square, or if the
/// side of the picture would be 0 or over [`MAX_SIDE`].
pub fn write_png(path: &Path, pixels: &[u8], scale: usize) -> Result<()> {
    let side = pixels.len().isqrt();
    let scaled = side.saturating_mul(scale);
    if side * side != pixels.len() || scaled == 0 || scaled > MAX_SIDE {
        return Err(Error::Other(format!(
            "cannot write {}: {} pixels at scale {scale}; give a square of pixels and a scale that \
             make a picture of 1 to {MAX_SIDE} pixels a side",
            path.display(),
            thousands(pixels.len())
        )));
    }
    let picture = GrayImage::from_fn(scaled as u32, scaled as u32, |x, y| {
        Luma([pixels[y as usize / scale * side + x as usize / scale]])
    });
    save(path, &picture)
}

/// Writes a picture as a PNG file.
///
/// # Errors
/// [`Error::Other`] if the file cannot be written.
pub(super) fn save(path: &Path, picture: &GrayImage) -> Result<()> {
    // Encoded in memory first: a failure there leaves no half a file.
    let mut png = Cursor::new(Vec::new());
    picture
        .write_to(&mut png, ImageFormat::Png)
        .map_err(|e| Error::Other(format!("cannot make a PNG for {}: {e}", path.display())))?;
    std::fs::write(path, png.into_inner()).map_err(|e| {
        Error::Other(format!("cannot write {}: {e}; choose another place", path.display()))
    })
}

/// A square picture of grey bytes `[side, side]` as text: `side` columns and a line for every two
/// rows, so 28 x 14 for a digit, each line with its line feed. Needs no colours: half blocks stand
/// for the pixels above a threshold.
pub fn draw(pixels: &[u8]) -> String {
    let side = pixels.len().isqrt();
    let ink = |y: usize, x: usize| y < side && pixels[y * side + x] >= DRAW_LEVEL;
    let mut text = String::new();
    for y in (0..side).step_by(2) {
        text.extend((0..side).map(|x| match (ink(y, x), ink(y + 1, x)) {
            (false, false) => ' ',
            (true, false) => '▀',
            (false, true) => '▄',
            (true, true) => '█',
        }));
        text.push('\n');
    }
    text
}

/// The PNG file at `path` in grey, over black where it is transparent.
fn read_grey(path: &Path) -> Result<GrayImage> {
    const WAY_OUT: &str = "name a readable PNG file";
    let cannot_read = |e| Error::cannot_read(path, e, WAY_OUT);
    let metadata = std::fs::metadata(path).map_err(cannot_read)?;
    if !metadata.is_file() {
        return Err(data_error(path, "is not a file", WAY_OUT));
    }
    let mut file = BufReader::new(File::open(path).map_err(cannot_read)?);
    let mut signature = [0; PNG_SIGNATURE.len()];
    match file.read_exact(&mut signature) {
        Err(e) if e.kind() != ErrorKind::UnexpectedEof => return Err(cannot_read(e)),
        Ok(()) if signature == PNG_SIGNATURE => {}
        _ => return Err(data_error(path, "is not a PNG file", "convert it to PNG")),
    }
    file.rewind().map_err(cannot_read)?;
    let broken = |e| data_error(path, format!("is a broken PNG file ({e})"), "save it again");
    let decoder = PngDecoder::new(file).map_err(broken)?;
    let (width, height) = decoder.dimensions();
    if width.max(height) as usize > MAX_SIDE {
        return Err(data_error(
            path,
            format!("has {width}x{height} pixels where at most {MAX_SIDE} a side are read"),
            "reduce it, at best to 28x28",
        ));
    }
    let picture = DynamicImage::from_decoder(decoder).map_err(broken)?.into_luma_alpha8();
    let over_black = |grey: u8, alpha: u8| (u32::from(grey) * u32::from(alpha) + 127) / 255;
    Ok(GrayImage::from_fn(width, height, |x, y| {
        let [grey, alpha] = picture.get_pixel(x, y).0;
        Luma([over_black(grey, alpha) as u8])
    }))
}

/// True if the outermost pixels are on average over half of 255.
fn border_is_bright(picture: &GrayImage) -> bool {
    let (right, bottom) = (picture.width() - 1, picture.height() - 1);
    let (sum, count) = picture
        .enumerate_pixels()
        .filter(|&(x, y, _)| x == 0 || y == 0 || x == right || y == bottom)
        .fold((0_u64, 0_u64), |(sum, count), (_, _, byte)| (sum + u64::from(byte[0]), count + 1));
    2 * sum > 255 * count
}

/// A picture of any size, bright on dark, in MNIST's form.
fn fit(picture: &GrayImage) -> [u8; DIGIT_PIXELS] {
    let ground = picture.iter().copied().min().unwrap_or(0);
    let brightest = picture.iter().copied().max().unwrap_or(0);
    let level = f32::from(brightest - ground) * BOX_LEVEL;
    let inside = |byte: u8| f32::from(byte - ground) > level;
    let (mut left, mut top, mut right, mut bottom) = (u32::MAX, u32::MAX, 0, 0);
    for (x, y, _) in picture.enumerate_pixels().filter(|(_, _, byte)| inside(byte[0])) {
        (left, right) = (left.min(x), right.max(x + 1));
        (top, bottom) = (top.min(y), bottom.max(y + 1));
    }
    let rows: Vec<Vec<f32>> = (top..bottom)
        .map(|y| (left..right).map(|x| f32::from(picture.get_pixel(x, y)[0] - ground)).collect())
        .collect();

    let (height, width) = ((bottom - top) as usize, (right - left) as usize);
    let fitted = |side: usize| ((FIT * side) as f32 / height.max(width) as f32).round().max(1.0);
    let reduced = reduce(&rows, fitted(height) as usize, fitted(width) as usize);
    centre(&reduced)
}

/// `rows` `[h, w]` brought to `[height, width]`: each new pixel is the mean of the area it covers.
fn reduce(rows: &[Vec<f32>], height: usize, width: usize) -> Vec<Vec<f32>> {
    let narrow: Vec<_> = rows.iter().map(|row| reduce_line(row, width)).collect();
    transpose(&transpose(&narrow).iter().map(|c| reduce_line(c, height)).collect::<Vec<_>>())
}

fn reduce_line(line: &[f32], length: usize) -> Vec<f32> {
    let step = line.len() as f32 / length as f32;
    (0..length)
        .map(|i| {
            let (start, end) = (i as f32 * step, (i + 1) as f32 * step);
            let covered = |j: usize| (end.min((j + 1) as f32) - start.max(j as f32)).max(0.0);
            let touched = start as usize..(end.ceil() as usize).min(line.len());
            touched.map(|j| line[j] * covered(j)).sum::<f32>() / step
        })
        .collect()
}

fn transpose(rows: &[Vec<f32>]) -> Vec<Vec<f32>> {
    (0..rows.first().map_or(0, Vec::len)).map(|x| rows.iter().map(|row| row[x]).collect()).collect()
}

/// `rows`, at most `[20, 20]`, in a field of 28x28 with the centre of mass at the centre (to the
/// nearest pixel) and the brightest pixel at 255.
fn centre(rows: &[Vec<f32>]) -> [u8; DIGIT_PIXELS] {
    let pixels = || {
        rows.iter()
            .enumerate()
            .flat_map(|(y, r)| r.iter().enumerate().map(move |(x, &v)| (y, x, v)))
    };
    let mass: f32 = pixels().map(|(_, _, v)| v).sum();
    let brightest = pixels().map(|(_, _, v)| v).fold(0.0, f32::max);
    let offset = |moment: f32, length: usize| {
        (CENTRE - moment / mass).round().clamp(0.0, (DIGIT_SIDE - length) as f32) as usize
    };
    let top = offset(pixels().map(|(y, _, v)| (y as f32 + 0.5) * v).sum(), rows.len());
    let left = offset(pixels().map(|(_, x, v)| (x as f32 + 0.5) * v).sum(), rows[0].len());
    let mut field = [0; DIGIT_PIXELS];
    for (y, x, v) in pixels() {
        field[(top + y) * DIGIT_SIDE + left + x] = (255.0 * v / brightest).round() as u8;
    }
    field
}

fn data_error(path: &Path, what: impl std::fmt::Display, way_out: &str) -> Error {
    Error::Data(format!("{} {what}; {way_out}", path.display()))
}
