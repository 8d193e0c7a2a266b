//! Timing: digits a second of plans and devices in turns ([`measure`], by one [`engine`]), and the time of
//! each kernel ([`kernels`]).

pub mod engine;
pub mod kernels;
pub mod machine;
pub mod measure;
pub mod record;

/// Hears what is worth a line while figures are being measured.
pub type Say<'a> = &'a dyn Fn(&str);
