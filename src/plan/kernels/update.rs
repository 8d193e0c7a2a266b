//! `update`: adds the rows of partial or shard gradients, and applies the epilogue.

use super::Work;
use crate::plan::constant::constants;
use crate::plan::epilogue::Epilogue;

constants! {
    /// Constants of `update`.
    Update {
        /// Parameters in the window; a multiple of 4.
        parameters: u32,
        partial_rows: u32,
        stride: u32,
        epilogue: Epilogue,
    }
}

impl Update {
    pub(super) fn work(&self) -> Work {
        Work {
            items: self.parameters / 4,
            iterations: self.partial_rows,
            multiply_adds: u64::from(self.parameters) * u64::from(self.partial_rows + 3),
        }
    }
}
