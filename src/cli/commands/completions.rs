//! `lenet completions`: what makes a shell complete commands and flags.

use clap::CommandFactory;
use clap_complete::{Shell, generate};

use crate::cli::Cli;
use crate::cli::output;
use crate::error::Result;

/// Flags of `completions`.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The shell
    #[arg(value_name = "SHELL", value_enum)]
    shell: Shell,
}

/// Prints the script.
///
/// # Errors
/// [`crate::Error::Other`] if standard output takes no more.
pub fn run(args: &Args) -> Result<()> {
    let mut script = Vec::new();
    generate(args.shell, &mut Cli::command(), "lenet", &mut script);
    output::print(&String::from_utf8_lossy(&script))
}
