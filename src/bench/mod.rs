//! Timing: digits a second, plans against each other, and kernels one by one.

pub mod kernels;
pub mod machine;
pub mod measure;
pub mod race;
pub mod record;
pub mod throughput;

/// Hears what is worth a line while figures are being measured.
pub type Say<'a> = &'a dyn Fn(&str);
