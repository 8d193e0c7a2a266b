//! Programs on adapters. Only this folder knows wgpu.
//!
//! [`Gpu::new`] makes buffers and bind groups once; pipelines are made when they are first needed,
//! since a software adapter takes its time to compile them. Steps are recorded many to a
//! submission, nothing is read back between them; but [`Replicas`] exchange gradients after each.

pub mod adapter;
mod buffers;
pub mod check;
mod device;
mod engine;
pub mod facts;
mod fault;
pub mod llvmpipe;
mod pipeline;
pub mod probe;
mod replicas;
mod speed;
pub mod timing;

pub use engine::Gpu;
pub use pipeline::CHECK_LOOPS;
pub use replicas::Replicas;
pub use wgpu::Adapter;
