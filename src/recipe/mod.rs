//! What a run is: every setting, and where it came from.
//!
//! `table.rs` describes each setting once. A [`Recipe`] holds defaults, [`Flags`] what the user asked
//! for; [`Settings::resolve`] lays them over each other, checks every value, and keeps the origin of
//! each for the table that is printed before a run and saved with it.

mod available;
mod choose;
mod defaults;
mod distortion;
pub mod file;
mod network;
mod optimizer;
mod range;
mod recipes;
mod schedule;
mod setting;
mod settings;
mod table;

pub use available::Available;
pub use choose::suits;
pub use defaults::{defaults, with_default};
pub use distortion::{Copies, Switch};
pub use network::{ConnectionChoice, NetworkChoice};
pub use optimizer::{Curvature, Method};
pub use range::Range;
pub use recipes::{ALL, MAX_BATCH, MAX_EPOCHS, MAX_SEEDS, Rates, Recipe, names};
pub use schedule::{Schedule, Shuffle};
pub use setting::{Origins, Row, words};
pub(crate) use settings::first_lines;
pub use table::{
    DistortArgs, Flags, NetworkArgs, OptimizerArgs, RangeArgs, Settings, TrainingArgs,
};
