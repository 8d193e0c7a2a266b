//! The same steps again and again, for hardware that one does not trust.

use std::time::{Duration, Instant};

use serde::Serialize;

use super::subject::{Subject, checksum};
use super::training::LENET5;
use crate::data::Mnist;
use crate::device::{Device, PlanChoice};
use crate::error::Result;
use crate::gpu::{Adapter, Gpu};

/// What repeated runs left.
#[derive(Debug, Clone, Serialize)]
pub struct Repeated {
    pub runs: usize,
    pub seconds: f64,
    /// Runs that left other bits than the first, and their checksums.
    pub others: Vec<(usize, String)>,
}

/// Trains LeNet-5 from the same weights by the plan that `auto` takes until the time is over; `say` is told at once
/// of a run that leaves other bits.
///
/// # Errors
/// [`crate::Error::Adapter`] if the adapter fails.
pub fn repeat(
    adapter: &Adapter,
    device: &Device,
    mnist: &Mnist,
    time: Duration,
    say: &dyn Fn(&str),
) -> Result<Repeated> {
    let subject = Subject::new(device, mnist, LENET5, PlanChoice::Auto)?;
    let mut gpu = Gpu::new(adapter, subject.plan.program())?;
    let first = checksum(&subject.run(&mut gpu)?);
    let (start, mut runs, mut others) = (Instant::now(), 1, Vec::new());
    while start.elapsed() < time {
        let found = checksum(&subject.run(&mut gpu)?);
        runs += 1;
        if found != first {
            say(&format!("run {runs} left {found} in place of {first}"));
            others.push((runs, found));
        }
    }
    Ok(Repeated { runs, seconds: start.elapsed().as_secs_f64(), others })
}

impl Repeated {
    /// What is wrong, if anything is.
    pub fn fault(&self) -> Option<String> {
        let (run, checksum) = self.others.first()?;
        Some(format!(
            "{} of {} equal runs left other bits than the first; run {run} was the first of them \
             ({checksum}): do not trust this adapter or its memory",
            self.others.len(),
            self.runs
        ))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_what_changes() {
        let others = vec![(7, "b".into())];
        let repeated = Repeated { runs: 9, seconds: 1.0, others };
        assert!(repeated.fault().is_some_and(|fault| fault.contains("1 of 9 equal runs")));
    }
}
