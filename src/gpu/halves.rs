//! A plan on two devices side by side, each with half of the batch: [`Strategy::Halves`].
//!
//! llvmpipe hands each dispatch to threads of its own and waits for them, which costs more than many a
//! kernel. A device that computes in the thread that submits has no such price, and two of them, one for
//! each core, meet once a step: each leaves the gradients of its samples in its row of `shares`, gets the
//! other's row, and both make the same step of the same parameters.
//!
//! [`Strategy::Halves`]: crate::plan::Strategy::Halves

use std::sync::mpsc::{Receiver, Sender, channel};

use wgpu::{
    Adapter, BufferDescriptor, BufferUsages, CommandEncoder, CommandEncoderDescriptor, MapMode,
};

use super::{Gpu, core};
use crate::error::{Error, Result};
use crate::executor::Executor;
use crate::network::{CLASSES, Network};
use crate::plan::{BufferId, HALVES, Optimizer, Pass, Plan, TOTALS};

/// A plan on two devices.
pub struct Halves {
    /// Of the whole batch.
    plan: Plan,
    halves: [Half; HALVES],
    /// Whether each device has a part of the curvature.
    parted: bool,
}

/// One of the devices.
struct Half {
    gpu: Gpu,
    index: usize,
    /// Where the host reads its share.
    mine: wgpu::Buffer,
    /// Where the host writes that of the other.
    theirs: wgpu::Buffer,
}

/// How the threads of a step give each other their shares.
struct Exchange {
    give: Sender<Vec<u8>>,
    take: Receiver<Vec<u8>>,
}

impl Halves {
    /// Sets up the halves of a plan that was made for a network and optimizer, each on its adapter.
    ///
    /// # Errors
    /// [`Error::Adapter`] if an adapter gives no device or refuses a buffer.
    pub fn new(
        adapters: [&Adapter; HALVES],
        plan: Plan,
        network: &Network,
        optimizer: Optimizer,
    ) -> Result<Halves> {
        let [one, other] = side_by_side([0, 1], |index| {
            Half::new(index, adapters[index], plan.half(network, optimizer, index))
        });
        Ok(Halves { halves: [one?, other?], plan, parted: false })
    }

    /// Words that each sample of a batch has in a buffer, of those whose rows are divided.
    fn divided(&self, buffer: BufferId) -> Option<usize> {
        let ports = self.plan.ports;
        match buffer {
            _ if buffer == ports.totals => Some(TOTALS),
            _ if buffer == ports.scores => Some(CLASSES),
            _ => None,
        }
    }

    /// Trains for so many steps.
    fn train(&mut self, count: usize) -> Result<()> {
        let [one, other] = &mut self.halves;
        let ((to_one, from_other), (to_other, from_one)) = (channel(), channel());
        let halves = [
            (one, Exchange { give: to_other, take: from_other }),
            (other, Exchange { give: to_one, take: from_one }),
        ];
        // Where one fails, the other ends for want of its share, and without an error.
        let [one, other] = side_by_side(halves, |(half, exchange)| half.train(count, exchange));
        one.and(other)
    }

    /// Adds the parts of the curvature, where there are two.
    fn unite(&mut self) -> Result<()> {
        let (Some(curvature), true) = (self.plan.ports.curvature, self.parted) else {
            return Ok(());
        };
        let size = self.plan.layout.size;
        let mut sum = self.halves[0].gpu.read_f32(curvature, size)?;
        let other = self.halves[1].gpu.read_f32(curvature, size)?;
        sum.iter_mut().zip(other).for_each(|(sum, other)| *sum += other);
        self.write_f32(curvature, &sum)
    }
}

impl Half {
    fn new(index: usize, adapter: &Adapter, plan: Plan) -> Result<Half> {
        let size = 4 * plan.layout.size as u64;
        keep_apart(&plan, index);
        let gpu = Gpu::new(adapter, plan)?;
        let staging = |usage, mapped_at_creation| {
            let label = Some("share");
            gpu.device.create_buffer(&BufferDescriptor { label, size, usage, mapped_at_creation })
        };
        let mine = staging(BufferUsages::MAP_READ | BufferUsages::COPY_DST, false);
        let theirs = staging(BufferUsages::MAP_WRITE | BufferUsages::COPY_SRC, true);
        Ok(Half { gpu, index, mine, theirs })
    }

