//! How far digits are distorted, and the constants with which kernels distort them.

use serde::{Deserialize, Serialize};

use super::constant::{Constant, Constants};
use super::{Op, Plan};

/// Ranges of the planar affine map that distorts a digit about its centre: each of its numbers is
/// uniform in +- its range. With 0 everywhere every digit stays as it is.
///
/// The 1998 paper (section III.A) names the kinds of distortion and gives no ranges.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Ranges {
    /// Horizontal and vertical translation, each, in pixels.
    pub shift: f32,
    /// Both sides, as a fraction.
    pub scale: f32,
    /// Horizontal compression with vertical elongation, or the reverse, as a fraction.
    pub squeeze: f32,
    /// Columns to the side for a row down.
    pub shear: f32,
}

impl Default for Ranges {
    fn default() -> Self {
        Ranges { shift: 1.0, scale: 0.075, squeeze: 0.075, shear: 0.15 }
    }
}

impl Ranges {
    /// The most that each may be. However scale and squeeze fall, a picture shows at least a fifth of the digit's width
    /// and height.
    pub const MOST: Ranges = Ranges { shift: 8.0, scale: 0.4, squeeze: 0.4, shear: 0.9 };
}

/// The constants of the kernels that distort: whole numbers, in step with `shaders/distort.wgsl`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Distortion {
    /// Digits of the data set: an entry of the indices is digit + digits * view.
    pub digits: u32,
    /// Largest shift, in 2^-12 pixels.
    pub max_shift: u32,
    /// Largest change of scale, in units of 2^-16, as are the next two.
    pub max_scale: u32,
    pub max_squeeze: u32,
    pub max_shear: u32,
}

impl Distortion {
    /// For a data set of `digits` digits; the ranges have to be within [`Ranges::MOST`].
    pub fn new(ranges: Ranges, digits: usize) -> Self {
        let parts = |value: f32, one: u32| (f64::from(value) * f64::from(one)).round() as u32;
        Distortion {
            digits: digits as u32,
            max_shift: parts(ranges.shift, 1 << 12),
            max_scale: parts(ranges.scale, 1 << 16),
            max_squeeze: parts(ranges.squeeze, 1 << 16),
            max_shear: parts(ranges.shear, 1 << 16),
        }
    }

    /// Returns the index entry of a digit in a view.
    pub fn entry(&self, digit: u32, view: u32) -> u32 {
        digit + self.digits * view
    }

    /// Returns digit and view of an index entry.
    pub fn digit_and_view(&self, entry: u32) -> (u32, u32) {
        (entry % self.digits, entry / self.digits)
    }
}

impl Constant for Option<Distortion> {
    /// Declares whether there is one, then `DIGITS` and the ranges; these can be overridden where there is one, else
    /// they are 0.
    fn declare(&self, name: &str, constants: &mut Constants) {
        self.is_some().declare(name, constants);
        constants.fixed("DIGITS", self.map_or(1, |distortion| distortion.digits));
        let values =
            self.map_or([0; 4], |of| [of.max_shift, of.max_scale, of.max_squeeze, of.max_shear]);
        let names = ["MAX_SHIFT", "MAX_SCALE", "MAX_SQUEEZE", "MAX_SHEAR"];
        for (name, value) in names.into_iter().zip(values) {
            match self.is_some() {
                true => constants.overridable(name, value),
                false => constants.fixed(name, value),
            }
        }
    }
}

impl Plan {
    /// The same plan with kernels that distort the digits whose view is not 0.
    pub fn distorted(mut self, distortion: Distortion) -> Plan {
        let distortion = Some(distortion);
        self.interface.distortion = distortion;
        for kernel in &mut self.kernels {
            match &mut kernel.op {
                Op::Gather(k) => k.distort = distortion,
                Op::SampleForward(k) | Op::SampleStep(k) => k.distort = distortion,
                _ => continue,
            }
            (kernel.workgroup, kernel.workgroups) = self.profile.launch(&kernel.op);
        }
        self
    }
}
