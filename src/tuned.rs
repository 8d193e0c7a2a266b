//! Which plan was the fastest on an adapter: what `lenet tune` found and other commands look up.
//!
//! The choices are kept in `tuned.json` in the user's cache folder, each with all that it depends on.
//! A file that cannot be read costs a warning and speed, nothing else.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use crate::cache;
use crate::disk;
use crate::error::{Error, Result};
use crate::network::{Loss, Network, Options, Table};
use crate::plan::{Profile, Strategy};
use crate::version;

const FILE: &str = "tuned.json";

/// What a choice depends on, besides the batch.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Key {
    /// Name and driver of the adapter.
    adapter: String,
    /// Version of this program.
    version: String,
    profile: String,
    /// The network as a file, with the usual loss: another takes as long.
    table: String,
}

/// The fastest plan of those that were timed.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Choice {
    #[serde(flatten)]
    key: Key,
    batch: usize,
    plan: Strategy,
}

/// The choices of all adapters, looked at for one of them.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Tuned {
    adapter: String,
    choices: Vec<Choice>,
}

impl Tuned {
    /// What is remembered, and a warning if there is a file that cannot be understood.
    pub fn read() -> (Self, Option<String>) {
        let (choices, warning) = match cache::read(FILE) {
            Ok(choices) => (choices, None),
            Err(error) => {
                let path = cache::path(FILE).unwrap_or_default();
                let warning = format!(
                    "cannot read the tuned plans in {}: {error}; they are passed over, and `lenet \
                     tune` replaces them",
                    path.display()
                );
                (Vec::new(), Some(warning))
            }
        };
        (Tuned { choices, ..Tuned::default() }, warning)
    }

    /// The same, looked at for the adapter that [`crate::gpu::adapter::describe`] calls so.
    pub fn on(self, adapter: String) -> Self {
        Tuned { adapter, ..self }
    }

    /// The plan for a network, and the batch that it was timed at: that batch, else the nearest by
    /// ratio, of two the smaller.
    pub fn find(
        &self,
        network: &Network,
        profile: Profile,
        batch: usize,
    ) -> Option<(Strategy, usize)> {
        let key = self.key(network, profile);
        let apart = |choice: &&Choice| {
            let (small, large) = (choice.batch.min(batch), choice.batch.max(batch));
            large as f64 / small as f64
        };
        self.choices
            .iter()
            .filter(|choice| choice.key == key && Strategy::ALL.contains(&choice.plan))
            .min_by(|a, b| apart(a).total_cmp(&apart(b)).then(a.batch.cmp(&b.batch)))
            .map(|choice| (choice.plan, choice.batch))
    }

    /// Takes a choice in, in place of an earlier one for the same network and batch.
    pub fn insert(&mut self, network: &Network, profile: Profile, batch: usize, plan: Strategy) {
        let key = self.key(network, profile);
        self.choices.retain(|choice| choice.key != key || choice.batch != batch);
        self.choices.push(Choice { key, batch, plan });
    }

    /// Writes the choices to the cache folder; gives the file.
    pub fn write(&self) -> Result<PathBuf> {
        cache::write(FILE, &self.choices)
    }

    fn key(&self, network: &Network, profile: Profile) -> Key {
        let loss = Loss::of(network.options.output);
        let options = Options { loss, j: 0.0, ..network.options };
        let table = Table::of(&Network { options, ..network.clone() });
        Key {
            adapter: self.adapter.clone(),
            version: version::VERSION.into(),
            profile: profile.name.into(),
            table: table.text(),
        }
    }
}

/// Removes the choices of all adapters; gives the file, if there was one.
pub fn forget() -> Result<Option<PathBuf>> {
    let Some(path) = cache::path(FILE) else { return Ok(None) };
    let removed = disk::remove(&path).map_err(|error| {
        Error::Other(format!("cannot remove {}: {error}; remove it by hand", path.display()))
    })?;
    Ok(removed.then_some(path))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::network::{PoolForm, build, lenet};

    #[test]
    fn finds_the_nearest_batch_of_the_same_network() -> Result<()> {
        let network = build(lenet::lenet1(), lenet::lenet1().options)?;
        let with = |options: Options| build(lenet::lenet1(), options);
        let wide = with(Options { border: 2, ..network.options })?;
        let plain = with(Options { pool: PoolForm::Average, ..network.options })?;
        let gpu = Profile::gpu();
        let mut tuned = Tuned::default();
        tuned.insert(&network, gpu, 16, Strategy::Layered);
        tuned.insert(&network, gpu, 16, Strategy::Sample);
        tuned.insert(&network, gpu, 64, Strategy::Layered);
        assert_eq!(tuned.find(&network, gpu, 16), Some((Strategy::Sample, 16)));
        assert_eq!(tuned.find(&network, gpu, 32), Some((Strategy::Sample, 16)));
        assert_eq!(tuned.find(&network, gpu, 33), Some((Strategy::Layered, 64)));
        assert_eq!(tuned.find(&network, Profile::software(), 16), None);
        for other in [wide, plain] {
            assert_eq!(tuned.find(&other, gpu, 16), None);
        }
        Ok(())
    }
}
