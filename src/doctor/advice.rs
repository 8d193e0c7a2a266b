//! What to do, besides what a fault says itself.

use super::Examined;
use super::drivers::Drivers;
use super::training::Training;

/// Advice on the adapter that was examined, if there is one; `all` if every plan was tried.
pub fn of(examined: Option<&Examined>, drivers: &Drivers, all: bool) -> Vec<String> {
    let is_gpu = examined.is_some_and(|examined| !examined.facts.software);
    let mut advice: Vec<String> = drivers.unseen_gpu().filter(|_| !is_gpu).into_iter().collect();
    if examined.is_some() && !is_gpu {
        advice.push(
            "this is no GPU but software: --device cpu trains about five times as fast".into(),
        );
    }
    advice.extend(examined.and_then(|examined| another_plan(&examined.training, all)));
    advice
}

/// Advice to take another plan, where one fails.
fn another_plan(trained: &[Training], all: bool) -> Option<String> {
    let fails =
        |plan: &str| trained.iter().any(|other| other.plan == plan && other.fault().is_some());
    let failing = trained.iter().map(|training| training.plan).find(|plan| fails(plan))?;
    match trained.iter().map(|training| training.plan).find(|plan| !fails(plan)) {
        Some(plan) => Some(format!(
            "the plan {failing} fails here and {plan} holds: give --plan {plan} until the driver is mended"
        )),
        None if all => None,
        None => Some(format!(
            "the plan {failing} fails here: `lenet doctor --all` tells whether another one holds"
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::doctor::training::RUNS;

    #[test]
    fn a_plan_that_holds_is_named() {
        let [good, bad] = [("sample", "a"), ("layered", "b")].map(|(plan, last)| {
            let mut training = Training::right(plan);
            training.checksums[RUNS - 1] = last.into();
            training
        });
        let advice = |trained: &[&Training], all| {
            another_plan(&trained.iter().map(|&t| t.clone()).collect::<Vec<_>>(), all)
        };
        assert_eq!(advice(&[&good], false), None);
        assert_eq!(advice(&[&bad], true), None);
        assert!(advice(&[&bad], false).is_some_and(|advice| advice.contains("--all")));
        let advice = advice(&[&bad, &good], true);
        assert!(advice.is_some_and(|advice| advice.contains("--plan sample")));
    }
}
