//! From a picture to ink: which side of grey it is on, what light fell on the paper, and how much
//! ink each pixel has.

use image::imageops::{self, FilterType};

use super::{Plane, decode, margin};

/// Least difference between the brightest and the darkest pixel that counts as ink.
const LEAST_CONTRAST: f32 = 16.0 / 255.0;
/// Pixels of the reduced picture in which the light is looked for: it varies slowly.
const LIGHT_PIXELS: u32 = 256 * 256;
/// Reach of the ground that a pixel is compared with, as a part of the picture's shorter side.
const REACH: f32 = 1.0 / 6.0;
/// Standard deviations from which on a pixel stands out of the ground.
const STANDS_OUT: f32 = 2.5;
/// A pixel this far from the ground, as a part of the farthest one, always stands out.
const HALF: f32 = 0.5;
/// How often the ground is corrected.
const ROUNDS: usize = 4;
/// Share of paper around a pixel under which it says nothing about the ground.
const FEW: f32 = 0.02;
/// Skewness from which the ink is on the side of the longer tail; two values of which one has
/// three pixels in eight have 0.5.
const CLEAR_SKEWNESS: f64 = 0.5;
/// Part of full ink from which a pixel belongs to a digit.
const LEAST_INK: f32 = 0.1;
/// Standard deviations up to which noise is left out.
const DEVIATIONS: f32 = 4.0;
/// Ink is at least this many standard deviations of the noise away from the paper.
const CLEAR_INK: f32 = 6.0;
/// Share of the inked pixels that have at most what is then taken as full ink.
const FULL: f64 = 0.9;

/// The ink of a picture.
pub(super) struct Found {
    /// 0 where there is none, 1 for full ink.
    pub ink: Plane,
    /// It is darker than the ground.
    pub dark: bool,
}

/// The ink of a picture; `None` if all its pixels are about the same.
pub(super) fn find(picture: &Plane) -> Option<Found> {
    let values = || picture.pixels().map(|pixel| pixel[0]);
    let (least, most) = values().fold((f32::MAX, 0.0_f32), |(l, m), v| (l.min(v), m.max(v)));
    if most - least < LEAST_CONTRAST {
        return None;
    }
    let small = decode::at_most(picture.clone(), LIGHT_PIXELS);
    let dark = is_dark(&small);
    let bright = |plane: &Plane| if dark { map(plane, |v| 1.0 - v) } else { plane.clone() };
    let ground = ground(&bright(&small));
    let ground = match picture.dimensions() == small.dimensions() {
        true => ground,
        false => imageops::resize(&ground, picture.width(), picture.height(), FilterType::Triangle),
    };
    // For dark ink this is 1 - v / paper, whatever light there is on both.
    let mut ink = bright(picture);
    for (pixel, ground) in ink.pixels_mut().zip(ground.pixels()) {
        pixel[0] = (pixel[0] - ground[0]) / (1.0 - ground[0]).max(LEAST_CONTRAST);
    }
    level(&mut ink)?;
    Some(Found { ink, dark })
}

fn map(plane: &Plane, of: impl Fn(f32) -> f32) -> Plane {
    let mut plane = plane.clone();
    plane.pixels_mut().for_each(|pixel| pixel[0] = of(pixel[0]));
    plane
}

fn reach(plane: &Plane) -> f32 {
    (plane.width().min(plane.height()) as f32 * REACH).max(1.0)
}

/// Whether the ink is darker than the ground. Ink is what few pixels have, so the distances from
/// the light around have their long tail on its side; where that is not clear, as of a bold digit
/// that fills its picture, ink is what most of the border is not.
fn is_dark(picture: &Plane) -> bool {
    let light = imageops::fast_blur(picture, reach(picture));
    let apart: Vec<f64> =
        picture.pixels().zip(light.pixels()).map(|(v, l)| f64::from(v[0] - l[0])).collect();
    let mean = |power: i32, from: f64| {
        apart.iter().map(|v| (v - from).powi(power)).sum::<f64>() / apart.len() as f64
    };
    let centre = mean(1, 0.0);
    let skewness = mean(3, centre) / mean(2, centre).powf(1.5).max(1e-9);
    if skewness.abs() >= CLEAR_SKEWNESS {
        return skewness < 0.0;
    }
    let mut border = margin::border(picture);
    let all: f32 = picture.pixels().map(|pixel| pixel[0]).sum();
    percentile(&mut border, 0.5) > all / picture.pixels().len() as f32
}

