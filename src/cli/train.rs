//! `lenet train`.

use crate::error::Result;

/// Flags of `train`.
#[derive(Debug, clap::Args)]
pub struct Args {}

/// Trains.
///
/// # Errors
/// See [`crate::Error`].
pub fn run(_args: Args) -> Result<()> {
    Ok(())
}
