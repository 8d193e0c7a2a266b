//! `lenet summary`: a network layer by layer.

use crate::cli::output;
use crate::error::Result;
use crate::network::Table;
use crate::network::summary::Summary;
use crate::recipe::{NetworkArgs, file};

#[derive(Debug, clap::Args)]
pub struct Args {
    /// Draw the connection tables of the convolutions, as the papers do [default: off]
    #[arg(long)]
    table: bool,
    /// One JSON object instead of text [default: off]
    #[arg(long, conflicts_with = "table")]
    json: bool,
    /// The network as a file that --network takes [default: off]
    #[arg(long, conflicts_with_all = ["json", "table"])]
    toml: bool,
    #[command(flatten)]
    network: NetworkArgs,
}

/// Prints layers, shapes, parameters, connections, multiply-adds and sizes.
pub fn run(args: Args) -> Result<()> {
    let network = args.network.build()?;
    if args.toml {
        return output::print(&(Table::of(&network).text() + &file::text(&args.network)?));
    }
    let summary = Summary::of(&network)?;
    if args.json {
        return output::print_json(&summary.json());
    }
    let tables = if args.table { summary.tables() } else { String::new() };
    output::print(&(summary.text() + &tables))
}
