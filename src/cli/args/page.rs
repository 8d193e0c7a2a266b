//! What the page holds: flags that `serve` and `export --format web` share.

use std::path::{Path, PathBuf};

use crate::data;
use crate::error::{Error, Result};
use crate::network::{build, lenet};
use crate::train::model::Model;
use crate::web::{self, Site};

/// Flags of the page.
#[derive(Debug, Clone, Default, clap::Args)]
pub struct PageArgs {
    /// Show this network with first weights, where there is no MODEL of it
    #[arg(long, value_name = "NAME", conflicts_with = "model")]
    network: Option<String>,
    /// Training digits in the page [default: all]
    #[arg(long, value_name = "N")]
    digits: Option<usize>,
    /// Folder with the four MNIST files, in place of the digits that are built in
    #[arg(long, value_name = "DIR")]
    data: Option<PathBuf>,
}

impl PageArgs {
    /// Whether any of the flags was given.
    pub fn given(&self) -> bool {
        self.network.is_some() || self.digits.is_some() || self.data.is_some()
    }

    /// The page with a model, or with those of the program.
    ///
    /// # Errors
    /// [`Error::Usage`] for an unknown network or no digits, [`Error::Data`] for broken files.
    pub fn site(&self, model: Option<&Path>) -> Result<Site> {
        let models = match (model, self.network.as_deref()) {
            (Some(path), _) => vec![Model::read(path)?],
            (None, Some(name)) => vec![named(name)?],
            (None, None) => web::models()?,
        };
        let mnist = data::load(self.data.as_deref())?;
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
    let table = lenet::find(name).ok_or_else(|| {
        let names: Vec<&str> = lenet::ALL.iter().map(|table| table.name).collect();
        Error::Usage(format!("--network {name} is unknown: give one of {}", names.join(", ")))
    })?;
    web::untrained(&build(table, table.options())?)
}
