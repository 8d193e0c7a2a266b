//! Runs that are on disk. [`find`] looks for all of them. [`mod@column`] says what a table of them shows, and
//! [`curves`] what is known of each epoch. [`comparison`] holds two beside each other, which [`page`] draws.
//! [`group`] takes runs together. [`seeds`] compares two ways of training by several runs of each.

pub mod column;
pub mod comparison;
pub mod curves;
pub mod find;
pub mod group;
pub mod page;
pub mod seeds;

pub use column::{COLUMNS, Column};
pub use comparison::{Comparison, Side};
pub use seeds::{Seeds, SeedsComparison};
