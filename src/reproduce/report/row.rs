//! What the report tells of a row: its runs, how they learned, where they are wrong, what one of
//! them sees.

use super::chart::{Chart, Line, Reference, Scale};
use super::features::Features;
use super::kernels::kernels;
use super::picture::{Picture, Tile};
use super::{Block, Mistake, Section, curvature, tables};
use crate::data::Digits;
use crate::error::Result;
use crate::evaluation::Answer;
use crate::evaluation::rejection::{first_within, last_within};
use crate::network::{CLASSES, DIGIT_SIDE};
use crate::reproduce::results::{RowResults, Run, Spread};
use crate::reproduce::statistics::Sample;

/// Error on the digits that are left for which the paper tells the rejected share, in per cent.
const TARGET: f64 = 0.5;
/// Rejected shares that are drawn, in per cent: up to the last, this many steps.
const LAST_SHARE: f64 = 10.0;
const SHARES: usize = 40;
/// The class whose digit is shown layer by layer: it has corners, ends and a crossing.
const SHOWN: u8 = 4;

/// What the runs were made on.
pub(super) fn devices<'a>(runs: impl IntoIterator<Item = &'a Run>) -> String {
    let mut devices: Vec<&str> = runs.into_iter().map(|run| run.device.as_str()).collect();
    devices.sort_unstable();
    devices.dedup();
    devices.join(" and ")
}

/// The section of a row.
///
/// # Errors
/// [`crate::Error::Other`] if something cannot be drawn.
pub(super) fn section(results: &RowResults, test: &Digits) -> Result<Section> {
    let row = &results.row;
    let mut blocks = vec![
        Block::Text(format!(
            "Recipe {}: {} epochs over {} digits in batches of {}, on {}.",
            row.recipe,
            results.settings.epochs,
            crate::text::thousands(results.settings.train),
            results.settings.batch,
            devices(&results.runs)
        )),
        Block::Table(tables::runs(results)),
    ];
    blocks.push(learning(results)?);
    let typical = results.typical();
    blocks.extend(curvature::blocks(&typical.lines, row.recipe, typical.seed)?);
    blocks.extend(rejection(results)?);
    blocks.extend(mistakes(typical, row.recipe, test)?);
    blocks.extend(insides(typical, row.recipe, test)?);
    Ok(Section { title: row.title.into(), blocks })
}

/// Fig. 5: errors by epoch.
fn learning(results: &RowResults) -> Result<Block> {
    let error = results.row.error;
    let lines = vec![
        Line::spread("test digits", &results.by_epoch(|line| line.test_error()), 0.0),
        Line::spread("training digits, while training", &trained(results), 0.0),
    ];
    let chart = Chart {
        labels: ["epoch".into(), "error %".into()],
        lines,
        reference: error.map(|error| Reference {
            name: format!("paper {} %", error.percent),
            y: error.percent,
        }),
        y: Scale::Powers(2.0),
    };
    Ok(Block::Chart {
        name: format!("{}-learning", results.row.recipe),
        caption: format!("Error by epoch, as in Fig. 5 of 1998{}", bands(results)),
        svg: chart.svg()?,
    })
}

/// The training error of each epoch.
fn trained(results: &RowResults) -> Vec<Spread> {
    results.by_epoch(|line| line.train_error())
}

fn bands(results: &RowResults) -> &'static str {
    match results.runs.len() {
        1 => ". A single run: no band.",
        _ => ": mean over the seeds, and one standard deviation to both sides.",
    }
}

