//! Small programs whose answers are known beforehand: data that this folder and the page carry out alike.
//!
//! A check has three bindings: `input` (storage, read), `output` (storage) and, for those that ask for it,
//! `input` once more as a uniform buffer.

use std::collections::BTreeMap;

use serde::Deserialize;
use wgpu::util::{BufferInitDescriptor, DeviceExt};
use wgpu::{
    Adapter, BindGroup, BufferDescriptor, BufferUsages, CommandEncoder, ComputePipeline,
    ComputePipelineDescriptor, Device, PipelineLayoutDescriptor, Queue,
};

use super::fault::Fault;
use super::{buffers, device, pipeline};
use crate::error::Result;
use crate::plan::program::BindingKind;
use crate::plan::{ALIGN, View};

/// Times that a check is carried out, with the same bind groups.
pub const ROUNDS: usize = 3;

/// A small program and its answer: `assets/doctor/*.json`.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Check {
    pub name: String,
    /// The fault that it finds.
    pub catches: String,
    /// Whether this program needs it to hold.
    #[serde(default = "yes")]
    pub required: bool,
    /// Units in the last place that a number may be off.
    #[serde(default)]
    pub ulp: u32,
    /// Words of `output`; those of the answer if not given.
    pub(super) words: Option<usize>,
    pub input: Numbers,
    /// One dispatch of one workgroup if not given.
    #[serde(default = "one_dispatch")]
    pub(super) steps: Vec<Step>,
    /// The first words of `output` afterwards.
    pub expected: Numbers,
}

/// Words of a buffer.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Numbers {
    U32(Vec<u32>),
    F32(Vec<f32>),
}

/// A command, with lengths and places in words.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "lowercase", deny_unknown_fields)]
pub(super) enum Step {
    Dispatch(Dispatch),
    /// Fills a part of `output` with zeros.
    Clear {
        at: u64,
        words: u64,
    },
    /// Copies from `input` to `output`.
    Copy {
        from: u64,
        to: u64,
        words: u64,
    },
}

#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Dispatch {
    entry: String,
    workgroups: u32,
    /// Where the bindings of `input` begin.
    #[serde(default)]
    input_at: usize,
}

fn yes() -> bool {
    true
}

fn one_dispatch() -> Vec<Step> {
    one_workgroup("main")
}

/// One dispatch of one workgroup.
pub(super) fn one_workgroup(entry: &str) -> Vec<Step> {
    vec![Step::Dispatch(Dispatch { entry: entry.into(), workgroups: 1, input_at: 0 })]
}

impl Numbers {
    /// Their bits.
    pub fn words(&self) -> &[u32] {
        match self {
            Numbers::U32(words) => words,
            Numbers::F32(numbers) => bytemuck::cast_slice(numbers),
        }
    }
}

/// A device that carries out checks.
pub struct Checker {
    pub(super) device: Device,
    pub(super) queue: Queue,
    pub(super) fault: Fault,
}

impl Checker {
    /// Opens a device of an adapter.
    ///
    /// # Errors
    /// [`crate::Error::Adapter`] if the adapter gives none.
    pub fn new(adapter: &Adapter) -> Result<Self> {
        let (device, queue) = device::open(adapter, 0)?;
        Ok(Self::on_device(device, queue))
    }

    /// Takes a device that is there already.
    pub fn on_device(device: Device, queue: Queue) -> Self {
        let fault = Fault::watch(&device);
        Checker { device, queue, fault }
    }

    /// Carries a check out [`ROUNDS`] times and returns the first words of `output` after each.
    ///
    /// # Errors
    /// [`crate::Error::Adapter`] with what wgpu or the driver complains about.
    pub fn answers(&self, check: &Check, wgsl: &str) -> Result<Vec<Vec<u32>>> {
        let answer = check.expected.words().len();
        let zeros = vec![0; check.words.unwrap_or(answer)];
        let mut input = check.input.words().to_vec();
        // Windows of uniform buffers are whole.
        input.resize(input.len().next_multiple_of(ALIGN), 0);
        let usage = BufferUsages::STORAGE | BufferUsages::UNIFORM | BufferUsages::COPY_SRC;
        let buffers = [
            self.device.create_buffer_init(&BufferInitDescriptor {
                label: Some("input"),
                contents: bytemuck::cast_slice(&input),
                usage,
            }),
            self.device.create_buffer(&BufferDescriptor {
                label: Some("output"),
                size: 4 * zeros.len() as u64,
                usage: usage | BufferUsages::COPY_DST,
                mapped_at_creation: false,
            }),
        ];
        let size = 4 * answer as u64;
        let usage = BufferUsages::MAP_READ | BufferUsages::COPY_DST;
        let staging = buffers::make_staging(&self.device, size, usage);
        let launches = self.launches(check, wgsl, &buffers, input.len());
        let mut rounds = Vec::new();
        for _ in 0..ROUNDS {
            self.queue.write_buffer(&buffers[1], 0, bytemuck::cast_slice(&zeros));
            let mut encoder = self.device.create_command_encoder(&Default::default());
            record(&mut encoder, &check.steps, &launches, &buffers);
            encoder.copy_buffer_to_buffer(&buffers[1], 0, &staging, 0, size);
            self.queue.submit([encoder.finish()]);
            let answer = buffers::mapped(&self.device, &staging);
            self.fault.check()?;
            staging.unmap();
            rounds.push(answer?);
        }
        Ok(rounds)
    }

