//! The report: one HTML file that needs nothing else, Markdown with its pictures, and the figures for programs.
//!
//! [`write()`] says what is told, as a document of headings, tables and pictures;
//! [`crate::report::page`] and `markdown.rs` say how it looks; `files.rs` has the figures as CSV and JSON.

mod files;
mod markdown;
mod row;
mod tables;

pub use markdown::PICTURES;
use std::path::Path;

use super::results::RowResults;
use crate::disk;
use crate::error::Result;
use crate::report::page::{Block, Document, Section, html};
use crate::text::duration;

/// What the report is about.
pub struct Experiment<'a> {
    pub rows: &'a [RowResults],
    /// How it was called.
    pub command: &'a str,
    /// Why this is not the whole experiment, where it is not.
    pub trial: Option<&'a str>,
    /// What is not there for want of digits, and how to get them.
    pub missing: Option<&'a str>,
}

/// The report as a page.
pub const PAGE: &str = "report.html";

/// Writes `report.html`, `report.md` with its pictures, and `results.csv` and `results.json` into a folder.
pub fn write(folder: &Path, experiment: &Experiment) -> Result<()> {
    let document = document(experiment)?;
    let put = |name: &str, bytes: &[u8]| disk::write(&folder.join(name), bytes);
    disk::make_folder(&folder.join(markdown::PICTURES))?;
    let (text, files) = markdown::render(&document);
    for (name, bytes) in &files {
        put(name, bytes)?;
    }
    put("report.md", text.as_bytes())?;
    put("results.csv", files::csv(experiment.rows)?.as_bytes())?;
    put("results.json", format!("{}\n", files::json(experiment)).as_bytes())?;
    put(PAGE, html::render(&document).as_bytes())
}

/// What is told of the whole experiment; `row.rs` tells of each row.
fn document(experiment: &Experiment) -> Result<Document> {
    let mut sections = vec![summary(experiment)];
    for results in experiment.rows {
        sections.push(row::section(results)?);
    }
    sections.push(commands(experiment));
    Ok(Document { title: "LeNet, trained again".into(), sections })
}

/// The table, and how to read it.
fn summary(experiment: &Experiment) -> Section {
    let mut blocks = Vec::new();
    if let Some(trial) = experiment.trial {
        blocks.push(Block::Text(format!("This is a trial and not the experiment: {trial}.")));
    }
    blocks.push(Block::Table(tables::summary(experiment)));
    blocks.extend(experiment.missing.map(|missing| Block::Text(format!("{missing}."))));
    blocks.push(Block::Text(
        "Each error is that of a run after its last epoch, on its test digits, in percent: the mean over the seeds \
         ± their standard deviation. \"Chance\" is the standard error of such a rate by the binomial distribution: \
         how far it would differ on other digits. Each of the papers' errors comes from one run and is taken as \
         measured on as many digits as ours. So the standard error of the difference is sqrt(s^2/n + b^2): s is the \
         deviation over our n seeds, and b the binomial error at the paper's rate, which is the most that another \
         seed is expected to change it. A difference of less than two standard errors counts as agreement."
            .into(),
    ));
    blocks.push(Block::Text(time(experiment)));
    Section::new("summary", "Ours beside the papers' figures", blocks)
}

/// How long it took and on what.
fn time(experiment: &Experiment) -> String {
    let runs = || experiment.rows.iter().flat_map(|results| &results.runs);
    let seconds: f64 = runs().map(|run| run.run.seconds()).sum();
    format!(
        "All {} runs together took {}, training and evaluation, on {}. In 1998 the 20 passes of \
         LeNet-5 alone took two to three days on one 200 MHz R10000.",
        runs().count(),
        duration(seconds),
        row::devices(runs())
    )
}

fn commands(experiment: &Experiment) -> Section {
    let mut commands = vec![experiment.command.to_string()];
    for results in experiment.rows {
        let settings = &results.settings;
        let data = if results.row.zip_codes { " --data FOLDER" } else { "" };
        commands.push(format!(
            "lenet train --recipe {} --epochs {} --seed S{data}",
            settings.recipe, settings.epochs
        ));
    }
    let blocks = vec![
        Block::Text(
            "The first made this report. The others make a single run of each row; on the same \
             device, with the same limits, they give the same bits."
                .into(),
        ),
        Block::Commands(commands),
    ];
    Section::new("commands", "Commands", blocks)
}
