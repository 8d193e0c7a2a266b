//! Where the settings of `train` come from: what was typed, a file, or the run that goes on.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use super::config::{Config, Typed};
use super::train::Args;
use crate::cli::output;
use crate::data::Mnist;
use crate::device::Device;
use crate::error::{Error, Result};
use crate::network::Network;
use crate::recipe::{Available, Settings};
use crate::report::files::RUN;
use crate::run::record;
use crate::run::resume::Resumed;
use crate::train::model::Model;

/// The flags of a run, as they apply.
pub struct Source {
    pub args: Args,
    /// Where values come from that were not typed.
    origins: BTreeMap<String, String>,
    /// The file that they are in.
    file: Option<Config>,
    /// The run that goes on.
    pub resumed: Option<Resumed>,
    /// The model that a new run starts from.
    pub model: Option<Model>,
    /// The network of the model that a run starts or started from.
    network: Option<Network>,
}

impl Source {
    /// Puts what was typed over the file that it names.
    ///
    /// # Errors
    /// As [`Config::read`], [`Config::under`], [`Resumed::open`] and [`Model::read`].
    pub fn of(typed: Typed<Args>) -> Result<Source> {
        if let Some(folder) = &typed.args.resume {
            let resumed = Resumed::open(folder)?;
            let network = resumed.network_of_model()?;
            let config = Config::of_run(&folder.join(RUN), &resumed.record)?;
            let source = Source::under(&config, &typed)?;
            return Ok(Source { resumed: Some(resumed), network, ..source });
        }
        let source = match &typed.args.config {
            Some(file) => Source::under(&Config::read(file)?, &typed)?,
            None => Source::plain(typed.args),
        };
        let model = source.args.from().map(Model::read).transpose()?;
        let network = model.as_ref().map(|model| model.network.clone());
        Ok(Source { model, network, ..source })
    }

    fn plain(args: Args) -> Source {
        let origins = BTreeMap::new();
        Source { args, origins, file: None, resumed: None, model: None, network: None }
    }

    /// What was typed over a file.
    fn under(config: &Config, typed: &Typed<Args>) -> Result<Source> {
        let mut origins = config.origins.clone();
        origins.retain(|name, _| !typed.flags.contains_key(name));
        let args = config.under(&typed.flags)?;
        Ok(Source { origins, file: Some(config.clone()), ..Source::plain(args) })
    }

    /// The settings of a run on these digits; the plan is missing.
    ///
    /// # Errors
    /// As [`Settings::resolve`].
    pub fn settings(&self, mnist: &Mnist) -> Result<Settings> {
        let available = Available::of(mnist);
        let flags = self.args.flags(&self.origins);
        Settings::resolve(&flags, available, self.network.as_ref()).map_err(|error| {
            match (error, &self.file) {
                (Error::Usage(what), Some(file)) => {
                    Error::Usage(format!("{what} (what was not typed is in {})", file.name))
                }
                (error, _) => error,
            }
        })
    }

    /// Adds what depends on the device: how a step is cut into dispatches. Looks whether a run that goes
    /// on keeps its settings, warns where bits will differ, and gives what the record says besides.
    ///
    /// # Errors
    /// As [`Device::strategy`] and [`Resumed::check`].
    pub fn finish(&self, settings: &mut Settings, mnist: &Mnist, device: &Device) -> Result<Value> {
        let plan = self.args.device.plan;
        let (strategy, origin) = device.strategy(plan, &settings.network, settings.batch)?;
        let origin = self.origins.get("plan").cloned().unwrap_or(origin);
        settings.set_plan((strategy, origin));
        let made_on = self.file.as_ref().and_then(|file| file.made_on.as_deref());
        let here = device.arithmetic();
        if let Some(made_on) = made_on.filter(|made_on| *made_on != here) {
            output::warn(&format!(
                "the run to repeat was made on {made_on}, and this is {here}: the last bits of the \
                 results will differ"
            ));
        }
        let beside = self.args.beside();
        if let Some(resumed) = &self.resumed {
            let warning = resumed.check(settings, &beside)?;
            warning.iter().for_each(|warning| output::warn(warning));
        }
        let about = [
            ("command", json!(record::command())),
            ("flags", beside),
            ("data", record::digits(self.args.data.data.as_deref(), mnist)),
        ];
        let about = about.into_iter().map(|(name, value)| (name.to_string(), value));
        let kept = self.resumed.iter().flat_map(Resumed::about);
        Ok(Value::Object(about.chain(kept).collect::<Map<_, _>>()))
    }
}
