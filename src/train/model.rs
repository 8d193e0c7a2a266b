//! A trained network as a safetensors file.
//!
//! Tensors have the names and shapes that the notebook's PyTorch modules would give them. One
//! metadata key, `lenet`, holds sorted JSON: what the network is and the settings of the run,
//! and nothing that differs between equal runs, so that equal runs give equal files.

use std::path::{Path, PathBuf};

use serde_json::Value;

use super::container::{self, Container};
use crate::disk;
use crate::error::{Error, Result};
use crate::network::Network;
use crate::plan::Layout;

/// The name of the file in the folder of a run.
pub const FILE: &str = "model.safetensors";

/// A network and its parameters.
#[derive(Debug, Clone)]
pub struct Model {
    pub network: Network,
    /// Parameters, at the places of [`Layout::of`].
    pub parameters: Vec<f32>,
    /// The settings of the run that made it.
    pub settings: Value,
}

impl Model {
    /// The bytes of the file.
    ///
    /// # Errors
    /// [`Error::Usage`] if the network cannot be laid out.
    pub fn to_bytes(&self) -> Result<Vec<u8>> {
        let layout = Layout::of(&self.network)?;
        container::bytes(container::tensors(&layout, "", &self.parameters), &self.about())
    }

    /// The metadata of the file.
    pub(crate) fn about(&self) -> Value {
        let mut about = self.network.about();
        about.insert("settings".into(), self.settings.clone());
        Value::Object(about)
    }

    /// To which fraction of their side the digits that it was trained on were made smaller, if they were.
    pub fn shrink(&self) -> Option<f64> {
        self.settings["shrink"].as_f64().filter(|&fraction| fraction < 1.0)
    }

    /// CRC-32 of its parameters.
    pub fn checksum(&self) -> String {
        format!("{:08x}", super::replay::checksum(&self.parameters))
    }

    /// The file that a path names: in the folder of a run, its model.
    pub fn file(path: &Path) -> PathBuf {
        if path.is_dir() { path.join(FILE) } else { path.into() }
    }

    /// Reads a model file, also by the folder of its run.
    ///
    /// # Errors
    /// [`Error::Data`] naming the file and what is wrong with it.
    pub fn read(path: &Path) -> Result<Model> {
        let way_out = "give a model.safetensors that `lenet train` wrote, or one that `lenet import` made of this";
        let path = Model::file(path);
        if let Some((folder, run)) = runs_beside(&path) {
            let (folder, run) = (folder.display(), run.display());
            return Err(Error::Data(format!(
                "{folder} is a folder of runs: name one of them, as {run}"
            )));
        }
        let bytes = container::read(&path, way_out)?;
        Model::from_bytes(&bytes).map_err(|what| Error::cannot_read(&path, what, way_out))
    }

    /// Reads the bytes of a model file, or says what is wrong with them.
    pub(crate) fn from_bytes(bytes: &[u8]) -> Result<Model, String> {
        let mut container = Container::open(bytes)?;
        let network = Network::of(&container.about)?;
        let layout = Layout::of(&network).map_err(|error| error.to_string())?;
        let parameters = container.list(&layout, "")?;
        let settings = container.about["settings"].clone();
        container.end()?;
        Ok(Model { network, parameters, settings })
    }
}

/// The folder and its first run, where a model is missing from a folder that holds runs.
fn runs_beside(model: &Path) -> Option<(&Path, PathBuf)> {
    let folder = model.parent().filter(|_| model.ends_with(FILE) && !disk::is_there(model))?;
    let runs = disk::entries(folder).ok()?;
    Some((folder, runs.into_iter().find(|run| run.join(FILE).is_file())?))
}
