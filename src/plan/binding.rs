//! The arguments of kernels.

/// What a binding holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Element {
    F32,
    U32,
    /// Two f32 side by side.
    Vec2,
    /// Four f32 side by side.
    Vec4,
}

impl Element {
    /// Reads its name in WGSL.
    pub(super) fn parse(name: &str) -> Option<Element> {
        let all = [Element::F32, Element::U32, Element::Vec2, Element::Vec4];
        all.into_iter().find(|element| element.wgsl() == name)
    }

    /// Its name in WGSL.
    pub(super) fn wgsl(self) -> &'static str {
        match self {
            Element::F32 => "f32",
            Element::U32 => "u32",
            Element::Vec2 => "vec2f",
            Element::Vec4 => "vec4f",
        }
    }
}

/// How a kernel uses a binding. In a shader's head: `read`, `storage`, `uniform`, `write`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Access {
    /// Read through `NAME_at(i)`; uniform or storage, as the plan chooses.
    Read,
    /// Read through `NAME_at(i)`, always from storage: too large or too scattered for a window.
    ReadStorage,
    /// Read through `NAME_at(i)`, always uniform: small, and mostly the same for all invocations.
    ReadUniform,
    /// Written, or read and written, as `NAME[i]`.
    Write,
}

impl Access {
    /// Reads its word in the head of a shader.
    pub(super) fn parse(word: &str) -> Option<Access> {
        match word {
            "read" => Some(Access::Read),
            "storage" => Some(Access::ReadStorage),
            "uniform" => Some(Access::ReadUniform),
            "write" => Some(Access::Write),
            _ => None,
        }
    }
}

/// One argument of a kernel.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Binding {
    pub name: &'static str,
    pub element: Element,
    pub access: Access,
}
