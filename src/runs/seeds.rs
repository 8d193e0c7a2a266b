//! Two ways of training beside each other, by several runs of each that differ in their seed.
//!
//! The errors of the runs are compared by Welch's t test: whether one way of training is better. Runs of equal
//! seed are compared digit by digit, by McNemar's test: whether one of these two models is better.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use serde_json::{Value, json};

use super::comparison::{self, Figure, MAX_CHANCE, TEST_CHECKSUM, TRAINING_CHECKSUM};
use super::find::find;
use crate::error::{Error, Result};
use crate::evaluation::statistics::{McNemar, Sample, Welch};
use crate::evaluation::{self, Answer};
use crate::report::files::is_run;
use crate::report::finished::Run;
use crate::report::lines::Line;
use crate::report::record::{COMPLETE, Record};
use crate::text::{plain, thousands};

/// The setting in which the runs of a training differ.
const SEED: &str = "seed";

/// The complete runs of a folder, which differ in their seed alone.
#[derive(Debug, Clone)]
pub struct Seeds {
    /// The folder.
    pub name: String,
    /// In the order of their seeds; there is at least one.
    pub runs: Vec<Run>,
    /// What was passed over, and why.
    pub left_out: Vec<String>,
}

impl Seeds {
    /// Whether a path is a folder that holds runs and is none itself.
    pub fn are_in(path: &Path) -> bool {
        path.is_dir() && !is_run(path) && find(path).is_ok_and(|found| !found.entries.is_empty())
    }

    /// Reads the runs of a folder, or the one run that it is.
    ///
    /// # Errors
    /// [`Error::Data`] if no run is complete; [`Error::Usage`] if runs differ in more than the seed, or have the
    /// same.
    pub fn read(path: &Path) -> Result<Seeds> {
        let name = path.display().to_string();
        let found = find(path)?;
        let is_complete = |run: &Run| run.record.status == COMPLETE && run.last().is_some();
        let (mut runs, others): (Vec<Run>, Vec<Run>) =
            found.entries.into_iter().partition(is_complete);
        runs.sort_by_key(|run| run.record.number(SEED));
        let left_out = others
            .iter()
            .map(|run| format!("{} is left out: its status is {}", run.name(), run.record.status));
        let left_out = found.warnings.into_iter().chain(left_out).collect();
        let Some(first) = runs.first() else {
            return Err(Error::Data(format!(
                "no run in {name} is complete: end one with the command that made it, or name another folder"
            )));
        };
        let differ = runs.iter().flat_map(|run| differences(&first.record, &run.record));
        let differ: Vec<String> = differ.collect::<BTreeSet<_>>().into_iter().collect();
        if !differ.is_empty() {
            return Err(Error::Usage(format!(
                "the runs in {name} differ in {}: name a folder whose runs differ in their seed alone",
                differ.join(", ")
            )));
        }
        let seed = |run: &Run| run.record.number(SEED);
        let twins = runs.iter().zip(&runs[1..]).find(|(a, b)| seed(a) == seed(b));
        if let Some((a, b)) = twins {
            return Err(Error::Usage(format!(
                "{} and {} have the same seed, {}: keep one of them in {name}",
                a.name(),
                b.name(),
                seed(a)
            )));
        }
        Ok(Seeds { name, runs, left_out })
    }

    /// The seeds of the runs.
    pub fn seeds(&self) -> impl Iterator<Item = u64> {
        self.runs.iter().map(|run| run.record.number(SEED))
    }

    /// Settings by name; where the runs were made with several things, all of them.
    fn settings(&self) -> BTreeMap<String, Value> {
        let mut all: BTreeMap<String, Vec<Value>> = BTreeMap::new();
        for (name, value) in self.runs.iter().flat_map(|run| comparison::settings(&run.record)) {
            let values = all.entry(name).or_default();
            if !values.contains(&value) {
                values.push(value);
            }
        }
        all.remove(SEED);
        let one = |mut values: Vec<Value>| match values.len() {
            1 => values.remove(0),
            _ => json!(values.iter().map(plain).collect::<Vec<_>>().join(", ")),
        };
        all.into_iter().map(|(name, values)| (name, one(values))).collect()
    }

    /// The sample of a figure that every run has.
    fn sample(&self, of: impl Fn(&Run) -> Option<f64>) -> Option<Sample> {
        Sample::of(&self.runs.iter().map(of).collect::<Option<Vec<_>>>()?)
    }
}

/// Names of settings and digits that are not the same in two runs; seed, device and version may differ.
fn differences(a: &Record, b: &Record) -> Vec<String> {
    let decides = |name: &String| {
        let is_setting = [a, b].iter().any(|record| record.settings.contains_key(name));
        name != SEED && (is_setting || [TRAINING_CHECKSUM, TEST_CHECKSUM].contains(&name.as_str()))
    };
    let all = comparison::differing([a, b].map(comparison::settings).each_ref());
    all.into_iter().map(|(name, _)| name).filter(decides).collect()
}

/// Two runs of equal seed, digit by digit.
#[derive(Debug, Clone, Copy)]
pub struct Pair {
    pub seed: u64,
    pub mcnemar: McNemar,
}

/// Two ways of training, and how they differ.
#[derive(Debug, Clone)]
pub struct SeedsComparison {
    pub sides: [Seeds; 2],
    /// What each model says to every test digit, where all were asked about the same digits.
    pub answers: Option<[Vec<Vec<Answer>>; 2]>,
}

