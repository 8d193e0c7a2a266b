//! Room around writing that reaches the sides of its picture, as a digit that was cut out at its ink does.

use image::imageops;

use super::{MOST_PIXELS, Plane};

/// Pixels of paper differ by at most this, where its brightness can be told.
const EVEN: f32 = 0.03;
/// Part of the pixels that are paper at least.
const PAPER: f32 = 0.2;
/// Pixels that differ from the paper by more than this are ink.
const INK: f32 = 0.2;
/// Part of the border that is ink at most: more is a table or a shadow.
const MOST_INK: f32 = 0.4;

/// The outermost pixels of a picture.
pub(super) fn border(picture: &Plane) -> Vec<f32> {
    let (right, bottom) = (picture.width() - 1, picture.height() - 1);
    let outermost = |&(x, y, _): &(u32, u32, _)| x == 0 || y == 0 || x == right || y == bottom;
    picture.enumerate_pixels().filter(outermost).map(|(_, _, pixel)| pixel[0]).collect()
}

/// The picture with a margin of its paper, and how wide that is. `None` where no ink reaches the sides, where the
/// paper has no brightness of its own, and where it would be too large.
pub(super) fn added(picture: &Plane) -> Option<(Plane, u32)> {
    let (width, height) = picture.dimensions();
    let mut border = border(picture);
    border.sort_by(f32::total_cmp);
    let paper = border[border.len() / 2];
    let part = |numbers: &mut dyn Iterator<Item = f32>, is: &dyn Fn(f32) -> bool| {
        let (count, of) = numbers.fold((0, 0), |(count, of), v| (count + u32::from(is(v)), of + 1));
        count as f32 / of as f32
    };
    let inked = part(&mut border.iter().copied(), &|v| (v - paper).abs() > INK);
    let even = part(&mut picture.pixels().map(|pixel| pixel[0]), &|v| (v - paper).abs() <= EVEN);
    if inked == 0.0 || inked > MOST_INK || even < PAPER {
        return None;
    }
    let margin = width.max(height) / 2;
    if (width + 2 * margin) * (height + 2 * margin) > MOST_PIXELS {
        return None;
    }
    let mut wide = Plane::from_pixel(width + 2 * margin, height + 2 * margin, image::Luma([paper]));
    imageops::replace(&mut wide, picture, margin.into(), margin.into());
    Some((wide, margin))
}
