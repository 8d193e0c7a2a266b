//! What a set of digits looks like in numbers: how many of each, how bright, how spread.
//!
//! The 1998 paper scales the input so that its mean is about 0 and its variance about 1, which
//! speeds up learning (section II.B); these numbers show how near a set and a scaling come to it.
//! All follow from the histogram of the bytes, so they are exact up to the rounding of f64.

use serde::Serialize;

use super::Digits;

/// Counts and moments of a set of digits; all moments are 0 if there are no digits.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Facts {
    /// Digits in the set, N.
    #[serde(rename = "digits")]
    pub count: usize,
    /// Digits of each label, `[classes]`.
    #[serde(rename = "per_label")]
    pub per_digit: Vec<usize>,
    /// Mean of byte / 255 over the N x side x side pixels, before any scaling.
    pub mean: f64,
    /// Standard deviation of byte / 255 over the N x side x side pixels.
    pub deviation: f64,
    /// Mean of x = scale * byte + background over the N inputs, their borders included.
    pub scaled_mean: f64,
    /// Standard deviation of x over the N inputs, their borders included.
    pub scaled_deviation: f64,
}

/// The facts about `digits` as inputs x = `scale` * byte + `background`.
///
/// `border` is the width in pixels of the rim of background on each of the four sides, so that an
/// input has (side + 2 border)^2 values.
pub fn facts(digits: &Digits, scale: f32, background: f32, border: usize) -> Facts {
    let mut per_digit = vec![0; digits.classes()];
    for &label in digits.labels() {
        per_digit[usize::from(label)] += 1;
    }
    let mut histogram = [0_u64; 256];
    for &byte in digits.pixels() {
        histogram[usize::from(byte)] += 1;
    }
    let (mean, deviation) = moments(&histogram, |byte| byte / 255.0);
    // Border pixels are background, which is what byte 0 becomes.
    let (inner, side) = (digits.side(), digits.side() + 2 * border);
    histogram[0] += (digits.len() * (side * side - inner * inner)) as u64;
    let (scale, background) = (f64::from(scale), f64::from(background));
    let (scaled_mean, scaled_deviation) = moments(&histogram, |byte| scale * byte + background);
    Facts { count: digits.len(), per_digit, mean, deviation, scaled_mean, scaled_deviation }
}

/// Mean and standard deviation of `value` over the bytes that `histogram` `[256]` counts.
fn moments(histogram: &[u64; 256], value: impl Fn(f64) -> f64) -> (f64, f64) {
    let total = histogram.iter().sum::<u64>() as f64;
    if total == 0.0 {
        return (0.0, 0.0);
    }
    let average = |of: &dyn Fn(f64) -> f64| {
        let weighted = |(byte, &count): (usize, &u64)| count as f64 * of(value(byte as f64));
        histogram.iter().enumerate().map(weighted).sum::<f64>() / total
    };
    let mean = average(&|x| x);
    (mean, average(&|x| (x - mean) * (x - mean)).sqrt())
}
