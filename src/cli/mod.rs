//! The command line: it parses (`args`), calls, and prints (`view`); one file a `commands` each.

mod args;
mod commands;
pub mod output;
mod view;

use std::ffi::OsString;
use std::io::Write;

use clap::error::ErrorKind;
use clap::{Arg, CommandFactory, FromArgMatches, Parser, Subcommand};

#[doc(hidden)] // For tests/fuzz.
pub use args::config::Config;

use crate::error::{EXIT_CODES, Error, Result};
use crate::gpu::llvmpipe;
use crate::text::{brief, in_plain_words};
use crate::{disk, recipe, version};

/// LeNet-1 and LeNet-5, trained and run in WGSL compute shaders.
#[derive(Debug, Parser)]
#[command(version, long_version = version::long(), about, after_help = EXIT_CODES)]
#[command(max_term_width = 100)]
pub struct Cli {
    #[command(subcommand)]
    pub command: Command,
}

/// Makes [`Command`] and [`run`] of the commands: of each its help, its name, and its file in `commands`.
macro_rules! command_line {
    ($($(#[$($help:tt)+])+ $name:ident = $file:ident,)+) => {
        /// What can be done.
        #[derive(Debug, Subcommand)]
        pub enum Command {
            $($(#[$($help)+])+ $name(Box<commands::$file::Args>),)+
        }

        /// Runs a command. The kind of an error decides the exit code.
        pub fn run(cli: Cli) -> Result<()> {
            match cli.command {
                $(Command::$name(args) => commands::$file::run(*args),)+
            }
        }
    };
}

command_line! {
    /// Train a network on MNIST
    Train = train,
    /// Repeat the papers' experiments over several seeds and report how they came out
    Reproduce = reproduce,
    /// Rebuild the HTML report of a run, report.html, from its folder
    Report = report,
    /// Count the errors of a trained model on the test digits
    Evaluate = evaluate,
    /// Tell which digits pictures show
    Predict = predict,
    /// List the runs on disk, sorted and filtered
    Runs = runs,
    /// Compare two runs or models: settings, results, and whether chance explains the difference
    Compare = compare,
    /// Write a trained model for other programs: ONNX, PyTorch, NumPy, JSON
    Export = export,
    /// Make a model of the state dict of a PyTorch module
    Import = import,
    /// Serve a page on this machine in which a browser trains with the same shaders
    Serve = serve,
    /// Show a network layer by layer: shapes, parameters, connections
    Summary = summary,
    /// Show a training step as data: buffers, kernels, dispatches, WGSL
    Plan = plan,
    /// Show the digits: counts, means, or one of them
    Data = data,
    /// Draw digits and what a network that trains on distorted ones sees of them
    Distort = distort,
    /// List the adapters of this machine and test them
    Adapters = adapters,
    /// Examine an adapter: drivers, limits, known answers, training, known problems
    Doctor = doctor,
    /// Measure digits a second on an adapter, the CPU and the naive reference
    Bench = bench,
    /// Find the fastest plan for an adapter and remember it
    ///
    /// The other commands take it with --plan tuned. Training steps of every plan that may be the
    /// fastest on such an adapter are timed: by layers in several sizes of tiles, and by samples.
    /// Takes under ten seconds for each network and batch, besides compilation.
    Tune = tune,
    /// Print a script that makes a shell complete commands, flags and values
    Completions = completions,
    /// Print the manual page, or write those of all commands
    Man = man,
}

/// Prepares the process: ignores signals that would end it, and silences what drivers print.
///
/// # Safety
/// The process has one thread.
pub unsafe fn prepare() {
    disk::survive_size_limits();
    // SAFETY: the caller's promise.
    unsafe {
        llvmpipe::keep_device_select_quiet();
        llvmpipe::keep_off_full_disks();
    }
}

/// Returns the command line as clap reads it. Two things are not derived from [`Cli`]: the defaults of
/// settings in their help, and that a flag takes a number below 0, so that the error names the flag.
pub fn command() -> clap::Command {
    let signed = |arg: Arg| match arg.get_long() {
        Some(_) if arg.get_action().takes_values() => arg.allow_negative_numbers(true),
        _ => arg,
    };
    let defaults = recipe::defaults();
    let mut command = Cli::command();
    for subcommand in command.get_subcommands_mut() {
        let whole = std::mem::take(subcommand);
        *subcommand = whole.mut_args(|arg| signed(recipe::with_default(arg, &defaults)));
    }
    command
}

/// Names the arguments that are no UTF-8. Paths may be such, but one of these stands where text is expected.
fn not_utf8(args: &[OsString]) -> Error {
    let args = args.iter().filter(|arg| arg.to_str().is_none());
    let names: Vec<_> = args.map(|arg| brief(&arg.to_string_lossy())).collect();
    let names = names.join(" or ");
    Error::Usage(format!("{names} is not UTF-8, where text is expected: rename it"))
}

/// Reads the command line; ends the process where it is wrong or asks for help.
pub fn parse() -> Result<Cli> {
    let read = |args: Vec<OsString>| {
        let matches = command().try_get_matches_from(args)?;
        Cli::from_arg_matches(&matches)
    };
    let args: Vec<OsString> = std::env::args_os().collect();
    read(args.clone()).or_else(|error| {
        if error.kind() == ErrorKind::InvalidUtf8 {
            return Err(not_utf8(&args));
        }
        // An error quotes arguments: the same again, without what would reach the terminal raw.
        let shown = |arg: &OsString| brief(&arg.to_string_lossy()).into();
        let error = read(args.iter().map(shown).collect()).err().unwrap_or(error);
        let text = in_plain_words(&error.render().ansi().to_string());
        let printed = match error.use_stderr() {
            true => write!(anstream::stderr(), "{text}"),
            false => write!(anstream::stdout(), "{text}").and_then(|()| anstream::stdout().flush()),
        };
        output::written(printed)?;
        std::process::exit(error.exit_code())
    })
}
