//! LeCun's convolutional networks, trained and run entirely in WGSL compute shaders.
//!
//! A network is a table ([`network`]), a training step is a plan ([`plan`]), and a plan is data that
//! an adapter ([`gpu`]) or the CPU ([`cpu`]) carries out. MNIST is built in ([`data`]).
//!
//! Training takes [`Settings`], which are a recipe and what is asked for besides, and a [`Device`]:
//!
//! ```
//! use lenet::{Available, Device, Digits, Flags, Inference, PlanChoice, Settings, data, fit};
//!
//! # fn main() -> lenet::Result<()> {
//! let mnist = data::builtin()?;
//! let flags = Flags::of(&[("recipe", "lenet1"), ("steps", "300")])?;
//! let settings = Settings::resolve(&flags, Available::of(&mnist), None)?;
//! let device = Device::cpu(); // Device::best() takes an adapter where there is one
//! let (model, outcome) = fit(&settings, &mnist, &device, &mut ())?;
//! assert!(outcome.epochs[0].error_percent() < 20.0);
//!
//! let digit = Digits::new(mnist.test.digit(0).to_vec(), vec![0])?;
//! let mut inference = Inference::new(&model, &device, PlanChoice::Auto, 1, &[&digit])?;
//! let answers = inference.answers(0)?;
//! println!("{:?}: {}", answers.scores.of(0), answers.scores.ranking(0).class);
//! # Ok(())
//! # }
//! ```
//!
//! A [`Model`] is written by [`Model::to_bytes`] and read by [`Model::read`]; [`export`] converts it to ONNX,
//! as a state dict of PyTorch and in other forms. `examples/` has three short programs that run without
//! arguments: `train`, `predict`, and `custom`, a network of one's own from a file.
//!
//! Only the commands ([`cli`]) print, ask for Ctrl-C or end the process.

mod bench;
mod cache;
pub mod cli;
pub mod cpu;
pub mod data;
mod device;
mod disk;
pub mod doctor;
mod error;
pub mod evaluation;
pub mod executor;
pub mod export;
pub mod gpu;
mod inference;
pub mod network;
pub mod plan;
mod protobuf;
pub mod recipe;
mod report;
mod reproduce;
pub mod rng;
mod run;
mod runs;
mod selftest;
mod text;
mod threads;
pub mod train;
mod tuned;
mod version;
mod web;

pub use data::{Digits, Mnist};
pub use device::{Device, PlanChoice};
pub use error::{EXIT_CODES, Error, Result};
pub use inference::{Answers, Inference, Ranking, Scores};
pub use network::Network;
pub use recipe::{Available, Flags, Settings};
pub use run::fit;
pub use train::model::Model;
