//! The text in front of a shader: constants, launch, bindings. The only WGSL that is not in a file.

use super::binding::{Access, Binding, Element};
use super::constant::Constants;
use super::{Kernel, STEP_WORDS, abi};
use crate::network::Named;

impl Kernel {
    /// The whole WGSL text that the driver gets: header and files.
    pub fn wgsl(&self) -> String {
        let mut text = self.header();
        let epilogue = self.op.epilogue().map(|epilogue| epilogue.shader());
        for file in self.op.shader().files(epilogue) {
            text.push('\n');
            text.push_str(file);
        }
        text
    }

    /// The generated part of it: constants, launch and bindings.
    pub fn header(&self) -> String {
        let mut text = format!("// {}\n{}", self.label, self.constants().text);
        for (number, binding) in self.op.bindings().iter().enumerate() {
            text.push_str(&declaration(number, binding, self.windows[number]));
        }
        text
    }

    /// Its pipeline constants by name, with the values of the plan: what can be changed without another
    /// plan. The text has them as `override`s with these values.
    pub fn overrides(&self) -> Vec<(&'static str, f64)> {
        self.constants().overrides
    }

    fn constants(&self) -> Constants {
        let mut constants = Constants::default();
        if self.op.bindings().iter().any(|binding| binding.name.starts_with("step_")) {
            constants.fixed("STEP_WORDS", STEP_WORDS as u32);
            for (name, (_, word, ..)) in abi::STEP {
                constants.fixed(name, word as u32);
            }
            constants.fixed("STATE_NUMBER", abi::STATE_NUMBER as u32);
        }
        self.op.declare(&mut constants);
        constants.fixed("ITEMS", self.op.work().items);
        constants.fixed("WORKGROUP", self.workgroup);
        constants.fixed("THREADS", self.workgroup * self.workgroups);
        constants
    }
}

/// A binding and, where it is only read, its accessor: `x_at(i)` reads element i either way.
fn declaration(number: usize, binding: &Binding, window: Option<usize>) -> String {
    let name = binding.name;
    let place = format!("@group(0) @binding({number}) var");
    let scalar = binding.element.name();
    let vector = if binding.element == Element::U32 { "vec4u" } else { "vec4f" };
    if binding.access == Access::Write {
        return format!("{place}<storage, read_write> {name}: array<{scalar}>;\n");
    }
    let head = format!("fn {name}_at(i: u32) -> {scalar}");
    match window {
        None => format!(
            "{place}<storage, read> {name}_data: array<{scalar}>;\n\
             {head} {{ return {name}_data[i]; }}\n"
        ),
        // Uniform arrays have elements of 16 bytes.
        Some(words) => {
            let length = words.div_ceil(4);
            let element = match binding.element {
                Element::Vec4 => "[i]",
                _ => "[i / 4u][i % 4u]",
            };
            format!(
                "{place}<uniform> {name}_data: array<{vector}, {length}>;\n\
                 {head} {{ return {name}_data{element}; }}\n"
            )
        }
    }
}
