//! The plan on an adapter. Only this folder knows wgpu.
//!
//! [`Gpu::new`] makes buffers and bind groups once; pipelines are made when they are first needed,
//! since a software adapter takes its time to compile them. Steps are recorded many to a
//! submission, nothing is read back between them; but [`Halves`] exchange gradients after each.

pub mod adapter;
mod core;
mod engine;
pub mod facts;
mod halves;
mod memory;
mod pipeline;
pub mod probe;
pub mod timing;

pub use engine::Gpu;
pub use halves::Halves;
pub use pipeline::CHECK_LOOPS;
pub use wgpu::Adapter;
