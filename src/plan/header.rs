//! The text in front of a shader: constants, launch, bindings. The only WGSL that is not in a file.

use super::STEP_WORDS;
use super::abi::{PIXELS_PER_WORD, SAMPLE_WORDS};
use super::binding::{Access, Binding, Element};
use super::constant::Constants;
use super::{Kernel, UNIFORM_WORDS_PER_VEC4};
use crate::network::{CLASSES, DIGIT_SIDE, KERNEL, TAPS};

/// What shaders know of the tables that the host writes, and the side of kernels.
const DATA: [(&str, usize); 7] = [
    ("STEP_WORDS", STEP_WORDS),
    ("SIDE", DIGIT_SIDE),
    ("ROW_WORDS", DIGIT_SIDE / PIXELS_PER_WORD),
    ("SAMPLE_WORDS", SAMPLE_WORDS),
    ("CLASSES", CLASSES),
    ("K", KERNEL),
    ("TAPS", TAPS),
];

// Rows of pixels are whole words, and taps are written out in block_gradients.wgsl, conv_backward_input.wgsl,
// convolve.wgsl and sample_second_backward.wgsl.
const _: () = assert!(DIGIT_SIDE.is_multiple_of(PIXELS_PER_WORD) && KERNEL == 5);

/// Header and files, as the driver gets them.
pub fn wgsl(kernel: &Kernel) -> String {
    let mut text = header(kernel);
    let epilogue = kernel.op.epilogue().map(|epilogue| epilogue.shader());
    for file in kernel.op.shader().files(epilogue) {
        text.push('\n');
        text.push_str(file);
    }
    text
}

/// Constants, launch and bindings.
pub fn header(kernel: &Kernel) -> String {
    let mut text = format!("// {}\n", kernel.label);
    text.push_str(&constants(kernel).text);
    for (number, binding) in kernel.op.bindings().iter().enumerate() {
        text.push_str(&declaration(number, binding, kernel.windows[number]));
    }
    text
}

/// What the plan has decided.
pub fn constants(kernel: &Kernel) -> Constants {
    let mut constants = Constants::default();
    for (name, value) in DATA {
        constants.fixed(name, value as u32);
    }
    kernel.op.declare(&mut constants);
    let threads = kernel.workgroup * kernel.workgroups;
    for (name, value) in
        [("ITEMS", kernel.op.work().items), ("WORKGROUP", kernel.workgroup), ("THREADS", threads)]
    {
        constants.fixed(name, value);
    }
    constants
}

/// A binding and, where it is only read, its accessor: `x_at(i)` reads element i either way.
fn declaration(number: usize, binding: &Binding, window: Option<usize>) -> String {
    let name = binding.name;
    let place = format!("@group(0) @binding({number}) var");
    let scalar = binding.element.wgsl();
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
        Some(words) => {
            let length = words.div_ceil(UNIFORM_WORDS_PER_VEC4);
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
