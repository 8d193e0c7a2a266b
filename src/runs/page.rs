//! A comparison as a page, and its curves as a picture: of two runs, or of two groups of runs.

use super::comparison::Comparison;
use super::seeds::SeedsComparison;
use crate::data::Digits;
use crate::error::{Error, Result};
use crate::report::finished::by_epoch;
use crate::report::lines::Line;
use crate::report::page::chart::{self, Chart, Scale};
use crate::report::page::{Block, Document, Section, Table, html, mistake};

/// Digits that are drawn of each kind: a network that has learned nothing is wrong about thousands.
const DRAWN: usize = 200;
/// Errors of 0 have no place on an axis of powers: half of one in 10,000.
const LEAST: f64 = 0.005;

/// The whole comparison; the answers number the digits of `test`.
pub fn html(comparison: &Comparison, test: &Digits) -> String {
    let names = comparison.sides.each_ref().map(|side| side.name.as_str());
    let sections = [
        Section::new("results", "What came of it", results(comparison)),
        Section::new("digits", "Digit by digit", digits(comparison, test)),
    ];
    page(names, comparison.setting_rows(), sections)
}

/// The test error of both runs by epoch; an error if neither has one.
pub fn svg(comparison: &Comparison) -> Result<String> {
    if comparison.sides.iter().all(|side| side.lines().is_empty()) {
        return Err(Error::Usage(
            "models have no curves: name folders of runs, or give --out FILE.html".into(),
        ));
    }
    let [test, ..] = CHARTS;
    Ok(test.svg(lines(comparison, test.of)))
}

/// The whole comparison of two groups.
pub fn html_of_seeds(comparison: &SeedsComparison) -> String {
    let names = comparison.sides.each_ref().map(|side| side.name.as_str());
    let results = told(comparison.result_rows(), |of| lines_of_seeds(comparison, of));
    let seeds = vec![
        Block::Table(Table::new(comparison.seed_headings(), comparison.seed_rows())),
        Block::Text(comparison.verdict()),
    ];
    let sections = [
        Section::new("results", "What came of it, mean and standard deviation", results),
        Section::new("seeds", "Seed by seed", seeds),
    ];
    page(names, comparison.setting_rows(), sections)
}

/// The test error of both groups by epoch.
pub fn svg_of_seeds(comparison: &SeedsComparison) -> String {
    let [test, ..] = CHARTS;
    test.svg(lines_of_seeds(comparison, test.of))
}

/// A number of both groups by epoch.
fn lines_of_seeds(comparison: &SeedsComparison, of: Of) -> Vec<chart::Line> {
    let line = |(letter, side): (&str, &super::Seeds)| {
        chart::Line::band(letter, by_epoch(side.runs.iter(), of))
    };
    ["A", "B"].into_iter().zip(&comparison.sides).map(line).collect()
}

/// A page about two sides with these names, the settings that differ in front.
fn page([a, b]: [&str; 2], settings: Vec<Vec<String>>, sections: [Section; 2]) -> String {
    let differ = match settings.is_empty() {
        true => Block::Text("All settings are the same.".into()),
        false => Block::Table(Table::new(&["Setting", "A", "B"], settings)),
    };
    let blocks = vec![Block::Text(format!("A is {a}, B is {b}.")), differ];
    let sections = [Section::new("settings", "What differs", blocks)].into_iter().chain(sections);
    html::render(&Document { title: format!("{a} and {b}"), sections: sections.collect() })
}

/// The figures of both sides, and their curves.
fn told(rows: Vec<Vec<String>>, lines: impl Fn(Of) -> Vec<chart::Line>) -> Vec<Block> {
    let table = Block::Table(Table::new(&["Result", "A", "B", "B - A"], rows));
    [table].into_iter().chain(CHARTS.map(|chart| chart.block(lines(chart.of)))).collect()
}

/// A number of an epoch.
type Of = fn(&Line) -> f64;

/// A picture of curves.
#[derive(Debug, Clone, Copy)]
struct Curves {
    what: &'static str,
    of: Of,
    y: Scale,
}

/// The curves of a comparison; a picture alone has the first.
const CHARTS: [Curves; 3] = [
    Curves { what: "test error %", of: |line| line.test_error().max(LEAST), y: Scale::Powers(2.0) },
    Curves {
        what: "training error %",
        of: |line| line.train_error().max(LEAST),
        y: Scale::Powers(2.0),
    },
    Curves { what: "test loss", of: |line| line.test_loss, y: Scale::Linear },
];

impl Curves {
    fn block(self, lines: Vec<chart::Line>) -> Block {
        let name = self.what.replace([' ', '%'], "");
        let caption = format!("{} by epoch", self.what);
        Block::curves(&name, caption, ["epoch", self.what], lines, self.y)
    }

    fn svg(self, lines: Vec<chart::Line>) -> String {
        let labels = ["epoch", self.what].map(String::from);
        Chart { labels, lines, reference: None, y: self.y }.svg()
    }
}

fn results(comparison: &Comparison) -> Vec<Block> {
    if comparison.sides.iter().all(|side| side.lines().is_empty()) {
        return vec![Block::Text("Models alone tell nothing of their training.".into())];
    }
    told(comparison.result_rows(), |of| lines(comparison, of))
}

/// A number of both runs by epoch.
fn lines(comparison: &Comparison, of: Of) -> Vec<chart::Line> {
    let line = |(letter, side): (&str, &super::Side)| {
        let points = side.lines().iter().map(|line| (line.epoch as f64, of(line)));
        chart::Line::plain(letter, points)
    };
    ["A", "B"].into_iter().zip(&comparison.sides).map(line).collect()
}

fn digits(comparison: &Comparison, test: &Digits) -> Vec<Block> {
    let headings = ["Of the test digits", "Count"];
    let mut blocks = vec![
        Block::Table(Table::new(&headings, comparison.digit_rows())),
        Block::Text(comparison.verdict()),
    ];
    let [a, b] = &comparison.answers;
    for (title, right, wrong) in [("Only A is right", a, b), ("Only B is right", b, a)] {
        let both = right.iter().zip(wrong);
        let told = both.filter(|(right, wrong)| !right.is_wrong() && wrong.is_wrong());
        let list = told.take(DRAWN).map(|(_, wrong)| mistake(wrong, test));
        blocks.push(Block::Heading(title.into()));
        blocks.push(Block::Text("What is true, then what the other said.".into()));
        blocks.push(Block::Mistakes(list.collect()));
    }
    blocks
}
