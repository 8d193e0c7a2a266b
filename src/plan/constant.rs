//! Shapes of kernels as plain structs that can print themselves as WGSL constants.

use crate::network::Squash;

/// A value that the header of a shader declares.
pub trait Constant {
    /// Appends `const NAME: type = value;` to the header.
    fn declare(&self, name: &str, header: &mut String);
}

impl Constant for u32 {
    fn declare(&self, name: &str, header: &mut String) {
        header.push_str(&format!("const {name}: u32 = {self}u;\n"));
    }
}

impl Constant for bool {
    fn declare(&self, name: &str, header: &mut String) {
        header.push_str(&format!("const {name}: bool = {self};\n"));
    }
}

impl Constant for f32 {
    fn declare(&self, name: &str, header: &mut String) {
        header.push_str(&format!("const {name}: f32 = {self:e}f;\n"));
    }
}

impl Constant for Squash {
    /// Declares `ACTIVATION`, which there is one of (`shaders/common.wgsl`), and its parameters.
    fn declare(&self, name: &str, header: &mut String) {
        let (amplitude, slope) = self.amplitude_and_slope();
        0.declare("ACTIVATION", header);
        amplitude.declare(&format!("{name}_A"), header);
        slope.declare(&format!("{name}_S"), header);
    }
}

/// Declares a struct of constants: the field `stride` is the shader's `STRIDE`.
macro_rules! constants {
    ($(#[$doc:meta])* $name:ident { $($(#[$field_doc:meta])* $field:ident: $type:ty,)* }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq)]
        pub struct $name { $($(#[$field_doc])* pub $field: $type,)* }

        impl $name {
            /// Appends every field as a WGSL constant of the same name in capitals.
            pub(super) fn constants(&self, header: &mut String) {
                $($crate::plan::constant::Constant::declare(
                    &self.$field, &stringify!($field).to_uppercase(), header);)*
            }
        }
    };
}
pub(crate) use constants;
