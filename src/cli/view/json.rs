//! A run for a program: one JSON object a line on standard output.

use serde_json::json;

use crate::cli::output::print_json;
use crate::error::Result;
use crate::report::end_json;
use crate::report::lines::Line;
use crate::train::checkpoint::State;
use crate::train::events::{End, Epoch, Report, Start};

pub struct Json;

impl Report for Json {
    fn start(&mut self, start: &Start) -> Result<()> {
        let settings = start.settings;
        print_json(&json!({
            "event": "start",
            "network": settings.network.name,
            "parameters": settings.network.parameters(),
            "device": start.device,
            "profile": start.profile,
            "settings": settings.values(),
            "resumed": start.from.map(|(epochs, steps)| json!({ "epochs": epochs, "steps": steps })),
            "out": start.out,
        }))
    }

    fn epoch(&mut self, epoch: &Epoch, _state: &State) -> Result<()> {
        print_json(&json!(Line::from(epoch)))
    }

    fn end(&mut self, end: &End) -> Result<()> {
        print_json(&end_json(end))
    }
}
