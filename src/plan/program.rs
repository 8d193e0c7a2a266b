//! A plan, lowered to what a device needs and nothing else: buffers with their contents, WGSL,
//! bindings and dispatches, in the words of WebGPU.
//!
//! The GPU engine runs a [`Program`]; `lenet plan --json` prints it, and whoever reads that can build
//! an executor that computes the same bits. Offsets and lengths are in words of 4 bytes.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::abi;
use super::{Access, Binding, Buffer, BufferId, Interface, Pass, Plan, Replica};
use crate::network::Options;

/// Version of the JSON; a change that an executor has to know of raises it.
pub const FORMAT: u32 = 1;

/// A plan for devices.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Program {
    /// [`FORMAT`].
    pub format: u32,
    /// Name of the network.
    pub network: String,
    pub options: Options,
    /// How the step is cut into dispatches: the word of `--plan`.
    pub plan: String,
    pub profile: String,
    /// Parts of the batch whose gradients are added in their order.
    pub shards: usize,
    pub interface: Interface,
    /// What the words of the buffers mean.
    pub abi: serde_json::Value,
    /// Every replica has all of them, each with STORAGE, UNIFORM, COPY_SRC and COPY_DST among its usages.
    pub buffers: Vec<Buffer>,
    pub kernels: Vec<Shader>,
    /// What each device does.
    pub replicas: Vec<Replica>,
    /// What replicas give each other between `compute` and `apply`, where there are several.
    pub exchange: Option<Exchange>,
    /// Steps to carry out, where they were asked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub replay: Option<Replay>,
}

/// A shader module with one entry point, and its launch.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Shader {
    /// Layer and kernel: `c3.conv_pool_forward`.
    pub label: String,
    pub entry_point: String,
    /// Workgroups in x; y and z are 1.
    pub workgroups: u32,
    pub workgroup_size: u32,
    /// Bindings of group 0, numbered from 0.
    pub bindings: Vec<ShaderBinding>,
    /// Pipeline constants (`override`) and their values.
    pub constants: BTreeMap<String, f64>,
    /// Independent pieces of work.
    pub items: u32,
    /// Loop iterations of the busiest invocation.
    pub iterations: u32,
    pub multiply_adds: u64,
    /// Numbers that an item writes: grows with the size of the unrolled code. Compile the largest first.
    pub written_per_item: usize,
    pub wgsl: String,
}

/// A binding as a bind group layout declares it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ShaderBinding {
    pub name: String,
    #[serde(rename = "type")]
    pub kind: BindingKind,
}

/// WebGPU's types of buffer bindings.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum BindingKind {
    Uniform,
    ReadOnlyStorage,
    Storage,
}

impl BindingKind {
    /// How a binding is declared that reads such a uniform window, if any.
    pub fn of(binding: &Binding, window: Option<usize>) -> Self {
        match (binding.access, window) {
            (Access::Write, _) => BindingKind::Storage,
            (_, Some(_)) => BindingKind::Uniform,
            (_, None) => BindingKind::ReadOnlyStorage,
        }
    }
}

/// After `compute` each replica copies the rows that it owns to all others; then all run `apply`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Exchange {
    pub buffer: BufferId,
    /// Words of a row, one row a shard.
    pub row: usize,
    /// The replica that owns each row.
    pub owners: Vec<usize>,
}

/// A short run: write `data_set` and `parameters`; for each phase write `indices` and `step_table`, set cursor and
/// totals to 0, and run the pass `count` times.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Replay {
    /// First weights, in the places of the layout.
    pub parameters: Vec<f32>,
    /// Samples, as the ABI describes them.
    pub data_set: Vec<u32>,
    pub phases: Vec<Phase>,
    /// CRC-32 of the parameters after the last step, as the bytes of little-endian f32.
    pub crc32: u32,
}

/// Steps of one pass.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Phase {
    pub pass: Pass,
    /// Steps.
    pub count: usize,
    pub indices: Vec<u32>,
    /// Rows of the step table, one after the other.
    pub step_table: Vec<u32>,
}

impl Plan {
    /// Lowers the plan for devices.
    pub fn program(&self) -> Program {
        let ports = self.interface.ports;
        let exchange = ports.shard_gradients.filter(|_| self.replicas.len() > 1);
        let row = self.interface.layout.size;
        Program {
            format: FORMAT,
            network: self.network.name.to_string(),
            options: self.network.options,
            plan: self.strategy.name().into(),
            profile: self.profile.name.into(),
            shards: self.shards,
            interface: self.interface.clone(),
            abi: abi::describe(self),
            buffers: self.buffers.clone(),
            kernels: (0..self.kernels.len()).map(|index| self.shader(index)).collect(),
            replicas: self.replicas.clone(),
            exchange: exchange.map(|buffer| Exchange {
                buffer,
                row,
                owners: (0..self.shards).collect(),
            }),
            replay: None,
        }
    }

    fn shader(&self, index: usize) -> Shader {
        let kernel = &self.kernels[index];
        let bindings = kernel.op.bindings();
        let bindings = bindings.iter().zip(&kernel.windows).map(|(binding, &window)| {
            ShaderBinding { name: binding.name.into(), kind: BindingKind::of(binding, window) }
        });
        let dispatch = self.dispatches().find(|dispatch| dispatch.kernel == index);
        let written = dispatch.map_or(0, |dispatch| self.moved(dispatch).written);
        Shader {
            label: kernel.label.clone(),
            entry_point: kernel.op.name().into(),
            workgroups: kernel.workgroups,
            workgroup_size: kernel.workgroup,
            bindings: bindings.collect(),
            constants: kernel
                .overrides()
                .into_iter()
                .map(|(name, value)| (name.into(), value))
                .collect(),
            items: kernel.op.work().items,
            iterations: kernel.iterations(),
            multiply_adds: kernel.op.work().multiply_adds,
            written_per_item: written / kernel.op.work().items.max(1) as usize,
            wgsl: kernel.wgsl(),
        }
    }
}

impl Program {
    /// Reads the JSON of `lenet plan --json`.
    ///
    /// # Errors
    /// [`crate::Error::Data`] if it is no program of this format.
    pub fn of_json(text: &str) -> crate::Result<Program> {
        let program: Program = serde_json::from_str(text)
            .map_err(|error| crate::Error::Data(format!("no program of `lenet plan`: {error}")))?;
        if program.format != FORMAT {
            return Err(crate::Error::Data(format!(
                "the program has format {}, and this version of lenet reads {FORMAT}: print it again \
                 with `lenet plan --json`",
                program.format
            )));
        }
        Ok(program)
    }
}
