//! How long each dispatch of a step takes.

use std::time::{Duration, Instant};

use wgpu::CommandEncoderDescriptor;

use super::Gpu;
use crate::error::Result;
use crate::executor::Executor;

impl Gpu {
    /// The time of every dispatch of a training step: each alone, `repeats` times in a submission
    /// of its own, the time of an empty submission taken off.
    ///
    /// # Errors
    /// [`crate::Error::Adapter`] if the adapter fails.
    pub fn time_dispatches(&mut self, repeats: u32) -> Result<Vec<Duration>> {
        self.compile(true);
        (0..self.dispatches())
            .map(|dispatch| {
                self.time(dispatch, 1)?;
                let once = self.time(dispatch, 1)?;
                let all = self.time(dispatch, 1 + repeats)?;
                Ok(all.saturating_sub(once) / repeats)
            })
            .collect()
    }

    fn time(&mut self, dispatch: usize, count: u32) -> Result<Duration> {
        let mut encoder = self.device.create_command_encoder(&CommandEncoderDescriptor::default());
        {
            let mut pass = encoder.begin_compute_pass(&Default::default());
            for _ in 0..count {
                self.record(&mut pass, dispatch);
            }
        }
        let start = Instant::now();
        self.queue.submit([encoder.finish()]);
        self.wait()?;
        Ok(start.elapsed())
    }
}
