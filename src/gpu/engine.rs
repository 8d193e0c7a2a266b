//! The GPU engine: runs a program on one device.

use std::sync::Arc;

use bytemuck::Pod;
use wgpu::{
    Adapter, BindGroup, BufferUsages, CommandEncoder, CommandEncoderDescriptor, ComputePass,
    ComputePipeline, Device, PollType, Queue, SubmissionIndex,
};

use super::buffers::{make_buffer, make_staging, mapped};
use super::device::{self, stopped};
use super::fault::Fault;
use super::pipeline;
use super::timing::Timing;
use crate::error::Result;
use crate::executor::Executor;
use crate::plan::program::Shader;
use crate::plan::{BufferId, Dispatch, Interface, Pass, Program, Replica};
use crate::threads;

/// Submissions that may wait on the device while the host continues.
const IN_FLIGHT: usize = 2;
/// Longest piece of a write, in words: wgpu keeps a copy of each piece until it is on the device.
const PIECE: usize = 1 << 20;

/// A dispatch, ready to be recorded.
pub(super) struct BoundDispatch {
    kernel: usize,
    group: BindGroup,
    workgroups: u32,
}

/// One replica of a program on a device.
pub struct Gpu {
    pub(super) program: Arc<Program>,
    pub(super) device: Device,
    pub(super) queue: Queue,
    pub(super) buffers: Vec<wgpu::Buffer>,
    layouts: Vec<wgpu::BindGroupLayout>,
    pipelines: Vec<Option<ComputePipeline>>,
    pub(super) passes: Replica<BoundDispatch>,
    in_flight: Vec<SubmissionIndex>,
    fault: Fault,
}

impl Gpu {
    /// Sets up the first replica of a program on an adapter, within WebGPU's default limits but for a larger data set.
    ///
    /// # Errors
    /// [`crate::Error::Adapter`] if the adapter gives no device or refuses a buffer.
    pub fn new(adapter: &Adapter, program: Program) -> Result<Gpu> {
        Self::replica(adapter, Arc::new(program), 0)
    }

    /// Sets up one replica of a program on an adapter.
    ///
    /// # Errors
    /// As [`Gpu::new`].
    pub(super) fn replica(adapter: &Adapter, program: Arc<Program>, replica: usize) -> Result<Gpu> {
        let largest = program.buffers.iter().map(|buffer| buffer.words).max().unwrap_or(0);
        let (device, queue) = device::open(adapter, 4 * largest as u64)?;
        Self::on_device(device, queue, program, replica)
    }

    /// Sets up one replica of a program on a device that is there already.
    ///
    /// # Errors
    /// As [`Gpu::new`].
    pub fn on_device(
        device: Device,
        queue: Queue,
        program: Arc<Program>,
        replica: usize,
    ) -> Result<Gpu> {
        let fault = Fault::watch(&device);
        let buffers: Vec<wgpu::Buffer> =
            program.buffers.iter().map(|buffer| make_buffer(&device, buffer)).collect();
        let layout = |kernel: &Shader| {
            let kinds = kernel.bindings.iter().map(|binding| binding.kind);
            pipeline::layout(&device, &kernel.label, kinds)
        };
        let layouts: Vec<_> = program.kernels.iter().map(layout).collect();
        let launch = |dispatch: &Dispatch| BoundDispatch {
            kernel: dispatch.kernel,
            group: pipeline::bind_group(
                &device,
                &layouts[dispatch.kernel],
                &buffers,
                &dispatch.views,
            ),
            workgroups: program.kernels[dispatch.kernel].workgroups,
        };
        let gpu = Gpu {
            pipelines: vec![None; program.kernels.len()],
            in_flight: Vec::new(),
            passes: program.replicas[replica].map(launch),
            program,
            device,
            queue,
            buffers,
            layouts,
            fault,
        };
        gpu.check()?;
        Ok(gpu)
    }

    /// What went wrong on the device since the start, if anything did.
    pub(super) fn check(&self) -> Result<()> {
        self.fault.check()
    }

    /// Compiles the pipelines that such a step needs and that are not there yet.
    pub(super) fn compile(&mut self, pass: Pass) {
        let launches = self.passes.steps(pass).all();
        let mut missing: Vec<usize> = launches.map(|launch| launch.kernel).collect();
        missing.sort_unstable();
        missing.dedup();
        missing.retain(|&kernel| self.pipelines[kernel].is_none());
        // The other replicas compile at the same time.
        let threads = threads::available().div_ceil(self.program.replicas.len());
        let Gpu { device, program, layouts, .. } = &*self;
        for (kernel, made) in pipeline::side_by_side(device, program, layouts, missing, threads) {
            self.pipelines[kernel] = Some(made);
        }
    }

