//! The commands: a file for each, and one for a large part of it (`questions` and `stream` of `predict`, `seeds` of `train`,
//! `compare_seeds`).

pub mod adapters;
pub mod bench;
pub mod compare;
mod compare_seeds;
pub mod completions;
pub mod data;
pub mod distort;
pub mod doctor;
pub mod evaluate;
pub mod export;
pub mod import;
pub mod man;
pub mod plan;
pub mod predict;
mod questions;
pub mod report;
pub mod reproduce;
pub mod runs;
mod seeds;
pub mod serve;
mod stream;
pub mod summary;
pub mod train;
pub mod tune;
