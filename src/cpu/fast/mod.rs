//! The fast executor of the CPU: SIMD lanes and threads.
//!
//! It leaves in parameters, velocity, scores and totals what the reference leaves there, to within the
//! last bits; it does not go dispatch by dispatch, so that the other buffers of the plan keep their
//! first contents. A batch is cut into sample groups of [`LANES`] samples, whose numbers lie side by
//! side in memory: so convolution by table, pooling, linear layers and distances all become loops
//! over eight lanes.
//!
//! A step has two parts. First each thread takes sample groups from their bytes to the loss and back
//! to the gradients of the stages (`sample_group.rs`); then each takes pieces of the parameters, adds
//! up their gradients over all groups in order, and applies the optimizer (`update.rs`). Which thread
//! does what changes no sum, so the bits are equal for any number of threads. They differ between
//! instruction sets, since a fused multiply-add rounds once.
//!
//! A thread that is done with its own groups takes over those that others have not begun.
//!
//! There are no more threads at work than groups: a batch of 16 occupies two. A group that is not
//! full, as every batch under eight, takes the time of a full one; but a batch of one has kernels of
//! its own, with eight places of the sample side by side (`batch_of_one.rs`).

mod barrier;
mod batch_of_one;
mod conv;
mod distort;
mod instructions;
mod lanes;
mod linear;
mod pool;
mod program;
mod sample_group;
mod samples;
mod squash;
mod taps;
mod update;

use std::sync::RwLock;
use std::sync::atomic::{AtomicUsize, Ordering};

pub use instructions::Instructions;
pub use lanes::LANES;

use barrier::SpinBarrier;
use batch_of_one::{BatchOfOne, OnePass};
use conv::{ANY, PAPERS};
use program::Program;
use sample_group::{GroupPass, SampleGroup};
use samples::Source;
use update::{Parameters, Update};

use crate::error::Result;
use crate::executor::Executor;
use crate::plan::{
    Buffer, BufferId, Epilogue, Interface, Pass, Plan, STEP_WORDS, StepRow, StepSize, TOTALS,
};
use crate::threads;

/// A plan and the memory it works in.
#[derive(Debug)]
pub struct Fast {
    plan: Plan,
    memory: Vec<Vec<u32>>,
    program: Program,
    groups: Vec<RwLock<SampleGroup>>,
    /// For each group, how many steps of the run have begun on it.
    begun: Vec<AtomicUsize>,
    /// In place of the groups where a batch is one sample.
    one: Option<BatchOfOne>,
    threads: usize,
    instructions: Instructions,
}

impl Fast {
    /// Sets up a plan, to be carried out by at most `threads` threads with these instructions.
    pub fn new(plan: Plan, threads: usize, instructions: Instructions) -> Self {
        let program = Program::new(&plan);
        let one = (plan.interface.batch == 1).then(|| BatchOfOne::new(&program));
        let batch = if one.is_some() { 0 } else { plan.interface.batch };
        let group = |first| RwLock::new(SampleGroup::new(&program, first));
        let groups: Vec<_> = (0..batch).step_by(LANES).map(group).collect();
        let threads = threads::granted(threads.clamp(1, groups.len().max(1)));
        let begun = groups.iter().map(|_| AtomicUsize::new(0)).collect();
        let memory = plan.buffers.iter().map(Buffer::contents).collect();
        Fast { plan, memory, program, groups, begun, one, threads, instructions }
    }

    fn source(&self, step: StepRow) -> Source<'_> {
        let Fast { plan, memory, .. } = self;
        Source {
            data_set: &memory[plan.interface.ports.data_set],
            indices: &memory[plan.interface.ports.indices],
            step,
        }
    }

    /// Copies each sample's row of the totals to or from where it is computed.
    fn exchange_totals(&mut self, exchange: impl Fn(&mut [f32; TOTALS], &mut [f32])) {
        let rows: &mut [f32] =
            bytemuck::cast_slice_mut(&mut self.memory[self.plan.interface.ports.totals]);
        let groups = self.groups.iter_mut().map(|group| group.get_mut().expect(NO_PANIC));
        let one = self.one.iter_mut().flat_map(|one| &mut one.samples.totals);
        let totals = one.chain(groups.flat_map(|group| &mut group.samples.totals));
        totals.zip(rows.chunks_exact_mut(TOTALS)).for_each(|(totals, row)| exchange(totals, row));
    }

    fn collect_scores(&mut self) {
        let classes = self.plan.interface.classes();
        let rows: &mut [f32] =
            bytemuck::cast_slice_mut(&mut self.memory[self.plan.interface.ports.scores]);
        let groups = self.groups.iter_mut().map(|group| &*group.get_mut().expect(NO_PANIC));
        let of_groups = groups.flat_map(|group| (0..LANES).map(|lane| group.samples.scores(lane)));
        let scores = self.one.iter().map(|one| one.samples.scores(0)).chain(of_groups);
        for (scores, row) in scores.zip(rows.chunks_exact_mut(classes)) {
            row.copy_from_slice(&scores);
        }
    }
}

/// Why no lock is poisoned.
const NO_PANIC: &str = "a thread that panics takes the others along";

impl Executor for Fast {
    fn interface(&self) -> &Interface {
        &self.plan.interface
    }

    fn write(&mut self, buffer: BufferId, at: usize, words: &[u32]) -> Result<()> {
        self.memory[buffer][at..at + words.len()].copy_from_slice(words);
        Ok(())
    }

    fn read(&mut self, buffer: BufferId, count: usize) -> Result<Vec<u32>> {
        Ok(self.memory[buffer][..count].to_vec())
    }

