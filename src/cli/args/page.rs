//! What the page holds: arguments that `serve` and `export` share.

use std::path::PathBuf;

use super::DataArgs;
use crate::data::Source;
use crate::error::{Error, Result};
use crate::network::build;
use crate::recipe::NetworkChoice;
use crate::report::finished;
use crate::train::model::Model;
use crate::web::{self, Site};

/// A model and the digits beside it.
#[derive(Debug, Clone, clap::Args)]
pub struct PageArgs {
    /// Model file that `lenet train` or `lenet import` wrote, or the folder of a run; the page has LeNet-5
    /// and LeNet-1 of this program without one
    #[arg(value_name = "MODEL")]
    model: Option<PathBuf>,
    /// Page: show this network, with first weights if the program has no trained ones
    #[arg(long, value_name = "NAME|FILE", conflicts_with = "model")]
    network: Option<String>,
    /// Page: training digits in it [default: all]
    #[arg(long, value_name = "N")]
    digits: Option<usize>,
    /// The digits of the page.
    #[command(flatten)]
    data: DataArgs,
}

impl PageArgs {
    /// Reads the model that is exported as a file.
    pub fn only_model(&self) -> Result<Model> {
        if self.network.is_some() || self.digits.is_some() || self.data.source != Source::default()
        {
            return Err(Error::Usage(
                "--network, --digits, --data and its like are about the page: leave them out, or give --format \
                 web"
                    .into(),
            ));
        }
        let model = self.model.as_deref().ok_or_else(|| {
            Error::Usage("MODEL is missing: name the model.safetensors to export".into())
        })?;
        finished::model(model)
    }

    pub fn file(&self) -> Option<PathBuf> {
        self.model.as_deref().map(Model::file)
    }

    /// Makes the page with the model, or with those of the program.
    pub fn site(&self) -> Result<Site> {
        let models = match (&self.model, self.network.as_deref()) {
            (Some(path), _) => vec![finished::model(path)?],
            (None, Some(name)) => vec![named(name)?],
            (None, None) => web::models()?,
        };
        let mnist = self.data.load()?;
        let all = mnist.train.len();
        let digits = self.digits.unwrap_or(all);
        if !(1..=all).contains(&digits) {
            return Err(Error::Usage(format!(
                "--digits is {digits}, but must be 1 to {all}: there are no more training digits"
            )));
        }
        Site::new(&models, &mnist, digits)
    }
}

/// The trained model of a network of this program, else its first weights.
fn named(name: &str) -> Result<Model> {
    if let Some(model) = web::models()?.into_iter().find(|model| model.network.name == name) {
        return Ok(model);
    }
    let table = NetworkChoice::from(name).table()?;
    web::untrained(&build(&table, table.options)?)
}
