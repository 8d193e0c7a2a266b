//! Data parallelism: a program on several devices side by side, each of which carries out a shard of
//! the batch.
//!
//! Each replica leaves the gradients of its samples in its row of `shard_gradients`. The host carries the rows to the
//! other replicas (all-reduce), and all add them in the same order and take the same step of the same
//! parameters. One device that carries out all shards computes the same bits.

use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex};

use wgpu::{
    Adapter, BufferDescriptor, BufferUsages, CommandEncoder, CommandEncoderDescriptor, MapMode,
};

use super::{Gpu, llvmpipe};
use crate::error::{Error, Result};
use crate::executor::Executor;
use crate::plan::program::{Exchange, Program};
use crate::plan::{BufferId, Interface, Pass, TOTALS};
use crate::threads;

/// A program on several devices.
pub struct Replicas {
    program: Arc<Program>,
    /// One device for each replica.
    replicas: Vec<Replica>,
}

/// One of the devices.
struct Replica {
    gpu: Gpu,
    index: usize,
    /// Replicas in all.
    count: usize,
    exchange: Exchange,
    /// Where the host reads the row of this replica.
    own: wgpu::Buffer,
    /// Where the host writes the rows of the others, in their order.
    others: wgpu::Buffer,
    /// Whether its thread keeps to a core of its own.
    pinned: bool,
}

/// The ends of the channels on which a replica gives its row to the others and gets theirs.
struct Links {
    /// To each other replica, in their order.
    give: Vec<Sender<Arc<Vec<u8>>>>,
    /// From each other replica, in their order.
    get: Vec<Receiver<Arc<Vec<u8>>>>,
}

impl Replicas {
    /// Sets up every replica of a program, each on its adapter. `pinned`: each in a thread that keeps to
    /// a core of its own, for devices that compute in the thread that submits.
    ///
    /// # Errors
    /// [`Error::Adapter`] if an adapter gives no device or refuses a buffer.
    ///
    /// # Panics
    /// If there are not as many adapters as replicas, or only one.
    pub fn new(adapters: &[&Adapter], program: Program, pinned: bool) -> Result<Replicas> {
        let program = Arc::new(program);
        assert_eq!(adapters.len(), program.replicas.len(), "an adapter for each replica");
        let threads = 1 + adapters.len();
        if threads::granted(threads) < threads {
            return Err(threads::refused(std::io::ErrorKind::WouldBlock.into()));
        }
        let adapters: Vec<_> = adapters.iter().enumerate().collect();
        let replicas = side_by_side(adapters, |(index, adapter)| {
            Replica::new(index, adapter, program.clone(), pinned)
        });
        Ok(Replicas { replicas: replicas.into_iter().collect::<Result<_>>()?, program })
    }

    /// Words of a sample in a buffer that each replica fills for its shard alone, totals or scores; `None` for other
    /// buffers.
    fn row_of(&self, buffer: BufferId) -> Option<usize> {
        let ports = self.program.interface.ports;
        match buffer {
            _ if buffer == ports.totals => Some(TOTALS),
            _ if buffer == ports.scores => Some(self.program.interface.classes()),
            _ => None,
        }
    }
}

impl Replica {
    fn new(index: usize, adapter: &Adapter, program: Arc<Program>, pinned: bool) -> Result<Self> {
        let exchange = program.exchange.clone().expect("several replicas exchange gradients");
        let count = program.replicas.len();
        if pinned {
            llvmpipe::keep_to_core(index, count);
        }
        let gpu = Gpu::replica(adapter, program, index)?;
        let staging = |rows: usize, usage, mapped_at_creation| {
            let size = (4 * exchange.row * rows) as u64;
            let label = Some("exchange");
            gpu.device.create_buffer(&BufferDescriptor { label, size, usage, mapped_at_creation })
        };
        let own = staging(1, BufferUsages::MAP_READ | BufferUsages::COPY_DST, false);
        let others = staging(count - 1, BufferUsages::MAP_WRITE | BufferUsages::COPY_SRC, true);
        Ok(Replica { gpu, index, count, exchange, own, others, pinned })
    }

    /// Runs `count` steps. Ends early, without an error, if another replica has failed.
    fn run(&mut self, count: usize, pass: Pass, links: Links) -> Result<()> {
        if self.pinned {
            llvmpipe::keep_to_core(self.index, self.count);
        }
        self.gpu.compile(pass);
        let mut commands = self.encoder();
        self.record_compute(&mut commands, pass);
        for step in 1..=count {
            let submission = self.gpu.queue.submit([commands.finish()]);
            // A failure to map shows when the range is asked for.
            self.own.map_async(MapMode::Read, .., |_| {});
            if step > 1 {
                self.others.map_async(MapMode::Write, .., |_| {});
            }
            commands = self.encoder();
            self.record_apply(&mut commands, pass);
            if step < count {
                self.record_compute(&mut commands, pass);
            }
            self.gpu.poll(Some(submission))?;
            let row = Arc::new(self.own.get_mapped_range(..).map_err(failed)?.to_vec());
            self.own.unmap();
            if links.give.iter().any(|other| other.send(row.clone()).is_err()) {
                return Ok(());
            }
            let mut rows = self.others.get_mapped_range_mut(..).map_err(failed)?;
            for (number, other) in links.get.iter().enumerate() {
                let Ok(row) = other.recv() else { return Ok(()) };
                let place = 4 * number * self.exchange.row..4 * (number + 1) * self.exchange.row;
                rows.slice(place).copy_from_slice(&row);
            }
            drop(rows);
            self.others.unmap();
        }
        self.gpu.queue.submit([commands.finish()]);
        self.others.map_async(MapMode::Write, .., |_| {});
        self.gpu.check()
    }

