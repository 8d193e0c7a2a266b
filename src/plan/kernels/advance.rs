//! `advance`: the cursor, where no other kernel moves it.

use super::{Spec, Work};
use crate::plan::constant::Constants;
use crate::plan::shader::{ShaderFile, shader};

/// `advance` has no constants.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Advance;

impl Spec for Advance {
    fn shader(&self) -> &'static ShaderFile {
        shader!("advance")
    }

    fn declare(&self, _: &mut Constants) {}

    fn work(&self) -> Work {
        Work { items: 1, iterations: 0, multiply_adds: 0 }
    }
}
