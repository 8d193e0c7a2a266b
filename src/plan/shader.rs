//! Shader files, and what each says of itself at its head.
//!
//! The comment that a file with an entry point opens with is followed, not only read:
//!
//! ```text
//! // uses: linear, local, epilogue, linear_gradient
//! // binds:
//! //   x           read vec4f    [SAMPLES, INPUTS]
//! //   step_state  read u32      [8]
//! //   gradient    write vec4f
//! //   epilogue
//! ```
//!
//! `uses` names the files that stand in front of this one, `binds` the bindings in their order: a
//! name, how the kernel uses it ([`Access`]), the type of its elements ([`Element`]), and whatever a
//! reader wants to know, which may go on in lines that are further to the right. `epilogue` stands for
//! the file and for the bindings of the kernel's [`Epilogue`](super::Epilogue). The bindings themselves, and an
//! accessor `x_at(i)` for each that is only read, are generated ([`super::header`]), since the plan
//! decides which of them are uniform.
//!
//! A file without an entry point says at its head what it `expects`: other files, bindings, constants.

use super::binding::{Access, Binding, Element};
use crate::network::Named;

/// What stands for the file and the bindings of a kernel's epilogue.
const EPILOGUE: &str = "epilogue";

/// A shader file with what its head says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ShaderFile {
    /// Of the file, without `.wgsl`.
    pub name: &'static str,
    pub text: &'static str,
    /// Files in front of it; `None` is that of the epilogue.
    uses: Vec<Option<&'static str>>,
    binds: Vec<Binding>,
    /// Whether the bindings of the epilogue follow its own.
    has_epilogue: bool,
}

impl ShaderFile {
    /// Reads the head of a file.
    ///
    /// # Errors
    /// A sentence with the name of the file and the line that is not understood, or the file that is not
    /// there.
    pub fn parse(name: &'static str, text: &'static str) -> Result<ShaderFile, String> {
        let mut shader =
            ShaderFile { name, text, uses: Vec::new(), binds: Vec::new(), has_epilogue: false };
        let head = text.lines().map_while(|line| line.strip_prefix("//"));
        let mut lines = head.peekable();
        while let Some(line) = lines.next() {
            if let Some(files) = line.strip_prefix(" uses:") {
                for file in files.split(',').map(str::trim) {
                    shader.uses.push(shader.used(file)?);
                }
            } else if line.starts_with(" binds") {
                while let Some(line) = lines.next_if(|line| line.starts_with("   ")) {
                    shader.bind(line)?;
                }
            }
        }
        match shader.has_epilogue == shader.uses.contains(&None) {
            true => Ok(shader),
            false => Err(format!("{name}.wgsl: `{EPILOGUE}` is not both used and bound")),
        }
    }

    fn used(&self, file: &'static str) -> Result<Option<&'static str>, String> {
        match file {
            EPILOGUE => Ok(None),
            _ if library(file).is_some() => Ok(Some(file)),
            _ => {
                Err(format!("{}.wgsl uses `{file}`, which is no file that can be used", self.name))
            }
        }
    }

    /// Follows a line below `binds:`.
    fn bind(&mut self, line: &'static str) -> Result<(), String> {
        let of = |what| format!("{}.wgsl binds `{}`: {what}", self.name, line.trim());
        if line.starts_with("    ") {
            // More about the binding above.
            return Ok(());
        }
        if self.has_epilogue {
            return Err(of("nothing is bound after the epilogue"));
        }
        let words: Vec<&'static str> = line.split_whitespace().take(3).collect();
        match words[..] {
            [EPILOGUE] => self.has_epilogue = true,
            [name, access, element] => self.binds.push(Binding {
                name,
                access: Access::find(access).ok_or_else(|| {
                    of("the second word is none of read, storage, uniform, write")
                })?,
                element: Element::find(element)
                    .ok_or_else(|| of("the third word is none of f32, u32, vec2f, vec4f"))?,
            }),
            _ => return Err(of("a binding has a name, an access and a type")),
        }
        Ok(())
    }

    /// The bindings, with those of an epilogue after them.
    pub fn bindings(&self, epilogue: Option<&ShaderFile>) -> Vec<Binding> {
        let epilogue = epilogue.filter(|_| self.has_epilogue).map(|shader| &shader.binds[..]);
        [&self.binds, epilogue.unwrap_or_default()].concat()
    }

    /// The texts of all files that it is made of, its own last.
    ///
    /// # Panics
    /// If it uses an epilogue and gets none.
    pub fn files(&self, epilogue: Option<&ShaderFile>) -> impl Iterator<Item = &'static str> {
        let texts = self.uses.iter().map(move |file| match file {
            Some(file) => library(file).expect("parsing has found the file"),
            None => epilogue.expect("a kernel that uses an epilogue has an epilogue").text,
        });
        texts.chain([self.text])
    }
}

/// The shader of that file name, whose head is read once.
///
/// Panics if the head is malformed, which tests/host/shaders.rs rules out.
macro_rules! shader {
    ($name:literal) => {{
        static SHADER: std::sync::LazyLock<$crate::plan::shader::ShaderFile> =
            std::sync::LazyLock::new(|| {
                let text =
                    include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/shaders/", $name, ".wgsl"));
                let shader = $crate::plan::shader::ShaderFile::parse($name, text);
                shader.unwrap_or_else(|error| panic!("{error}"))
            });
        &*SHADER
    }};
}
pub(crate) use shader;

/// The text of a file that others use.
fn library(name: &str) -> Option<&'static str> {
    LIBRARY.iter().find(|(file, _)| *file == name).map(|(_, text)| *text)
}

macro_rules! library {
    ($($name:literal,)*) => {
        [$(($name, include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/shaders/", $name, ".wgsl"))),)*]
    };
}

/// Files without an entry point that kernels use, but for epilogues.
const LIBRARY: &[(&str, &str)] = &library![
    "common",
    "conv_pool",
    "convolve",
    "convolve_map",
    "distort",
    "input_slope",
    "linear",
    "linear_gradient",
    "local",
    "loss",
    "pooling",
    "pooling_backward",
    "sample",
    "sample_first_backward",
    "sample_layers",
    "sample_layers_backward",
    "sample_patch",
    "sample_second_backward",
    "sample_stages",
    "spread",
    "step",
    "tile_gradients",
];
