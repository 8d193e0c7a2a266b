//! Runs programs on adapters. Outside tests, only this folder uses wgpu.
//!
//! [`Gpu::new`] creates buffers and bind groups. Pipelines are compiled when they are first needed, because compiling
//! is slow on a software adapter. A submission holds many steps and nothing is read back between them, except that
//! [`Replicas`] exchange gradients after each step.

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
