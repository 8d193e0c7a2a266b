//! The text in front of a shader: constants, launch, bindings. The only WGSL that is not in a file.

use super::binding::{Access, Element};
use super::op::Op;
use super::{Kernel, Optimizer, Rule, UNIFORM_WORDS_PER_VEC4};

macro_rules! shader {
    ($name:literal) => {
        include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/shaders/", $name, ".wgsl"))
    };
}

/// The files of an operation, its own last.
fn files(op: &Op) -> Vec<&'static str> {
    const COMMON: &str = shader!("common");
    const STAGE: &str = shader!("conv_pool");
    const CONVOLVE: &str = shader!("convolve");
    const POOLING: &str = shader!("pooling");
    const GRADIENTS: &str = shader!("block_gradients");
    const LINEAR: &str = shader!("linear");
    const LINEAR_GRADIENT: &str = shader!("linear_gradient");
    const LOCAL: &str = shader!("local");
    const LOSS: &str = shader!("loss");
    const DISTORT: &str = shader!("distort");
    const SAMPLE: &str = shader!("sample");
    const PATCH: &str = shader!("sample_patch");
    const SAMPLE_STAGES: &str = shader!("sample_stages");
    const SAMPLE_LAYERS: &str = shader!("sample_layers");
    match op {
        Op::Gather(_) => vec![DISTORT, shader!("gather")],
        Op::FirstStageForward(_) => {
            vec![COMMON, STAGE, CONVOLVE, POOLING, shader!("first_stage_forward")]
        }
        Op::FirstStageBackward(_) => {
            vec![COMMON, LOCAL, STAGE, CONVOLVE, GRADIENTS, shader!("first_stage_backward")]
        }
        Op::ConvPoolForward(_) => {
            vec![COMMON, STAGE, CONVOLVE, POOLING, shader!("conv_pool_forward")]
        }
        Op::ConvBackwardWeights(_) => {
            vec![COMMON, LOCAL, STAGE, CONVOLVE, GRADIENTS, shader!("conv_backward_weights")]
        }
        Op::ConvBackwardInput(_) => vec![COMMON, LOCAL, STAGE, shader!("conv_backward_input")],
        Op::LinearForward(_) => vec![COMMON, LINEAR, shader!("linear_forward")],
        Op::LinearBackwardInput(_) => vec![COMMON, LOCAL, LINEAR, shader!("linear_backward_input")],
        Op::LinearUpdate(k) => {
            vec![LINEAR, LOCAL, take(&k.rule), LINEAR_GRADIENT, shader!("linear_update")]
        }
        Op::LinearBackward(k) => {
            vec![COMMON, LINEAR, take(&k.rule), LINEAR_GRADIENT, shader!("linear_backward")]
        }
        Op::Output(_) => vec![COMMON, LOCAL, LOSS, shader!("output")],
        Op::Update(k) => vec![take(&k.rule), shader!("update")],
        Op::SampleForward(_) => {
            let own = shader!("sample_forward");
            vec![COMMON, LOCAL, LOSS, DISTORT, SAMPLE, PATCH, SAMPLE_STAGES, SAMPLE_LAYERS, own]
        }
        Op::SampleStep(_) => vec![
            COMMON,
            LOCAL,
            LOSS,
            DISTORT,
            SAMPLE,
            PATCH,
            SAMPLE_STAGES,
            SAMPLE_LAYERS,
            shader!("sample_layers_backward"),
            shader!("sample_second_backward"),
            shader!("sample_first_backward"),
            shader!("sample_step"),
        ],
        Op::SampleUpdate(k) => vec![LOCAL, take(&k.rule), shader!("sample_update")],
        Op::Advance => vec![shader!("advance")],
    }
}

/// The file with what a rule does.
fn take(rule: &Rule) -> &'static str {
    match rule {
        Rule::Step(Optimizer::Sgd { .. }) => shader!("sgd"),
        Rule::Step(Optimizer::Sdlm { .. }) => shader!("sdlm"),
        Rule::Share { .. } => shader!("share"),
        Rule::Curvature { .. } => shader!("curvature"),
    }
}

/// Header and files, as the driver gets them.
pub fn wgsl(kernel: &Kernel) -> String {
    let mut text = header(kernel);
    for file in files(&kernel.op) {
        text.push('\n');
        text.push_str(file);
    }
    text
}

/// Constants, launch and bindings.
pub fn header(kernel: &Kernel) -> String {
    let mut text = format!("// {}\n", kernel.label);
    kernel.op.declare(&mut text);
    let threads = kernel.workgroup * kernel.workgroups;
    for (name, value) in
        [("ITEMS", kernel.op.items()), ("WORKGROUP", kernel.workgroup), ("THREADS", threads)]
    {
        text.push_str(&format!("const {name}: u32 = {value}u;\n"));
    }
    for (number, binding) in kernel.op.bindings().iter().enumerate() {
        text.push_str(&declaration(number, binding, kernel.windows[number]));
    }
    text
}

/// A binding and, where it is only read, its accessor: `x_at(i)` reads element i either way.
fn declaration(number: usize, binding: &super::Binding, window: Option<usize>) -> String {
    let name = binding.name;
    let place = format!("@group(0) @binding({number}) var");
    let (scalar, vector) = match binding.element {
        Element::U32 => ("u32", "vec4u"),
        Element::F32 => ("f32", "vec4f"),
        Element::Vec2 => ("vec2f", "vec4f"),
        Element::Vec4 => ("vec4f", "vec4f"),
    };
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
