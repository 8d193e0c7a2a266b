//! `advance`: the cursor, where no other kernel moves it.

use super::{Spec, Work};
use crate::plan::constant::constants;

constants! {
    /// `advance` has no constants.
    Advance {}
}

impl Spec for Advance {
    fn work(&self) -> Work {
        Work { items: 1, iterations: 0, multiply_adds: 0 }
    }
}
