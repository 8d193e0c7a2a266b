//! A run from settings to a finished folder.

pub mod launch;
pub mod page;
pub mod record;
pub mod resume;
