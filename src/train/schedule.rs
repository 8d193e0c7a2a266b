//! How the learning rate changes over a run.

use std::f32::consts::PI;
use std::fmt;
use std::str::FromStr;

/// A schedule of the learning rate.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Schedule {
    /// The same rate throughout.
    Constant,
    /// From the full rate down to 0 along half a cosine, over all steps of the run.
    Cosine,
    /// The rate times `factor` from the end of epoch `epoch` on (PyTorch's `MultiStepLR`).
    Step { epoch: usize, factor: f32 },
}

impl Schedule {
    /// What the rate is multiplied with in step `step` (from 0) of `steps`, in epoch `epoch`
    /// (from 0).
    pub fn factor(self, step: usize, steps: usize, epoch: usize) -> f32 {
        match self {
            Schedule::Constant => 1.0,
            Schedule::Cosine => 0.5 * (1.0 + (PI * step as f32 / steps as f32).cos()),
            Schedule::Step { epoch: milestone, factor } if epoch >= milestone => factor,
            Schedule::Step { .. } => 1.0,
        }
    }
}

impl fmt::Display for Schedule {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        match self {
            Schedule::Constant => write!(f, "constant"),
            Schedule::Cosine => write!(f, "cosine"),
            Schedule::Step { epoch, factor } => write!(f, "step:{epoch}:{factor}"),
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
            ["step", epoch, factor] => {
                let epoch = epoch.parse().map_err(|_| format!("{epoch} is no epoch"))?;
                let factor: f32 = factor.parse().map_err(|_| format!("{factor} is no number"))?;
                if !(factor.is_finite() && factor > 0.0) {
                    return Err(format!("the factor {factor} has to be a positive number"));
                }
                Ok(Schedule::Step { epoch, factor })
            }
            _ => Err("give constant, cosine, or step:EPOCH:FACTOR, as in step:15:0.2".into()),
        }
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
    }

    #[test]
    fn reads_what_it_prints() {
        for schedule in
            [Schedule::Constant, Schedule::Cosine, Schedule::Step { epoch: 15, factor: 0.2 }]
        {
            assert_eq!(schedule.to_string().parse(), Ok(schedule));
        }
        assert!("step:3".parse::<Schedule>().is_err());
        assert!("step:3:nan".parse::<Schedule>().is_err());
    }
}
