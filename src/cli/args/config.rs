//! Flags from a file: `train --config FILE`, and the run that `train --resume DIR` goes on with.
//!
//! A file says the same as flags do, under their names without the dashes. What it says is put in
//! front of what was typed and read as flags are, so that both know the same values and give the same
//! errors; what was typed wins.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::path::Path;

use clap::error::{ContextKind, ContextValue};
use clap::parser::ValueSource;
use clap::{ArgMatches, Args, Command, FromArgMatches};
use serde_json::Value;

use crate::error::{Error, Result};

/// Flags of which one takes the place of the other: a stronger source that gives one of them silences
/// the other, and so does the first in a run's record, which has both.
const RIVALS: [(&str, &str); 2] = [("steps", "epochs"), ("from", "init")];
/// Flags that no file gives.
const NOT_IN_FILES: [&str; 2] = ["config", "resume"];

/// What a flag was set to: nothing where it takes no value.
type Setting = Option<OsString>;

/// The flags of a command, and which of them were typed.
#[derive(Debug)]
pub struct Typed<A> {
    pub args: A,
    /// By their names without the dashes.
    pub flags: BTreeMap<String, Setting>,
}

impl<A: Args> FromArgMatches for Typed<A> {
    fn from_arg_matches(matches: &ArgMatches) -> Result<Self, clap::Error> {
        let typed = |id: &str| {
            matches.try_contains_id(id).is_ok_and(|known| known)
                && matches.value_source(id) == Some(ValueSource::CommandLine)
        };
        let mut flags = BTreeMap::new();
        for arg in A::augment_args(Command::new("")).get_arguments() {
            let id = arg.get_id().as_str();
            if let Some(name) = arg.get_long().filter(|_| typed(id)) {
                let value = matches.get_raw(id).and_then(|mut values| values.next());
                let value = value.filter(|_| arg.get_action().takes_values());
                flags.insert(name.to_string(), value.map(Into::into));
            }
        }
        Ok(Typed { args: A::from_arg_matches(matches)?, flags })
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), clap::Error> {
        *self = Self::from_arg_matches(matches)?;
        Ok(())
    }
}

impl<A: Args> Args for Typed<A> {
    fn augment_args(command: Command) -> Command {
        A::augment_args(command)
    }

    fn augment_args_for_update(command: Command) -> Command {
        A::augment_args_for_update(command)
    }
}

/// What a file says.
#[derive(Debug, Clone)]
pub struct Config {
    /// The file, for a person.
    pub name: String,
    flags: BTreeMap<String, Setting>,
    /// Where each value comes from, as the table of settings shows it.
    pub origins: BTreeMap<String, String>,
    /// What a record's run was computed on, as [`super::device::Device::arithmetic`] has it.
    pub made_on: Option<String>,
}

impl Config {
    /// Reads a `run.json`, or a TOML file with the names of flags as its keys.
    ///
    /// # Errors
    /// [`Error::Data`] if it cannot be read, [`Error::Usage`] if a value is none.
    pub fn read(path: &Path) -> Result<Config> {
        let way_out = "give the run.json of a run, or a TOML file of settings";
        let cannot_read = |error: String| Error::cannot_read(path, error, way_out);
        let text = std::fs::read_to_string(path).map_err(|error| cannot_read(error.to_string()))?;
        let name = path.display().to_string();
        let mut made_on = None;
        let flags = if path.extension().is_some_and(|extension| extension == "json") {
            let record: Value =
                serde_json::from_str(&text).map_err(|error| cannot_read(error.to_string()))?;
            made_on = record["identity"]["arithmetic"].as_str().map(String::from);
            of_record(&record).ok_or_else(|| cannot_read("it has no \"settings\"".into()))?
        } else {
            let table: toml::Table =
                text.parse().map_err(|error: toml::de::Error| cannot_read(error.to_string()))?;
            of_toml(table, &name)?
        };
        let origins = flags.keys().map(|key| (key.clone(), name.clone())).collect();
        Ok(Config { name, flags, origins, made_on })
    }

    /// What the record of a run says, with the origins that it has.
    ///
    /// # Errors
    /// [`Error::Data`] if it has no settings.
    pub fn of_run(path: &Path, record: &Value) -> Result<Config> {
        let mut flags = of_record(record).ok_or_else(|| {
            Error::cannot_read(path, "it has no \"settings\"", "start the run again")
        })?;
        // The checkpoint has what became of that model.
        flags.remove("from");
        let origin = |key: &String| {
            let origin = record["settings"][key.as_str()]["origin"].as_str()?;
            Some((key.clone(), origin.to_string()))
        };
        let origins = flags.keys().filter_map(origin).collect();
        Ok(Config { name: path.display().to_string(), flags, origins, made_on: None })
    }