    fn run(&mut self, count: usize, pass: Pass) -> Result<()> {
        self.exchange_totals(|totals, row| totals.copy_from_slice(row));
        self.begun.iter_mut().for_each(|steps| *steps.get_mut() = 0);
        let ports = self.plan.interface.ports;
        let buffers =
            [Some(ports.parameters), Some(ports.velocity), ports.curvature.or(ports.squares)];
        let mut carried =
            buffers.map(|id| id.map_or(Vec::new(), |id| std::mem::take(&mut self.memory[id])));
        let mut one = self.one.take();
        let first = self.memory[ports.cursor][0] as usize;
        let rows = self.memory[ports.step_table][first * STEP_WORDS..].chunks_exact(STEP_WORDS);
        let run = Run {
            fast: self,
            steps: rows.take(count).map(StepRow::of).collect(),
            pass,
            pieces: pieces(&self.program, carried.each_mut()),
            barrier: SpinBarrier::new(self.threads),
        };
        match &mut one {
            Some(one) => run.one(one),
            None => run.groups(),
        }
        self.one = one;
        for (id, words) in buffers.into_iter().zip(carried) {
            if let Some(id) = id {
                self.memory[id] = words;
            }
        }
        self.memory[ports.cursor][0] += count as u32;
        self.exchange_totals(|totals, row| row.copy_from_slice(totals));
        self.collect_scores();
        Ok(())
    }
}

/// Parameters, velocity and what else the optimizer carries, which may be empty, piece by piece.
fn pieces<'a>(program: &Program, carried: [&'a mut Vec<u32>; 3]) -> Vec<RwLock<Parameters<'a>>> {
    let mut rest = carried.map(|words| bytemuck::cast_slice_mut(words));
    let piece = |(_, place): &(_, std::ops::Range<usize>)| {
        let [parameters, velocity, second] = rest.each_mut().map(|rest| {
            let length = place.len().min(rest.len());
            rest.split_off_mut(..length).expect("it is not longer than the rest")
        });
        RwLock::new(Parameters { parameters, velocity, second })
    };
    program.pieces.iter().map(piece).collect()
}

/// Some steps, one after the other, as all threads see them.
struct Run<'a> {
    fast: &'a Fast,
    steps: Vec<StepRow>,
    pass: Pass,
    pieces: Vec<RwLock<Parameters<'a>>>,
    barrier: SpinBarrier,
}

impl Run<'_> {
    /// Carries out a step of one sample each time.
    fn one(self, one: &mut BatchOfOne) {
        let Run { fast, steps, pass, pieces, .. } = self;
        let pieces = pieces.into_iter().map(|piece| piece.into_inner().expect(NO_PANIC));
        let pieces: &mut [Parameters] = &mut pieces.collect::<Vec<_>>();
        for step in steps {
            let (program, source) = (&fast.program, fast.source(step));
            match program.is_papers() {
                true => {
                    let step = OnePass::<PAPERS> { one, program, source, pieces, pass };
                    fast.instructions.run(step);
                }
                false => {
                    let step = OnePass::<ANY> { one, program, source, pieces, pass };
                    fast.instructions.run(step);
                }
            }
        }
    }

    /// Carries out steps of sample groups with all threads.
    fn groups(self) {
        std::thread::scope(|scope| {
            for thread in 1..self.fast.threads {
                let run = &self;
                threads::start(scope, move || run.work(thread));
            }
            self.work(0);
        });
    }

    /// The work of one thread. The locks only tell the compiler what claims and barriers make sure of:
    /// in each part of a step all threads read one side, and one thread writes each piece of the other.
    fn work(&self, thread: usize) {
        let participant = self.barrier.join();
        let mut gradient = Vec::new();
        for (number, &step) in self.steps.iter().enumerate() {
            self.pass(thread, number, self.fast.source(step));
            participant.wait();
            if let Some(epilogue) = self.fast.program.epilogue(self.pass) {
                self.update(thread, (epilogue, step.size), &mut gradient);
                participant.wait();
            }
        }
    }

    /// The groups of a thread, which it has worked on before; then those of others, who may have been
    /// kept from theirs.
    fn pass(&self, thread: usize, number: usize, source: Source) {
        let Fast { groups, begun, program, threads, instructions, .. } = self.fast;
        let guards: Vec<_> =
            self.pieces.iter().map(|piece| piece.read().expect(NO_PANIC)).collect();
        let pieces: Vec<&[f32]> = guards.iter().map(|piece| &*piece.parameters).collect();
        let (pieces, pass) = (&pieces[..], self.pass);
        for owner in (thread..*threads).chain(0..thread) {
            for at in (owner..groups.len()).step_by(*threads) {
                // The barriers order the steps; here only one thread may win.
                let relaxed = Ordering::Relaxed;
                if begun[at].compare_exchange(number, number + 1, relaxed, relaxed).is_ok() {
                    let group = &mut groups[at].write().expect(NO_PANIC);
                    match program.is_papers() {
                        true => {
                            let step = GroupPass::<PAPERS> { group, program, source, pieces, pass };
                            instructions.run(step);
                        }
                        false => {
                            let step = GroupPass::<ANY> { group, program, source, pieces, pass };
                            instructions.run(step);
                        }
                    }
                }
            }
        }
    }

    fn update(&self, thread: usize, step: (Epilogue, StepSize), gradient: &mut Vec<f32>) {
        let Fast { groups, program, threads, instructions, .. } = self.fast;
        let guards: Vec<_> = groups.iter().map(|group| group.read().expect(NO_PANIC)).collect();
        let groups: &[&SampleGroup] = &guards.iter().map(|group| &**group).collect::<Vec<_>>();
        for number in (thread..self.pieces.len()).step_by(*threads) {
            let piece = &mut self.pieces[number].write().expect(NO_PANIC);
            instructions.run(Update { program, number, groups, step, piece, gradient });
        }
    }
}
