//! Buffers, submissions and read-back.

use std::sync::{Arc, Mutex};

use wgpu::{
    Adapter, BindGroup, BufferDescriptor, BufferUsages, CommandEncoder, CommandEncoderDescriptor,
    ComputePass, ComputePipeline, Device, DeviceDescriptor, Features, Limits, MapMode, PollType,
    Queue, SubmissionIndex,
};

use super::timing::Timing;
use super::{adapter, pipeline};
use crate::error::{Error, Result};
use crate::executor::Executor;
use crate::plan::{Buffer, BufferId, Dispatch, HALVES, Pass, Plan, Start};
use crate::threads;

/// Submissions that may wait on the device while the host goes on.
const IN_FLIGHT: usize = 2;
/// Words of a write that go up at once: what waits to be copied exists twice.
const PIECE: usize = 1 << 20;

/// A dispatch, ready to be recorded.
struct Launch {
    kernel: usize,
    group: BindGroup,
    workgroups: u32,
}

/// A plan on an adapter.
pub struct Gpu {
    plan: Plan,
    pub(super) device: Device,
    pub(super) queue: Queue,
    pub(super) buffers: Vec<wgpu::Buffer>,
    layouts: Vec<wgpu::BindGroupLayout>,
    pipelines: Vec<Option<ComputePipeline>>,
    forward: Vec<Launch>,
    training: Vec<Launch>,
    curvature: Vec<Launch>,
    merge: Vec<Launch>,
    in_flight: Vec<SubmissionIndex>,
    /// The first thing that wgpu or the driver complained about.
    fault: Arc<Mutex<Option<String>>>,
}

impl Gpu {
    /// Sets up a plan on an adapter, within WebGPU's default limits.
    ///
    /// # Errors
    /// [`Error::Adapter`] if the adapter gives no device or refuses a buffer.
    pub fn new(adapter: &Adapter, plan: Plan) -> Result<Gpu> {
        let (device, queue) = device(adapter)?;
        Self::on_device(device, queue, plan)
    }

    /// Sets up a plan on a device that is there already.
    ///
    /// # Errors
    /// As [`Gpu::new`].
    pub fn on_device(device: Device, queue: Queue, plan: Plan) -> Result<Gpu> {
        let fault = Arc::new(Mutex::new(None));
        let complain = {
            let fault = fault.clone();
            move |message: String| {
                if let Ok(mut first) = fault.lock() {
                    first.get_or_insert(message);
                }
            }
        };
        let lost = complain.clone();
        device.on_uncaptured_error(Arc::new(move |error: wgpu::Error| complain(error.to_string())));
        device.set_device_lost_callback(move |reason, message| {
            if reason != wgpu::DeviceLostReason::Destroyed {
                lost(format!("the device was lost: {message}"));
            }
        });

        let uniform = |id: BufferId| {
            plan.dispatches()
                .any(|dispatch| dispatch.views.iter().any(|view| view.uniform && view.buffer == id))
        };
        let buffers: Vec<wgpu::Buffer> = plan
            .buffers
            .iter()
            .enumerate()
            .map(|(id, buffer)| make_buffer(&device, buffer, uniform(id)))
            .collect();
        let layouts: Vec<_> =
            plan.kernels.iter().map(|kernel| pipeline::layout(&device, kernel)).collect();
        let launch = |dispatch: &Dispatch| Launch {
            kernel: dispatch.kernel,
            group: pipeline::bind_group(
                &device,
                &layouts[dispatch.kernel],
                &buffers,
                &dispatch.views,
            ),
            workgroups: plan.kernels[dispatch.kernel].workgroups,
        };
        let forward = plan.forward.iter().map(launch).collect();
        let training = plan.training.iter().map(launch).collect();
        let curvature = plan.curvature.iter().map(launch).collect();
        let merge = plan.merge.iter().map(launch).collect();
        let gpu = Gpu {
            pipelines: vec![None; plan.kernels.len()],
            in_flight: Vec::new(),
            plan,
            device,
            queue,
            buffers,
            layouts,
            forward,
            training,
            curvature,
            merge,
            fault,
        };
        gpu.check()?;
        Ok(gpu)
    }

    /// What went wrong on the device since the start, if anything did.
    pub(super) fn check(&self) -> Result<()> {
        match self.fault.lock().ok().and_then(|mut fault| fault.take()) {
            None => Ok(()),
            Some(message) => Err(Error::Adapter(format!(
                "the adapter failed: {message}; choose another with --adapter, or --device cpu"
            ))),
        }
    }

    /// The launches of a step.
    fn launches(&self, pass: Pass) -> &[Launch] {
        match pass {
            Pass::Forward => &self.forward,
            Pass::Training => &self.training,
            Pass::Curvature => &self.curvature,
        }
    }

    /// Compiles the pipelines that such a step needs and that are not there yet.
    pub(super) fn compile(&mut self, pass: Pass) {
        let merge = if pass == Pass::Training { &self.merge[..] } else { &[] };
        let launches = self.launches(pass).iter().chain(merge);
        let mut missing: Vec<usize> = launches.map(|launch| launch.kernel).collect();
        missing.sort_unstable();
        missing.dedup();
        missing.retain(|&kernel| self.pipelines[kernel].is_none());
        // The other half compiles at the same time.
        let devices = if self.plan.ports.shares.is_some() { HALVES } else { 1 };
        let threads = threads::available().div_ceil(devices);
        for (kernel, made) in
            pipeline::side_by_side(&self.device, &self.plan, &self.layouts, missing, threads)
        {
            self.pipelines[kernel] = Some(made);
        }
    }

