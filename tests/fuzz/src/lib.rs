//! What the targets share.

use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use lenet::cli::Config;
use lenet::data::{self, Source};
use lenet::network::{Network, Table, build};
use lenet::plan::{Capacity, Profile};
use lenet::{Available, Flags, Settings};
use tempfile::TempDir;

/// A network of two layers on pictures of 8x8.
pub const SMALL: &str = include_str!("../seeds/network/small.toml");

static PLACE: OnceLock<TempDir> = OnceLock::new();

/// A folder that belongs to one input.
pub struct Folder(PathBuf);

impl Folder {
    /// Makes the place of the folders of all inputs.
    pub fn start() {
        PLACE.set(TempDir::new().expect("a folder")).expect("it is made once");
    }

    /// Empties the folder of the input before.
    pub fn empty() -> Self {
        let path = PLACE.get().expect("it was made at the start").path().join("input");
        let _ = std::fs::remove_dir_all(&path);
        std::fs::create_dir(&path).expect("a folder");
        Folder(path)
    }

    pub fn path(&self) -> &Path {
        &self.0
    }

    /// Writes a file.
    pub fn write(&self, name: &str, bytes: &[u8]) -> PathBuf {
        let path = self.0.join(name);
        std::fs::write(&path, bytes).expect("a file");
        path
    }
}

/// Reads the test set at a place.
pub fn load_test(path: &Path) {
    if let Ok(digits) = data::load_test(&Source::at(path)) {
        assert_eq!(digits.pixels().len(), digits.len() * digits.side() * digits.side());
        assert!(digits.labels().iter().all(|&label| usize::from(label) < digits.classes()));
    }
}

/// The network of a file.
pub fn network(text: &str) -> Result<Network, String> {
    let table = Table::parse(text)?;
    build(&table, table.options).map_err(|error| error.to_string())
}

/// Reads settings, and plans what they ask for.
pub fn settings(file: &Path) {
    let _ = || -> lenet::Result<()> {
        let (flags, _) = Config::read(file)?.under::<Flags>(&[])?;
        let settings = Settings::resolve(&flags, Available::MNIST, None)?;
        let capacity = Capacity { samples: 20, indices: 20, steps: 1 };
        settings.plan(Profile::software(), capacity).map(drop)
    }();
}
