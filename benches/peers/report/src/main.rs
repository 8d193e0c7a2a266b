//! Makes the table and the picture of a comparison: `peer-report FILE.json`, or of how cost grows:
//! `peer-report --scaling FILE.json`.

mod chart;
mod picture;
mod record;
mod scaling;
mod scaling_chart;
mod table;

use std::error::Error;
use std::fs;
use std::path::{Path, PathBuf};

use clap::Parser;

/// Writes FILE.svg and FILE.png beside FILE.json, and the table to FILE.md or into a README.
#[derive(Parser)]
struct Args {
    /// What benches/peers/run or, with --scaling, benches/scaling/run wrote
    json: PathBuf,
    /// The file is from benches/scaling/run
    #[arg(long)]
    scaling: bool,
    /// Replace the text between the markers (peers or scaling) in this file, in place of writing
    /// FILE.md
    #[arg(long, value_name = "FILE", conflicts_with = "out")]
    readme: Option<PathBuf>,
    /// Write the table to this file [default: FILE.md]
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
}

/// What is made of a JSON file.
struct Report {
    svg: String,
    /// By the path of the picture.
    markdown: Box<dyn Fn(&str) -> String>,
    /// Name of the markers.
    name: &'static str,
}

fn main() {
    if let Err(error) = run(&Args::parse()) {
        eprintln!("error: {error}");
        std::process::exit(1);
    }
}

fn run(args: &Args) -> Result<(), Box<dyn Error>> {
    let json = named(fs::read_to_string(&args.json), &args.json)?;
    let make = if args.scaling { scaling_report } else { peers_report };
    let report = make(&json).map_err(|error| format!("{}: {error}", args.json.display()))?;
    let (svg, png) = (args.json.with_extension("svg"), args.json.with_extension("png"));
    named(fs::write(&svg, &report.svg), &svg)?;
    named(fs::write(&png, picture::png(&report.svg)?), &png)?;
    match &args.readme {
        Some(readme) => {
            let folder = readme.parent().unwrap_or(Path::new(""));
            let text = (report.markdown)(&from(folder, &svg));
            let old = named(fs::read_to_string(readme), readme)?;
            let new = table::replace(&old, &text, report.name)
                .map_err(|error| format!("{}: {error}", readme.display()))?;
            named(fs::write(readme, new), readme)
        }
        None => {
            let out = args.out.clone().unwrap_or(args.json.with_extension("md"));
            let picture = svg.file_name().map_or("".into(), |name| name.to_string_lossy());
            named(fs::write(&out, (report.markdown)(&picture)), &out)
        }
    }
}

fn peers_report(json: &str) -> Result<Report, Box<dyn Error>> {
    let record: record::Record = serde_json::from_str(json)?;
    if record.results.is_empty() {
        return Err("the file holds no results".into());
    }
    let svg = chart::svg(&record)?;
    let markdown = Box::new(move |picture: &str| table::markdown(&record, picture));
    Ok(Report { svg, markdown, name: "peers" })
}

fn scaling_report(json: &str) -> Result<Report, Box<dyn Error>> {
    let record: scaling::Scaling = serde_json::from_str(json)?;
    let svg = scaling_chart::svg(&record)?;
    let markdown = Box::new(move |picture: &str| record.markdown(picture));
    Ok(Report { svg, markdown, name: "scaling" })
}

/// The path to a file as it is written in one in that folder; as it is, if neither it nor its parent
/// holds the file.
fn from(folder: &Path, file: &Path) -> String {
    let above = folder.parent().and_then(|parent| file.strip_prefix(parent).ok());
    match (file.strip_prefix(folder), above) {
        (Ok(path), _) => path.display().to_string(),
        (_, Some(path)) => format!("../{}", path.display()),
        _ => file.display().to_string(),
    }
}

/// An error that names its file.
fn named<T>(result: std::io::Result<T>, path: &Path) -> Result<T, Box<dyn Error>> {
    result.map_err(|error| format!("{}: {error}", path.display()).into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pictures_are_named_from_where_they_are_shown() {
        let file = Path::new("/r/assets/a.svg");
        assert_eq!(from(Path::new("/r"), file), "assets/a.svg");
        assert_eq!(from(Path::new("/r/docs"), file), "../assets/a.svg");
        assert_eq!(from(Path::new("/s/t"), file), "/r/assets/a.svg");
    }
}
