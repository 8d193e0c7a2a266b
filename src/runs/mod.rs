//! Runs that are on disk: [`find`] looks for all of them, and
//! [`mod@column`] says what a table of them shows; [`comparison`] holds two of them beside each other, and
//! [`page`] draws that.

pub mod column;
pub mod comparison;
pub mod find;
pub mod group;
pub mod page;

pub use column::{COLUMNS, Column};
pub use comparison::{Comparison, Side};
