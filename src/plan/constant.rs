//! Declares WGSL constants and pipeline overrides from Rust values and structs.

use crate::network::{Squash, Tanh};

/// The constants in front of a shader.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Constants {
    /// Their declarations in WGSL.
    pub text: String,
    /// Pipeline overrides by name, with the values of the plan.
    pub overrides: Vec<(&'static str, f64)>,
}

impl Constants {
    /// Appends `const NAME: type = value;`.
    pub fn fixed(&mut self, name: &str, value: impl Number) {
        self.text.push_str(&value.declaration("const", name));
    }

    /// Appends `override NAME: type = value;`: a pipeline constant, which can be changed without another
    /// plan and another shader.
    pub fn overridable(&mut self, name: &'static str, value: impl Number) {
        self.text.push_str(&value.declaration("override", name));
        self.overrides.push((name, value.into()));
    }
}

/// A number that a shader has by name.
pub trait Number: Copy + Into<f64> {
    /// `KEYWORD NAME: type = value;`
    fn declaration(self, keyword: &str, name: &str) -> String;
}

impl Number for u32 {
    fn declaration(self, keyword: &str, name: &str) -> String {
        format!("{keyword} {name}: u32 = {self}u;\n")
    }
}

impl Number for f32 {
    fn declaration(self, keyword: &str, name: &str) -> String {
        format!("{keyword} {name}: f32 = {self:e}f;\n")
    }
}

/// A value that a shader has as one or several constants.
pub trait Constant {
    /// Declares it under `name`, or under names of its own.
    fn declare(&self, name: &str, constants: &mut Constants);
}

impl<N: Number> Constant for N {
    fn declare(&self, name: &str, constants: &mut Constants) {
        constants.fixed(name, *self);
    }
}

impl Constant for bool {
    fn declare(&self, name: &str, constants: &mut Constants) {
        constants.text.push_str(&format!("const {name}: bool = {self};\n"));
    }
}

impl Constant for Squash {
    fn declare(&self, name: &str, constants: &mut Constants) {
        Some(*self).declare(name, constants);
    }
}

impl Constant for Option<Squash> {
    /// Declares the family and its parameters, in step with `shaders/common.wgsl` and `shaders/input_slope.wgsl`.
    fn declare(&self, name: &str, constants: &mut Constants) {
        // The parameters of a tanh: no other family looks at them.
        let any = Tanh { centre: 0.0, amplitude: 1.0, slope: 1.0 };
        let Tanh { centre, amplitude, slope } = self.and_then(Squash::tanh).unwrap_or(any);
        constants.fixed(name, family(*self));
        constants.fixed(&format!("{name}_CENTRE"), centre);
        constants.fixed(&format!("{name}_A"), amplitude);
        constants.fixed(&format!("{name}_S"), slope);
    }
}

/// The family of an activation, as shaders number them.
fn family(squash: Option<Squash>) -> u32 {
    match squash {
        Some(Squash::Tanh | Squash::Scaled | Squash::Logistic) => 0,
        Some(Squash::Relu) => 1,
        None => 2,
    }
}

/// Declares a struct of constants: the field `stride` is the shader's `STRIDE`.
macro_rules! constants {
    ($(#[$doc:meta])* $name:ident { $($(#[$field_doc:meta])* $field:ident: $type:ty,)* }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq)]
        pub struct $name { $($(#[$field_doc])* pub $field: $type,)* }

        impl $crate::plan::constant::Constant for $name {
            /// Declares every field as a WGSL constant of the same name in capitals.
            fn declare(&self, _: &str, _all: &mut $crate::plan::constant::Constants) {
                $($crate::plan::constant::Constant::declare(
                    &self.$field, &stringify!($field).to_uppercase(), _all);)*
            }
        }
    };
}
pub(crate) use constants;