    fn encoder(&self) -> CommandEncoder {
        self.gpu.device.create_command_encoder(&CommandEncoderDescriptor::default())
    }

    /// Records a step up to the copy of this replica's gradients to `own`, where the host reads them.
    fn record_compute(&self, commands: &mut CommandEncoder, pass: Pass) {
        self.gpu.record_compute(commands, pass, 1);
        let size = 4 * self.exchange.row as u64;
        commands.copy_buffer_to_buffer(self.rows(), size * self.index as u64, &self.own, 0, size);
    }

    /// Records what follows the exchange, with the rows that the host will have written.
    fn record_apply(&self, commands: &mut CommandEncoder, pass: Pass) {
        let size = 4 * self.exchange.row as u64;
        let others = (0..self.count).filter(|&other| other != self.index);
        for (number, other) in others.enumerate() {
            let (from, to) = (size * number as u64, size * other as u64);
            commands.copy_buffer_to_buffer(&self.others, from, self.rows(), to, size);
        }
        self.gpu.record_apply(commands, pass);
    }

    /// The buffer with a row for each shard.
    fn rows(&self) -> &wgpu::Buffer {
        &self.gpu.buffers[self.exchange.buffer]
    }
}

/// Channels from each of `count` replicas to every other.
fn links(count: usize) -> Vec<Links> {
    let mut links: Vec<Links> =
        (0..count).map(|_| Links { give: Vec::new(), get: Vec::new() }).collect();
    for to in 0..count {
        for from in (0..count).filter(|&from| from != to) {
            let (sender, receiver) = channel();
            links[from].give.push(sender);
            links[to].get.push(receiver);
        }
    }
    links
}

/// Does the same with all, each on a thread of its own.
fn side_by_side<T: Send, R: Send>(all: Vec<T>, work: impl Fn(T) -> R + Sync) -> Vec<R> {
    let work = &work;
    let all: Vec<_> = all.into_iter().map(|one| Mutex::new(Some(one))).collect();
    let take = |one: &Mutex<Option<T>>| one.lock().expect("no replica panics").take();
    std::thread::scope(|scope| {
        let start =
            |one| threads::start(scope, move || work(take(one).expect("each is taken once")));
        let threads: Vec<_> = all.iter().map(start).collect();
        threads.into_iter().map(|thread| thread.join().expect("no replica panics")).collect()
    })
}

fn failed(error: impl std::fmt::Display) -> Error {
    Error::Adapter(format!("cannot exchange gradients: {error}"))
}

impl Executor for Replicas {
    fn interface(&self) -> &Interface {
        &self.program.interface
    }

    fn write(&mut self, buffer: BufferId, at: usize, words: &[u32]) -> Result<()> {
        self.replicas.iter_mut().try_for_each(|replica| replica.gpu.write(buffer, at, words))
    }

    fn read(&mut self, buffer: BufferId, count: usize) -> Result<Vec<u32>> {
        let Some(row) = self.row_of(buffer) else {
            return self.replicas[0].gpu.read(buffer, count);
        };
        let rows = row * self.program.interface.shard;
        let mut words = Vec::with_capacity(count);
        for (index, replica) in self.replicas.iter_mut().enumerate() {
            let (first, end) = (index * rows, count.min((index + 1) * rows));
            if first < end {
                words.extend_from_slice(&replica.gpu.read(buffer, end)?[first..]);
            }
        }
        Ok(words)
    }

    fn run(&mut self, count: usize, pass: Pass) -> Result<()> {
        if pass == Pass::Forward {
            let all = self.replicas.iter_mut().collect();
            let done = side_by_side(all, |replica: &mut Replica| replica.gpu.run(count, pass));
            return done.into_iter().collect();
        }
        let all = self.replicas.iter_mut().zip(links(self.program.replicas.len())).collect();
        let done = side_by_side(all, |(replica, links): (&mut Replica, _)| {
            replica.run(count, pass, links)
        });
        done.into_iter().collect()
    }

    fn wait(&mut self) -> Result<()> {
        self.replicas.iter_mut().try_for_each(|replica| replica.gpu.wait())
    }
}
