//! Shapes of kernels as plain structs that can print themselves as WGSL constants.

use crate::network::{Loss, Squash};

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
    fn declare(&self, name: &str, header: &mut String) {
        let (amplitude, slope) = self.amplitude_and_slope();
        amplitude.declare(&format!("{name}_A"), header);
        slope.declare(&format!("{name}_S"), header);
    }
}

impl Constant for LossKind {
    fn declare(&self, name: &str, header: &mut String) {
        (*self as u32).declare(name, header);
    }
}

/// The losses as `loss.wgsl` numbers them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LossKind {
    /// Mean squared error of a linear output against +1 and -1.
    Targets = 0,
    /// 1998, eq. 8: distance to the right class.
    Distance = 1,
    /// 1998, eq. 9: distance to the right class against all others.
    Competition = 2,
}

impl LossKind {
    /// The kind that goes with an output.
    pub fn of(output: crate::network::Output, loss: Loss) -> Self {
        match (output, loss) {
            (crate::network::Output::Linear, _) => LossKind::Targets,
            (crate::network::Output::Rbf, Loss::Mse) => LossKind::Distance,
            (crate::network::Output::Rbf, Loss::Map) => LossKind::Competition,
        }
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