    /// Dispatches of a training step.
    pub(super) fn dispatches(&self) -> usize {
        self.training.len()
    }

    /// Records the dispatch of that number of a training step; its pipeline has to be compiled.
    pub(super) fn record(&self, pass: &mut ComputePass, dispatch: usize) {
        self.record_launch(pass, &self.training[dispatch]);
    }

    fn record_launch(&self, pass: &mut ComputePass, launch: &Launch) {
        let pipeline = self.pipelines[launch.kernel].as_ref().expect("compiled before recording");
        pass.set_pipeline(pipeline);
        pass.set_bind_group(0, &launch.group, &[]);
        pass.dispatch_workgroups(launch.workgroups, 1, 1);
    }

    /// Records so many steps of a pass; their pipelines have to be compiled.
    pub(super) fn record_steps(&self, encoder: &mut CommandEncoder, pass: Pass, count: usize) {
        let mut commands = encoder.begin_compute_pass(&Default::default());
        for _ in 0..count {
            for launch in self.launches(pass) {
                self.record_launch(&mut commands, launch);
            }
        }
    }

    /// Records the step of the parameters from the shares of both halves.
    pub(super) fn record_merge(&self, encoder: &mut CommandEncoder) {
        let mut commands = encoder.begin_compute_pass(&Default::default());
        for launch in &self.merge {
            self.record_launch(&mut commands, launch);
        }
    }

    pub(super) fn poll(&self, until: Option<SubmissionIndex>) -> Result<()> {
        let wait = PollType::Wait { submission_index: until, timeout: None };
        self.device
            .poll(wait)
            .map_err(|error| Error::Adapter(format!("the adapter stopped answering: {error}")))?;
        self.check()
    }
}

impl Executor for Gpu {
    fn plan(&self) -> &Plan {
        &self.plan
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
        let staging = self.device.create_buffer(&BufferDescriptor {
            label: Some("read-back"),
            size,
            usage: BufferUsages::MAP_READ | BufferUsages::COPY_DST,
            mapped_at_creation: false,
        });
        let mut encoder = self.device.create_command_encoder(&CommandEncoderDescriptor::default());
        encoder.copy_buffer_to_buffer(&self.buffers[buffer], 0, &staging, 0, size);
        self.queue.submit([encoder.finish()]);
        let (sender, receiver) = futures::channel::oneshot::channel();
        staging.map_async(MapMode::Read, .., move |result| {
            // The receiver is gone only if the wait below failed.
            let _ = sender.send(result);
        });
        self.wait()?;
        let failed = |error: String| Error::Adapter(format!("cannot read back: {error}"));
        pollster::block_on(receiver)
            .map_err(|error| failed(error.to_string()))?
            .map_err(|error| failed(error.to_string()))?;
        let view = staging.get_mapped_range(..).map_err(|error| failed(error.to_string()))?;
        Ok(bytemuck::pod_collect_to_vec(&view))
    }

    fn run(&mut self, count: usize, pass: Pass) -> Result<()> {
        self.compile(pass);
        let mut encoder = self.device.create_command_encoder(&CommandEncoderDescriptor::default());
        self.record_steps(&mut encoder, pass, count);
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

/// A device of an adapter, within WebGPU's default limits.
///
/// # Errors
/// [`Error::Adapter`] if the adapter gives none.
pub(super) fn device(adapter: &Adapter) -> Result<(Device, Queue)> {
    pollster::block_on(adapter.request_device(&DeviceDescriptor {
        label: Some("lenet"),
        required_features: adapter.features() & Features::TIMESTAMP_QUERY,
        required_limits: Limits::default(),
        ..Default::default()
    }))
    .map_err(|error| {
        Error::Adapter(format!(
            "{} gives no device: {error}; choose another with --adapter (see `lenet adapters`)",
            adapter::describe(&adapter.get_info())
        ))
    })
}

fn make_buffer(device: &Device, buffer: &Buffer, uniform: bool) -> wgpu::Buffer {
    let words = buffer.words.max(4).next_multiple_of(4);
    let mut usage = BufferUsages::STORAGE | BufferUsages::COPY_SRC | BufferUsages::COPY_DST;
    if uniform {
        usage |= BufferUsages::UNIFORM;
    }
    let starts = buffer.start != Start::Zero;
    let made = device.create_buffer(&BufferDescriptor {
        label: Some(&buffer.name),
        size: 4 * words as u64,
        usage,
        mapped_at_creation: starts,
    });
    if starts {
        let mut content = match &buffer.start {
            Start::Zero => Vec::new(),
            Start::Fill(value) => vec![value.to_bits(); words],
            Start::Words(words) => words.clone(),
        };
        content.resize(words, 0);
        if let Ok(mut view) = made.get_mapped_range_mut(..) {
            view.copy_from_slice(bytemuck::cast_slice(&content));
        }
        made.unmap();
    }
    made
}
