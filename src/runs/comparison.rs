//! Two runs, or two models, beside each other.

use std::collections::BTreeMap;
use std::path::Path;

use serde_json::{Value, json};

use crate::error::Result;
use crate::evaluation::Answer;
use crate::evaluation::statistics::{McNemar, Sample};
use crate::report::finished::{self, Run};
use crate::report::lines::Line;
use crate::report::record::Record;
use crate::text::{plain, thousands};
use crate::train::model::Model;

/// Probabilities below which a difference counts as one.
pub const MAX_CHANCE: f64 = 0.05;

/// What the checksums of a run's digits are called among its settings.
pub(super) const TRAINING_CHECKSUM: &str = "training digits";
pub(super) const TEST_CHECKSUM: &str = "test digits";

/// A run or a model.
#[derive(Debug, Clone)]
pub struct Side {
    /// The path that was given.
    pub name: String,
    /// `None` for a model file.
    pub run: Option<Run>,
    pub model: Model,
}

impl Side {
    /// Reads the folder of a run with its model, or a model file.
    pub fn read(path: &Path) -> Result<Side> {
        let (run, model) = match path.is_dir() {
            true => finished::with_model(path).map(|(run, model)| (Some(run), model))?,
            false => (None, Model::read(path)?),
        };
        Ok(Side { name: path.display().to_string(), run, model })
    }

    /// The record of a run; `None` for a model file.
    pub fn record(&self) -> Option<&Record> {
        self.run.as_ref().map(|run| &run.record)
    }

    /// What was chosen for it, by name; for a run also what it was made with.
    fn settings(&self) -> BTreeMap<String, Value> {
        let Some(record) = self.record() else {
            let settings = self.model.settings.as_object().into_iter().flatten();
            return settings.map(|(name, value)| (name.clone(), value.clone())).collect();
        };
        settings(record)
    }

    /// The completed epochs; none for a model file.
    pub fn lines(&self) -> &[Line] {
        self.run.as_ref().map_or(&[], |run| &run.lines)
    }
}

/// The settings of a run, and what it was made with, by name.
pub(super) fn settings(record: &Record) -> BTreeMap<String, Value> {
    let made_with = [
        ("recipe", Some(&record.recipe)),
        ("adapter", Some(&record.device)),
        ("profile", Some(&record.profile)),
        ("lenet", Some(&record.lenet)),
        ("commit", record.commit.as_ref()),
    ];
    let settings = record.settings.iter().map(|(name, s)| (name.clone(), s.value.clone()));
    let made_with = made_with.map(|(name, value)| (name.to_string(), json!(value)));
    let data = [
        ("data", &record.data["source"]),
        (TRAINING_CHECKSUM, &record.data["train"]["crc32"]),
        (TEST_CHECKSUM, &record.data["test"]["crc32"]),
    ];
    let data = data.map(|(name, value)| (name.to_string(), value.clone()));
    let read = record.read_as().map(|(name, value)| (name, value.clone()));
    settings.chain(made_with).chain(data).chain(read).collect()
}

/// The values that are not the same, by name; null where a side has none of that name.
pub(super) fn differing([a, b]: [&BTreeMap<String, Value>; 2]) -> Vec<(String, [Value; 2])> {
    let mut names: Vec<&String> = a.keys().chain(b.keys()).collect();
    names.sort();
    names.dedup();
    let values = |name: &String| [a, b].map(|of| of.get(name).cloned().unwrap_or_default());
    let both = names.into_iter().map(|name| (name.clone(), values(name)));
    both.filter(|(_, [a, b])| a != b).collect()
}

/// Cells of such values: name, A, B.
pub(super) fn setting_rows(settings: Vec<(String, [Value; 2])>) -> Vec<Vec<String>> {
    let cell = |value: Value| if value.is_null() { "-".into() } else { plain(&value) };
    settings.into_iter().map(|(name, [a, b])| vec![name, cell(a), cell(b)]).collect()
}

/// The figures that at least one side has.
pub(super) fn results<S>(
    sides: &[S; 2],
    of: impl Fn(&S, &Figure) -> Option<Sample>,
) -> Vec<(&'static Figure, [Option<Sample>; 2])> {
    let samples = |figure: &Figure| sides.each_ref().map(|side| of(side, figure));
    let both = FIGURES.iter().map(|figure| (figure, samples(figure)));
    both.filter(|(_, samples)| samples.iter().any(Option::is_some)).collect()
}

