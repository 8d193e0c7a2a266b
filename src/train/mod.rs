//! Training: it knows numbers, not buffers.

pub mod session;