/// What the paper alone would look like, of bright ink: the mean around each pixel, corrected by the
/// mean of what is missing around it, without the pixels that stand out.
fn ground(bright: &Plane) -> Plane {
    let reach = reach(bright);
    let mut ground = imageops::fast_blur(bright, reach);
    for round in 0..ROUNDS {
        let apart: Vec<f32> =
            bright.pixels().zip(ground.pixels()).map(|(v, g)| v[0] - g[0]).collect();
        let most = apart.iter().copied().fold(0.0, f32::max);
        let limit = (STANDS_OUT * deviation(&apart)).min(HALF * most);
        let mut paper = map(bright, |_| 0.0);
        // From -1..1 to 0..1, as planes are.
        let mut missing = paper.clone();
        for (i, (paper, missing)) in paper.pixels_mut().zip(missing.pixels_mut()).enumerate() {
            if apart[i] <= limit {
                paper[0] = 1.0;
                missing[0] = (apart[i] + 1.0) / 2.0;
            }
        }
        // Where all around stands out, the ground is at first that of the whole picture.
        let whole = mean(bright, &paper);
        let (paper, missing) =
            (imageops::fast_blur(&paper, reach), imageops::fast_blur(&missing, reach));
        for ((g, p), m) in ground.pixels_mut().zip(paper.pixels()).zip(missing.pixels()) {
            let missing = match p[0] > FEW {
                true => 2.0 * m[0] / p[0] - 1.0,
                false if round == 0 => whole - g[0],
                false => 0.0,
            };
            g[0] = (g[0] + missing).clamp(0.0, 1.0);
        }
    }
    ground
}

/// Mean of a plane over the pixels that the other marks with 1.
fn mean(plane: &Plane, marked: &Plane) -> f32 {
    let pairs = plane.pixels().zip(marked.pixels());
    let (sum, count) =
        pairs.fold((0.0, 0.0), |(sum, count), (v, m)| (sum + v[0] * m[0], count + m[0]));
    sum / f32::max(count, 1.0)
}

/// The standard deviation of the numbers about 0 that most are near, by the median of their sizes.
fn deviation(numbers: &[f32]) -> f32 {
    let mut sizes: Vec<f32> = numbers.iter().map(|number| number.abs()).collect();
    1.4826 * percentile(&mut sizes, 0.5)
}

fn percentile(numbers: &mut [f32], share: f64) -> f32 {
    let at = ((numbers.len() - 1) as f64 * share) as usize;
    *numbers.select_nth_unstable_by(at, f32::total_cmp).1
}

/// Brings the ink to 1 where it is full and to 0 where it is noise; `None` if nothing is left.
fn level(ink: &mut Plane) -> Option<()> {
    let deviation = deviation(ink.as_raw());
    let noise = DEVIATIONS * deviation;
    let most = ink.pixels().map(|pixel| pixel[0]).fold(0.0, f32::max);
    let limit = noise.max(LEAST_INK * most);
    let mut inked: Vec<f32> = ink.pixels().map(|p| p[0]).filter(|&v| v > limit).collect();
    if inked.is_empty() {
        return None;
    }
    let full = percentile(&mut inked, FULL);
    if full < CLEAR_INK * deviation {
        return None;
    }
    let limit = noise.max(LEAST_INK * full);
    for pixel in ink.pixels_mut() {
        pixel[0] = if pixel[0] > limit { (pixel[0] / full).min(1.0) } else { 0.0 };
    }
    Some(())
}
