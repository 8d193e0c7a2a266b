//! How a run looks: lines, a live view, JSON, and the progress of many runs.

pub mod console;
pub mod dashboard;
pub mod interrupt;
pub mod json;
pub mod progress;
