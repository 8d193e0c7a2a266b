//! From the bytes of a file to a picture in grey.

use std::io::Cursor;
use std::path::Path;

use image::metadata::Orientation;
use image::{DynamicImage, GrayAlphaImage, ImageDecoder, ImageReader, Luma};

use super::{Plane, data_error, fit};
use crate::disk;
use crate::error::{Error, Result};

/// Longest side of a picture that is read, in pixels.
pub const MAX_PICTURE_SIDE: u32 = 16_384;
/// Longest file that is read.
const MAX_BYTES: u64 = 256 << 20;
const WAY_OUT: &str = "name a readable picture: PNG, JPEG, BMP, PGM or WebP";
/// Kinds of pictures that are not read: which bytes stand at which place, and what they are called.
const UNREAD: [(usize, &[u8], &str); 10] = [
    (4, b"ftyphei", "a HEIC picture"),
    (4, b"ftypmif1", "a HEIC picture"),
    (4, b"ftypavif", "an AVIF picture"),
    (0, b"%PDF", "a PDF"),
    (0, b"GIF8", "a GIF picture"),
    (0, b"II*\0", "a TIFF picture"),
    (0, b"MM\0*", "a TIFF picture"),
    (0, b"\0\0\x01\0", "an icon"),
    (0, b"<svg", "an SVG drawing"),
    (0, b"<?xml", "XML, perhaps an SVG drawing"),
];

/// The bytes of the file at `path`, or of standard input for `-`.
///
/// # Errors
/// [`Error::Data`] if it cannot be read or has more than 256 MiB.
pub fn bytes_of(path: &Path) -> Result<Vec<u8>> {
    let read = match path == Path::new("-") {
        true => disk::read_all(std::io::stdin().lock(), MAX_BYTES),
        false => disk::read(path, MAX_BYTES),
    };
    read.map_err(|error| Error::cannot_read(path, error, WAY_OUT))
}

/// The picture, upright as far as its EXIF says how, in grey from 0 to 1.
pub(super) fn decode(name: &str, bytes: &[u8]) -> Result<Plane> {
    let broken = |e: image::ImageError| {
        data_error(name, format!("is a broken picture ({e})"), "save it again")
    };
    if is_cut_jpeg(bytes) {
        return Err(data_error(name, "is a JPEG file whose end is missing", "copy it again"));
    }
    let unknown = || match unread(bytes) {
        _ if bytes.is_empty() => data_error(name, "is empty", WAY_OUT),
        Some(kind) => {
            data_error(name, format!("is {kind}, which is not read"), "save it as PNG or JPEG")
        }
        None => data_error(name, "is no picture of a kind that is read", WAY_OUT),
    };
    let reader = ImageReader::new(Cursor::new(bytes)).with_guessed_format();
    let reader = reader.ok().filter(|reader| reader.format().is_some()).ok_or_else(unknown)?;
    let mut decoder = reader.into_decoder().map_err(|e| match e {
        image::ImageError::Unsupported(_) => unknown(),
        e => broken(e),
    })?;
    let (width, height) = decoder.dimensions();
    if width.max(height) > MAX_PICTURE_SIDE {
        return Err(data_error(
            name,
            format!("has {width}x{height} pixels where at most {MAX_PICTURE_SIDE} a side are read"),
            "reduce it",
        ));
    }
    // Broken EXIF is no reason not to look at the picture.
    let orientation = decoder.orientation().unwrap_or(Orientation::NoTransforms);
    let mut picture = DynamicImage::from_decoder(decoder).map_err(broken)?;
    picture.apply_orientation(orientation);
    if let DynamicImage::ImageLuma16(grey) = &mut picture {
        // Scanners of 8 or 12 bits leave the upper ones of 16 empty.
        let empty = grey.iter().fold(1, |all, value| all | value).leading_zeros();
        grey.iter_mut().for_each(|value| *value <<= empty);
    }
    Ok(flat(&picture.into_luma_alpha8()))
}

/// What a picture of a kind that is not read is called.
fn unread(bytes: &[u8]) -> Option<&'static str> {
    let is_at = |&(at, begin, _): &(usize, &[u8], _)| {
        bytes.get(at..).is_some_and(|bytes| bytes.starts_with(begin))
    };
    UNREAD.iter().find(|kind| is_at(kind)).map(|(.., called)| *called)
}

/// Whether a JPEG file has no end: its decoder would show the rest in grey.
fn is_cut_jpeg(bytes: &[u8]) -> bool {
    const END: [u8; 2] = [0xff, 0xd9];
    /// The segment in front of the pixels.
    const SCAN: u8 = 0xda;
    let Some(mut rest) = bytes.strip_prefix(&[0xff, 0xd8]) else { return false };
    // The segments before may hold a small picture with an end of its own.
    while let [0xff, kind, high, low, ..] = *rest {
        let length = 2 + usize::from(u16::from_be_bytes([high, low]));
        if kind == SCAN {
            break;
        }
        rest = rest.get(length..).unwrap_or_default();
    }
    !rest.windows(2).any(|two| two == END)
}

/// Lays what is transparent over black, or over white where what is opaque is dark.
fn flat(picture: &GrayAlphaImage) -> Plane {
    let (grey, opaque) = picture.pixels().fold((0_u64, 0_u64), |(grey, opaque), pixel| {
        let [byte, alpha] = pixel.0.map(u64::from);
        (grey + byte * alpha, opaque + alpha)
    });
    let ground = if 2 * grey < 255 * opaque { 1.0 } else { 0.0 };
    Plane::from_fn(picture.width(), picture.height(), |x, y| {
        let [grey, alpha] = picture.get_pixel(x, y).0.map(|byte| f32::from(byte) / 255.0);
        Luma([grey * alpha + ground * (1.0 - alpha)])
    })
}

/// The picture with its aspect ratio kept, reduced to at most `pixels` pixels.
pub(super) fn at_most(picture: Plane, pixels: u32) -> Plane {
    let (width, height) = picture.dimensions();
    let scale = (f64::from(pixels) / (f64::from(width) * f64::from(height))).sqrt();
    if scale >= 1.0 {
        return picture;
    }
    let reduced = |side: u32| ((f64::from(side) * scale) as u32).max(1);
    fit::reduce(&picture, reduced(width), reduced(height))
}