/// Fig. 10: errors against rejected digits.
fn rejection(results: &RowResults) -> Result<Vec<Block>> {
    let curves: Vec<_> = results.runs.iter().map(Run::rejection).collect();
    let spread = |step: usize| {
        let x = LAST_SHARE * step as f64 / SHARES as f64;
        let errors: Vec<f64> = curves
            .iter()
            .map(|points| last_within(points, x).map_or(0.0, |point| point.error))
            .collect();
        Sample::of(&errors).map(|sample| Spread { x, sample })
    };
    let spreads: Vec<Spread> = (0..=SHARES).filter_map(spread).collect();
    let chart = Chart {
        labels: ["rejected %".into(), "error % of the rest".into()],
        lines: vec![Line::spread("test digits", &spreads, 0.0)],
        reference: Some(Reference { name: format!("{TARGET} %"), y: TARGET }),
        y: Scale::Linear,
    };
    let share = results
        .sample_of_all(|run| first_within(&run.rejection(), TARGET).map(|point| point.rejected));
    let ours = match share {
        Some(share) => format!(
            "For {TARGET} % error on the rest {} % of the digits have to be rejected",
            tables::spread(&share)
        ),
        None => format!("Some run has over {TARGET} % error however many digits are rejected"),
    };
    let paper = match results.row.rejected {
        Some(paper) => format!("; the paper has {} % ({})", paper.percent, paper.source),
        None => "; the paper gives no figure for this network".into(),
    };
    Ok(vec![
        Block::Heading("Errors against rejected digits".into()),
        Block::Chart {
            name: format!("{}-rejection", results.row.recipe),
            caption: format!(
                "Digits are rejected where the two best outputs are too close, as in Fig. 10 of \
                 1998{}",
                bands(results)
            ),
            svg: chart.svg()?,
        },
        Block::Text(format!("{ours}{paper}.")),
    ])
}

/// The confusion matrix, and Fig. 8: every wrong answer.
fn mistakes(run: &Run, recipe: &str, test: &Digits) -> Result<Vec<Block>> {
    let wrong: Vec<&Answer> = run.answers.iter().filter(|answer| answer.is_wrong()).collect();
    let mistake = |answer: &&Answer| {
        let bytes = test.digit(answer.digit).to_vec();
        let tile = Tile { height: DIGIT_SIDE, width: DIGIT_SIDE, bytes };
        let name = format!("digit {}", answer.digit);
        let picture = Picture::grid(&name, "", &[Some(tile)], 1, [1, 0])?;
        Ok(Mistake { picture, label: answer.label, said: answer.said })
    };
    let list = wrong.iter().map(mistake).collect::<Result<Vec<_>>>()?;
    let whose = format!(
        "Of seed {}, the run in the middle by its errors: rows are labels, columns what the network \
         said.",
        run.seed
    );
    Ok(vec![
        Block::Heading("Where it is wrong".into()),
        Block::Text(whose),
        Block::Table(tables::confusion(run)),
        Block::Text(format!(
            "Its {} mistakes, as in Fig. 8 of 1998: what is true, then what the network said.",
            list.len()
        )),
        Block::Mistakes { name: format!("{recipe}-mistakes"), list },
    ])
}

/// Kernels and feature maps of a run, and F6 beside the bitmaps.
fn insides(run: &Run, recipe: &str, test: &Digits) -> Result<Vec<Block>> {
    let named = |pictures: Vec<Picture>| -> Vec<Picture> {
        let name =
            |picture: Picture| Picture { name: format!("{recipe}-{}", picture.name), ..picture };
        pictures.into_iter().map(name).collect()
    };
    let mut blocks = vec![
        Block::Heading("Kernels".into()),
        Block::Text(format!(
            "Of seed {}: negative weights are dark, positive ones bright, grey is 0.",
            run.seed
        )),
        Block::Pictures(named(kernels(&run.model)?)),
    ];
    // One digit of each class, of those that the network knows.
    let first = |class: usize| {
        let known = |answer: &&Answer| !answer.is_wrong() && usize::from(answer.label) == class;
        run.answers.iter().find(known)
    };
    let chosen: Vec<&Answer> = (0..CLASSES).filter_map(first).collect();
    let Some(shown) = chosen.iter().position(|answer| answer.label == SHOWN) else {
        return Ok(blocks);
    };
    let pixels = chosen.iter().flat_map(|answer| test.digit(answer.digit).iter().copied());
    let labels = chosen.iter().map(|answer| answer.label);
    let digits = Digits::new(pixels.collect(), labels.collect())?;
    let features = Features::of(&run.model, &digits)?;
    blocks.push(Block::Heading("Feature maps".into()));
    blocks.push(Block::Text(format!(
        "What every layer makes of test digit {}, from the lowest (black) to the highest (white) \
         value of the squash.",
        chosen[shown].digit
    )));
    blocks.push(Block::Pictures(named(features.maps(shown)?)));
    if let Some(picture) = features.beside_bitmaps()? {
        blocks.push(Block::Heading("The last hidden layer beside the bitmaps".into()));
        blocks.push(Block::Pictures(named(vec![picture])));
    }
    Ok(blocks)
}
