//! `advance`: the cursor, where no other kernel moves it.

use super::Work;
use crate::plan::constant::constants;

constants! {
    /// `advance` has no constants.
    Advance {}
}

impl Advance {
    pub(super) fn work(&self) -> Work {
        Work { items: 1, iterations: 0, multiply_adds: 0 }
    }
}
