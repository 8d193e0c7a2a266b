//! The experiment of 1998 with error bars: which runs it takes, and what is told of them.
//!
//! [`rows`] is the table of what is repeated, with the papers' figures. [`jobs`] says which runs that
//! takes, which are there already, and how long the others will last. [`results`] reads finished
//! runs, [`crate::evaluation`] judges them, and [`report`] writes it all down.

pub mod jobs;
pub mod report;
pub mod results;
pub mod rows;