    /// What each dispatch of a check needs, in their order.
    fn launches<'a>(
        &self,
        check: &'a Check,
        wgsl: &str,
        buffers: &[wgpu::Buffer],
        input: usize,
    ) -> Vec<BoundDispatch> {
        let (device, label) = (&self.device, check.name.as_str());
        let kinds = [BindingKind::ReadOnlyStorage, BindingKind::Storage, BindingKind::Uniform];
        let kinds = if wgsl.contains("var<uniform>") { &kinds[..] } else { &kinds[..2] };
        let group_layout = pipeline::layout(device, label, kinds.iter().copied());
        // SAFETY: every loop of the checks counts to a bound that nobody writes meanwhile.
        let module = unsafe { pipeline::module(device, label, wgsl.into()) };
        let layout = device.create_pipeline_layout(&PipelineLayoutDescriptor {
            label: Some(label),
            bind_group_layouts: &[Some(&group_layout)],
            immediate_size: 0,
        });
        let dispatches = check.steps.iter().filter_map(|step| match step {
            Step::Dispatch(dispatch) => Some(dispatch),
            Step::Clear { .. } | Step::Copy { .. } => None,
        });
        let mut pipelines: BTreeMap<&str, ComputePipeline> = BTreeMap::new();
        let compile = |entry: &str| {
            device.create_compute_pipeline(&ComputePipelineDescriptor {
                label: Some(label),
                layout: Some(&layout),
                module: &module,
                entry_point: Some(entry),
                compilation_options: Default::default(),
                cache: None,
            })
        };
        let launch = |dispatch: &'a Dispatch| {
            let entry = dispatch.entry.as_str();
            let pipeline = pipelines.entry(entry).or_insert_with(|| compile(entry)).clone();
            let view = |buffer, offset, words, uniform| View { buffer, offset, words, uniform };
            let (at, rest) = (dispatch.input_at, input - dispatch.input_at);
            let output = (buffers[1].size() / 4) as usize;
            let views =
                [view(0, at, rest, false), view(1, 0, output, false), view(0, at, rest, true)];
            let group = pipeline::bind_group(device, &group_layout, buffers, &views[..kinds.len()]);
            BoundDispatch { pipeline, group, workgroups: dispatch.workgroups }
        };
        dispatches.map(launch).collect()
    }
}

/// A dispatch, ready to be recorded.
struct BoundDispatch {
    pipeline: ComputePipeline,
    group: BindGroup,
    workgroups: u32,
}

/// Records the steps of a check; dispatches that follow each other share a pass.
fn record(
    encoder: &mut CommandEncoder,
    steps: &[Step],
    launches: &[BoundDispatch],
    [input, output]: &[wgpu::Buffer; 2],
) {
    let mut launches = launches.iter();
    for run in steps.chunk_by(|a, b| matches!((a, b), (Step::Dispatch(_), Step::Dispatch(_)))) {
        match &run[0] {
            Step::Dispatch(_) => {
                let mut pass = encoder.begin_compute_pass(&Default::default());
                for launch in launches.by_ref().take(run.len()) {
                    pass.set_pipeline(&launch.pipeline);
                    pass.set_bind_group(0, &launch.group, &[]);
                    pass.dispatch_workgroups(launch.workgroups, 1, 1);
                }
            }
            Step::Clear { at, words } => encoder.clear_buffer(output, 4 * at, Some(4 * words)),
            Step::Copy { from, to, words } => {
                encoder.copy_buffer_to_buffer(input, 4 * from, output, 4 * to, 4 * words);
            }
        }
    }
}
