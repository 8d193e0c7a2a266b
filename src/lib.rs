//! LeCun's convolutional networks, trained and run entirely in WGSL compute shaders.
//!
//! A network is a table ([`network`]), a training step is a plan ([`plan`]), and a plan is data that
//! an adapter ([`gpu`]) or the CPU ([`cpu`]) carries out.

mod cache;
pub mod cli;
pub mod cpu;
pub mod data;
mod disk;
pub mod error;
pub mod evaluation;
pub mod executor;
pub mod gpu;
pub mod network;
pub mod plan;
pub mod recipe;
pub mod report;
pub mod reproduce;
pub mod rng;
pub mod text;
pub mod train;
pub mod tuned;

pub use error::{Error, Result};
