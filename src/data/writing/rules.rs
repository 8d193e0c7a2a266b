//! Ruled and framed paper: lines that cross the whole picture are no writing. They are taken out, but for where
//! writing crosses them.

use super::Plane;

/// A row or column is part of such a line if so much of it is inked: the widest digit of MNIST fills less.
const ACROSS: f32 = 0.75;
/// A line is thinner than this part of the picture; what is thicker is a shadow, or the digit itself.
const THIN: f32 = 0.05;

/// Shorter side of a picture with such lines at least.
const SMALLEST: u32 = 64;

/// Takes lines out of ink, those of rows and those of columns.
pub(super) fn take_out(ink: &mut Plane) {
    let (width, height) = ink.dimensions();
    if width.min(height) < SMALLEST {
        return;
    }
    let seen = ink.clone();
    let inked = |x: u32, y: u32| x < width && y < height && seen.get_pixel(x, y)[0] > 0.0;
    for (from, to) in lines(height, width, |row, at| inked(at, row)) {
        for x in (0..width).filter(|&x| from == 0 || !inked(x, from - 1) || !inked(x, to)) {
            (from..to).for_each(|y| ink.get_pixel_mut(x, y)[0] = 0.0);
        }
    }
    for (from, to) in lines(width, height, inked) {
        for y in (0..height).filter(|&y| from == 0 || !inked(from - 1, y) || !inked(to, y)) {
            (from..to).for_each(|x| ink.get_pixel_mut(x, y)[0] = 0.0);
        }
    }
}

/// The thin lines among `rows` rows of `length` pixels, each as its first row and that after its last.
fn lines(rows: u32, length: u32, inked: impl Fn(u32, u32) -> bool) -> Vec<(u32, u32)> {
    let count = |row| (0..length).filter(|&at| inked(row, at)).count() as f32;
    let crosses: Vec<bool> = (0..rows).map(|row| count(row) >= ACROSS * length as f32).collect();
    let mut found: Vec<(u32, u32)> = Vec::new();
    for row in (0..rows).filter(|&row| crosses[row as usize]) {
        match found.last_mut() {
            Some((_, end)) if *end == row => *end += 1,
            _ => found.push((row, row + 1)),
        }
    }
    found.retain(|(from, to)| (to - from) as f32 <= (THIN * rows as f32).max(1.0));
    found
}
