//! The ways to cut a training step into dispatches, and what one invocation of them computes.

use super::profile::{Profile, Tiles};
use super::sample::Shapes;
use crate::network::tensors::Layout;
use crate::network::{Named, Network, named};

named! {
    /// How a training step is cut into dispatches.
    pub enum Strategy {
        /// One or a few dispatches for each layer and direction, each over the whole batch, with the
        /// tiles of the profile.
        Layered = "layered",
        /// The same with [`Tiles::ONE`].
        LayeredOne = "layered-one",
        /// The same with [`Tiles::PAIR`].
        LayeredPair = "layered-pair",
        /// The same with [`Tiles::ROW`].
        LayeredRow = "layered-row",
        /// The same with [`Tiles::MAP`].
        LayeredMap = "layered-map",
        /// One workgroup for each sample, from the digit to its gradients, then one dispatch for the
        /// update: two dispatches a step.
        Sample = "sample",
        /// Forward only, layer by layer, with the activations of every layer stored: for those who look
        /// into a network.
        Inspect = "inspect",
    }
}

impl Strategy {
    /// Every one that trains.
    pub const ALL: [Strategy; 6] = [
        Strategy::Layered,
        Strategy::LayeredOne,
        Strategy::LayeredPair,
        Strategy::LayeredRow,
        Strategy::LayeredMap,
        Strategy::Sample,
    ];

    /// Its word for `--plan`.
    pub fn name(self) -> &'static str {
        Named::name(self)
    }

    /// The tiles, where they are not those of the profile.
    pub fn tiles(self) -> Option<Tiles> {
        match self {
            Strategy::Layered | Strategy::Inspect | Strategy::Sample => None,
            Strategy::LayeredOne => Some(Tiles::ONE),
            Strategy::LayeredPair => Some(Tiles::PAIR),
            Strategy::LayeredRow => Some(Tiles::ROW),
            Strategy::LayeredMap => Some(Tiles::MAP),
        }
    }

    /// What is worth timing under a profile: whole maps take a GPU's registers, and single outputs
    /// are known to be the slowest on a software adapter.
    pub fn candidates(profile: &Profile) -> &'static [Strategy] {
        if profile.uniform {
            &[Strategy::Layered, Strategy::LayeredRow, Strategy::Sample]
        } else {
            &[Strategy::Layered, Strategy::LayeredPair, Strategy::LayeredRow, Strategy::Sample]
        }
    }

    /// What suits a profile and a network, and why.
    ///
    /// On an NVIDIA H200 [`Strategy::Sample`] was the fastest at every batch; `lenet tune` asks another
    /// card. A software adapter pays twenty times as much for workgroup memory as for uniform reads.
    pub fn choose(network: &Network, profile: Profile, batch: usize) -> (Strategy, &'static str) {
        if !profile.is_gpu() {
            return (Strategy::Layered, "default: no GPU profile");
        }
        let fits = Layout::of(network).and_then(|layout| Shapes::of(network, &layout, batch));
        match fits {
            Ok(_) => (Strategy::Sample, "default: GPU profile"),
            Err(_) => (Strategy::Layered, "default: a sample does not fit a workgroup"),
        }
    }
}
