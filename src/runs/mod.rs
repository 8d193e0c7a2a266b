//! Runs that are on disk: [`record`] reads the folder of one, [`find`] looks for all of them, and
//! [`column`] says what a table of them shows.

pub mod column;
pub mod find;
pub mod record;

pub use column::{COLUMNS, Column};
pub use record::{Line, Record};
