//! `lenet compare` of two groups of runs, each of several seeds.

use std::collections::BTreeMap;
use std::path::PathBuf;

use serde_json::{Value, json};

use super::compare::{self, Args, Drawing, drawing};
use crate::cli::args::device;
use crate::cli::output;
use crate::device::Device;
use crate::error::Result;
use crate::evaluation::Answer;
use crate::evaluation::statistics::Sample;
use crate::inference::Examiner;
use crate::report::finished::{self, Run};
use crate::runs::{Seeds, SeedsComparison, page};
use crate::text::{Table, count, on_one_line};
use crate::train::model::Model;

pub fn run(args: &Args) -> Result<()> {
    let sides = [Seeds::read(&args.a)?, Seeds::read(&args.b)?];
    let models = sides.iter().flat_map(|side| &side.runs);
    let models: Vec<PathBuf> = models.map(|run| Model::file(&run.record.folder)).collect();
    let out = drawing(args, &models.iter().map(PathBuf::as_path).collect::<Vec<_>>())?;
    sides.iter().flat_map(|side| &side.left_out).for_each(|what| output::warn(what));
    let device = device::choose(&args.device, device::Purpose::Inference)?;
    let answers = answers(&sides, args, &device)?;
    let comparison = SeedsComparison { sides, answers };
    if let Some((path, drawing)) = out {
        let drawn = match drawing {
            Drawing::Page => page::html_of_seeds(&comparison),
            Drawing::Curves => page::svg_of_seeds(&comparison),
        };
        output::write_file(path, drawn.as_bytes())?;
    }
    match args.json {
        true => output::print_json(&json(&comparison, &device)),
        false => output::print(&text(&comparison)),
    }
}

/// Asks every model about the digits of `--data`, else about the test digits of the runs; `None` if these are
/// not the same in all.
fn answers(
    sides: &[Seeds; 2],
    args: &Args,
    device: &Device,
) -> Result<Option<[Vec<Vec<Answer>>; 2]>> {
    let runs = || sides.iter().flat_map(|side| &side.runs);
    let checksum = |run: &Run| run.record.data["test"]["crc32"].clone();
    let first = checksum(&sides[0].runs[0]);
    if !args.data.is_given() && runs().any(|run| checksum(run) != first) {
        return Ok(None);
    }
    let test = args.data.load_test(runs().map(|run| &run.record))?;
    device::announce(device);
    let mut examiner = Examiner::new(device, args.device.plan);
    let mut ask = |run: &Run| -> Result<Vec<Answer>> {
        let model = finished::model(&run.record.folder)?;
        examiner.answers(&model, &test.clone().with_classes_of(&model.network)?)
    };
    let mut all = |side: &Seeds| side.runs.iter().map(&mut ask).collect::<Result<Vec<_>>>();
    Ok(Some([all(&sides[0])?, all(&sides[1])?]))
}

fn text(comparison: &SeedsComparison) -> String {
    let side = |(letter, side): (&str, &Seeds)| {
        format!("{letter}  {}: {}\n", on_one_line(&side.name), count(side.runs.len(), "run"))
    };
    let mut parts = vec![["A", "B"].into_iter().zip(&comparison.sides).map(side).collect()];
    parts.extend(compare::tables(comparison.setting_rows(), comparison.result_rows()));
    let headings = comparison.seed_headings().iter().map(|heading| match *heading {
        "seed" => heading.to_string(),
        number => format!(">{number}"),
    });
    let headings: Vec<String> = headings.collect();
    parts.push(Table::of(&headings, comparison.seed_rows()).text());
    if comparison.answers.is_none() {
        parts.push(
            "The runs were tested on different digits: each error is on the digits of its run.\n"
                .into(),
        );
    }
    parts.push(format!("{}\n", comparison.verdict()));
    parts.join("\n")
}

fn json(comparison: &SeedsComparison, device: &Device) -> Value {
    let (errors, samples) = (comparison.errors(), comparison.samples());
    let side = |index: usize| {
        let side = &comparison.sides[index];
        json!({
            "name": side.name,
            "network": side.runs[0].record.network,
            "runs": side.runs.len(),
            "seeds": side.seeds().collect::<Vec<_>>(),
            "error_percent": errors[index],
            "mean": samples[index].mean,
            "deviation": samples[index].deviation,
            "left_out": side.left_out,
        })
    };
    let settings: BTreeMap<_, _> = comparison.settings().into_iter().collect();
    let results = comparison.results().into_iter();
    let results: BTreeMap<_, _> = results
        .map(|(figure, both)| (figure.field, both.map(|it| it.as_ref().map(Sample::json))))
        .collect();
    let pairs = comparison.pairs().into_iter();
    let pairs = pairs.map(|pair| pair.mcnemar.added_to(json!({ "seed": pair.seed })));
    json!({
        "a": side(0),
        "b": side(1),
        "settings": settings,
        "results": results,
        "device": comparison.answers.as_ref().map(|_| device.describe()),
        "test_digits": comparison.answers.as_ref().map(|[a, _]| a[0].len()),
        "pairs": pairs.collect::<Vec<_>>(),
        "welch": comparison.welch().map(|welch| json!({
            "t": welch.t,
            "degrees_of_freedom": welch.degrees,
            "p_value": welch.p_value(),
        })),
        "verdict": comparison.verdict(),
    })
}
