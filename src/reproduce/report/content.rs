//! What the report tells of the whole experiment; [`super::row`] tells of each row.

use super::{Experiment, row, tables};
use crate::error::Result;
use crate::report::page::{Block, Document, Section};
use crate::text::duration;

pub(super) fn document(experiment: &Experiment) -> Result<Document> {
    let mut sections = vec![summary(experiment)];
    for results in experiment.rows {
        sections.push(row::section(results, experiment.test)?);
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
    blocks.push(Block::Text(
        "Errors are those of the final state of each run on its test digits, in per cent: the mean \
         over the seeds and, behind ±, their standard deviation. \"Chance\" is the standard error \
         of such a rate if every digit were answered by chance, as the binomial distribution has \
         it. The papers' figures are single runs on the same 10,000 digits, so the difference has a \
         standard error of sqrt(s^2/n + b^2): s from our n seeds, b binomial at the paper's rate, \
         which is the most that another seed can be expected to move it. Less than two standard \
         errors apart counts as agreement."
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
        commands.push(format!(
            "lenet train --recipe {} --epochs {} --seed S",
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
