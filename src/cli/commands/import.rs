//! `lenet import`: a model from the state dict of a PyTorch module.

use std::path::PathBuf;

use crate::cli::output::{self, check_free};
use crate::error::Result;
use crate::export::Names;
use crate::export::import::{Imported, import};
use crate::network::Named;
use crate::recipe::{NetworkArgs, words};
use crate::text::thousands;
use crate::train::model::Model;

#[derive(Debug, clap::Args)]
pub struct Args {
    /// State dict as a safetensors file, under the names of model.safetensors or of the notebook; or the folder of
    /// a run
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// Model file to write
    #[arg(long, value_name = "MODEL")]
    out: PathBuf,
    /// Names of the tensors: by layer as in model.safetensors, of the notebook's module, or of an
    /// nn.Sequential by itself [default: those that fit]
    #[arg(long, value_parser = words::<Names>())]
    names: Option<Names>,
    /// Overwrite MODEL [default: off]
    #[arg(long)]
    force: bool,
    #[command(flatten)]
    network: NetworkArgs,
}

pub fn run(args: Args) -> Result<()> {
    let file = Model::file(&args.file);
    if !output::is_standard(&args.out) {
        check_free("--out", &args.out, args.force, &[&file])?;
    }
    let imported = import(&file, &args.network, args.names)?;
    let Imported { model, names, described, half_precision } = &imported;
    let (network, options) = (&model.network, &model.network.options);
    output::note(&format!(
        "network  {}, {} parameters, {} output, {} connections",
        network.name,
        thousands(network.parameters()),
        options.output.name(),
        if options.full_connections { "all" } else { "the table's" },
    ));
    output::note(&format!("names    {}", names.name()));
    let origin = if *described { "the file says so" } else { "assumed" };
    // What no tensor tells, as flags.
    output::note(&format!(
        "also     --squash {} --pool {} --input {} --border {}: {origin} where no flag does",
        options.squash.name(),
        options.pool.name(),
        options.scaling.name(),
        options.border
    ));
    if *half_precision {
        output::note("numbers  16-bit floats, read as the 32-bit floats of a model");
    }
    output::write_file(&args.out, &model.to_bytes()?)
}
