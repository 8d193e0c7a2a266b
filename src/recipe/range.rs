//! Which numbers a setting takes.

use super::setting::{Held, words_of};
use crate::error::{Result, need};
use crate::text::thousands;

/// Which numbers a setting takes.
#[derive(Debug, Clone, Copy)]
pub enum Range {
    /// All numbers, or those that are checked where they are used.
    Any,
    /// From 1 to a limit, with the word for what is counted.
    Count(usize, &'static str),
    /// From 0 to a limit.
    UpTo(f32),
    Positive,
    NotNegative,
    /// From 0 to below 1.
    BelowOne,
}

impl Range {
    /// Whether a value is in range.
    ///
    /// # Errors
    /// [`crate::Error::Usage`] naming the flag, the value and the range.
    pub fn check(self, name: &str, value: &impl Held) -> Result<()> {
        let value = value.json();
        if value.is_string() {
            return Ok(());
        }
        // What JSON has no number for is in no range.
        let number = value.as_f64().unwrap_or(f64::NAN);
        let (fits, range) = match self {
            Range::Any => return Ok(()),
            Range::Count(most, what) => {
                let range = format!("1 to {}: that many {what}", thousands(most));
                ((1.0..=most as f64).contains(&number), range)
            }
            Range::UpTo(most) => {
                ((0.0..=f64::from(most)).contains(&number), format!("0 to {most}"))
            }
            Range::Positive => (number.is_finite() && number > 0.0, "a positive number".into()),
            Range::NotNegative => {
                (number.is_finite() && number >= 0.0, "0 or a positive number".into())
            }
            Range::BelowOne => ((0.0..1.0).contains(&number), "at least 0 and below 1".into()),
        };
        need(fits, || format!("--{name} is {}, but must be {range}", words_of(&value)))
    }
}