    /// The flags of a command with what the file says under what was typed.
    ///
    /// # Errors
    /// [`Error::Usage`] for a key or value that the command does not know, by file and name.
    pub fn under<A: Args>(&self, typed: &BTreeMap<String, Setting>) -> Result<A> {
        self.parse::<A>(&self.flags)?;
        let mut flags = self.flags.clone();
        for (one, other) in RIVALS.into_iter().flat_map(|(a, b)| [(a, b), (b, a)]) {
            if typed.contains_key(one) {
                flags.remove(other);
            }
        }
        flags.extend(typed.clone());
        self.parse(&flags)
    }

    fn parse<A: Args>(&self, flags: &BTreeMap<String, Setting>) -> Result<A> {
        let mut command = A::augment_args(Command::new("lenet train").no_binary_name(true));
        if let Some(key) = self.flags.keys().find(|key| !is_flag(&command, key)) {
            return Err(self.unknown(key, command));
        }
        let words = flags.iter().map(|(key, value)| {
            let mut word = OsString::from(format!("--{key}"));
            if let Some(value) = value {
                word.push("=");
                word.push(value);
            }
            word
        });
        command
            .try_get_matches_from_mut(words)
            .and_then(|matches| A::from_arg_matches(&matches))
            .map_err(|error| Error::Usage(format!("{}: {}", self.name, first_lines(&error))))
    }

    fn unknown(&self, key: &str, mut command: Command) -> Error {
        let error = command.try_get_matches_from_mut([format!("--{key}=")]);
        let near = error.err().and_then(|error| match error.get(ContextKind::SuggestedArg) {
            Some(ContextValue::String(flag)) => Some(flag.trim_start_matches('-').to_string()),
            _ => None,
        });
        let near = near.filter(|near| is_flag(&command, near));
        let way_out = match near {
            Some(near) => format!("did you mean \"{near}\"?"),
            None => "keys are the flags of `lenet train` without their dashes".into(),
        };
        Error::Usage(format!("{}: there is no setting \"{key}\"; {way_out}", self.name))
    }
}

/// Whether a file may give it.
fn is_flag(command: &Command, key: &str) -> bool {
    let known = |arg: &clap::Arg| arg.get_long() == Some(key);
    command.get_arguments().any(known) && !NOT_IN_FILES.contains(&key)
}

/// What is wrong, without how the command is used.
fn first_lines(error: &clap::Error) -> String {
    let text = error.render().to_string();
    let end = ["\n\nUsage:", "\n\nFor more"].iter().filter_map(|mark| text.find(mark)).min();
    text[..end.unwrap_or(text.len())].trim_start_matches("error: ").trim_end().into()
}

/// The settings of a record and the flags beside them; `None` if it is no record.
fn of_record(record: &Value) -> Option<BTreeMap<String, Setting>> {
    let rows = record["settings"].as_object()?.iter();
    let settings = rows.map(|(name, row)| (name.clone(), row["value"].clone()));
    let beside = record["flags"].as_object().into_iter().flatten();
    let beside = beside.map(|(name, value)| (name.clone(), value.clone()));
    let recipe = ("recipe".to_string(), record["recipe"].clone());
    let mut flags = BTreeMap::new();
    for (name, value) in settings.chain(beside).chain([recipe]) {
        let text = value.as_str().map_or_else(|| value.to_string(), str::to_string);
        flags.insert(name, Some(text.into()));
    }
    for (one, other) in RIVALS {
        if flags.contains_key(one) {
            flags.remove(other);
        }
    }
    Some(flags)
}

fn of_toml(table: toml::Table, name: &str) -> Result<BTreeMap<String, Setting>> {
    let mut flags = BTreeMap::new();
    for (key, value) in table {
        let value = match value {
            toml::Value::String(text) => Some(text.into()),
            toml::Value::Integer(number) => Some(number.to_string().into()),
            toml::Value::Float(number) => Some(number.to_string().into()),
            toml::Value::Boolean(true) => None,
            toml::Value::Boolean(false) => continue,
            _ => {
                return Err(Error::Usage(format!(
                    "{name}: \"{key}\" is neither a number nor a word, nor true or false"
                )));
            }
        };
        flags.insert(key, value);
    }
    Ok(flags)
}
