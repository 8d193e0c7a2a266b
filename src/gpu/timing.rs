//! Times each dispatch of a training step, for `bench` and `tune`.

use std::ops::Range;
use std::time::{Duration, Instant};

use serde::Serialize;
use wgpu::{
    BufferUsages, CommandEncoderDescriptor, ComputePassDescriptor, ComputePassTimestampWrites,
    Features, QuerySetDescriptor, QueryType,
};

use super::{Gpu, buffers};
use crate::error::Result;
use crate::executor::Executor;
use crate::plan::Pass;

/// How often more a dispatch is repeated: its time is that of 1 + MORE launches less that of one, divided by MORE.
const MORE: u32 = 4;
/// Dispatches that are timed in one submission: few enough for a watchdog.
const AT_ONCE: usize = 64;

/// What the times were taken with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Clock {
    /// The device's own, at the beginning and the end of passes that repeat one dispatch.
    Timestamps,
    /// The host's, around submissions of the same dispatch again and again.
    Submissions,
}

/// The time of every dispatch of a training step.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Timing {
    pub clock: Clock,
    /// Time of each dispatch, in the order of the step.
    pub dispatches: Vec<Duration>,
}

impl Gpu {
    /// The time of every dispatch of a training step, each alone and again and again: medians of
    /// `rounds` rounds by timestamps where the device has them, else as [`Gpu::time_dispatches`].
    ///
    /// The step that is timed is the first of the step table, so that the buffers have to hold
    /// its samples.
    ///
    /// # Errors
    /// [`crate::Error::Adapter`] if the adapter fails.
    pub fn time_step(&mut self, rounds: u32) -> Result<Timing> {
        if self.device.features().contains(Features::TIMESTAMP_QUERY) {
            let dispatches = self.time_by_timestamps(rounds)?;
            // Some drivers have the feature and a clock that stands still.
            if dispatches.iter().any(|time| !time.is_zero()) {
                return Ok(Timing { clock: Clock::Timestamps, dispatches });
            }
        }
        let dispatches = self.time_dispatches(rounds)?;
        Ok(Timing { clock: Clock::Submissions, dispatches })
    }

    /// The time of every dispatch of a training step: that of a submission of 1 + `repeats` launches less that of one
    /// launch, divided by `repeats`.
    ///
    /// # Errors
    /// [`crate::Error::Adapter`] if the adapter fails.
    pub fn time_dispatches(&mut self, repeats: u32) -> Result<Vec<Duration>> {
        self.compile(Pass::Training);
        let cursor = self.program.interface.ports.cursor;
        (0..self.passes.training.compute.len())
            .map(|dispatch| {
                self.write(cursor, 0, &[0])?;
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
                self.record(&mut pass, &self.passes.training.compute[dispatch..=dispatch]);
            }
        }
        let start = Instant::now();
        self.queue.submit([encoder.finish()]);
        self.wait()?;
        Ok(start.elapsed())
    }

    /// Medians of `rounds` rounds. A pass has a price of its own, on a software adapter that of a
    /// small kernel: so each dispatch is timed once and [`MORE`] times more, and the rest is kept.
    fn time_by_timestamps(&mut self, rounds: u32) -> Result<Vec<Duration>> {
        self.compile(Pass::Training);
        let cursor = self.program.interface.ports.cursor;
        let period = f64::from(self.queue.get_timestamp_period());
        let mut times = Vec::new();
        for first in (0..self.passes.training.compute.len()).step_by(AT_ONCE) {
            let last = (first + AT_ONCE).min(self.passes.training.compute.len());
            let mut samples = vec![Vec::new(); last - first];
            // The first round warms up and is left out.
            for round in 0..=rounds.max(1) {
                self.write(cursor, 0, &[0])?;
                let ticks = self.ticks(first..last)?;
                if round > 0 {
                    samples.iter_mut().zip(ticks).for_each(|(all, ticks)| all.push(ticks));
                }
            }
            times.extend(samples.into_iter().map(|mut ticks| {
                ticks.sort_unstable();
                let nanoseconds = ticks[ticks.len() / 2] as f64 * period / f64::from(MORE);
                Duration::from_nanos(nanoseconds as u64)
            }));
        }
        Ok(times)
    }

    /// Ticks that [`MORE`] launches of each of these dispatches take, in one submission.
    fn ticks(&mut self, dispatches: Range<usize>) -> Result<Vec<u64>> {
        let count = 4 * dispatches.len() as u32;
        let query_set = self.device.create_query_set(&QuerySetDescriptor {
            label: Some("timing"),
            ty: QueryType::Timestamp,
            count,
        });
        let size = u64::from(count) * u64::from(wgpu::QUERY_SIZE);
        let buffer = |usage| buffers::make_staging(&self.device, size, usage);
        let resolved = buffer(BufferUsages::QUERY_RESOLVE | BufferUsages::COPY_SRC);
        let staging = buffer(BufferUsages::MAP_READ | BufferUsages::COPY_DST);
        let mut encoder = self.device.create_command_encoder(&CommandEncoderDescriptor::default());
        let launches = dispatches.flat_map(|dispatch| [(dispatch, 1), (dispatch, 1 + MORE)]);
        for (at, (dispatch, launches)) in (0..).step_by(2).zip(launches) {
            let mut pass = encoder.begin_compute_pass(&ComputePassDescriptor {
                label: None,
                timestamp_writes: Some(ComputePassTimestampWrites {
                    query_set: &query_set,
                    beginning_of_pass_write_index: Some(at),
                    end_of_pass_write_index: Some(at + 1),
                }),
            });
            for _ in 0..launches {
                self.record(&mut pass, &self.passes.training.compute[dispatch..=dispatch]);
            }
        }
        encoder.resolve_query_set(&query_set, 0..count, &resolved, 0);
        encoder.copy_buffer_to_buffer(&resolved, 0, &staging, 0, size);
        self.queue.submit([encoder.finish()]);
        let ticks: Vec<u64> = self.mapped(&staging)?;
        let pass = |ticks: &[u64]| ticks[1].saturating_sub(ticks[0]);
        Ok(ticks.chunks_exact(4).map(|t| pass(&t[2..]).saturating_sub(pass(&t[..2]))).collect())
    }
}
