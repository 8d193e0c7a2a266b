//! `lenet export`: a model for other programs.

use std::path::{Path, PathBuf};

use clap::ValueEnum;

use crate::cli::args::model::ModelArg;
use crate::cli::output::{self, check_free};
use crate::error::{Error, Result};
use crate::export::{self, Format, Names};

#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(flatten)]
    model: ModelArg,
    /// What to write: a graph that runs by itself (onnx), a state dict of PyTorch (safetensors),
    /// arrays of NumPy (npz), or one object with everything (json) [default: by FILE's ending]
    #[arg(long, value_enum)]
    format: Option<Format>,
    /// File to write
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
    /// Names of the tensors: by layer as in model.safetensors, of the notebook's module, or of an
    /// nn.Sequential by itself [default: notebook with safetensors, else layers]
    #[arg(long, value_enum)]
    names: Option<Names>,
    /// Overwrite FILE [default: off]
    #[arg(long)]
    force: bool,
}

pub fn run(args: Args) -> Result<()> {
    let format = match args.format {
        Some(format) => format,
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
    check_free("--out", &args.out, args.force)?;
    let file = export::export(&args.model.read()?, format, names)?;
    output::write_file(&args.out, &file)
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
