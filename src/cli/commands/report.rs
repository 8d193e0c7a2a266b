//! `lenet report`: rebuilds the HTML report of a run.

use std::path::PathBuf;

use crate::cli::args::device;
use crate::cli::args::{DataArgs, DeviceArgs};
use crate::cli::output;
use crate::error::{Error, Result};
use crate::report::record::Record;
use crate::run::page::{self, Test};
use crate::train::Split;

#[derive(Debug, clap::Args)]
pub struct Args {
    /// Folder of the run
    #[arg(value_name = "DIR")]
    folder: PathBuf,
    #[command(flatten)]
    data: DataArgs,
    #[command(flatten)]
    device: DeviceArgs,
}

/// Writes the report of a run that `lenet train` left behind.
pub fn run(args: Args) -> Result<()> {
    let record = Record::read(&args.folder)?;
    let mnist = args.data.load_run(&args.folder, &record.data)?;
    let counts = ["train-limit", "test-limit", "validate"].map(|name| record.number(name) as usize);
    let [train, test, held] = counts;
    if train.saturating_add(held) > mnist.train.len() || test > mnist.test.len() {
        return Err(Error::Data(format!(
            "the run in {} had more digits than there are here: give its --data",
            args.folder.display()
        )));
    }
    let split = Split::of(counts, record.number("seed"), &mnist);
    let device = device::choose(&args.device, device::Purpose::Inference)?;
    device::announce(&device);
    let test = Test::of(&split, mnist);
    let path = page::write(&args.folder, &test, &device, args.device.plan)?;
    output::print(&format!("{}\n", path.display()))
}
