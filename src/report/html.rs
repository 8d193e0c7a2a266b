//! The page of a run, `report.html`: one file that needs nothing else.

use std::path::{Path, PathBuf};

use super::finished::Answered;
use super::lines::Line;
use super::page::chart::{self, Scale};
use super::page::{Block, Document, Section, Table, curvature, html, insides, mistakes};
use super::record::{COMPLETE, INTERRUPTED, KILLED, RUNNING, Setting};
use crate::data::Digits;
use crate::disk;
use crate::error::Result;
use crate::text::{count, duration, plain, thousands};

/// The file, in the folder of its run.
pub const REPORT: &str = "report.html";

/// Writes the report of a run into its folder and returns its path. `test` holds all test digits; the answers name
/// them by index.
pub fn write(folder: &Path, found: &Answered, test: &Digits) -> Result<PathBuf> {
    let document = document(found, test)?;
    let path = folder.join(REPORT);
    disk::write(&path, html::render(&document).as_bytes())?;
    Ok(path)
}

fn document(found: &Answered, test: &Digits) -> Result<Document> {
    let record = &found.run.record;
    let mut learning = vec![Block::Text(ending(found)), Block::Table(result(found))];
    learning.extend(curves(&found.run.lines));
    learning.extend(curvature::blocks(&found.run.lines));
    let mut answers = mistakes(&found.answers, test);
    answers.extend(recount(found).map(Block::Text));
    let sections = vec![
        Section::new("", "How it learned", learning),
        Section::new("", "Test digits", answers),
        Section::new("", "Inside the network", insides(&found.model, &found.answers, test)?),
        Section::new("", "Settings", settings(found)),
    ];
    let (recipe, seed, error) = (&record.recipe, found.seed(), found.last().test_error());
    let title = format!("Recipe {recipe}, seed {seed}: {error:.2} % test error");
    Ok(Document { title, sections })
}

/// How the run ended, and after which epoch.
fn ending(found: &Answered) -> String {
    let (last, all) = (found.last().epoch, found.run.record.number("epochs"));
    let device = &found.run.record.device;
    let state = format!("this is the state after epoch {last} of {all}, on {device}.");
    match found.run.record.status.as_str() {
        COMPLETE => format!("Complete after {}, on {device}.", count(last, "epoch")),
        INTERRUPTED => format!("Interrupted: {state}"),
        RUNNING => format!("Still running when this was written: {state}"),
        KILLED => format!("Killed: {state}"),
        _ => format!("Failed: {state}"),
    }
}

fn result(found: &Answered) -> Table {
    let last = found.last();
    let best = found.run.best().unwrap_or(last);
    let rate = found.run.lines.iter().map(|line| line.samples_per_second).sum::<f64>();
    let percent = |error: f64| format!("{error:.2} %");
    let mut columns = vec![
        ("Test error", format!("{} ({})", percent(last.test_error()), thousands(last.test_errors))),
        ("Best epoch", format!("{}, {}", best.epoch, percent(best.test_error()))),
        ("Training error", percent(last.train_error())),
        ("Time", duration(found.run.seconds())),
        ("Samples/s, mean of epochs", thousands((rate / found.run.lines.len() as f64) as usize)),
    ];
    if let Some(error) = last.validation_error() {
        columns.insert(2, ("Validation error", percent(error)));
    }
    let (headings, cells): (Vec<&str>, Vec<String>) = columns.into_iter().unzip();
    Table::new(&headings, vec![cells])
}

/// Errors and losses by epoch.
fn curves(lines: &[Line]) -> [Block; 2] {
    let line = |name: &str, of: &dyn Fn(&Line) -> Option<f64>| {
        // The axis is logarithmic: zeros are left out.
        let points = lines.iter().filter_map(|line| Some((line.epoch as f64, of(line)?)));
        chart::Line::plain(name, points.filter(|&(_, y)| y > 0.0))
    };
    let drawn = |name: &str, label: &str, caption: &str, lines: Vec<chart::Line>| {
        let lines = lines.into_iter().filter(|line| !line.points.is_empty()).collect();
        Block::curves(name, caption.into(), ["epoch", label], lines, Scale::Powers(2.0))
    };
    let errors = vec![
        line("test digits", &|line| Some(line.test_error())),
        line("training digits", &|line| Some(line.train_error())),
        line("digits held back", &|line| line.validation_error()),
    ];
    let losses = vec![
        line("test digits", &|line| Some(line.test_loss)),
        line("training digits", &|line| Some(line.train_loss)),
    ];
    [
        drawn(
            "error",
            "error %",
            "Error by epoch. The training error is counted during the epoch, while the weights still change.",
            errors,
        ),
        drawn("loss", "loss", "Mean loss of a digit, by epoch.", losses),
    ]
}

/// A note if the network makes another number of mistakes now than the run counted.
fn recount(found: &Answered) -> Option<String> {
    let wrong = found.answers.iter().filter(|answer| answer.is_wrong()).count();
    (wrong != found.last().test_errors).then(|| {
        format!(
            "The run itself counted {} mistakes. Asked again for this page, the network makes {}: \
             another device rounds differently, or the test digits are not those of the run.",
            thousands(found.last().test_errors),
            thousands(wrong)
        )
    })
}

/// Every setting with its origin, and the network, program and device of the run.
fn settings(found: &Answered) -> Vec<Block> {
    let record = &found.run.record;
    let row = |(name, Setting { value, origin }): (&String, &Setting)| {
        vec![name.clone(), plain(value), origin.clone()]
    };
    let text = format!(
        "{}: {} parameters, {} connections. lenet {}, on {}, {} profile.",
        record.network,
        thousands(record.parameters),
        thousands(record.connections),
        record.lenet,
        record.device,
        record.profile
    );
    let rows = record.settings.iter().map(row).collect();
    vec![Block::Text(text), Block::Table(Table::new(&["Setting", "Value", "From"], rows))]
}
