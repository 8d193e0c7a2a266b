//! `lenet man`: the manual pages.

use std::path::PathBuf;

use clap_mangen::Man;

use crate::cli::{self, output};
use crate::disk;
use crate::error::{Error, Result};

#[derive(Debug, clap::Args)]
pub struct Args {
    /// Folder to write lenet.1 and a page for each command to [default: print lenet.1]
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
}

/// Prints the page of the program, or writes that and those of the commands.
pub fn run(args: Args) -> Result<()> {
    let mut lenet = cli::command().disable_help_subcommand(true);
    lenet.build();
    let Some(out) = args.out else {
        return output::print(&String::from_utf8_lossy(&page(lenet)?.1));
    };
    disk::make_folder(&out)?;
    let commands: Vec<_> = lenet.get_subcommands().cloned().collect();
    for command in [lenet].into_iter().chain(commands) {
        let (name, text) = page(command)?;
        output::write_file(&out.join(name), &text)?;
    }
    Ok(())
}

/// The file name and the text of a page.
fn page(command: clap::Command) -> Result<(String, Vec<u8>)> {
    let man = Man::new(command);
    let mut text = Vec::new();
    man.render(&mut text)
        .map_err(|error| Error::Other(format!("cannot lay out the manual: {error}")))?;
    Ok((man.get_filename(), text))
}
