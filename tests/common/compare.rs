//! Comparing what was computed with a reference, number by number.

use std::fmt::Display;

use super::Outcome;

/// Lines of differences that a failure shows.
const LINES: usize = 10;

/// `|found - reference| <= absolute + relative |reference|`.
#[derive(Debug, Clone, Copy)]
pub struct Tolerance {
    pub absolute: f32,
    pub relative: f32,
}

impl Tolerance {
    /// The absolute part as a share of the largest number of the reference, for tensors whose
    /// numbers are sums that cancel: what is lost depends on the terms, not on the sum.
    pub fn of_largest(self, reference: &[f32]) -> Tolerance {
        let largest = reference.iter().fold(0.0_f32, |most, value| most.max(value.abs()));
        Tolerance { absolute: self.absolute * largest + f32::MIN_POSITIVE, ..self }
    }

    /// So many times as much.
    pub fn times(self, factor: f32) -> Tolerance {
        Tolerance { absolute: factor * self.absolute, relative: factor * self.relative }
    }

    fn allows(self, found: f32, reference: f32) -> bool {
        let bound = f64::from(self.absolute) + f64::from(self.relative * reference.abs());
        // A NaN on either side is no match.
        (f64::from(found) - f64::from(reference)).abs() <= bound
    }
}

/// Collects differences; [`Differences::outcome`] turns them into a failure.
#[derive(Debug, Default)]
pub struct Differences {
    lines: Vec<String>,
    count: usize,
}

impl Differences {
    fn add(&mut self, line: impl FnOnce() -> String) {
        self.count += 1;
        if self.lines.len() < LINES {
            self.lines.push(line());
        }
    }

    /// Compares the numbers of a tensor.
    pub fn numbers(
        &mut self,
        tensor: impl Display,
        found: &[f32],
        reference: &[f32],
        tolerance: Tolerance,
    ) {
        if found.len() != reference.len() {
            let (here, there) = (found.len(), reference.len());
            self.add(|| format!("{tensor} has {here} numbers, not {there}"));
        }
        for (index, (&found, &reference)) in found.iter().zip(reference).enumerate() {
            if !tolerance.allows(found, reference) {
                self.add(|| format!("{tensor}[{index}] is {found:e}, not {reference:e}"));
            }
        }
    }

    /// Compares words, bit by bit.
    pub fn words(&mut self, tensor: impl Display, found: &[u32], reference: &[u32]) {
        if found.len() != reference.len() {
            let (here, there) = (found.len(), reference.len());
            self.add(|| format!("{tensor} has {here} words, not {there}"));
        }
        for (index, (found, reference)) in found.iter().zip(reference).enumerate() {
            if found != reference {
                self.add(|| format!("{tensor}[{index}] is {found:#010x}, not {reference:#010x}"));
            }
        }
    }

    /// The first ten differences, and how many there are, as a failure.
    pub fn outcome(self, what: impl Display) -> Outcome {
        match self.count {
            0 => Ok(()),
            count => {
                let lines = self.lines.join("\n  ");
                Err(format!("{what}: {count} differences, the first of them\n  {lines}").into())
            }
        }
    }
}
