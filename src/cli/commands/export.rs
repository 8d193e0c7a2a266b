//! `lenet export`: a model for other programs.

use std::path::{Path, PathBuf};

use clap::ValueEnum;

use crate::cli::args::page::PageArgs;
use crate::cli::output::{self, check_free};
use crate::disk;
use crate::error::{Error, Result};
use crate::export::{self, Format, Names};
use crate::text::bytes;
use crate::train::model::Model;

/// Flags of `export`.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Model file that `lenet train` or `lenet import` wrote: model.safetensors; the page does without
    #[arg(value_name = "MODEL", required_unless_present_any = ["network", "format"])]
    model: Option<PathBuf>,
    /// What to write: a graph that runs by itself (onnx), a state dict of PyTorch (safetensors),
    /// arrays of NumPy (npz), one object with everything (json), or a folder with a page that trains
    /// in a browser (web) [default: by FILE's ending]
    #[arg(long, value_enum)]
    format: Option<Form>,
    /// File to write; with --format web a folder
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
    /// Names of the tensors: by layer as in model.safetensors, of the notebook's module, or of an
    /// nn.Sequential by itself [default: notebook with safetensors, else layers]
    #[arg(long, value_enum)]
    names: Option<Names>,
    /// Overwrite FILE [default: off]
    #[arg(long)]
    force: bool,
    #[command(flatten)]
    page: PageArgs,
}

/// What `--format` can name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Form {
    Onnx,
    Safetensors,
    Npz,
    Json,
    Web,
}

impl Form {
    /// The format of a file; the page is a folder.
    fn of_file(self) -> Option<Format> {
        match self {
            Form::Onnx => Some(Format::Onnx),
            Form::Safetensors => Some(Format::Safetensors),
            Form::Npz => Some(Format::Npz),
            Form::Json => Some(Format::Json),
            Form::Web => None,
        }
    }
}

/// Exports.
///
/// # Errors
/// [`Error::Usage`] if the format or the file do not do, [`Error::Data`] for a broken model,
/// [`Error::Other`] if the file cannot be written.
pub fn run(args: Args) -> Result<()> {
    let form = args.format;
    let Some(format) =
        form.map_or_else(|| by_ending(&args.out).map(Some), |form| Ok(form.of_file()))?
    else {
        return page(args);
    };
    if args.page.given() {
        return Err(Error::Usage(
            "--network, --digits and --data are about the page: leave them out, or give --format web"
                .into(),
        ));
    }
    let model = args.model.ok_or_else(|| {
        Error::Usage("a MODEL is missing: name the model.safetensors to export".into())
    })?;
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
    check_free("--out", &args.out, args.force)?;
    let model = Model::read(&model)?;
    let file = export::export(&model, format, names)?;
    disk::write(&args.out, &file)?;
    output::note(&format!("written to {}: {}", args.out.display(), bytes(file.len())));
    Ok(())
}

/// Writes the page.
fn page(args: Args) -> Result<()> {
    if args.names.is_some() {
        return Err(Error::Usage("--names is about tensors of a file: leave it out".into()));
    }
    let out = &args.out;
    let taken = out.is_file() || out.read_dir().is_ok_and(|mut entries| entries.next().is_some());
    if taken && !args.force {
        return Err(Error::Usage(format!(
            "--out {} exists already: give an empty or a new folder, or --force to write into it",
            out.display()
        )));
    }
    let site = args.page.site(args.model.as_deref())?;
    site.write(out)?;
    output::note(&format!(
        "written to {}: {} in {} files; put the folder on any static host",
        out.display(),
        bytes(site.size()),
        site.files.len()
    ));
    Ok(())
}

fn by_ending(path: &Path) -> Result<Format> {
    let ending = path.extension().and_then(|ending| ending.to_str()).unwrap_or_default();
    Format::from_str(ending, true).map_err(|_| {
        Error::Usage(format!(
            "--out {} does not end as one of the formats: give --format onnx, safetensors, npz or \
             json",
            path.display()
        ))
    })
}
