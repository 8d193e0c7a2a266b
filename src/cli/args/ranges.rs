//! Flags about distorted digits.

use clap::{Args, ValueEnum};

use crate::recipe::DistortFlags;

/// On or off.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Switch {
    On,
    Off,
}

/// How far digits are distorted.
#[derive(Debug, Clone, Copy, Default, Args)]
#[command(next_help_heading = "Distortion")]
pub struct RangeArgs {
    /// Horizontal and vertical shift, each at random up to this many pixels [default: 1]
    #[arg(long, value_name = "PIXELS")]
    shift: Option<f32>,
    /// Larger or smaller by up to this fraction [default: 0.075]
    #[arg(long, value_name = "FRACTION")]
    scale: Option<f32>,
    /// Narrower and taller, or the reverse, by up to this fraction [default: 0.075]
    #[arg(long, value_name = "FRACTION")]
    squeeze: Option<f32>,
    /// Slant: up to this many columns to the side for a row down [default: 0.15]
    #[arg(long, value_name = "COLUMNS")]
    shear: Option<f32>,
}

/// Whether digits are distorted, and how far.
#[derive(Debug, Clone, Copy, Default, Args)]
#[command(next_help_heading = "Distortion")]
pub struct DistortArgs {
    /// Distort the training digits, anew in every epoch [default: the recipe's, mostly off]
    #[arg(long, value_enum)]
    distort: Option<Switch>,
    #[command(flatten)]
    ranges: RangeArgs,
}

impl RangeArgs {
    /// As flags of a run that distorts.
    pub fn flags(&self) -> DistortFlags {
        let RangeArgs { shift, scale, squeeze, shear } = *self;
        DistortFlags { distort: Some(true), distortions: None, shift, scale, squeeze, shear }
    }
}

impl DistortArgs {
    /// Whether the flag itself says so.
    pub fn is_on(&self) -> bool {
        self.distort == Some(Switch::On)
    }

    /// As flags of a run; `distortions` distorted copies of each digit.
    pub fn flags(&self, distortions: Option<usize>) -> DistortFlags {
        let distort = self.distort.map(|switch| switch == Switch::On);
        DistortFlags { distort, distortions, ..self.ranges.flags() }
    }
}
