//! The page: a static folder in which a browser trains with the programs and shaders of the native program.
//!
//! [`Site`] is the folder in memory: the page's own files (`assets/web`), the programs of [`menu`], the
//! digits and the models. [`Site::write`] puts it on disk for any static host, [`serve()`] serves it on this
//! machine.

mod digits;
mod menu;
mod recorded;
mod serve;

use std::collections::BTreeMap;
use std::path::Path;

use crate::data::{Digits, Mnist};
use crate::disk;
use crate::doctor::checks;
use crate::error::{Error, Result};
use crate::network::{CLASSES, DIGIT_SIDE, Network};
use crate::train::model::Model;

pub use serve::{listen, serve};

/// Reads files of the page, by name.
macro_rules! files {
    ($($name:literal)*) => {
        &[$((
            $name,
            include_bytes!(concat!(env!("CARGO_MANIFEST_DIR"), "/assets/web/", $name)) as &[u8],
        )),*]
    };
}

/// The page's own files.
const PAGE: &[(&str, &[u8])] = files![
    "index.html" "doctor.html" "preview.png" "style.css" "run.json" "icon.svg" "doctor.js"
    "draw.js" "executor.js" "fit.js" "host.js" "insides.js" "learn.js" "look.js" "main.js"
    "paint.js" "recorded.js" "rng.js" "safetensors.js" "session.js" "text.js" "worker.js"
];

/// Trained models that come with the program: the page reads digits with them until the visitor has trained one.
const MODELS: [&[u8]; 2] = [
    include_bytes!("../../assets/lenet5.safetensors"),
    include_bytes!("../../examples/lenet1.safetensors"),
];

/// The files of the page by their paths.
#[derive(Debug)]
pub struct Site {
    pub files: BTreeMap<String, Vec<u8>>,
}

impl Site {
    /// The page for the networks of `models`, the first of which is shown first, with the first `train`
    /// training digits and all test digits.
    ///
    /// # Errors
    /// [`Error::Usage`] if no kernel is made for a network.
    pub fn new(models: &[Model], mnist: &Mnist, train: usize) -> Result<Self> {
        let mut files: BTreeMap<String, Vec<u8>> =
            PAGE.iter().map(|(name, bytes)| (name.to_string(), bytes.to_vec())).collect();
        let of_digits = |set: &Digits| {
            set.side() == DIGIT_SIDE && set.classes() == CLASSES && set.names().are_numbers()
        };
        let is_shown = |Network { options, classes, .. }: &Network| {
            options.side == DIGIT_SIDE && options.classes == CLASSES && classes.are_numbers()
        };
        if ![&mnist.train, &mnist.test].into_iter().all(of_digits)
            || !models.iter().all(|model| is_shown(&model.network) && model.shrink().is_none())
        {
            return Err(Error::Usage(
                "the page shows digits of 28x28 pixels in ten classes alone, not shrunk: leave out other models and data"
                    .into(),
            ));
        }
        let train = mnist.train.pick(0..train.min(mnist.train.len()));
        files.insert("doctor.json".into(), checks::json().to_string().into_bytes());
        menu::add(&mut files, models, train.len(), &mnist.test)?;
        for (name, set) in [("train", &train), ("test", &mnist.test)] {
            files.insert(format!("data/{name}-images.gz"), digits::images(set)?);
            files.insert(format!("data/{name}-labels.gz"), digits::labels(set)?);
        }
        Ok(Site { files })
    }

    /// Writes the files into a folder, which is made where it is missing.
    ///
    /// # Errors
    /// [`Error::Other`] if a file cannot be written.
    pub fn write(&self, folder: &Path) -> Result<()> {
        for (name, bytes) in &self.files {
            let path = folder.join(name);
            disk::make_folder(path.parent().unwrap_or(folder))?;
            disk::write(&path, bytes)?;
        }
        Ok(())
    }

    /// Bytes of all files.
    pub fn size(&self) -> usize {
        self.files.values().map(Vec::len).sum()
    }
}

/// The models that the page has without further flags: LeNet-5 and LeNet-1, trained.
///
/// # Errors
/// [`Error::Data`] if one of them is broken, which is a bug.
pub fn models() -> Result<Vec<Model>> {
    let read = |bytes: &&[u8]| Model::from_bytes(bytes).map_err(Error::Data);
    MODELS.iter().map(read).collect()
}

/// Returns a network with random first weights, for networks without a trained model.
///
/// # Errors
/// [`Error::Usage`] if it cannot be laid out.
pub fn untrained(network: &Network) -> Result<Model> {
    use crate::network::{init, tensors::Layout};
    let layout = Layout::of(network)?;
    let parameters = init::parameters(network, &layout, init::Init::Lecun, 1);
    Ok(Model { network: network.clone(), parameters, settings: serde_json::Value::Null })
}
