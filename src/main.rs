//! `lenet`: see `lenet --help`.

use std::process::ExitCode;

use clap::Parser;
use lenet::cli::{self, Cli};

fn main() -> ExitCode {
    match cli::run(Cli::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            cli::output::error(&error);
            ExitCode::from(error.exit_code())
        }
    }
}
