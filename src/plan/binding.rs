//! The arguments of kernels.

use crate::network::named;

named! {
    /// What a binding holds, by its name in WGSL.
    pub enum Element {
        /// Numbers.
        F32 = "f32",
        /// Whole numbers.
        U32 = "u32",
        /// Two f32 side by side.
        Vec2 = "vec2f",
        /// Four f32 side by side.
        Vec4 = "vec4f",
    }
}

named! {
    /// How a kernel uses a binding, by its word in the head of a shader.
    pub enum Access {
        /// Read through `NAME_at(i)`; uniform or storage, as the plan chooses.
        Read = "read",
        /// Read through `NAME_at(i)`, always from storage: too large or too scattered for a window.
        ReadStorage = "storage",
        /// Read through `NAME_at(i)`, always uniform: small, and mostly the same for all invocations.
        ReadUniform = "uniform",
        /// Written, or read and written, as `NAME[i]`.
        Write = "write",
    }
}

/// One argument of a kernel.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Binding {
    pub name: &'static str,
    pub element: Element,
    pub access: Access,
}
