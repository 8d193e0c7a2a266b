//! Central differences: what a gradient has to be, from nothing but the forward pass.

use super::op::Numbers;

/// Move of a parameter or an input.
pub const STEP: f32 = 0.02;
/// The same where derivatives jump.
const SHORT_STEP: f32 = 0.002;
/// Share of the tensor's largest gradient that a difference may be off.
pub const TOLERANCE: f64 = 3e-4;
/// The same for whole networks, without extrapolation and after many layers.
pub const NETWORK_TOLERANCE: f64 = 2e-3;
/// What rounding makes of a difference, however small the gradients are.
const NOISE: f64 = 5e-6;
/// Places of a tensor that are tried.
pub const SAMPLES: usize = 24;

/// A central difference of `energy` at `place`, moves of `step`.
pub fn central(
    numbers: &[f32],
    place: usize,
    step: f32,
    energy: &mut impl FnMut(&[f32]) -> f64,
) -> f64 {
    let mut moved = numbers.to_vec();
    let mut at = |value: f32| {
        moved[place] = value;
        (energy(&moved), f64::from(value))
    };
    let (up, high) = at(numbers[place] + step);
    let (down, low) = at(numbers[place] - step);
    // The move that f32 made of it.
    (up - down) / (high - low)
}

/// Richardson: the error of order STEP^2 cancels.
pub fn difference(numbers: &[f32], place: usize, energy: &mut impl FnMut(&[f32]) -> f64) -> f64 {
    let half = central(numbers, place, STEP / 2.0, energy);
    (4.0 * half - central(numbers, place, STEP, energy)) / 3.0
}

/// Whether a gradient is what differences say, in a tensor whose largest gradient is `largest`.
pub fn agrees(gradient: f64, difference: f64, largest: f64, tolerance: f64) -> bool {
    (gradient - difference).abs() <= tolerance * largest + NOISE
}

/// The largest of these, without their signs.
pub fn largest(gradient: &[f32]) -> f64 {
    gradient.iter().fold(0.0, |most: f64, &value| most.max(f64::from(value).abs()))
}

/// Holds `gradient` against differences of `energy` by `numbers`, times `slope` at each place.
pub fn check(
    what: &str,
    numbers: &[f32],
    gradient: &[f32],
    slope: impl Fn(usize) -> f64,
    mut energy: impl FnMut(&[f32]) -> f64,
) {
    let largest = largest(gradient);
    assert!(largest > 0.0, "{what}: no gradient at all");
    for place in sampled(numbers) {
        let expected = slope(place) * difference(numbers, place, &mut energy);
        hold(what, gradient, place, expected, TOLERANCE);
    }
}

/// The same of an energy whose derivatives jump, as those of a relu or a maximum: moves are short, and a place
/// where two of them disagree, as a jump lies between, is left out. Most places have none.
pub fn check_between_kinks(
    what: &str,
    numbers: &[f32],
    gradient: &[f32],
    slope: impl Fn(usize) -> f64,
    mut energy: impl FnMut(&[f32]) -> f64,
) {
    let largest = largest(gradient);
    assert!(largest > 0.0, "{what}: no gradient at all");
    let sampled = sampled(numbers);
    let mut checked = 0;
    for &place in &sampled {
        let mut by = |step| slope(place) * central(numbers, place, step, &mut energy);
        let (expected, half) = (by(SHORT_STEP), by(SHORT_STEP / 2.0));
        if !agrees(expected, half, largest, TOLERANCE) {
            continue;
        }
        hold(what, gradient, place, expected, 4.0 * TOLERANCE);
        checked += 1;
    }
    assert!(2 * checked >= sampled.len(), "{what}: {checked} of {} places", sampled.len());
}

/// Holds one number of a gradient against a difference.
fn hold(what: &str, gradient: &[f32], place: usize, expected: f64, tolerance: f64) {
    let (found, largest) = (f64::from(gradient[place]), largest(gradient));
    assert!(
        agrees(found, expected, largest, tolerance),
        "{what}[{place}] is {found:e}, by differences {expected:e}, of at most {largest:e}"
    );
}

/// Places that are tried.
fn sampled(numbers: &[f32]) -> Vec<usize> {
    let mut random = Numbers::new(numbers.len() as u64);
    match numbers.len() {
        few if few <= SAMPLES => (0..few).collect(),
        many => random.any(SAMPLES).iter().map(|&word| word as usize % many).collect(),
    }
}
