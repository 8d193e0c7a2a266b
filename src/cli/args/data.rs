//! The digits of a command: those that its flags name, else those that a run names.

use std::path::Path;

use clap::Args;
use serde_json::Value;

use crate::cli::output;
use crate::data::{self, Digits, Mnist, Source};
use crate::error::{Error, Result, need};
use crate::network::{CLASSES, DIGIT_SIDE, Network, Options};
use crate::report::record::Record;
use crate::run::record;
use crate::text::plain;
use crate::train::model::Model;

/// The digits that are used without `--data`.
const BUILT_IN: &str = "the built-in digits";
/// The same where a run is named.
const OF_RUN: &str = "the digits of the run";

/// Where the digits are.
#[derive(Debug, Clone, Default, Args)]
pub struct DataArgs {
    #[command(flatten)]
    pub source: Source,
}

impl DataArgs {
    /// Loads both sets of digits, and warns of what is odd about them if they are not the built-in ones.
    pub fn load(&self) -> Result<Mnist> {
        let mnist = data::load(&self.source).map_err(|error| self.with_way_out(error, BUILT_IN))?;
        if self.is_given() {
            self.tell_left_out();
            data::odd(&mnist).iter().for_each(|what| output::warn(what));
        }
        Ok(mnist)
    }

    fn tell_left_out(&self) {
        data::left_out(&self.source).iter().for_each(|what| output::warn(what));
    }

    /// Checks that an output replaces none of these data, or of those of a run.
    pub fn check_spared(&self, flag: &str, out: &Path, run: Option<&Record>) -> Result<()> {
        let of_run = run.is_some_and(|run| record::source(&run.data).has(out));
        need(!of_run && !self.source.has(out), || {
            format!("{flag} {} is among the data: give another name", out.display())
        })
    }

    /// Whether `--data` is set: typed, in a file of settings, or by the run that is resumed. `--shrink` does not count.
    pub fn is_given(&self) -> bool {
        self.source.path.is_some()
    }

    /// The digits for a model: without `--shrink` they are shrunk as those that the model learned.
    pub fn as_learned(&self, model: &Model) -> Result<DataArgs> {
        let shrink = self.source.shrink.or(model.shrink());
        let source = Source { shrink, ..self.source.clone() };
        source.check()?;
        Ok(DataArgs { source })
    }

    /// The digits for a model that may come without a run: then the built-in digits are taken only if the model can
    /// know them.
    pub fn for_model(&self, model: &Model, has_run: bool) -> Result<DataArgs> {
        let Network { classes: names, options: Options { side, classes, .. }, .. } = &model.network;
        let is_mnist = names.are_numbers() && (*side, *classes) == (DIGIT_SIDE, CLASSES);
        match is_mnist || has_run || self.is_given() {
            true => self.as_learned(model),
            false => Err(Error::Usage(format!(
                "the model knows {classes} classes, {} to {}, in pictures of {side}x{side} pixels, and not the \
                 built-in digits: name its data with --data, or name the folder of its run",
                names.of(0),
                names.of(classes - 1)
            ))),
        }
    }

    /// Loads both sets of the run in `folder`, whose record has `recorded`, and refuses others.
    pub fn load_run(&self, folder: &Path, recorded: &Value) -> Result<Mnist> {
        let named = record::source(recorded);
        let source = self.source.absolute().or(named.clone());
        let mnist = data::load(&source).map_err(|error| match source.path == named.path {
            true => named_by(folder, error),
            false => self.with_way_out(error, OF_RUN),
        })?;
        record::check(folder, recorded, "train", &mnist.train)?;
        record::check(folder, recorded, "test", &mnist.test)?;
        Ok(mnist)
    }

    /// Loads the test digits: those of `--data`, else those that all these runs were tested on, else the built-in ones.
    pub fn load_test<'a>(&self, runs: impl IntoIterator<Item = &'a Record>) -> Result<Digits> {
        let runs: Vec<&Record> = runs.into_iter().collect();
        let (false, [first, ..]) = (self.is_given(), &runs[..]) else {
            let here = self.as_in(&runs);
            let others = if runs.is_empty() { BUILT_IN } else { OF_RUN };
            let test = data::load_test(&here.source);
            let test = test.map_err(|error| self.with_way_out(error, others))?;
            here.tell_left_out();
            // The other warnings of `data::odd` are about training.
            data::transposed(&test).iter().for_each(|what| output::warn(what));
            return Ok(test);
        };
        let crc32 = |run: &Record| run.data["test"]["crc32"].clone();
        if let Some(other) = runs.iter().find(|run| crc32(run) != crc32(first)) {
            return Err(Error::Data(format!(
                "the runs in {} and {} were tested on different digits: name with --data the digits that both are to \
                 be asked about",
                first.folder.display(),
                other.folder.display()
            )));
        }
        let source = self.source.absolute().or(record::source(&first.data));
        let test = data::load_test(&source);
        let test = test.map_err(|error| named_by(&first.folder, error))?;
        // Where `--shrink` differs from that of a run, other digits are wanted: there is nothing to compare.
        let shrinks = |run: &&&Record| source.shrink == record::source(&run.data).shrink;
        for run in runs.iter().filter(shrinks) {
            record::check(&run.folder, &run.data, "test", &test)?;
        }
        Ok(test)
    }

    /// The flags that were typed. Where they name the digits of these runs at another path, the flags with which the
    /// runs read them are added.
    pub fn as_in(&self, runs: &[&Record]) -> DataArgs {
        let typed = self.source.absolute();
        let way = |run: &&Record| Source { path: None, ..record::source(&run.data) };
        if runs.windows(2).any(|two| way(&two[0]) != way(&two[1])) {
            output::warn(
                "the runs read their digits in different ways: here only the flags that were typed apply",
            );
            return self.clone();
        }
        let Some(first) = runs.first() else { return self.clone() };
        let source = typed.clone().or(record::source(&first.data));
        if source == typed {
            return self.clone();
        }
        match data::load_test(&source) {
            Ok(test) if runs.iter().any(|run| record::are(&run.data, "test", &test)) => {
                return DataArgs { source };
            }
            // The caller reads the path again, and reports what is wrong with it.
            Err(_) if data::load_test(&typed).is_err() => return self.clone(),
            _ => {}
        }
        let read: Vec<String> =
            first.read_as().map(|(name, value)| format!("{name} {}", plain(value))).collect();
        output::warn(&format!(
            "these are not the digits of the run in {}, which were read with {}: here only the flags that were \
             typed apply",
            first.folder.display(),
            read.join(", ")
        ));
        self.clone()
    }

    /// Adds a way out to an error about `--data`: to leave it out.
    fn with_way_out(&self, error: Error, others: &str) -> Error {
        match (error, self.is_given()) {
            (Error::Data(what), true) => {
                Error::Data(format!("{what}; or leave out --data to use {others}"))
            }
            (error, _) => error,
        }
    }
}

/// Adds that a run names the digits that cannot be read.
fn named_by(folder: &Path, error: Error) -> Error {
    match error {
        Error::Data(what) => Error::Data(format!(
            "{what}; the run in {} names this data: if it has moved, give --data with its new place",
            folder.display()
        )),
        error => error,
    }
}