/// Cells of such figures: name, A, B, B - A.
pub(super) fn result_rows(
    results: Vec<(&'static Figure, [Option<Sample>; 2])>,
) -> impl Iterator<Item = Vec<String>> {
    results.into_iter().map(|(figure, [a, b])| {
        let decimals = figure.decimals;
        let cell = |sample: Option<Sample>| sample.map_or("-".into(), |it| it.text(decimals));
        let apart = a.zip(b).map(|(a, b)| format!("{:+.decimals$}", b.mean - a.mean));
        vec![figure.name.into(), cell(a), cell(b), apart.unwrap_or_default()]
    })
}

/// A probability for a person, with its sign: `= 0.124`.
pub(super) fn probability(p: f64) -> String {
    match p {
        p if p < 1e-12 => "< 1e-12".to_string(),
        p if p < 0.001 => format!("= {p:.1e}"),
        p => format!("= {p:.3}"),
    }
}

/// A figure that a run came to.
#[derive(Debug, Clone, Copy)]
pub struct Figure {
    pub name: &'static str,
    /// Its key in JSON.
    pub field: &'static str,
    pub decimals: usize,
    pub(super) of: fn(&Run) -> Option<f64>,
}

/// What is told of each run.
pub const FIGURES: &[Figure] = &[
    figure("epochs", "epochs", 0, |run| Some(run.lines.len() as f64)),
    figure("test error %", "test_error_percent", 2, |run| run.last().map(Line::test_error)),
    figure("best test error %", "best_test_error_percent", 2, |run| {
        run.best().map(Line::test_error)
    }),
    figure("training error %", "train_error_percent", 2, |run| run.last().map(Line::train_error)),
    figure("validation error %", "validation_error_percent", 2, |run| {
        run.last()?.validation_error()
    }),
    figure("test loss", "test_loss", 5, |run| Some(run.last()?.test_loss)),
    figure("training loss", "train_loss", 5, |run| Some(run.last()?.train_loss)),
    figure("seconds", "seconds", 1, |run| Some(run.seconds())),
    figure("digits/s, training", "samples_per_second", 0, |run| {
        Some(run.last()?.samples_per_second)
    }),
];

const fn figure(
    name: &'static str,
    field: &'static str,
    decimals: usize,
    of: fn(&Run) -> Option<f64>,
) -> Figure {
    Figure { name, field, decimals, of }
}

/// Two runs or models, and how they differ.
#[derive(Debug, Clone)]
pub struct Comparison {
    pub sides: [Side; 2],
    /// What each says to every test digit, in the same order.
    pub answers: [Vec<Answer>; 2],
    pub mcnemar: McNemar,
}

impl Comparison {
    /// Compares what both say to the same digits.
    pub fn new(sides: [Side; 2], answers: [Vec<Answer>; 2]) -> Self {
        let [first, second] = &answers;
        Comparison { mcnemar: McNemar::of_answers(first, second), sides, answers }
    }

    /// The settings that are not the same, by name; null where a side has none of that name.
    pub fn settings(&self) -> Vec<(String, [Value; 2])> {
        let [a, b] = self.sides.each_ref().map(Side::settings);
        differing([&a, &b])
    }

    /// The figures that at least one side has, as a sample of one run.
    pub fn results(&self) -> Vec<(&'static Figure, [Option<Sample>; 2])> {
        results(&self.sides, |side, figure| Sample::of(&[(figure.of)(side.run.as_ref()?)?]))
    }

    /// What the test on the digits comes to, in a sentence.
    pub fn verdict(&self) -> String {
        let McNemar { only_first, only_second, .. } = self.mcnemar;
        let p = probability(self.mcnemar.p_value());
        let what = match self.mcnemar.p_value() {
            p if p >= MAX_CHANCE => "The difference may be chance",
            _ if only_first > only_second => "A is better on these digits",
            _ => "B is better on these digits",
        };
        format!("{what} (McNemar's test, exact, two-sided: p {p}).")
    }

    /// Cells for [`Comparison::settings`]: name, A, B.
    pub fn setting_rows(&self) -> Vec<Vec<String>> {
        setting_rows(self.settings())
    }

    /// Cells for [`Comparison::results`]: name, A, B, B - A.
    pub fn result_rows(&self) -> Vec<Vec<String>> {
        result_rows(self.results()).collect()
    }

    /// Cells for the digits: which of the two are right, and about how many.
    pub fn digit_rows(&self) -> Vec<Vec<String>> {
        let counts = self.mcnemar;
        let rows = [
            ("both are right", counts.both_right),
            ("only A is right", counts.only_first),
            ("only B is right", counts.only_second),
            ("both are wrong", counts.both_wrong),
        ];
        rows.map(|(name, count)| vec![name.into(), thousands(count)]).into()
    }
}
