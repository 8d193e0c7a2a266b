//! What can carry out steps: a device of an adapter ([`crate::gpu::Gpu`]) or several side by side
//! ([`crate::gpu::Replicas`]), which follow a [`crate::plan::Program`]; the CPU
//! ([`crate::cpu::fast::Fast`]) or the reference ([`crate::cpu::Cpu`]), which follow a
//! [`crate::plan::Plan`].

use crate::error::Result;
use crate::gpu::timing::Timing;
use crate::plan::{BufferId, Interface, Pass};

/// Carries out the steps of a plan, in order, on memory of its own.
///
/// # Errors
/// Every method that can fail returns [`crate::Error::Adapter`] if the adapter was lost or refused.
pub trait Executor {
    /// Which buffers to write and to read, and what they mean.
    fn interface(&self) -> &Interface;

    /// Writes words into a buffer, from word `at` on, before any step that follows.
    fn write(&mut self, buffer: BufferId, at: usize, words: &[u32]) -> Result<()>;

    /// The first `count` words of a buffer, once every step before has ended.
    fn read(&mut self, buffer: BufferId, count: usize) -> Result<Vec<u32>>;

    /// Queues `count` steps of a pass, of which the cursor names the first. May return before they
    /// have ended, but lets only few calls run ahead.
    fn run(&mut self, count: usize, pass: Pass) -> Result<()>;

    /// Waits until every queued step has ended. An executor whose [`Executor::run`] returns after the last step has none
    /// to wait for.
    fn wait(&mut self) -> Result<()> {
        Ok(())
    }

    /// The time of every dispatch of the training step that the first row of the step table names,
    /// as medians of `rounds` rounds; `None` where there are no dispatches to time.
    fn time_step(&mut self, _rounds: u32) -> Result<Option<Timing>> {
        Ok(None)
    }

    /// The first `count` numbers of a buffer.
    fn read_f32(&mut self, buffer: BufferId, count: usize) -> Result<Vec<f32>> {
        Ok(self.read(buffer, count)?.into_iter().map(f32::from_bits).collect())
    }

    /// Writes numbers into a buffer, from its start on.
    fn write_f32(&mut self, buffer: BufferId, numbers: &[f32]) -> Result<()> {
        self.write(buffer, 0, bytemuck::cast_slice(numbers))
    }
}
