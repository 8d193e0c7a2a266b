//! Timing: digits a second of devices ([`measure`]) and of plans against each other ([`race`]), both by
//! one [`engine`], and of kernels one by one ([`kernels`]).

pub mod engine;
pub mod kernels;
pub mod machine;
pub mod measure;
pub mod race;
pub mod record;

/// Hears what is worth a line while figures are being measured.
pub type Say<'a> = &'a dyn Fn(&str);
