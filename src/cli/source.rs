//! Where the settings of `train` come from: what was typed, a file, or the run that goes on.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use super::config::{Config, Typed};
use super::device::Device;
use super::provenance;
use super::resume::Resumed;
use super::train::Args;
use crate::data::Mnist;
use crate::error::Result;
use crate::network::Network;
use crate::recipe::{Available, Settings};
use crate::train::model::Model;

/// The flags of a run, as they apply.
pub struct Source {
    pub args: Args,
    /// Where values come from that were not typed.
    origins: BTreeMap<String, String>,
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
            let (args, origins) = under(&resumed.config, &typed)?;
            return Ok(Source { args, origins, resumed: Some(resumed), model: None, network });
        }
        let (args, origins) = match &typed.args.config {
            Some(file) => under(&Config::read(file)?, &typed)?,
            None => (typed.args, BTreeMap::new()),
        };
        let model = args.from().map(Model::read).transpose()?;
        let network = model.as_ref().map(|model| model.network.clone());
        Ok(Source { args, origins, resumed: None, model, network })
    }

    /// The settings of a run on these digits; the plan is missing.
    ///
    /// # Errors
    /// As [`Settings::resolve`].
    pub fn settings(&self, mnist: &Mnist) -> Result<Settings> {
        let available = Available { train: mnist.train.len(), test: mnist.test.len() };
        Settings::resolve(&self.args.flags(&self.origins), available, self.network.as_ref())
    }

    /// Adds how a step is cut into dispatches.
    pub fn set_plan(&self, settings: &mut Settings, device: &Device) {
        let plan = self.args.device.plan;
        let (strategy, origin) = device.strategy(plan, &settings.network, settings.batch);
        let origin = self.origins.get("plan").cloned().unwrap_or(origin);
        settings.set_plan((strategy, origin));
    }

    /// Whether a run that goes on keeps its settings.
    ///
    /// # Errors
    /// As [`Resumed::check`].
    pub fn check(&self, settings: &Settings, mnist: &Mnist, device: &Device) -> Result<()> {
        let Some(resumed) = &self.resumed else { return Ok(()) };
        let args = resumed.config.under(&BTreeMap::new())?;
        let (origins, network) = (BTreeMap::new(), self.network.clone());
        let recorded = Source { args, origins, resumed: None, model: None, network };
        let mut before = recorded.settings(mnist)?;
        recorded.set_plan(&mut before, device);
        resumed.check(&before, settings)
    }

    /// What the record says besides the settings.
    pub fn about(&self, mnist: &Mnist) -> Value {
        let about = [
            ("command", json!(provenance::command())),
            ("flags", self.args.beside()),
            ("data", provenance::digits(&self.args.data, mnist)),
        ];
        let about = about.into_iter().map(|(name, value)| (name.to_string(), value));
        let kept = self.resumed.iter().flat_map(Resumed::about);
        Value::Object(about.chain(kept).collect::<Map<_, _>>())
    }
}

/// What was typed over a file, and where the rest comes from.
fn under(config: &Config, typed: &Typed<Args>) -> Result<(Args, BTreeMap<String, String>)> {
    let mut origins = config.origins.clone();
    origins.retain(|name, _| !typed.flags.contains_key(name));
    Ok((config.under(&typed.flags)?, origins))
}
