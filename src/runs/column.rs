//! What a table of runs shows, for a person and for a program.

use std::cmp::Ordering;

use serde_json::{Value, json};

use crate::report::finished::Run;
use crate::report::lines::Line;
use crate::report::record::COMPLETE;
use crate::text::{duration, plain};

/// A fact about runs.
#[derive(Debug, Clone, Copy)]
pub struct Column {
    /// What it is called in flags.
    pub key: &'static str,
    /// Heading in the table, as `crate::text::Table` takes it.
    pub heading: &'static str,
    /// Name in JSON and CSV.
    pub field: &'static str,
    pub value: fn(&Run) -> Value,
    /// The value for a person, where that is not [`plain`].
    text: Option<fn(&Run) -> String>,
}

/// The columns, from left to right.
pub const COLUMNS: &[Column] = &[
    Column { field: "folder", ..column("name", "name", |r| json!(r.name())) },
    column("recipe", "recipe", |r| json!(r.record.recipe)),
    column("network", "network", |r| json!(r.record.network)),
    column("seed", ">seed", |r| json!(r.record.whole("seed"))),
    column("lr", ">lr", |r| {
        r.record.settings.get("lr").map(|lr| lr.value.clone()).unwrap_or_default()
    }),
    Column {
        text: Some(|r| r.data().rsplit(['/', '\\']).next().unwrap_or_default().into()),
        ..column("data", "data", |r| json!(r.data()))
    },
    Column { text: Some(epochs), ..column("epochs", ">epochs", |r| json!(r.lines.len())) },
    Column {
        field: "error_percent",
        text: Some(|r| {
            r.last().map_or_else(String::new, |last| format!("{:.2}", last.test_error()))
        }),
        ..column("error", ">error %", |r| json!(r.last().map(Line::test_error)))
    },
    Column {
        field: "seconds",
        text: Some(|r| duration(r.seconds())),
        ..column("time", ">time", |r| json!(r.seconds()))
    },
    Column {
        // Without what its name has in brackets, driver and threads.
        text: Some(|r| r.record.device.split(" (").next().unwrap_or_default().into()),
        ..column("adapter", "adapter", |r| json!(r.record.device))
    },
    column("status", "status", |r| json!(r.record.status)),
];

const fn column(key: &'static str, heading: &'static str, value: fn(&Run) -> Value) -> Column {
    Column { key, heading, field: key, value, text: None }
}

/// The completed ones, and how many there should be where they are not all there.
fn epochs(entry: &Run) -> String {
    let done = entry.lines.len();
    match entry.record.status.as_str() {
        COMPLETE => done.to_string(),
        _ => format!("{done} of {}", entry.record.number("epochs")),
    }
}

impl Column {
    /// The column of that key.
    ///
    /// # Panics
    /// If there is none.
    pub fn of(key: &str) -> &'static Column {
        Column::find(key).expect("a column of that key")
    }

    /// The column of that key, if there is one.
    pub fn find(key: &str) -> Option<&'static Column> {
        COLUMNS.iter().find(|column| column.key == key)
    }

    /// Returns the value for a person.
    pub fn text(&self, entry: &Run) -> String {
        self.text.map_or_else(|| self.cell(entry), |text| text(entry))
    }

    /// Returns the value in CSV.
    pub fn cell(&self, entry: &Run) -> String {
        plain(&(self.value)(entry))
    }

    /// Which of two runs comes first: the smaller number, the earlier text, where `run-2` comes
    /// before `run-10`; a run without the fact comes last.
    pub fn order(&self, a: &Run, b: &Run) -> Ordering {
        match ((self.value)(a), (self.value)(b)) {
            (Value::Number(a), Value::Number(b)) => {
                let [a, b] = [a, b].map(|number| number.as_f64().unwrap_or(f64::MAX));
                a.total_cmp(&b)
            }
            (Value::String(a), Value::String(b)) => padded(&a).cmp(&padded(&b)),
            (a, b) => a.is_null().cmp(&b.is_null()),
        }
    }
}

/// A text with every number in it filled up with zeros to one length, so that it sorts by them.
fn padded(text: &str) -> String {
    const DIGITS: usize = 20;
    let (mut padded, mut digits) = (String::new(), String::new());
    // The end closes a number like any letter.
    for c in text.chars().map(Some).chain([None]) {
        match c {
            Some(digit) if digit.is_ascii_digit() => digits.push(digit),
            other => {
                if !digits.is_empty() {
                    padded.push_str(&format!("{digits:0>DIGITS$}"));
                    digits.clear();
                }
                padded.extend(other);
            }
        }
    }
    padded
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_in_names_count() {
        let mut names = ["run-10", "run-9", "run", "a2b3", "a2b10", "run-9/seed-1"];
        names.sort_by_key(|name| padded(name));
        assert_eq!(names, ["a2b3", "a2b10", "run", "run-9", "run-9/seed-1", "run-10"]);
    }
}
