//! `lenet doctor`: whether an adapter computes correctly, and what to do where it does not.

use std::time::Duration;

use serde_json::json;

use crate::cli::output;
use crate::doctor::{self, Scope};
use crate::error::{Error, Result};
use crate::gpu::adapter;
use crate::recipe::Range;

/// Most minutes of repetition: a week.
const MOST_MINUTES: usize = 7 * 24 * 60;

#[derive(Debug, clap::Args)]
pub struct Args {
    /// The adapter to examine: an index or a part of its name (see `lenet adapters`) [default: the best]
    #[arg(long, value_name = "NAME")]
    adapter: Option<String>,

    /// Train by every plan, not only by those that auto takes [default: off]
    #[arg(long)]
    all: bool,

    /// Repeat the same steps for so many minutes and compare their bits [default: off]
    #[arg(long, value_name = "N")]
    minutes: Option<usize>,

    /// One JSON object instead of text, to attach to a report [default: off]
    #[arg(long)]
    json: bool,
}

pub fn run(args: Args) -> Result<()> {
    if let Some(minutes) = args.minutes {
        Range::Count(MOST_MINUTES, "minutes of repetition").check("minutes", &minutes)?;
    }
    let adapters = match args.adapter.as_deref() {
        None => adapter::all(),
        named => adapter::find(named)?,
    };
    let repeat = args.minutes.map(|minutes| Duration::from_secs(60 * minutes as u64));
    let scope = Scope { all: args.all, repeat };
    let report = doctor::examine(adapters.first(), scope, &output::note);
    match args.json {
        true => output::print_json(&json!(report))?,
        false => output::print(&report.text())?,
    }
    match report.faults.len() {
        0 => Ok(()),
        1 => Err(Error::Adapter("1 thing does not hold: see the report".into())),
        faults => Err(Error::Adapter(format!("{faults} things do not hold: see the report"))),
    }
}
