//! How certain a figure is.
//!
//! We have n runs that differ in their seeds, all tested on the same digits; the paper has one run on
//! the same digits. To find out whether both ways of training have the same expected error there, the
//! difference between our mean and the paper's figure is expressed in its standard errors,
//! sqrt(s^2/n + b^2). s is the standard deviation over our seeds. That of the paper's run is not
//! known, but at most binomial, b = sqrt(p (1 - p) / N), as if chance decided every digit
//! independently. A single run of ours is treated like the paper's.

use serde_json::{Value, json};

use super::Answer;

/// Standard errors from which a difference counts as one.
pub const SIGNIFICANT: f64 = 2.0;

/// Numbers that differ by chance.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Sample {
    pub count: usize,
    pub mean: f64,
    /// Sample standard deviation (count - 1); `None` for a single number.
    pub deviation: Option<f64>,
}

impl Sample {
    /// `None` if there are no numbers.
    pub fn of(numbers: &[f64]) -> Option<Self> {
        let count = numbers.len();
        let mean = numbers.iter().sum::<f64>() / count as f64;
        let squares: f64 = numbers.iter().map(|number| (number - mean).powi(2)).sum();
        let deviation = (count > 1).then(|| (squares / (count as f64 - 1.0)).sqrt());
        (count > 0).then_some(Sample { count, mean, deviation })
    }

    /// Mean and, where there is one, standard deviation: `1.75 ± 0.10`.
    pub fn text(&self, decimals: usize) -> String {
        let deviation = self.deviation.map_or(String::new(), |it| format!(" ± {it:.decimals$}"));
        format!("{:.decimals$}{deviation}", self.mean)
    }

    /// Mean and standard deviation.
    pub fn json(&self) -> Value {
        json!({ "mean": self.mean, "deviation": self.deviation })
    }
}

/// Standard deviation of an error rate in per cent that is counted on some digits, each answered
/// wrongly by chance.
pub fn binomial(percent: f64, digits: usize) -> f64 {
    (percent * (100.0 - percent) / digits as f64).sqrt()
}

/// The outcome of a comparison.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// Less than [`SIGNIFICANT`] standard errors apart.
    Agrees,
    Better,
    Worse,
}

/// Our error rate beside a paper's.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Comparison {
    pub verdict: Verdict,
    /// Ours minus the paper's in standard errors.
    pub apart: f64,
}

/// Compares error rates in per cent on the same `digits`.
pub fn compare(ours: &Sample, paper: f64, digits: usize) -> Comparison {
    let deviation = ours.deviation.unwrap_or_else(|| binomial(ours.mean, digits));
    let variance = deviation.powi(2) / ours.count as f64 + binomial(paper, digits).powi(2);
    let apart = (ours.mean - paper) / variance.sqrt();
    let verdict = match apart {
        apart if apart <= -SIGNIFICANT => Verdict::Better,
        apart if apart >= SIGNIFICANT => Verdict::Worse,
        _ => Verdict::Agrees,
    };
    Comparison { verdict, apart }
}

/// McNemar's comparison of two networks on the same digits: only those digits tell the networks apart
/// that one of them answers correctly and the other wrongly.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct McNemar {
    pub both_right: usize,
    pub only_first: usize,
    pub only_second: usize,
    pub both_wrong: usize,
}

impl McNemar {
    /// Counts digits by whether the first and the second network are right about them.
    pub fn of(right: impl IntoIterator<Item = [bool; 2]>) -> Self {
        let mut counts = McNemar::default();
        for pair in right {
            *match pair {
                [true, true] => &mut counts.both_right,
                [true, false] => &mut counts.only_first,
                [false, true] => &mut counts.only_second,
                [false, false] => &mut counts.both_wrong,
            } += 1;
        }
        counts
    }

    /// Counts what two networks say to the same digits.
    pub fn of_answers(first: &[Answer], second: &[Answer]) -> Self {
        let both = first.iter().zip(second);
        McNemar::of(both.map(|(a, b)| [a, b].map(|answer| !answer.is_wrong())))
    }

    /// A JSON object with the counts besides, of which the first network is A, and [`McNemar::p_value`].
    pub fn added_to(&self, mut object: Value) -> Value {
        object["both_right"] = json!(self.both_right);
        object["only_a_right"] = json!(self.only_first);
        object["only_b_right"] = json!(self.only_second);
        object["both_wrong"] = json!(self.both_wrong);
        object["mcnemar_p_value"] = json!(self.p_value());
        object
    }

    /// Returns the probability that the digits that tell the two apart are distributed as unequally as
    /// here, or more so, if each favours either network with probability 1/2: exact (binomial) and
    /// two-sided.
    pub fn p_value(&self) -> f64 {
        let n = self.only_first + self.only_second;
        // ln C(n, k) / 2^n, from k to k + 1.
        let mut term = -(n as f64) * std::f64::consts::LN_2;
        let mut tail = 0.0;
        for k in 0..=self.only_first.min(self.only_second) {
            tail += term.exp();
            term += ((n - k) as f64 / (k as f64 + 1.0)).ln();
        }
        (2.0 * tail).min(1.0)
    }
}

/// Welch's t test: whether two samples, whose deviations may differ, have the same expected value.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Welch {
    /// The first mean minus the second in standard errors of that difference.
    pub t: f64,
    /// Degrees of freedom, by Welch and Satterthwaite.
    pub degrees: f64,
}

impl Welch {
    /// `None` where a sample is a single number, and where neither varies.
    pub fn of(first: &Sample, second: &Sample) -> Option<Self> {
        let square = |sample: &Sample| Some(sample.deviation?.powi(2) / sample.count as f64);
        let (a, b) = (square(first)?, square(second)?);
        let share = |square: f64, sample: &Sample| square.powi(2) / (sample.count as f64 - 1.0);
        let degrees = (a + b).powi(2) / (share(a, first) + share(b, second));
        (a + b > 0.0).then(|| Welch { t: (first.mean - second.mean) / (a + b).sqrt(), degrees })
    }

    /// Returns the probability that |t| is as large as here, or larger, if both expect the same value.
    ///
    /// With x = sqrt(n) / tan(u), n the degrees of freedom, the density of Student's distribution is
    /// proportional to sin(u)^(n - 1), and |x| > |t| is 0 < u < atan(sqrt(n) / |t|).
    pub fn p_value(&self) -> f64 {
        let power = self.degrees - 1.0;
        let tail = (self.degrees.sqrt() / self.t.abs()).atan();
        integral_of_sine(power, tail) / integral_of_sine(power, std::f64::consts::FRAC_PI_2)
    }
}

/// Integral of sin(u)^power from 0 to `end`, by Simpson's rule in s, u = end s^4: so the integrand is smooth
/// at 0 for every power from 0 on.
fn integral_of_sine(power: f64, end: f64) -> f64 {
    const STEPS: usize = 10_000;
    let at = |step: usize| {
        let s = step as f64 / STEPS as f64;
        let weight = if step == STEPS { 1.0 } else { 2.0 * (1 + step % 2) as f64 };
        weight * (end * s.powi(4)).sin().powf(power) * 4.0 * end * s.powi(3)
    };
    (1..=STEPS).map(at).sum::<f64>() / (3 * STEPS) as f64
}
