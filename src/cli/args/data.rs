//! The digits that a command is about: those that were typed, else those that a run names.

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

/// Where the digits are.
#[derive(Debug, Clone, Default, Args)]
pub struct DataArgs {
    #[command(flatten)]
    pub source: Source,
}

impl DataArgs {
    /// Loads both sets of digits, and warns of what is odd about them if they are not the built-in ones.
    pub fn load(&self) -> Result<Mnist> {
        let mnist = data::load(&self.source).map_err(|error| self.with_way_out(error))?;
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

    /// Whether something was typed.
    pub fn is_given(&self) -> bool {
        self.source.path.is_some()
    }

    /// The digits for a model, made as small as those that it has learned, where nothing else is said.
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
        let mnist = data::load(&source).map_err(|error| match source == named {
            true => named_by(folder, error),
            false => self.with_way_out(error),
        })?;
        record::check(folder, recorded, "train", &mnist.train)?;
        record::check(folder, recorded, "test", &mnist.test)?;
        Ok(mnist)
    }

    /// Loads the test digits: those that were typed, else those that all these runs were tested on.
    pub fn load_test<'a>(&self, runs: impl IntoIterator<Item = &'a Record>) -> Result<Digits> {
        let runs: Vec<&Record> = runs.into_iter().collect();
        let (false, [first, ..]) = (self.is_given(), &runs[..]) else {
            let here = self.as_in(&runs);
            let test = data::load_test(&here.source).map_err(|error| self.with_way_out(error))?;
            here.tell_left_out();
            // The other oddities are about training.
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
        // Digits that are shrunk otherwise are asked about on purpose.
        let shrinks = |run: &&&Record| source.shrink == record::source(&run.data).shrink;
        for run in runs.iter().filter(shrinks) {
            record::check(&run.folder, &run.data, "test", &test)?;
        }
        Ok(test)
    }

    /// What was typed, with how a run read its digits where these are the digits of the run at another place.
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
            // What is wrong with it is told where it is read.
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

    /// Adds the way out that always works.
    fn with_way_out(&self, error: Error) -> Error {
        match (error, self.is_given()) {
            (Error::Data(what), true) => {
                Error::Data(format!("{what}; or leave out --data to use the built-in digits"))
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
