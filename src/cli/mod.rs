//! The command line: one file a command.

pub mod args;
pub mod device;
mod train;

use clap::{Parser, Subcommand};

use crate::error::Result;

/// LeNet-1 and LeNet-5, trained and run in WGSL compute shaders.
#[derive(Debug, Parser)]
#[command(version, about, max_term_width = 100)]
pub struct Cli {
    #[command(subcommand)]
    pub command: Command,
}

/// What can be done.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Train a network on MNIST
    Train(Box<train::Args>),
}

/// Runs a command.
///
/// # Errors
/// Whatever the command meets; the kind decides the exit code.
pub fn run(cli: Cli) -> Result<()> {
    match cli.command {
        Command::Train(args) => train::run(*args),
    }
}
