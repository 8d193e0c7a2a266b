//! From ink to digits: the connected pieces of one line of writing, those of one digit together.

use image::Luma;
use serde::Serialize;

use super::Plane;

/// A piece that is smaller than this part of the tallest, in height and in width, is a speck.
const SPECK: f32 = 0.2;
/// What stands clear of the picture's sides is no speck from this part of the tallest piece on.
const CLEAR: f32 = 0.15;
/// What touches a side of the picture is no digit if it is this many times as tall as whatever touches none.
const TALLER: f32 = 1.5;
/// What is lower than this part of the tallest is punctuation or dirt.
const LOW: f32 = 0.4;
/// Pieces belong together where they share this part of the narrower one's columns.
const SHARED: f32 = 0.5;

/// A mark that is wider than this part of its height is no digit: two that touch, say.
const WIDE: f32 = 1.35;
/// A mark is taken for at least so high before it is called wide, in pixels.
const LOWEST: u32 = 8;
/// Of two lines each is as tall as this part of the tallest digit at least.
const LINE: f32 = 0.6;
/// Two lines are apart by this part of the tallest digit at least; the parts of a broken digit are nearer.
const APART: f32 = 0.1;

/// A rectangle in a picture, in pixels.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Place {
    pub left: u32,
    pub top: u32,
    pub width: u32,
    pub height: u32,
}

/// A digit's own ink, and where it stood.
pub(super) struct Digit {
    pub place: Place,
    pub ink: Plane,
}

/// Connected pixels, or several of those.
struct Piece {
    place: Place,
    pixels: Vec<(u32, u32)>,
}

impl Place {
    fn right(&self) -> u32 {
        self.left + self.width
    }

    fn bottom(&self) -> u32 {
        self.top + self.height
    }

    /// The smallest that holds both.
    fn with(&self, other: &Place) -> Place {
        let (left, top) = (self.left.min(other.left), self.top.min(other.top));
        let (right, bottom) = (self.right().max(other.right()), self.bottom().max(other.bottom()));
        Place { left, top, width: right - left, height: bottom - top }
    }

    /// Returns the same place in a picture that is `scale` times as large.
    pub(super) fn scaled(&self, scale: f64) -> Place {
        let [left, top, width, height] = [self.left, self.top, self.width, self.height]
            .map(|number| (f64::from(number) * scale).round() as u32);
        Place { left, top, width, height }
    }

    /// Returns the same place in the picture that this margin was added to.
    pub(super) fn without_margin(&self, margin: u32) -> Place {
        Place {
            left: self.left.saturating_sub(margin),
            top: self.top.saturating_sub(margin),
            ..*self
        }
    }

    /// Columns that both have.
    fn shared_columns(&self, other: &Place) -> u32 {
        self.right().min(other.right()).saturating_sub(self.left.max(other.left))
    }
}

/// The digits in ink, left to right, and how many marks are too low for one, as a dash or a comma; specks do not
/// count.
pub(super) fn digits(ink: &Plane) -> (Vec<Digit>, usize) {
    let mut pieces = without_surroundings(pieces(ink), ink);
    let tallest = |pieces: &[Piece]| {
        pieces.iter().map(|piece| piece.place.height.max(1)).max().unwrap_or(0) as f32
    };
    let speck = SPECK * tallest(&pieces);
    pieces.retain(|piece| piece.place.width.max(piece.place.height) as f32 >= speck);
    let mut digits = merged(pieces);
    let low = LOW * tallest(&digits);
    let marks = digits.len();
    digits.retain(|piece| piece.place.height as f32 >= low);
    let low_marks = marks - digits.len();
    digits.sort_by_key(|piece| (2 * piece.place.left + piece.place.width, piece.place.top));
    (digits.iter().map(|piece| piece.digit(ink)).collect(), low_marks)
}

/// What keeps the digits from being read, if anything does: lines above each other, or marks that are too wide.
pub(super) fn fault(digits: &[Digit]) -> Option<&'static str> {
    let tallest = digits.iter().map(tallest_part).max().unwrap_or(0) as f32;
    let mut rows: Vec<(u32, u32)> = digits.iter().flat_map(parts).collect();
    rows.sort_unstable();
    let mut lines: Vec<(u32, u32)> = Vec::new();
    for (top, bottom) in rows {
        match lines.last_mut() {
            Some(line) if (top as f32) < line.1 as f32 + APART * tallest => {
                line.1 = line.1.max(bottom)
            }
            _ => lines.push((top, bottom)),
        }
    }
    lines.retain(|(top, bottom)| (bottom - top) as f32 >= LINE * tallest);
    let is_wide =
        |digit: &Digit| digit.place.width as f32 > WIDE * digit.place.height.max(LOWEST) as f32;
    match lines.len() {
        0 | 1 if digits.iter().any(is_wide) => {
            Some("shows a mark too wide for a digit, as two that touch")
        }
        0 | 1 => None,
        _ => Some("shows lines of writing above each other"),
    }
}

