//! A run for a program: one JSON object a line on standard output.

use std::io::Write;

use serde_json::{Value, json};

use crate::error::{Error, Result};
use crate::report::{End, Epoch, Report, Start, end_json, epoch_json};
use crate::train::checkpoint::State;

/// Standard output, in lines of JSON.
pub struct Json;

fn line(value: &Value) -> Result<()> {
    let mut out = std::io::stdout().lock();
    writeln!(out, "{value}")
        .and_then(|()| out.flush())
        .map_err(|error| Error::Other(format!("cannot write to standard output: {error}")))
}

impl Report for Json {
    fn start(&mut self, start: &Start) -> Result<()> {
        let settings = start.settings;
        line(&json!({
            "event": "start",
            "network": settings.network.name,
            "parameters": settings.network.parameters(),
            "device": start.device,
            "profile": start.profile,
            "settings": settings.values(),
            "out": start.out,
        }))
    }

    fn epoch(&mut self, epoch: &Epoch, _state: &State) -> Result<()> {
        line(&epoch_json(epoch))
    }

    fn end(&mut self, end: &End) -> Result<()> {
        line(&end_json(end))
    }
}
