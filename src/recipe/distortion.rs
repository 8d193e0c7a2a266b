//! From flags to how the training digits of a run are distorted.

use super::picker::Picker;
use super::settings::Available;
use crate::error::{Error, Result};
use crate::plan::Ranges;

/// Distorted copies of a digit at most.
pub const MAX_DISTORTIONS: usize = 99;

/// What the user asked for.
#[derive(Debug, Clone, Copy, Default)]
pub struct DistortFlags {
    pub distort: Option<bool>,
    /// Distorted copies of each digit.
    pub distortions: Option<usize>,
    pub shift: Option<f32>,
    pub scale: Option<f32>,
    pub squeeze: Option<f32>,
    pub shear: Option<f32>,
}

/// How training digits are distorted.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Distorted {
    pub ranges: Ranges,
    /// Distorted copies of each digit beside the digit itself, as in the paper; `None`: every epoch
    /// distorts anew.
    pub copies: Option<usize>,
}

impl DistortFlags {
    /// The ranges, where nothing was given the default.
    pub fn ranges(&self) -> Ranges {
        let default = Ranges::default();
        Ranges {
            shift: self.shift.unwrap_or(default.shift),
            scale: self.scale.unwrap_or(default.scale),
            squeeze: self.squeeze.unwrap_or(default.squeeze),
            shear: self.shear.unwrap_or(default.shear),
        }
    }

    /// What a recipe that distorts or does not makes of them. `epochs` and `available` say how many
    /// views of how many digits there may be.
    pub(super) fn resolve(
        &self,
        recipe: bool,
        available: Available,
        epochs: usize,
        p: &mut Picker,
    ) -> Result<Option<Distorted>> {
        let on_off = |on: bool| if on { "on" } else { "off" };
        if p.pick("distort", self.distort.map(on_off), on_off(recipe), None) == "off" {
            return self.nothing_given().map(|()| None);
        }
        if let Some(copies) = self.distortions
            && !(1..=MAX_DISTORTIONS).contains(&copies)
        {
            return Err(Error::Usage(format!(
                "--distortions is {copies}, but must be 1 to {MAX_DISTORTIONS}: that many distorted \
                 copies each digit may have (without it every epoch has new ones)"
            )));
        }
        match self.distortions {
            Some(copies) => _ = p.pick("distortions", Some(copies), copies, None),
            None => _ = p.pick("distortions", None, "new each epoch", Some("default")),
        }
        let ranges = self.ranges();
        ranges.check()?;
        for (name, flag, value) in [
            ("shift", self.shift, ranges.shift),
            ("scale", self.scale, ranges.scale),
            ("squeeze", self.squeeze, ranges.squeeze),
            ("shear", self.shear, ranges.shear),
        ] {
            p.pick(name, flag, value, Some("default"));
        }
        let views = 1 + self.distortions.unwrap_or(epochs);
        if (available.train + available.test).saturating_mul(views) > u32::MAX as usize {
            return Err(Error::Usage(format!(
                "{views} views of {} digits are more than this program can number: give less \
                 --epochs, or --distortions",
                available.train + available.test
            )));
        }
        Ok(Some(Distorted { ranges, copies: self.distortions }))
    }

    /// Flags that say how to distort make no sense where nothing is distorted.
    fn nothing_given(&self) -> Result<()> {
        let given = [
            ("--distortions", self.distortions.is_some()),
            ("--shift", self.shift.is_some()),
            ("--scale", self.scale.is_some()),
            ("--squeeze", self.squeeze.is_some()),
            ("--shear", self.shear.is_some()),
        ];
        match given.iter().find(|(_, given)| *given) {
            None => Ok(()),
            Some((flag, _)) => Err(Error::Usage(format!(
                "{flag} says how digits are distorted, and this run leaves them as they are: leave \
                 it out, or give --distort on"
            ))),
        }
    }
}