/// The rows that a digit's ink takes, each as the first and that after the last, without the empty ones between.
fn parts(digit: &Digit) -> Vec<(u32, u32)> {
    let mut parts: Vec<(u32, u32)> = Vec::new();
    for (row, pixels) in (digit.place.top..).zip(digit.ink.rows()) {
        let inked = pixels.into_iter().any(|pixel| pixel[0] > 0.0);
        match parts.last_mut() {
            Some((_, end)) if inked && *end == row => *end += 1,
            _ if inked => parts.push((row, row + 1)),
            _ => {}
        }
    }
    parts
}

fn tallest_part(digit: &Digit) -> u32 {
    parts(digit).iter().map(|(top, bottom)| bottom - top).max().unwrap_or(0)
}

/// The smallest place that holds all of them.
pub(super) fn surrounding(digits: &[Digit]) -> Place {
    let places = digits.iter().map(|digit| digit.place);
    places.reduce(|all, place| all.with(&place)).expect("there is a digit")
}

/// The pieces whose pixels touch, also by a corner.
fn pieces(ink: &Plane) -> Vec<Piece> {
    let (width, height) = ink.dimensions();
    let mut seen = vec![false; (width * height) as usize];
    let mut pieces = Vec::new();
    for (x, y, pixel) in ink.enumerate_pixels() {
        let first = (y * width + x) as usize;
        if pixel[0] == 0.0 || seen[first] {
            continue;
        }
        seen[first] = true;
        let mut piece = Piece::of(x, y);
        let mut next = 0;
        while let Some(&(x, y)) = piece.pixels.get(next) {
            next += 1;
            for y in y.saturating_sub(1)..(y + 2).min(height) {
                for x in x.saturating_sub(1)..(x + 2).min(width) {
                    let at = (y * width + x) as usize;
                    if !seen[at] && ink.get_pixel(x, y)[0] > 0.0 {
                        seen[at] = true;
                        piece.take(Piece::of(x, y));
                    }
                }
            }
        }
        pieces.push(piece);
    }
    pieces
}

/// The pieces without shadows and the table beside the paper: what reaches into a corner of the
/// picture, or touches a side of it and is far taller than what stands clear of the sides.
fn without_surroundings(pieces: Vec<Piece>, ink: &Plane) -> Vec<Piece> {
    let (right, bottom) = (ink.width() - 1, ink.height() - 1);
    let corners = [(0, 0), (right, 0), (0, bottom), (right, bottom)];
    let is_clear = |piece: &&Piece| {
        let place = piece.place;
        place.left > 0 && place.top > 0 && place.right() <= right && place.bottom() <= bottom
    };
    let clear = pieces.iter().filter(is_clear);
    let Some(tallest) = clear.map(|piece| piece.place.height).max() else { return pieces };
    let far_taller = |piece: &Piece| piece.place.height as f32 > TALLER * tallest as f32;
    let around = |piece: &Piece| {
        let in_corner = || piece.pixels.iter().any(|pixel| corners.contains(pixel));
        !is_clear(&piece) && (far_taller(piece) || in_corner())
    };
    // Specks do not decide what is a digit.
    let of_picture = pieces.iter().map(|piece| piece.place.height).max().unwrap_or(0) as f32;
    match tallest as f32 >= CLEAR * of_picture {
        true => pieces.into_iter().filter(|piece| !around(piece)).collect(),
        false => pieces,
    }
}

/// The pieces with those in one that stand over each other.
fn merged(pieces: Vec<Piece>) -> Vec<Piece> {
    let mut digits: Vec<Piece> = Vec::new();
    for mut piece in pieces {
        // What it joins may now reach others.
        while let Some(other) = digits.iter().position(|digit| digit.belongs_to(&piece)) {
            piece.take(digits.swap_remove(other));
        }
        digits.push(piece);
    }
    digits
}

impl Piece {
    fn of(x: u32, y: u32) -> Self {
        let place = Place { left: x, top: y, width: 1, height: 1 };
        Piece { place, pixels: vec![(x, y)] }
    }

    fn take(&mut self, other: Piece) {
        self.place = self.place.with(&other.place);
        self.pixels.extend(other.pixels);
    }

    fn belongs_to(&self, other: &Piece) -> bool {
        let (a, b) = (&self.place, &other.place);
        a.shared_columns(b) as f32 > SHARED * a.width.min(b.width) as f32
    }

    fn digit(&self, ink: &Plane) -> Digit {
        let Place { left, top, width, height } = self.place;
        let mut own = Plane::new(width, height);
        for &(x, y) in &self.pixels {
            own.put_pixel(x - left, y - top, Luma(ink.get_pixel(x, y).0));
        }
        Digit { place: self.place, ink: own }
    }
}
