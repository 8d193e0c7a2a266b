//! Runs that are on disk: [`entry`] reads the folder of one, [`find`] looks for all of them, and
//! [`column`] says what a table of them shows.

pub mod column;
pub mod entry;
pub mod find;

pub use column::{COLUMNS, Column};
pub use entry::Entry;
