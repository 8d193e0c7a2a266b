//! The figures of the report for programs.

use serde_json::{Value, json};

use super::Experiment;
use crate::error::Result;
use crate::evaluation::statistics::compare;
use crate::report::finished::Answered;
use crate::reproduce::results::{RowResults, halves, rejected};
use crate::reproduce::rows::Row;
use crate::runs::curves;
use crate::text::{self, plain};

/// What is told of a run: the name, and the value.
type Fact = (&'static str, fn(&Answered, &Row) -> Value);

const FACTS: &[Fact] = &[
    ("seed", |run, _| json!(run.seed())),
    ("epochs", |run, _| json!(run.run.lines.len())),
    ("test_digits", |run, _| json!(run.answers.len())),
    ("test_errors", |run, _| json!(run.last().test_errors)),
    ("test_error_percent", |run, _| json!(run.last().test_error())),
    ("first_half_error_percent", |run, _| json!(halves(run).map(|halves| halves[0]))),
    ("last_half_error_percent", |run, _| json!(halves(run).map(|halves| halves[1]))),
    ("train_error_percent", |run, _| json!(run.last().train_error())),
    ("rejected_percent", |run, row| json!(rejected(run, row.target))),
    ("seconds", |run, _| json!(run.run.seconds())),
    ("device", |run, _| json!(run.run.record.device)),
];

/// A line a run.
pub(super) fn csv(rows: &[RowResults]) -> Result<String> {
    let heading = ["recipe"].into_iter().chain(FACTS.iter().map(|(name, _)| *name));
    let line = |row: &Row, run: &Answered| -> Vec<String> {
        let facts = FACTS.iter().map(|(_, value)| plain(&value(run, row)));
        std::iter::once(row.recipe.to_string()).chain(facts).collect()
    };
    let lines =
        rows.iter().flat_map(|results| results.runs.iter().map(move |run| line(&results.row, run)));
    text::csv(heading.map(String::from).collect(), lines)
}

/// All of it, with the curves of every run.
pub(super) fn json(experiment: &Experiment) -> Value {
    json!({
        "command": experiment.command,
        "trial": experiment.trial,
        "missing": experiment.missing,
        "rows": experiment.rows.iter().map(row).collect::<Vec<_>>(),
    })
}

fn row(results: &RowResults) -> Value {
    let errors = results.sample(|run| run.last().test_error());
    let row = &results.row;
    let apart = |percent| compare(&errors, percent, results.settings.test_limit).apart;
    let run = |run: &Answered| -> Value {
        let facts = FACTS.iter().map(|(name, value)| (name.to_string(), value(run, row)));
        Value::Object(facts.chain([("curves".to_string(), curves::json(&run.run))]).collect())
    };
    json!({
        "recipe": row.recipe,
        "title": row.title,
        "settings": results.settings.values(),
        "test_error_percent": errors.json(),
        "paper": row.error,
        "standard_errors_apart": row.error.map(|paper| apart(paper.percent)),
        "rejected_percent": results.sample_of_all(|run| rejected(run, row.target)).map(|sample| sample.json()),
        "rejected_for_error_percent": row.target,
        "paper_rejected": row.rejected,
        "runs": results.runs.iter().map(run).collect::<Vec<_>>(),
    })
}
