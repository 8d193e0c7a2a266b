//! `lenet`: see `lenet --help`.

use std::process::ExitCode;

use lenet::cli;

mod memory;

#[global_allocator]
static MEMORY: memory::Memory = memory::Memory;

fn main() -> ExitCode {
    // SAFETY: the program has one thread so far.
    unsafe { cli::prepare() };
    match cli::parse().and_then(cli::run) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            cli::output::error(&error);
            ExitCode::from(error.exit_code())
        }
    }
}