    /// Records dispatches; their pipelines have to be compiled.
    pub(super) fn record(&self, commands: &mut ComputePass, launches: &[BoundDispatch]) {
        for launch in launches {
            let pipeline = self.pipelines[launch.kernel].as_ref();
            commands.set_pipeline(pipeline.expect("compiled before recording"));
            commands.set_bind_group(0, &launch.group, &[]);
            commands.dispatch_workgroups(launch.workgroups, 1, 1);
        }
    }

    /// Records `count` steps of a pass up to the exchange; their pipelines have to be compiled.
    pub(super) fn record_compute(&self, encoder: &mut CommandEncoder, pass: Pass, count: usize) {
        let mut commands = encoder.begin_compute_pass(&Default::default());
        for _ in 0..count {
            self.record(&mut commands, &self.passes.steps(pass).compute);
        }
    }

    /// Records what follows the exchange.
    pub(super) fn record_apply(&self, encoder: &mut CommandEncoder, pass: Pass) {
        let mut commands = encoder.begin_compute_pass(&Default::default());
        self.record(&mut commands, &self.passes.steps(pass).apply);
    }

    /// Queues one dispatch of a pass, by its number in the pass.
    ///
    /// # Errors
    /// [`crate::Error::Adapter`] if the adapter was lost or refuses.
    pub fn run_dispatch(&mut self, pass: Pass, number: usize) -> Result<()> {
        self.compile(pass);
        let mut encoder = self.device.create_command_encoder(&CommandEncoderDescriptor::default());
        {
            let mut commands = encoder.begin_compute_pass(&Default::default());
            let launch = self.passes.steps(pass).all().nth(number);
            self.record(&mut commands, launch.map_or(&[], std::slice::from_ref));
        }
        self.queue.submit([encoder.finish()]);
        self.check()
    }

    /// What a buffer holds for the host, once every step before has ended.
    pub(super) fn mapped<T: Pod>(&mut self, staging: &wgpu::Buffer) -> Result<Vec<T>> {
        let numbers = mapped(&self.device, staging);
        self.in_flight.clear();
        // What went wrong before says more than that nothing can be read.
        self.check()?;
        numbers
    }

    pub(super) fn poll(&self, until: Option<SubmissionIndex>) -> Result<()> {
        let wait = PollType::Wait { submission_index: until, timeout: None };
        let done = self.device.poll(wait);
        // What went wrong before says more than that nothing can be waited for.
        self.check()?;
        done.map(|_| ()).map_err(stopped)
    }
}

impl Executor for Gpu {
    fn interface(&self) -> &Interface {
        &self.program.interface
    }

    fn write(&mut self, buffer: BufferId, at: usize, words: &[u32]) -> Result<()> {
        for (i, piece) in words.chunks(PIECE).enumerate() {
            let place = 4 * (at + i * PIECE) as u64;
            self.queue.write_buffer(&self.buffers[buffer], place, bytemuck::cast_slice(piece));
            if words.len() > PIECE {
                self.queue.submit([]);
                self.wait()?;
            }
        }
        self.check()
    }

    fn read(&mut self, buffer: BufferId, count: usize) -> Result<Vec<u32>> {
        let size = 4 * count as u64;
        let usage = BufferUsages::MAP_READ | BufferUsages::COPY_DST;
        let staging = make_staging(&self.device, size, usage);
        let mut encoder = self.device.create_command_encoder(&CommandEncoderDescriptor::default());
        encoder.copy_buffer_to_buffer(&self.buffers[buffer], 0, &staging, 0, size);
        self.queue.submit([encoder.finish()]);
        self.mapped(&staging)
    }

    fn run(&mut self, count: usize, pass: Pass) -> Result<()> {
        self.compile(pass);
        let mut encoder = self.device.create_command_encoder(&CommandEncoderDescriptor::default());
        self.record_compute(&mut encoder, pass, count);
        self.in_flight.push(self.queue.submit([encoder.finish()]));
        if self.in_flight.len() > IN_FLIGHT {
            let oldest = self.in_flight.remove(0);
            self.poll(Some(oldest))?;
        }
        self.check()
    }

    fn time_step(&mut self, rounds: u32) -> Result<Option<Timing>> {
        Gpu::time_step(self, rounds).map(Some)
    }

    fn wait(&mut self) -> Result<()> {
        self.in_flight.clear();
        self.poll(None)
    }
}
