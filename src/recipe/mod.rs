//! What a run is: every setting, and where it came from.
//!
//! A [`Recipe`] holds defaults, [`Flags`] what the user asked for; [`Settings::resolve`] puts them
//! together, checks every value, and keeps the origin of each for the table that is printed before
//! a run and saved with it.

mod args;
mod distortion;
mod network;
mod optimizer;
mod picker;
mod schedule;
mod settings;

pub use args::{ConnectionChoice, NetworkArgs, words};
pub use distortion::{DistortFlags, Distorted};
pub use optimizer::{Curvature, Method, OptimizerArgs};
pub use picker::Row;
pub use schedule::Schedule;
pub use settings::{Available, Flags, Settings};

use serde::Serialize;

use crate::network::init::Init;
use crate::network::lenet::{self, Table};
use crate::network::{Loss, Options, Output, Scaling};

/// Samples in a batch at most.
pub const MAX_BATCH: usize = 1024;
/// Epochs of a run at most.
pub const MAX_EPOCHS: usize = 10_000;

/// Learning rates by what stands at the end of the network.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Rates {
    pub linear: f32,
    /// RBF output, eq. 8.
    pub distance: f32,
    /// RBF output, eq. 9.
    pub competition: f32,
}

impl Rates {
    fn of(self, options: &Options) -> (f32, &'static str) {
        match (options.output, options.loss) {
            (Output::Linear, _) => (self.linear, "linear output"),
            (Output::Rbf, Loss::Mse) => (self.distance, "rbf, mse"),
            (Output::Rbf, Loss::Map) => (self.competition, "rbf, map"),
        }
    }
}

/// The order in which the training digits come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, clap::ValueEnum)]
#[serde(rename_all = "kebab-case")]
pub enum Shuffle {
    /// A new random order in every epoch.
    On,
    /// One random order, the same in every epoch.
    Once,
    /// As they are stored.
    Off,
}

/// A set of defaults under a name.
#[derive(Debug, Clone, Copy)]
pub struct Recipe {
    pub name: &'static str,
    pub table: &'static Table,
    /// Where the recipe scales pixels in another way than the network's table.
    pub scaling: Option<Scaling>,
    pub epochs: usize,
    pub batch: usize,
    pub optimizer: Method,
    /// Of SGD; the other optimizer has its own.
    pub rates: Rates,
    /// Of SGD.
    pub schedule: Schedule,
    pub shuffle: Shuffle,
    pub init: Init,
    /// Digits to train on and to test on, drawn at random; `None`: all.
    pub digits: Option<(usize, usize)>,
    /// Whether the training digits are distorted.
    pub distort: bool,
}

/// The notes' own training: 9,840 and 2,707 random digits, x0.2 after epoch 15.
pub const NOTEBOOK: Recipe = Recipe {
    name: "notebook",
    table: &lenet::LENET1,
    scaling: Some(Scaling::Symmetric),
    epochs: 50,
    batch: 16,
    optimizer: Method::Sgd,
    rates: Rates { linear: 0.1, distance: 0.001, competition: 0.001 },
    schedule: Schedule::Step { epoch: 15, factor: 0.2 },
    shuffle: Shuffle::On,
    init: Init::Lecun,
    digits: Some((9_840, 2_707)),
    distort: false,
};

/// LeNet-1 on all digits. How the settings were found stands in docs/recipes.md.
pub const LENET1: Recipe = Recipe {
    name: "lenet1",
    table: &lenet::LENET1,
    scaling: None,
    epochs: 20,
    batch: 8,
    optimizer: Method::Sgd,
    rates: Rates { linear: 0.03, distance: 0.001, competition: 0.001 },
    schedule: Schedule::Cosine,
    shuffle: Shuffle::On,
    init: Init::Lecun,
    digits: None,
    distort: false,
};

/// LeNet-5 on all digits: the default. How the settings were found stands in docs/recipes.md.
pub const LENET5: Recipe = Recipe {
    name: "lenet5",
    table: &lenet::LENET5,
    scaling: None,
    epochs: 12,
    batch: 16,
    optimizer: Method::Sgd,
    rates: Rates { linear: 0.03, distance: 0.001, competition: 0.0005 },
    schedule: Schedule::Cosine,
    shuffle: Shuffle::On,
    init: Init::Lecun,
    digits: None,
    distort: false,
};

/// LeNet-5 without F6 on all digits.
pub const LENET5_SHORT: Recipe =
    Recipe { name: "lenet5-short", table: &lenet::LENET5_SHORT, ..LENET5 };

/// The training of the 1998 paper: one digit at a time in one constant order, second derivatives.
/// From +-2.4/F, which the paper names, nearly every curvature is far below mu and training dies.
pub const LENET5_1998: Recipe = Recipe {
    name: "lenet5-1998",
    epochs: 20,
    batch: 1,
    optimizer: Method::Sdlm,
    shuffle: Shuffle::Once,
    init: Init::LecunSqrt,
    ..LENET5
};

/// LeNet-5 on digits that are distorted anew in every epoch. How its settings were found stands in
/// docs/recipes.md.
pub const LENET5_DISTORTED: Recipe = Recipe {
    name: "lenet5-distorted",
    epochs: 25,
    batch: 32,
    rates: Rates { linear: 0.1, distance: 0.001, competition: 0.001 },
    distort: true,
    ..LENET5
};

/// The training of the 1998 paper on digits that are distorted anew in every pass.
pub const LENET5_1998_DISTORTED: Recipe =
    Recipe { name: "lenet5-1998-distorted", distort: true, ..LENET5_1998 };

/// Every recipe there is.
pub const ALL: &[&Recipe] = &[
    &NOTEBOOK,
    &LENET1,
    &LENET5,
    &LENET5_SHORT,
    &LENET5_1998,
    &LENET5_DISTORTED,
    &LENET5_1998_DISTORTED,
];

/// The name of every recipe.
pub fn names() -> impl Iterator<Item = &'static str> {
    ALL.iter().map(|recipe| recipe.name)
}

/// Momentum of SGD in every recipe.
const MOMENTUM: f32 = 0.9;
