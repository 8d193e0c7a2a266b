//! What changes from epoch to epoch of a run: the learning rate, and the order of the digits.

use std::f32::consts::PI;
use std::f64::consts::FRAC_PI_2;
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
            Schedule::Cosine => 0.5 * (1.0 + cosine(PI * step as f32 / steps as f32)),
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

/// Coefficients of x^2 to x^8 of a cosine, and of x^3 to x^7 of a sine, up to a quarter of pi (ARM's optimized
/// routines, which glibc has).
const COSINE: [f64; 4] =
    [-0.49999999725108224, 0.041666623324344516, -0.001388676379437604, 2.4390450703564542e-5];
const SINE: [f64; 3] = [-0.16666654943701084, 0.008332178146138854, -0.00019517298981385725];

/// The cosine of an angle between 0 and pi. The mathematics of different systems differ in the last bit; this is
/// the same everywhere, in the page's `host.js` too.
fn cosine(angle: f32) -> f32 {
    let angle = f64::from(angle);
    let quarters = (angle / FRAC_PI_2).round();
    let x = angle - quarters * FRAC_PI_2;
    let (x2, x3, x4) = (x * x, x * (x * x), x * x * (x * x));
    let [c1, c2, c3, c4] = COSINE;
    let [s1, s2, s3] = SINE;
    let cosine = 1.0 + x2 * c1 + x4 * c2 + x4 * x2 * (c3 + x2 * c4);
    let sine = x + x3 * s1 + x3 * x2 * (s2 + x2 * s3);
    match quarters as u32 {
        0 => cosine as f32,
        1 => -sine as f32,
        _ => -cosine as f32,
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
                if epoch == 0 {
                    return Err(
                        "epochs count from 1: give step:1:FACTOR or later, or a smaller --lr"
                            .into(),
                    );
                }
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

    /// The rates of the default run, bit by bit: what trained before trains on.
    #[test]
    fn the_cosine_is_the_same_everywhere() {
        let steps = 12 * 3_750;
        let mut crc = flate2::Crc::new();
        for step in 0..steps {
            let factor = Schedule::Cosine.factor(step, steps, 0);
            let exact = 0.5 + 0.5 * (std::f64::consts::PI * step as f64 / steps as f64).cos();
            assert!((f64::from(factor) - exact).abs() < 2e-7, "{step}: {factor}, not {exact}");
            crc.update(&factor.to_le_bytes());
        }
        assert_eq!(crc.sum(), 0x1c69_5003);
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
