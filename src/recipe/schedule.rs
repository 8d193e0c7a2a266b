//! What changes from epoch to epoch of a run: the learning rate, and the order of the digits.

use std::f32::consts::PI;
use std::fmt;
use std::str::FromStr;

use clap::builder::ValueParser;
use serde_json::{Value, json};

use super::setting::Held;
use crate::network::named;
use crate::text::did_you_mean;

named! {
    /// The order in which the training digits come.
    pub enum Shuffle {
        /// A new random order in every epoch.
        On = "on",
        /// One random order, the same in every epoch.
        Once = "once",
        /// The digits as they are stored.
        Off = "off",
    }
}

/// A schedule of the learning rate.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Schedule {
    /// The same rate throughout.
    Constant,
    /// From the full rate down to 0 along half a cosine, over all steps of the run.
    Cosine,
    /// The rate times `factor` from the end of epoch `epoch` on (PyTorch's `MultiStepLR`).
    Step { epoch: usize, factor: f32 },
    /// The 1998 paper's: 0.0005 for two passes, 0.0002 for three, 0.0001 for three,
    /// 0.00005 for four, then 0.00001, each as a share of the first.
    Lecun1998,
}

/// Of [`Schedule::Lecun1998`]: from this epoch on (from 0), this share of the first rate.
const LECUN1998: [(usize, f32); 5] = [(0, 1.0), (2, 0.4), (5, 0.2), (8, 0.1), (12, 0.02)];

impl Schedule {
    /// What the rate is multiplied with in step `step` (from 0) of `steps`, in epoch `epoch`
    /// (from 0).
    pub fn factor(self, step: usize, steps: usize, epoch: usize) -> f32 {
        match self {
            Schedule::Constant => 1.0,
            Schedule::Cosine => 0.5 * (1.0 + (PI * step as f32 / steps as f32).cos()),
            Schedule::Step { epoch: milestone, factor } if epoch >= milestone => factor,
            Schedule::Step { .. } => 1.0,
            Schedule::Lecun1998 => {
                let begun = LECUN1998.iter().rfind(|(from, _)| epoch >= *from);
                begun.expect("the first begins with the run").1
            }
        }
    }

    /// Whether the rates are the same however many epochs follow, so that a run can be extended.
    pub fn is_open(self) -> bool {
        !matches!(self, Schedule::Cosine)
    }
}

impl fmt::Display for Schedule {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        match self {
            Schedule::Constant => write!(f, "constant"),
            Schedule::Cosine => write!(f, "cosine"),
            Schedule::Step { epoch, factor } => write!(f, "step:{epoch}:{factor}"),
            Schedule::Lecun1998 => write!(f, "lecun1998"),
        }
    }
}

impl FromStr for Schedule {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let parts: Vec<&str> = text.split(':').collect();
        match parts[..] {
            ["constant"] => Ok(Schedule::Constant),
            ["cosine"] => Ok(Schedule::Cosine),
            ["lecun1998"] => Ok(Schedule::Lecun1998),
            ["step", epoch, factor] => {
                let epoch = epoch.parse().map_err(|_| format!("{epoch} is no epoch"))?;
                let factor: f32 = factor.parse().map_err(|_| format!("{factor} is no number"))?;
                if !(factor.is_finite() && factor > 0.0) {
                    return Err(format!("the factor {factor} has to be a positive number"));
                }
                Ok(Schedule::Step { epoch, factor })
            }
            _ => Err(format!(
                "give constant, cosine, lecun1998, or step:EPOCH:FACTOR, as in step:15:0.2{}",
                did_you_mean(text, ["constant", "cosine", "lecun1998", "step:15:0.2"])
            )),
        }
    }
}

impl Held for Schedule {
    fn parser() -> ValueParser {
        clap::value_parser!(Schedule).into()
    }

    fn json(&self) -> Value {
        json!(self.to_string())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn falls_as_it_says() {
        let cosine = Schedule::Cosine;
        assert_eq!(cosine.factor(0, 100, 0), 1.0);
        assert!((cosine.factor(50, 100, 0) - 0.5).abs() < 1e-6);
        assert!(cosine.factor(99, 100, 0) < 1e-3);
        let step = Schedule::Step { epoch: 15, factor: 0.2 };
        assert_eq!((step.factor(0, 1, 14), step.factor(0, 1, 15)), (1.0, 0.2));
        let eta = |pass: usize| (1e5 * 0.0005 * Schedule::Lecun1998.factor(0, 1, pass)).round();
        let printed = [50.0; 2].into_iter().chain([20.0; 3]).chain([10.0; 3]);
        let printed: Vec<f32> = printed.chain([5.0; 4]).chain([1.0; 8]).collect();
        assert_eq!((0..20).map(eta).collect::<Vec<f32>>(), printed);
    }

    #[test]
    fn reads_what_it_prints() {
        for schedule in [
            Schedule::Constant,
            Schedule::Cosine,
            Schedule::Step { epoch: 15, factor: 0.2 },
            Schedule::Lecun1998,
        ] {
            assert_eq!(schedule.to_string().parse(), Ok(schedule));
        }
        assert!("step:3".parse::<Schedule>().is_err());
        assert!("step:3:nan".parse::<Schedule>().is_err());
    }
}
