//! A comparison as a page, and its curves as a picture.

use super::comparison::Comparison;
use crate::data::Digits;
use crate::error::{Error, Result};
use crate::report::finished::Line;
use crate::report::page::chart::{self, Chart, Scale};
use crate::report::page::{Block, Document, Section, Table, html, mistake};

/// Digits that are drawn of each kind: a network that has learned nothing is wrong about thousands.
const DRAWN: usize = 200;
/// Errors of 0 have no place on an axis of powers: half of one in 10,000.
const LEAST: f64 = 0.005;

/// The whole comparison; the answers number the digits of `test`.
pub fn html(comparison: &Comparison, test: &Digits) -> String {
    let sections = vec![
        Section::new("settings", "What differs", settings(comparison)),
        Section::new("results", "What came of it", results(comparison)),
        Section::new("digits", "Digit by digit", digits(comparison, test)),
    ];
    let [a, b] = comparison.sides.each_ref().map(|side| side.name.as_str());
    html::render(&Document { title: format!("{a} and {b}"), sections })
}

/// The test error of both runs by epoch; an error if neither has one.
pub fn svg(comparison: &Comparison) -> Result<String> {
    if comparison.sides.iter().all(|side| side.lines().is_empty()) {
        return Err(Error::Usage(
            "models have no curves: name folders of runs, or give --out FILE.html".into(),
        ));
    }
    let lines = lines(comparison, |line| line.test_error().max(LEAST));
    let labels = ["epoch", "test error %"].map(String::from);
    Ok(Chart { labels, lines, reference: None, y: Scale::Powers(2.0) }.svg())
}

fn settings(comparison: &Comparison) -> Vec<Block> {
    let [a, b] = comparison.sides.each_ref().map(|side| side.name.as_str());
    let rows = comparison.setting_rows();
    let told = match rows.is_empty() {
        true => Block::Text("All settings are the same.".into()),
        false => Block::Table(Table::new(&["Setting", "A", "B"], rows)),
    };
    vec![Block::Text(format!("A is {a}, B is {b}.")), told]
}

/// A number of an epoch.
type Of = fn(&Line) -> f64;

fn results(comparison: &Comparison) -> Vec<Block> {
    if comparison.sides.iter().all(|side| side.lines().is_empty()) {
        return vec![Block::Text("Models alone tell nothing of their training.".into())];
    }
    let headings = ["Result", "A", "B", "B - A"];
    let mut blocks = vec![Block::Table(Table::new(&headings, comparison.result_rows()))];
    let charts: [(&str, Of, Scale); 3] = [
        ("test error %", |line| line.test_error().max(LEAST), Scale::Powers(2.0)),
        ("training error %", |line| line.train_error().max(LEAST), Scale::Powers(2.0)),
        ("test loss", |line| line.test_loss, Scale::Linear),
    ];
    blocks.extend(charts.map(|(what, of, scale)| {
        let (name, caption) = (what.replace([' ', '%'], ""), format!("{what} by epoch"));
        Block::curves(&name, caption, ["epoch", what], lines(comparison, of), scale)
    }));
    blocks
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