    /// Trains for so many steps, or until the other gives no share.
    fn train(&mut self, count: usize, exchange: Exchange) -> Result<()> {
        keep_apart(self.gpu.plan(), self.index);
        self.gpu.compile(Pass::Training);
        let mut share = vec![0; self.mine.size() as usize];
        let mut commands = self.encoder();
        self.record_training(&mut commands);
        for step in 1..=count {
            let submission = self.gpu.queue.submit([commands.finish()]);
            // A failure to map shows when the range is asked for.
            self.mine.map_async(MapMode::Read, .., |_| {});
            if step > 1 {
                self.theirs.map_async(MapMode::Write, .., |_| {});
            }
            commands = self.encoder();
            self.record_merge(&mut commands);
            if step < count {
                self.record_training(&mut commands);
            }
            self.gpu.poll(Some(submission))?;
            share.copy_from_slice(&self.mine.get_mapped_range(..).map_err(failed)?);
            self.mine.unmap();
            if exchange.give.send(share).is_err() {
                return Ok(());
            }
            let Ok(others) = exchange.take.recv() else { return Ok(()) };
            self.theirs.get_mapped_range_mut(..).map_err(failed)?.copy_from_slice(&others);
            self.theirs.unmap();
            share = others;
        }
        self.gpu.queue.submit([commands.finish()]);
        self.theirs.map_async(MapMode::Write, .., |_| {});
        self.gpu.check()
    }

    fn encoder(&self) -> CommandEncoder {
        self.gpu.device.create_command_encoder(&CommandEncoderDescriptor::default())
    }

    /// Records a step up to where its share lies before the host.
    fn record_training(&self, commands: &mut CommandEncoder) {
        self.gpu.record_steps(commands, Pass::Training, 1);
        let (shares, size) = (self.shares(), self.mine.size());
        let row = size * self.index as u64;
        commands.copy_buffer_to_buffer(shares, row, &self.mine, 0, size);
    }

    /// Records the step of the parameters, with the share that the host will have written.
    fn record_merge(&self, commands: &mut CommandEncoder) {
        let (shares, size) = (self.shares(), self.theirs.size());
        let row = size * (HALVES - 1 - self.index) as u64;
        commands.copy_buffer_to_buffer(&self.theirs, 0, shares, row, size);
        self.gpu.record_merge(commands);
    }

    fn shares(&self) -> &wgpu::Buffer {
        &self.gpu.buffers[self.gpu.plan().ports.shares.expect("the plan of a half has shares")]
    }
}

/// Has this thread keep to the core of a half, where each is to have its own.
fn keep_apart(plan: &Plan, index: usize) {
    if plan.profile.devices > 1 {
        core::keep_to(index, HALVES);
    }
}

/// Does the same with both, each on a thread of its own.
fn side_by_side<T: Send, R: Send>(both: [T; HALVES], work: impl Fn(T) -> R + Sync) -> [R; HALVES] {
    let work = &work;
    std::thread::scope(|scope| {
        let threads = both.map(|one| scope.spawn(move || work(one)));
        threads.map(|thread| thread.join().expect("no thread of a half panics"))
    })
}

fn failed(error: impl std::fmt::Display) -> Error {
    Error::Adapter(format!("cannot exchange gradients: {error}"))
}

impl Executor for Halves {
    fn plan(&self) -> &Plan {
        &self.plan
    }

    fn write(&mut self, buffer: BufferId, at: usize, words: &[u32]) -> Result<()> {
        if let Some(size) = self.divided(buffer) {
            assert_eq!(at, 0, "rows of samples are written from the first on");
            let parts = words.chunks(size * self.halves[0].gpu.plan().batch);
            let mut parts = parts.zip(&mut self.halves);
            return parts.try_for_each(|(part, half)| half.gpu.write(buffer, 0, part));
        }
        self.parted &= Some(buffer) != self.plan.ports.curvature;
        self.halves.iter_mut().try_for_each(|half| half.gpu.write(buffer, at, words))
    }

    fn read(&mut self, buffer: BufferId, count: usize) -> Result<Vec<u32>> {
        if Some(buffer) == self.plan.ports.curvature {
            self.unite()?;
        }
        let batch = self.halves[0].gpu.plan().batch;
        let room = self.divided(buffer).map_or(count, |size| size * batch);
        let [one, other] = &mut self.halves;
        let mut words = one.gpu.read(buffer, count.min(room))?;
        if count > room {
            words.extend(other.gpu.read(buffer, count - room)?);
        }
        Ok(words)
    }

    fn run(&mut self, count: usize, pass: Pass) -> Result<()> {
        if pass == Pass::Training {
            self.unite()?;
            return self.train(count);
        }
        self.parted |= pass == Pass::Curvature;
        let halves = self.halves.each_mut();
        let [one, other] = side_by_side(halves, |half| half.gpu.run(count, pass));
        one.and(other)
    }

    fn wait(&mut self) -> Result<()> {
        self.halves.iter_mut().try_for_each(|half| half.gpu.wait())
    }
}
