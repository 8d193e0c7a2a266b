//! The arguments of kernels.

use super::rule::{Optimizer, Rule};

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

/// How a kernel uses a binding.
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

/// One argument of a kernel.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Binding {
    pub name: &'static str,
    pub element: Element,
    pub access: Access,
}

pub(super) const fn read(name: &'static str) -> Binding {
    Binding { name, element: Element::F32, access: Access::Read }
}
pub(super) const fn read_vec4(name: &'static str) -> Binding {
    Binding { name, element: Element::Vec4, access: Access::Read }
}
pub(super) const fn words(name: &'static str) -> Binding {
    Binding { name, element: Element::U32, access: Access::Read }
}
pub(super) const fn write(name: &'static str) -> Binding {
    Binding { name, element: Element::F32, access: Access::Write }
}
pub(super) const fn storage_words(name: &'static str) -> Binding {
    Binding { name, element: Element::U32, access: Access::ReadStorage }
}
pub(super) const fn uniform(name: &'static str) -> Binding {
    Binding { name, element: Element::F32, access: Access::ReadUniform }
}
pub(super) const fn uniform_words(name: &'static str) -> Binding {
    Binding { name, element: Element::U32, access: Access::ReadUniform }
}
pub(super) const fn write_words(name: &'static str) -> Binding {
    Binding { name, element: Element::U32, access: Access::Write }
}
pub(super) const fn write_vec2(name: &'static str) -> Binding {
    Binding { name, element: Element::Vec2, access: Access::Write }
}
pub(super) const fn write_vec4(name: &'static str) -> Binding {
    Binding { name, element: Element::Vec4, access: Access::Write }
}

/// What a rule works on.
pub(super) fn taken(rule: &Rule) -> Vec<Binding> {
    let step = [write_vec4("velocity"), write_vec4("parameters")];
    match rule {
        Rule::Step(Optimizer::Sgd { .. }) => step.to_vec(),
        Rule::Step(Optimizer::Sdlm { .. }) => [&[read_vec4("curvature")], &step[..]].concat(),
        Rule::Share { .. } => vec![write_vec4("share"), write_vec4("parameters")],
        Rule::Curvature { .. } => vec![write_vec4("curvature")],
    }
}
