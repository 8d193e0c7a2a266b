//! Groups of runs that agree in some settings.

use serde_json::{Value, json};

use super::{COLUMNS, Column};
use crate::error::{Error, Result};
use crate::evaluation::statistics::Sample;
use crate::report::finished::Run;
use crate::report::lines::Line;
use crate::report::record::COMPLETE;
use crate::text::did_you_mean;

/// Complete runs that agree in the settings and columns by which [`groups`] was asked to group.
#[derive(Debug, Clone, PartialEq)]
pub struct Group {
    /// The values that they share, in the order of the names.
    pub values: Vec<Value>,
    /// Their test errors in per cent.
    pub errors: Sample,
}

/// Groups the complete runs by settings and columns of these names, in the order of the first run of each.
pub fn groups(entries: &[Run], by: &[String]) -> Result<Vec<Group>> {
    let mut groups: Vec<(Vec<Value>, Vec<f64>)> = Vec::new();
    for name in by {
        let known = |entry: &Run| Column::find(name).is_some() || value(entry, name) != Value::Null;
        if !entries.is_empty() && !entries.iter().any(known) {
            let settings = entries.iter().flat_map(|entry| entry.record.settings.keys());
            let columns = COLUMNS.iter().map(|column| column.key);
            let meant = did_you_mean(name, settings.map(String::as_str).chain(columns));
            return Err(Error::Usage(format!(
                "--group {name}: no run here has such a setting{meant}"
            )));
        }
    }
    for entry in entries.iter().filter(|entry| entry.record.status == COMPLETE) {
        let Some(error) = entry.last().map(Line::test_error) else { continue };
        let values: Vec<Value> = by.iter().map(|name| value(entry, name)).collect();
        match groups.iter_mut().find(|(known, _)| *known == values) {
            Some((_, errors)) => errors.push(error),
            None => groups.push((values, vec![error])),
        }
    }
    let group = |(values, errors): (Vec<Value>, Vec<f64>)| Group {
        values,
        errors: Sample::of(&errors).expect("a group has a run"),
    };
    Ok(groups.into_iter().map(group).collect())
}

/// The setting of that name, else the column of that name; null where the run has neither.
fn value(entry: &Run, name: &str) -> Value {
    let setting = entry.record.settings.get(name).map(|setting| setting.value.clone());
    setting.or_else(|| Column::find(name).map(|column| (column.value)(entry))).unwrap_or_default()
}

impl Group {
    /// Returns the group for a program.
    pub fn json(&self, by: &[String]) -> Value {
        let Sample { count, mean, deviation } = self.errors;
        let mut object: serde_json::Map<String, Value> =
            by.iter().cloned().zip(self.values.iter().cloned()).collect();
        object.insert("runs".into(), json!(count));
        object.insert("error_percent".into(), json!(mean));
        object.insert("deviation".into(), json!(deviation));
        Value::Object(object)
    }
}
