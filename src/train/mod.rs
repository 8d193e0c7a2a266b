//! Training: it knows numbers, not buffers.

pub mod checkpoint;
pub mod session;
