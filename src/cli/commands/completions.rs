//! `lenet completions`: prints the script with which a shell completes commands and flags.

use clap_complete::{Shell, generate};

use crate::cli::{self, output};
use crate::error::Result;

#[derive(Debug, clap::Args)]
pub struct Args {
    /// The shell
    #[arg(value_name = "SHELL", value_enum)]
    shell: Shell,
}

pub fn run(args: Args) -> Result<()> {
    let mut script = Vec::new();
    generate(args.shell, &mut cli::command(), "lenet", &mut script);
    output::print(&String::from_utf8_lossy(&script))
}
