//! Makes the table and the picture of a comparison: `peer-report FILE.json`.

mod chart;
mod picture;
mod record;
mod table;

use std::error::Error;
use std::fs;
use std::path::{Path, PathBuf};

use clap::Parser;

/// Writes FILE.svg and FILE.png beside FILE.json, and the table to FILE.md or into a README.
#[derive(Parser)]
struct Args {
    /// What benches/peers/run wrote
    json: PathBuf,
    /// Replace the text between the peers markers in this file, in place of writing FILE.md
    #[arg(long, value_name = "FILE", conflicts_with = "out")]
    readme: Option<PathBuf>,
    /// Write the table to this file [default: FILE.md]
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
}

fn main() {
    if let Err(error) = run(&Args::parse()) {
        eprintln!("error: {error}");
        std::process::exit(1);
    }
}

fn run(args: &Args) -> Result<(), Box<dyn Error>> {
    let json = named(fs::read_to_string(&args.json), &args.json)?;
    let record: record::Record =
        serde_json::from_str(&json).map_err(|error| format!("{}: {error}", args.json.display()))?;
    if record.results.is_empty() {
        return Err(format!("{} holds no results", args.json.display()).into());
    }
    let svg = chart::svg(&record)?;
    let (svg_path, png_path) = (args.json.with_extension("svg"), args.json.with_extension("png"));
    named(fs::write(&svg_path, &svg), &svg_path)?;
    named(fs::write(&png_path, picture::png(&svg)?), &png_path)?;
    match &args.readme {
        Some(readme) => {
            let folder = readme.parent().unwrap_or(Path::new(""));
            let picture = svg_path.strip_prefix(folder).unwrap_or(&svg_path);
            let text = table::markdown(&record, &picture.display().to_string());
            let old = named(fs::read_to_string(readme), readme)?;
            let new = table::replace(&old, &text)
                .map_err(|error| format!("{}: {error}", readme.display()))?;
            named(fs::write(readme, new), readme)
        }
        None => {
            let out = args.out.clone().unwrap_or(args.json.with_extension("md"));
            let picture = svg_path.file_name().map_or("".into(), |name| name.to_string_lossy());
            named(fs::write(&out, table::markdown(&record, &picture)), &out)
        }
    }
}

/// An error that names its file.
fn named<T>(result: std::io::Result<T>, path: &Path) -> Result<T, Box<dyn Error>> {
    result.map_err(|error| format!("{}: {error}", path.display()).into())
}
