//! From a digit's ink to MNIST's form.

use image::Luma;

use super::Plane;
use crate::network::DIGIT_SIDE;

/// The share of the side of a picture into which MNIST's digits were fitted: 20 of 28 pixels.
const FIT: f32 = 20.0 / DIGIT_SIDE as f32;
/// How far past the middle of the picture MNIST has the centre of mass: in the middle of row 14 and column
/// 14, counted from 0. Measured: so, and only so, do the test digits come back as they were after being
/// enlarged and fitted.
const OFF_MIDDLE: f32 = 0.5;
/// How far from there the centre of mass of a digit of MNIST lies at most, in pixels.
const OFF_CENTRE: f32 = 1.0;

/// The side of the square into which ink is fitted in a picture of that side.
fn fitted(side: usize) -> u32 {
    (FIT * side as f32).round() as u32
}

/// Where the centre of mass is put in a picture of that side.
fn centre(side: usize) -> f32 {
    side as f32 / 2.0 + OFF_MIDDLE
}

/// Ink `[height, width]`, cut close, in MNIST's form: a picture of that side.
pub(super) fn fit(ink: &Plane, side: usize) -> Vec<u8> {
    let (width, height) = ink.dimensions();
    let longest = width.max(height) as f32;
    let reduced = |length: u32| (((fitted(side) * length) as f32 / longest).round() as u32).max(1);
    centred(&reduce(ink, reduced(width), reduced(height)), side)
}

/// Small ink in a picture with the centre of mass at the centre (to the nearest pixel) and the fullest pixel
/// at 255.
fn centred(ink: &Plane, side: usize) -> Vec<u8> {
    let most = ink.pixels().map(|pixel| pixel[0]).fold(0.0, f32::max);
    let offset = |of_ink: f32, length: u32| {
        (centre(side) - of_ink).round().clamp(0.0, (side as u32 - length) as f32) as usize
    };
    let (x, y) = centre_of_mass(ink);
    let (left, top) = (offset(x, ink.width()), offset(y, ink.height()));
    let mut field = vec![0; side * side];
    for (x, y, pixel) in ink.enumerate_pixels() {
        field[(top + y as usize) * side + left + x as usize] =
            (255.0 * pixel[0] / most).round() as u8;
    }
    field
}

/// Column and row, in pixels from the left and upper edge.
fn centre_of_mass(ink: &Plane) -> (f32, f32) {
    let (mut mass, mut across, mut down) = (0.0, 0.0, 0.0);
    for (x, y, pixel) in ink.enumerate_pixels() {
        mass += pixel[0];
        across += (x as f32 + 0.5) * pixel[0];
        down += (y as f32 + 0.5) * pixel[0];
    }
    (across / mass, down / mass)
}

/// The picture brought to `width` x `height`: each new pixel is the mean of the area it covers.
pub(super) fn reduce(picture: &Plane, width: u32, height: u32) -> Plane {
    let (from_width, from_height) = picture.dimensions();
    let columns = shares(from_width, width);
    let narrow = Plane::from_fn(width, from_height, |x, y| {
        Luma([columns[x as usize]
            .iter()
            .map(|&(at, share)| picture.get_pixel(at, y)[0] * share)
            .sum()])
    });
    let rows = shares(from_height, height);
    Plane::from_fn(width, height, |x, y| {
        Luma([rows[y as usize].iter().map(|&(at, share)| narrow.get_pixel(x, at)[0] * share).sum()])
    })
}

/// For each of `to` pixels in a row, which of `from` pixels it covers and with what share of itself.
fn shares(from: u32, to: u32) -> Vec<Vec<(u32, f32)>> {
    let step = from as f32 / to as f32;
    let of = |i: u32| {
        let (start, end) = (i as f32 * step, (i + 1) as f32 * step);
        let share = |at: u32| (end.min((at + 1) as f32) - start.max(at as f32)).max(0.0) / step;
        (start as u32..(end.ceil() as u32).min(from)).map(|at| (at, share(at))).collect()
    };
    (0..to).map(of).collect()
}

/// The bytes of a picture of that side, bright ink on dark, if it has MNIST's form: ink within the square that
/// it would be fitted into, the centre of mass at the centre.
pub(super) fn as_it_is(picture: &Plane, dark: bool, side: usize) -> Option<Vec<u8>> {
    if picture.dimensions() != (side as u32, side as u32) {
        return None;
    }
    let mut picture = picture.clone();
    if dark {
        picture.pixels_mut().for_each(|pixel| pixel[0] = 1.0 - pixel[0]);
    }
    let inked = |(x, y, pixel): (u32, u32, &Luma<f32>)| (pixel[0] > 0.0).then_some((x, y));
    let (mut columns, mut rows): (Vec<u32>, Vec<u32>) =
        picture.enumerate_pixels().filter_map(inked).unzip();
    let within = |places: &mut Vec<u32>| {
        places.sort_unstable();
        matches!((places.first(), places.last()), (Some(first), Some(last)) if last - first < fitted(side))
    };
    let (x, y) = centre_of_mass(&picture);
    let central = |at: f32| (at - centre(side)).abs() <= OFF_CENTRE;
    (within(&mut columns) && within(&mut rows) && central(x) && central(y)).then(|| bytes(&picture))
}

/// The bytes of a picture.
pub(super) fn bytes(picture: &Plane) -> Vec<u8> {
    picture.pixels().map(|pixel| (255.0 * pixel[0]).round() as u8).collect()
}
