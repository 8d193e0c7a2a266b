//! `lenet compare`: two runs or models beside each other; `compare_seeds.rs` has two groups of runs.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use super::compare_seeds;
use crate::cli::args::{DataArgs, DeviceArgs, device};
use crate::cli::output::{self, check_free};
use crate::device::Device;
use crate::error::{Error, Result, need};
use crate::inference::Examiner;
use crate::report::lines::Line;
use crate::runs::{Comparison, Seeds, Side, page};
use crate::text::{Table, on_one_line, sparkline};
use crate::train::model::Model;

#[derive(Debug, clap::Args)]
pub struct Args {
    /// Folder of a run, or of runs that differ in their seed, or a model file
    #[arg(value_name = "A")]
    pub a: PathBuf,
    /// The same, to compare with A
    #[arg(value_name = "B")]
    pub b: PathBuf,
    /// Also write a page (FILE.html) or the curves of the test error (FILE.svg)
    #[arg(long, value_name = "FILE")]
    pub out: Option<PathBuf>,
    /// Overwrite the file if it exists [default: off]
    #[arg(long, requires = "out")]
    force: bool,
    /// One JSON object instead of text [default: off]
    #[arg(long)]
    pub json: bool,
    #[command(flatten)]
    pub data: DataArgs,
    #[command(flatten)]
    pub device: DeviceArgs,
}

/// What `--out` asks for.
#[derive(Debug, Clone, Copy)]
pub enum Drawing {
    Page,
    Curves,
}

pub fn run(args: Args) -> Result<()> {
    if [&args.a, &args.b].into_iter().any(|path| Seeds::are_in(path)) {
        return compare_seeds::run(&args);
    }
    let out = drawing(&args, &[&Model::file(&args.a), &Model::file(&args.b)])?;
    let sides = [Side::read(&args.a)?, Side::read(&args.b)?];
    let records: Vec<_> = sides.iter().filter_map(Side::record).collect();
    let [shrunk, as_well] = sides.each_ref().map(|side| side.model.shrink());
    need(shrunk == as_well || records.len() == 2 || args.data.source.shrink.is_some(), || {
        "the two models learned digits of different sizes: choose one with --shrink, as --shrink 1 for \
         whole ones"
            .into()
    })?;
    let data = args.data.for_model(&sides[0].model, !records.is_empty())?;
    let test = data.load_test(records)?;
    let [a, b] = sides.each_ref().map(|side| &side.model.network);
    need(a.classes == b.classes, || {
        "the two models have classes of different names: compare models of the same data".into()
    })?;
    let test = test.with_classes_of(a)?;
    let device = device::choose(&args.device, device::Purpose::Inference)?;
    device::announce(&device);
    let mut examiner = Examiner::new(&device, args.device.plan);
    let [a, b] = sides.each_ref().map(|side| examiner.answers(&side.model, &test));
    let comparison = Comparison::new(sides, [a?, b?]);
    if let Some((path, drawing)) = out {
        let drawn = match drawing {
            Drawing::Page => page::html(&comparison, &test),
            Drawing::Curves => page::svg(&comparison)?,
        };
        output::write_file(path, drawn.as_bytes())?;
    }
    match args.json {
        true => output::print_json(&json(&comparison, &device)),
        false => output::print(&text(&comparison)),
    }
}

/// Chooses by the name of the file what to write, which is not one of those that are read.
pub fn drawing<'a>(args: &'a Args, read: &[&Path]) -> Result<Option<(&'a Path, Drawing)>> {
    let Some(path) = args.out.as_deref() else { return Ok(None) };
    let drawing = match path.extension().and_then(|extension| extension.to_str()) {
        Some("html") => Drawing::Page,
        Some("svg") => Drawing::Curves,
        _ => {
            return Err(Error::Usage(format!(
                "--out {} is neither a page nor a picture: let its name end in .html or .svg",
                path.display()
            )));
        }
    };
    check_free("--out", path, args.force, read)?;
    Ok(Some((path, drawing)))
}

fn text(comparison: &Comparison) -> String {
    let [a, b] = comparison.sides.each_ref().map(|side| on_one_line(&side.name));
    let mut parts = vec![format!("A  {a}\nB  {b}\n")];
    parts.extend(tables(comparison.setting_rows(), comparison.result_rows()));
    parts.push(Table::of(&["test digits", ">count"], comparison.digit_rows()).text());
    parts.extend(curves(comparison));
    parts.push(format!("{}\n", comparison.verdict()));
    parts.join("\n")
}

/// What differs and what came of it, as far as there is something.
pub fn tables(
    settings: Vec<Vec<String>>,
    results: Vec<Vec<String>>,
) -> impl Iterator<Item = String> {
    let tables =
        [(&["setting", "A", "B"][..], settings), (&["result", ">A", ">B", ">B - A"], results)];
    let told = tables.into_iter().filter(|(_, rows)| !rows.is_empty());
    told.map(|(headings, rows)| Table::of(headings, rows).text())
}

/// The test error by epoch in a line for each run, both by one measure.
fn curves(comparison: &Comparison) -> Option<String> {
    let errors = comparison
        .sides
        .each_ref()
        .map(|side| side.lines().iter().map(|line| line.test_error()).collect::<Vec<_>>());
    let all = || errors.iter().flatten().copied();
    let (least, most) = (all().reduce(f64::min)?, all().reduce(f64::max)?);
    let [a, b] = errors.each_ref().map(|errors| sparkline(errors, least, most));
    Some(format!("test error by epoch, {least:.2} to {most:.2} %\nA  {a}\nB  {b}\n"))
}

fn json(comparison: &Comparison, device: &Device) -> Value {
    let side = |side: &Side| {
        let epoch = |line: &Line| {
            json!({
                "epoch": line.epoch,
                "train_error_percent": line.train_error(),
                "test_error_percent": line.test_error(),
                "test_loss": line.test_loss,
            })
        };
        json!({
            "name": side.name,
            "network": side.model.network.name,
            "epochs": side.lines().iter().map(epoch).collect::<Vec<_>>(),
        })
    };
    let settings: BTreeMap<_, _> = comparison.settings().into_iter().collect();
    let results = comparison.results().into_iter();
    let results: BTreeMap<_, _> = results
        .map(|(figure, both)| (figure.field, both.map(|sample| sample.map(|it| it.mean))))
        .collect();
    comparison.mcnemar.added_to(json!({
        "a": side(&comparison.sides[0]),
        "b": side(&comparison.sides[1]),
        "settings": settings,
        "results": results,
        "device": device.describe(),
        "test_digits": comparison.answers[0].len(),
    }))
}