impl SeedsComparison {
    /// The settings that are not the same, by name; null where a side has none of that name.
    pub fn settings(&self) -> Vec<(String, [Value; 2])> {
        comparison::differing(self.sides.each_ref().map(Seeds::settings).each_ref())
    }

    /// The figures that all runs of at least one side have, as the runs wrote them down.
    pub fn results(&self) -> Vec<(&'static Figure, [Option<Sample>; 2])> {
        comparison::results(&self.sides, |side, figure| side.sample(figure.of))
    }

    /// Errors in per cent of the runs of each side: on the digits that all were asked about, else on the test
    /// digits of each run.
    pub fn errors(&self) -> [Vec<f64>; 2] {
        let asked =
            |answers: &Vec<Answer>| evaluation::percent(evaluation::errors(answers), answers.len());
        match &self.answers {
            Some(answers) => answers.each_ref().map(|of| of.iter().map(asked).collect()),
            None => self.sides.each_ref().map(|side| {
                side.runs.iter().filter_map(|run| run.last().map(Line::test_error)).collect()
            }),
        }
    }

    /// The samples of [`SeedsComparison::errors`].
    pub fn samples(&self) -> [Sample; 2] {
        self.errors().map(|errors| Sample::of(&errors).expect("each side has a run"))
    }

    /// Welch's test of the errors; `None` where it cannot be made.
    pub fn welch(&self) -> Option<Welch> {
        let [a, b] = self.samples();
        Welch::of(&a, &b)
    }

    /// The runs of equal seed that were asked about the same digits.
    pub fn pairs(&self) -> Vec<Pair> {
        let Some([a, b]) = &self.answers else { return Vec::new() };
        let [of_a, of_b] = &self.sides;
        let pair = |(seed, first): (u64, &Vec<Answer>)| {
            let second = of_b.seeds().zip(b).find(|(other, _)| *other == seed)?.1;
            Some(Pair { seed, mcnemar: McNemar::of_answers(first, second) })
        };
        of_a.seeds().zip(a).filter_map(pair).collect()
    }

    /// What it comes to, in a sentence.
    pub fn verdict(&self) -> String {
        let [a, b] = self.samples();
        let single = [("A", a), ("B", b)].into_iter().find(|(_, sample)| sample.count == 1);
        if let Some((name, _)) = single {
            return format!(
                "One run is no group: {name} has a single complete run, and how far another seed would move it \
                 is unknown."
            );
        }
        let Some(welch) = self.welch() else {
            return "No test can be made: no run differs from the others of its group.".into();
        };
        let p = welch.p_value();
        let what = match p {
            p if p >= MAX_CHANCE => "The difference may be chance",
            _ if welch.t > 0.0 => "B trains better",
            _ => "A trains better",
        };
        format!(
            "{what} (Welch's t test over seeds, two-sided: t = {:.2}, {:.1} degrees of freedom, p {}).",
            welch.t,
            welch.degrees,
            comparison::probability(p)
        )
    }

    /// Cells for [`SeedsComparison::settings`]: name, A, B.
    pub fn setting_rows(&self) -> Vec<Vec<String>> {
        comparison::setting_rows(self.settings())
    }

    /// Cells for [`SeedsComparison::results`]: name, A, B, B - A.
    pub fn result_rows(&self) -> Vec<Vec<String>> {
        let [a, b] = self.sides.each_ref().map(|side| side.runs.len().to_string());
        let runs = vec!["runs".into(), a, b, String::new()];
        std::iter::once(runs).chain(comparison::result_rows(self.results())).collect()
    }

    /// Headings of [`SeedsComparison::seed_rows`].
    pub fn seed_headings(&self) -> &'static [&'static str] {
        const ALL: [&str; 6] =
            ["seed", "A, error %", "B, error %", "only A right", "only B right", "p"];
        if self.pairs().is_empty() { &ALL[..3] } else { &ALL }
    }

    /// Cells a seed, and of all: seed, error of A and of B; where they are paired also digits that only A and
    /// only B get right, and McNemar's p.
    pub fn seed_rows(&self) -> Vec<Vec<String>> {
        let errors = self.errors();
        let of = |side: usize, seed: u64| {
            let mut both = self.sides[side].seeds().zip(&errors[side]);
            both.find(|(other, _)| *other == seed)
                .map_or("-".into(), |(_, error)| format!("{error:.2}"))
        };
        let pairs = self.pairs();
        let seeds: BTreeSet<u64> = self.sides.iter().flat_map(Seeds::seeds).collect();
        let row = |seed: u64| {
            let mut cells = vec![seed.to_string(), of(0, seed), of(1, seed)];
            if let Some(Pair { mcnemar, .. }) = pairs.iter().find(|pair| pair.seed == seed) {
                cells.extend([mcnemar.only_first, mcnemar.only_second].map(thousands));
                cells.push(comparison::probability(mcnemar.p_value()).replace("= ", ""));
            }
            cells
        };
        let [a, b] = self.samples().map(|sample| sample.text(2));
        let mut all = vec!["all".into(), a, b];
        if !pairs.is_empty() {
            let sum = |count: fn(&McNemar) -> usize| {
                thousands(pairs.iter().map(|pair| count(&pair.mcnemar)).sum::<usize>())
            };
            all.extend([sum(|it| it.only_first), sum(|it| it.only_second)]);
        }
        seeds.into_iter().map(row).chain([all]).collect()
    }
}
