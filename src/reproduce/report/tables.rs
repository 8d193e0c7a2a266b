//! The tables of the report.

use super::Experiment;
use crate::evaluation::statistics::{Comparison, Sample, Verdict, binomial, compare};
use crate::report::finished::Answered;
use crate::report::page::Table;
use crate::reproduce::results::{RowResults, halves};
use crate::text::{duration, thousands};

/// Ours beside the papers', a row a recipe.
pub(super) fn summary(experiment: &Experiment) -> Table {
    let mut headings =
        vec!["Recipe", "Runs", "Epochs", "Error %", "Chance", "Paper %", "Verdict", "Time a run"];
    let judged = experiment.trial.is_none();
    if judged {
        headings.insert(7, "Floor %");
    }
    let row = |results: &RowResults| {
        let ours = results.sample(|run| run.last().test_error());
        let digits = results.settings.test_limit;
        let seconds = results.sample(|it| it.run.seconds()).mean;
        let paper = results.row.error;
        let mut cells = vec![
            results.row.recipe.to_string(),
            ours.count.to_string(),
            results.settings.epochs.to_string(),
            spread(&ours),
            format!("{:.2} on {}", binomial(ours.mean, digits), thousands(digits)),
            paper.map_or("none".into(), |paper| format!("{} ({})", paper.percent, paper.source)),
            paper.map_or("none to give".into(), |paper| {
                verdict(&compare(&ours, paper.percent, digits))
            }),
            duration(seconds),
        ];
        if judged {
            cells.insert(7, floor(results.row.floor, ours.mean));
        }
        cells
    };
    Table::new(&headings, experiment.rows.iter().map(row).collect())
}

/// Mean and standard deviation.
pub(super) fn spread(sample: &Sample) -> String {
    let one = if sample.deviation.is_none() { " (one run)" } else { "" };
    sample.text(2) + one
}

fn verdict(comparison: &Comparison) -> String {
    let size = format!("{:.1} standard errors", comparison.apart.abs());
    match comparison.verdict {
        Verdict::Better => format!("better by {size}"),
        Verdict::Worse => format!("worse by {size}"),
        Verdict::Agrees if comparison.apart < 0.0 => format!("agrees, {size} below"),
        Verdict::Agrees => format!("agrees, {size} above"),
    }
}

fn floor(floor: Option<f64>, mean: f64) -> String {
    match floor {
        None => "none".into(),
        Some(floor) if mean <= floor => format!("{floor}: held"),
        Some(floor) => format!("{floor}: missed by {:.2}", mean - floor),
    }
}

/// A row a run.
pub(super) fn runs(results: &RowResults) -> Table {
    let split = results.runs.iter().all(|run| halves(run).is_some());
    let mut headings = vec!["Seed", "Errors", "Error %", "Time"];
    if split {
        headings.splice(3..3, ["First 5,000 %", "Last 5,000 %"]);
    }
    let row = |run: &Answered| {
        let mut cells = vec![
            run.seed().to_string(),
            format!("{} of {}", run.last().test_errors, thousands(run.answers.len())),
            format!("{:.2}", run.last().test_error()),
            duration(run.run.seconds()),
        ];
        if let Some([first, last]) = halves(run).filter(|_| split) {
            cells.splice(3..3, [format!("{first:.2}"), format!("{last:.2}")]);
        }
        cells
    };
    Table::new(&headings, results.runs.iter().map(row).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn says_what_a_figure_is_worth() {
        let one = Sample { count: 1, mean: 0.9, deviation: None };
        let five = Sample { count: 5, mean: 0.9, deviation: Some(0.05) };
        assert_eq!((spread(&one), spread(&five)), ("0.90 (one run)".into(), "0.90 ± 0.05".into()));
        let said = |apart: f64, verdict_is| verdict(&Comparison { verdict: verdict_is, apart });
        assert_eq!(said(-0.54, Verdict::Agrees), "agrees, 0.5 standard errors below");
        assert_eq!(said(2.44, Verdict::Worse), "worse by 2.4 standard errors");
        assert_eq!(said(-3.0, Verdict::Better), "better by 3.0 standard errors");
        assert_eq!(floor(Some(0.95), 0.95), "0.95: held");
        assert_eq!(floor(Some(0.95), 1.0), "0.95: missed by 0.05");
    }
}
