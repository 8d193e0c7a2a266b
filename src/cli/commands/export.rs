//! `lenet export`: a model for other programs, or a page that trains it.

use std::path::{Path, PathBuf};

use clap::builder::{PossibleValue, PossibleValuesParser};

use crate::cli::args::page::PageArgs;
use crate::cli::output::{self, check_free};
use crate::error::{Error, Result};
use crate::export::{self, Format, Names};
use crate::network::Named;
use crate::recipe::words;
use crate::report::files::is_run;
use crate::text::{bytes, path_on_one_line};

#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(flatten)]
    page: PageArgs,
    /// What to write: a graph that runs by itself (onnx), a state dict of PyTorch (safetensors),
    /// arrays of NumPy (npz), one object with everything (json), or a folder with a page that trains
    /// in a browser (web) [default: by FILE's ending]
    #[arg(long, value_parser = forms(), value_name = "FORMAT")]
    format: Option<String>,
    /// File to write, - for standard output; with --format web a folder
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
    /// Names of the tensors: by layer as in model.safetensors, of the notebook's module, or of an
    /// nn.Sequential by itself [default: notebook with safetensors, else layers]
    #[arg(long, value_parser = words::<Names>())]
    names: Option<Names>,
    /// Overwrite FILE [default: off]
    #[arg(long)]
    force: bool,
}

/// The word of `--format` for the page, which is no format of a model file.
const WEB: &str = "web";

/// The words of `--format`: the formats of a model, and the page.
fn forms() -> PossibleValuesParser {
    let named = |(_, name, help): &(_, &'static str, &'static str)| {
        PossibleValue::new(*name).help(help.trim().trim_end_matches('.'))
    };
    PossibleValuesParser::new(Format::NAMES.iter().map(named).chain([PossibleValue::new(WEB)]))
}

pub fn run(args: Args) -> Result<()> {
    let format = match args.format.as_deref() {
        Some(WEB) => return page(&args),
        Some(name) => Format::find(name).expect("the parser knows it"),
        None => by_ending(&args.out)?,
    };
    let names = match (format, args.names) {
        (Format::Onnx, Some(_)) => {
            return Err(Error::Usage(
                "--names is about tensors, and a graph has its own names for them: leave it out"
                    .into(),
            ));
        }
        (_, Some(names)) => names,
        (Format::Safetensors, None) => Names::Notebook,
        (_, None) => Names::Layers,
    };
    let read = args.page.file();
    if !output::is_standard(&args.out) {
        check_free("--out", &args.out, args.force, &[read.as_deref().unwrap_or(Path::new(""))])?;
    }
    let model = args.page.only_model()?;
    if let Some(fraction) = model.shrink() {
        output::warn(&format!(
            "the model learned digits that were shrunk to {fraction} of their size: shrink those that it is asked about, \
             too, since no file does so by itself"
        ));
    }
    let file = export::export(&model, format, names)?;
    output::write_file(&args.out, &file)
}

fn page(args: &Args) -> Result<()> {
    let Args { page, out, names, force, .. } = args;
    if names.is_some() {
        return Err(Error::Usage("--names is about tensors of a file: leave it out".into()));
    }
    if is_run(out) || out.is_file() || output::is_standard(out) {
        return Err(Error::Usage(format!(
            "--out {} {}: give a folder of its own for the page",
            out.display(),
            if is_run(out) { "is the folder of a run" } else { "is no folder" }
        )));
    }
    if !force && out.read_dir().is_ok_and(|mut entries| entries.next().is_some()) {
        return Err(Error::Usage(format!(
            "--out {} exists already: give an empty or a new folder, or --force to write into it",
            out.display()
        )));
    }
    let site = page.site()?;
    site.write(out)?;
    let (size, count) = (bytes(site.size()), site.files.len());
    output::note(&format!(
        "written to {}: {size} in {count} files; put the folder on any static host",
        path_on_one_line(out)
    ));
    Ok(())
}

fn by_ending(path: &Path) -> Result<Format> {
    let ending = path.extension().and_then(|ending| ending.to_str()).unwrap_or_default();
    Format::find(&ending.to_ascii_lowercase()).ok_or_else(|| {
        Error::Usage(format!(
            "--out {} does not end as one of the formats: give --format onnx, safetensors, npz, json \
             or web",
            path.display()
        ))
    })
}
