//! Measures an adapter for `lenet doctor`: dispatches of small shaders.

use std::time::{Duration, Instant};

use wgpu::{BufferDescriptor, BufferUsages, ComputePipelineDescriptor, PollType};

use super::check::Checker;
use super::{device, pipeline};
use crate::error::Result;
use crate::plan::View;

/// How long the dispatches of a measurement take at least, unless a few take longer.
const ENOUGH: Duration = Duration::from_millis(50);
/// Dispatches of a measurement at most.
const MOST: u32 = 4_096;
/// Where a shader writes, if it does.
const OUTPUT: &str = "output";

impl Checker {
    /// The time of one dispatch of a shader with workgroups of 64, each invocation with 16 bytes of `input` and of
    /// `output`: that of many in one pass, the time of a single one taken off.
    ///
    /// # Errors
    /// [`crate::Error::Adapter`] with what wgpu or the driver complains about.
    pub fn time(&self, label: &str, wgsl: &str, workgroups: u32) -> Result<Duration> {
        // SAFETY: the loops of the measurements count to constants.
        let module = unsafe { pipeline::module(&self.device, label, wgsl.into()) };
        let pipeline = self.device.create_compute_pipeline(&ComputePipelineDescriptor {
            label: Some(label),
            layout: None,
            module: &module,
            entry_point: Some("main"),
            compilation_options: Default::default(),
            cache: None,
        });
        let buffers = ["input", OUTPUT].map(|label| {
            self.device.create_buffer(&BufferDescriptor {
                label: Some(label),
                size: 16 * 64 * u64::from(workgroups),
                usage: BufferUsages::STORAGE,
                mapped_at_creation: false,
            })
        });
        let words = 4 * 64 * workgroups as usize;
        let views = [0, 1].map(|buffer| View { buffer, offset: 0, words, uniform: false });
        let bound = if wgsl.contains(OUTPUT) { 2 } else { 1 };
        let layout = pipeline.get_bind_group_layout(0);
        let group = pipeline::bind_group(&self.device, &layout, &buffers, &views[..bound]);
        let run = |count: u32| -> Result<Duration> {
            let mut encoder = self.device.create_command_encoder(&Default::default());
            {
                let mut pass = encoder.begin_compute_pass(&Default::default());
                pass.set_pipeline(&pipeline);
                pass.set_bind_group(0, &group, &[]);
                (0..count).for_each(|_| pass.dispatch_workgroups(workgroups, 1, 1));
            }
            let start = Instant::now();
            self.queue.submit([encoder.finish()]);
            let done = self.device.poll(PollType::wait_indefinitely());
            self.fault.check()?;
            done.map_err(device::stopped)?;
            Ok(start.elapsed())
        };
        run(1)?;
        let (once, mut count) = (run(1)?, 2);
        loop {
            let all = run(count)?;
            if all >= ENOUGH || count >= MOST {
                return Ok(all.saturating_sub(once) / (count - 1));
            }
            count *= 2;
        }
    }
}
