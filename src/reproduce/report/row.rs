//! What the report tells of a row: its runs, how they learned, where they are wrong, what one of
//! them sees.

use super::tables;
use crate::error::Result;
use crate::evaluation::rejection::{curve, last_within};
use crate::evaluation::statistics::Sample;
use crate::report::finished::Answered;
use crate::report::page::chart::{Chart, Line, Scale};
use crate::report::page::{Block, Section, curvature, insides, mistakes};
use crate::reproduce::results::{RowResults, rejected};
use crate::text::{count, thousands};

/// Rejected shares that are drawn, in per cent: up to the last, this many steps.
const LAST_SHARE: f64 = 10.0;
const SHARES: usize = 40;

/// What the runs were made on.
pub(super) fn devices<'a>(runs: impl IntoIterator<Item = &'a Answered>) -> String {
    let mut devices: Vec<&str> =
        runs.into_iter().map(|run| run.run.record.device.as_str()).collect();
    devices.sort_unstable();
    devices.dedup();
    devices.join(" and ")
}

pub(super) fn section(results: &RowResults) -> Result<Section> {
    let (row, test) = (&results.row, &results.test);
    let mut blocks = vec![
        Block::Text(format!(
            "Recipe {}: {} over {} digits in batches of {}, on {}.",
            row.recipe,
            count(results.settings.epochs, "epoch"),
            thousands(results.settings.train_limit),
            results.settings.batch,
            devices(&results.runs)
        )),
        Block::Table(tables::runs(results)),
    ];
    blocks.push(learning(results));
    blocks.extend(rejection(results));
    let typical = results.typical();
    blocks.push(Block::Text(format!(
        "The rest is of seed {}, the run in the middle by its errors.",
        typical.seed()
    )));
    blocks.extend(curvature::blocks(&typical.run.lines));
    blocks.extend(mistakes(&typical.answers, test));
    blocks.extend(insides(&typical.model, &typical.answers, test)?);
    Ok(Section::new(row.recipe, row.title, blocks))
}

/// Fig. 5: errors by epoch.
fn learning(results: &RowResults) -> Block {
    let error = results.row.error;
    let lines = vec![
        Line::band("test digits", results.by_epoch(|line| line.test_error())),
        Line::band("training digits, while training", results.by_epoch(|line| line.train_error())),
    ];
    let chart = Chart {
        labels: ["epoch".into(), "error %".into()],
        lines,
        reference: error.map(|error| (format!("paper {} %", error.percent), error.percent)),
        y: Scale::Powers(2.0),
    };
    Block::Chart {
        name: "learning".into(),
        caption: format!("Error by epoch, as in Fig. 5 of 1998{}", bands(results)),
        svg: chart.svg(),
    }
}

fn bands(results: &RowResults) -> &'static str {
    match results.runs.len() {
        1 => ". A single run: no band.",
        _ => ": mean over the seeds, and one standard deviation to both sides.",
    }
}

/// Fig. 10: errors against rejected digits.
fn rejection(results: &RowResults) -> Vec<Block> {
    let target = results.row.target;
    let curves: Vec<_> = results.runs.iter().map(|run| curve(&run.answers)).collect();
    let spread = |step: usize| {
        let x = LAST_SHARE * step as f64 / SHARES as f64;
        let errors: Vec<f64> = curves
            .iter()
            .map(|points| last_within(points, x).map_or(0.0, |point| point.error))
            .collect();
        Sample::of(&errors).map(|sample| (x, sample))
    };
    let chart = Chart {
        labels: ["rejected %".into(), "error % of the rest".into()],
        lines: vec![Line::band("test digits", (0..=SHARES).filter_map(spread))],
        reference: Some((format!("{target} %"), target)),
        y: Scale::Linear,
    };
    let share = results.sample_of_all(|run| rejected(run, target));
    let ours = match share {
        Some(share) => format!(
            "For {target} % error on the rest {} % of the digits have to be rejected",
            tables::spread(&share)
        ),
        None => format!("Some run has over {target} % error however many digits are rejected"),
    };
    let paper = match results.row.rejected {
        Some(paper) => format!("; the paper has {} % ({})", paper.percent, paper.source),
        None => "; there is no figure of a paper beside it".into(),
    };
    vec![
        Block::Heading("Errors against rejected digits".into()),
        Block::Chart {
            name: "rejection".into(),
            caption: format!(
                "Digits are rejected where the two best outputs are too close, as in Fig. 10 of \
                 1998{}",
                bands(results)
            ),
            svg: chart.svg(),
        },
        Block::Text(format!("{ours}{paper}.")),
    ]
}
