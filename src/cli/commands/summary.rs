//! `lenet summary`: a network layer by layer.

use crate::cli::output;
use crate::error::Result;
use crate::network::summary::Summary;
use crate::recipe::NetworkArgs;

#[derive(Debug, clap::Args)]
pub struct Args {
    /// Draw the connection tables of the convolutions, as the papers do [default: off]
    #[arg(long)]
    table: bool,
    /// One JSON object instead of text [default: off]
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    network: NetworkArgs,
}

/// Prints layers, shapes, parameters, connections, multiply-adds and sizes.
pub fn run(args: Args) -> Result<()> {
    let summary = Summary::of(&args.network.build()?)?;
    if args.json {
        return output::print_json(&summary.json());
    }
    let tables = if args.table { summary.tables() } else { String::new() };
    output::print(&(summary.text() + &tables))
}
