//! Flags from a file: `train --config FILE`, and the run that `train --resume DIR` resumes.
//!
//! A file holds flags, under their names without dashes. They are put in front of the typed words and parsed together,
//! so values and errors are the same. The last of two equal flags wins, which is the typed one.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::path::Path;

use clap::{Command, FromArgMatches};
use serde_json::Value;

use crate::cli;
use crate::disk;
use crate::error::{Error, Result};
use crate::network::{Network, Table};
use crate::recipe::{NetworkChoice, Origins, first_lines};
use crate::run::record;
use crate::text::{did_you_mean, plain, toml_fault, toml_word};

/// Pairs of flags that exclude each other. A typed flag removes its rival from the file; in a run's record, which may
/// hold both, the first of the pair wins.
const RIVALS: [(&str, &str); 3] = [("steps", "epochs"), ("from", "init"), ("seeds", "seed")];
/// Largest file that is read, in bytes.
const MAX_FILE: u64 = 16 << 20;
/// Flags that no file gives.
const NOT_IN_FILES: [&str; 2] = ["config", "resume"];

/// Flags by their names without the dashes, with their values; without one that takes none.
type Flags = BTreeMap<String, Option<String>>;

#[derive(Debug, Clone)]
pub struct Config {
    /// The file, for a person.
    pub name: String,
    flags: Flags,
    /// Where each value comes from, as the table of settings shows it.
    origins: Origins,
    /// The device that computed the run to repeat, in the words of [`crate::Device::arithmetic`]; `None` for a TOML
    /// file and for a run that is resumed.
    pub made_on: Option<String>,
    /// The network of a record that is not built in.
    network: Option<Network>,
}

impl Config {
    /// Reads a `run.json`, or a TOML file with the names of flags as its keys.
    pub fn read(path: &Path) -> Result<Config> {
        let way_out = "give the run.json of a run, or a TOML file of settings";
        let cannot_read = |error: String| Error::cannot_read(path, error, way_out);
        let text =
            disk::read_text(path, MAX_FILE).map_err(|error| cannot_read(error.to_string()))?;
        let name = path.display().to_string();
        let (mut made_on, mut network) = (None, None);
        let flags = if path.extension().is_some_and(|extension| extension == "json") {
            let record: Value =
                serde_json::from_str(&text).map_err(|error| cannot_read(error.to_string()))?;
            made_on = record["identity"]["arithmetic"].as_str().map(String::from);
            network = own_network(&record).map_err(cannot_read)?;
            of_record(&record).ok_or_else(|| cannot_read("it has no \"settings\"".into()))?
        } else {
            let table: toml::Table =
                text.parse().map_err(|error| cannot_read(toml_fault(&text, &error)))?;
            let mut flags = of_toml(table, &name)?;
            // A path in a file is relative to that file.
            for key in ["data", "network", "from"] {
                if let (Some(Some(value)), Some(folder)) = (flags.get_mut(key), path.parent())
                    && (key != "network" || NetworkChoice::is_path(value, folder))
                {
                    *value = folder.join(&*value).display().to_string();
                }
            }
            flags
        };
        let origins = flags.keys().map(|key| (key.clone(), name.clone())).collect();
        Ok(Config { name, flags, origins, made_on, network })
    }

    /// Returns what the record of a run says, with the origins that it has.
    pub fn of_run(path: &Path, record: &Value) -> Result<Config> {
        let mut flags = of_record(record).ok_or_else(|| {
            Error::cannot_read(path, "it has no \"settings\"", "start the run again")
        })?;
        // The checkpoint already holds what training made of that model.
        flags.remove("from");
        let origin = |key: &String| {
            let origin = record["settings"][key.as_str()]["origin"].as_str()?;
            Some((key.clone(), origin.to_string()))
        };
        let origins = flags.keys().filter_map(origin).collect();
        let name = path.display().to_string();
        let network = own_network(record)
            .map_err(|what| Error::cannot_read(path, what, "start the run again"))?;
        Ok(Config { name, flags, origins, made_on: None, network })
    }

    /// Replaces the network's name by the network of the record, unless another name was typed.
    pub fn name_network(&self, asked: &mut Option<NetworkChoice>) {
        let own = self.network.as_ref();
        if let Some(own) = own.filter(|own| asked.as_ref().is_some_and(|it| it.name() == own.name))
        {
            *asked = Some(NetworkChoice::Table(Box::new(Table::of(own))));
        }
    }

