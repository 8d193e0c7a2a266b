//! How the training digits of a run are distorted.

use std::str::FromStr;

use clap::builder::ValueParser;
use serde_json::{Value, json};

use super::setting::Held;
use super::{Available, RangeArgs, Settings};
use crate::error::{Result, need};
use crate::network::named;
use crate::plan::Ranges;

/// Distorted copies of a digit at most.
pub const MAX_DISTORTIONS: usize = 99;
/// What a record says where every epoch has its own distortions.
const NEW: &str = "new each epoch";

named! {
    /// On or off.
    pub enum Switch {
        /// yes
        On = "on",
        /// no
        Off = "off",
    }
}

/// Distorted copies of each digit beside the digit itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Copies {
    /// None: every epoch has its own distortions.
    New,
    /// So many, as in the paper.
    Fixed(usize),
}

impl FromStr for Copies {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            NEW => Ok(Copies::New),
            _ => text.parse().map(Copies::Fixed).map_err(|_| format!("{text} is no number")),
        }
    }
}

impl Held for Copies {
    fn parser() -> ValueParser {
        clap::value_parser!(Copies).into()
    }

    fn json(&self) -> Value {
        match self {
            Copies::New => json!(NEW),
            Copies::Fixed(copies) => json!(copies),
        }
    }
}

impl RangeArgs {
    /// Returns the ranges: those given, else the default.
    pub fn ranges(&self) -> Ranges {
        let RangeArgs { shift, scale, squeeze, shear } = *self;
        let default = Ranges::default();
        Ranges {
            shift: shift.unwrap_or(default.shift),
            scale: scale.unwrap_or(default.scale),
            squeeze: squeeze.unwrap_or(default.squeeze),
            shear: shear.unwrap_or(default.shear),
        }
    }
}

impl Settings {
    /// Returns how far training digits are distorted; `None`: every digit stays as it is.
    pub fn ranges(&self) -> Option<Ranges> {
        let Settings { shift, scale, squeeze, shear, .. } = *self;
        (self.distort == Switch::On).then_some(Ranges { shift, scale, squeeze, shear })
    }

    /// Returns the number of distorted copies of each digit; `None`: every epoch has its own
    /// distortions.
    pub fn copies(&self) -> Option<usize> {
        match self.distortions {
            Copies::New => None,
            Copies::Fixed(copies) => Some(copies),
        }
    }

    /// Checks that every view of every digit has a number: digits times views fit a u32.
    pub(super) fn check_views(&self, available: &Available) -> Result<()> {
        if self.ranges().is_none() {
            return Ok(());
        }
        let views = 1 + self.copies().unwrap_or(self.epochs);
        let digits = available.train + available.test;
        need(digits.saturating_mul(views) <= u32::MAX as usize, || {
            format!(
                "{views} views of {digits} digits are more than this program can number: give less \
                 --epochs, or --distortions"
            )
        })
    }
}