    /// Parses the typed flags over those of the file. Returns the flags, and the origins of the values that were not
    /// typed. Errors about a key or a value name the file.
    pub fn under<A: FromArgMatches>(&self, typed: &[OsString]) -> Result<(A, Origins)> {
        let train = cli::command().find_subcommand("train").expect("a command").clone();
        let mut train = train.no_binary_name(true).args_override_self(true);
        if let Some(key) = self.flags.keys().find(|key| !is_flag(&train, key)) {
            let names = train.get_arguments().filter_map(|arg| arg.get_long());
            let meant = did_you_mean(key, names.filter(|name| is_flag(&train, name)));
            return Err(Error::Usage(format!(
                "{}: there is no setting \"{key}\": keys are the flags of `lenet train` without \
                 their dashes{meant}",
                self.name
            )));
        }
        let mut parse = |flags: &Flags, typed: &[OsString]| {
            let word = |(key, value): (&String, &Option<String>)| match value {
                None => format!("--{key}").into(),
                Some(value) => format!("--{key}={value}").into(),
            };
            let words = flags.iter().map(word).chain(typed.iter().cloned());
            let matches = train.try_get_matches_from_mut(words);
            let args = matches.and_then(|matches| A::from_arg_matches(&matches));
            args.map_err(|error| Error::Usage(format!("{}: {}", self.name, first_lines(&error))))
        };
        parse(&self.flags, &[])?;
        let is_typed = |key: &str| {
            let words = typed.iter().filter_map(|word| word.to_str()?.strip_prefix("--"));
            words.map(|word| word.split('=').next()).any(|name| name == Some(key))
        };
        let (mut flags, mut origins) = (self.flags.clone(), self.origins.clone());
        for (one, other) in RIVALS.into_iter().flat_map(|(a, b)| [(a, b), (b, a)]) {
            if is_typed(one) {
                flags.remove(other);
            }
        }
        origins.retain(|name, _| !is_typed(name));
        Ok((parse(&flags, typed)?, origins))
    }
}

/// Whether a file may give a flag.
fn is_flag(command: &Command, key: &str) -> bool {
    let known = |arg: &clap::Arg| arg.get_long() == Some(key);
    command.get_arguments().any(known) && !NOT_IN_FILES.contains(&key)
}

/// Returns the network of a record that is not built in, and that no model brings.
fn own_network(record: &Value) -> Result<Option<Network>, String> {
    let identity = &record["identity"];
    let own = !identity["layers"].is_null() && identity["from"].is_null();
    own.then(|| Network::of(identity)).transpose()
}

/// Returns the settings of a record and the flags beside them; `None` if it is no record.
fn of_record(record: &Value) -> Option<Flags> {
    let settings = record["settings"].as_object()?.iter().map(|(name, row)| (name, &row["value"]));
    let beside = record["flags"].as_object().into_iter().flatten();
    let recipe = ("recipe", &record["recipe"]);
    let all = settings.chain(beside).map(|(name, value)| (name.as_str(), value)).chain([recipe]);
    let mut flags: Flags = all.map(|(name, value)| (name.into(), Some(plain(value)))).collect();
    let source = record::source(&record["data"]);
    let data = [
        ("data", source.path.map(|path| Some(path.display().to_string()))),
        ("test-share", source.test_share.map(|share| Some(share.to_string()))),
        ("side", source.side.map(|side| Some(side.to_string()))),
        ("transpose", source.transpose.then_some(None)),
        ("invert", source.invert.then_some(None)),
        ("shrink", source.shrink.map(|fraction| Some(fraction.to_string()))),
    ];
    flags.extend(data.into_iter().filter_map(|(name, value)| Some((name.into(), value?))));
    for (one, other) in RIVALS {
        if flags.contains_key(one) {
            flags.remove(other);
        }
    }
    Some(flags)
}

fn of_toml(table: toml::Table, name: &str) -> Result<Flags> {
    let mut flags = Flags::new();
    for (key, value) in table {
        let value = match &value {
            toml::Value::Boolean(true) => None,
            toml::Value::Boolean(false) => continue,
            value => Some(toml_word(value).ok_or_else(|| {
                Error::Usage(format!(
                    "{name}: \"{key}\" is neither a number nor a word, nor true or false"
                ))
            })?),
        };
        flags.insert(key, value);
    }
    Ok(flags)
}
