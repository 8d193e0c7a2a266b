//! The fast way to carry out a plan on the CPU: vectors and threads.
//!
//! It leaves in parameters, velocity, scores and totals what the twins leave there, to within the
//! last bits; it does not go dispatch by dispatch, so that the other buffers of the plan keep their
//! start. A batch is cut into groups of [`LANES`] samples, whose numbers lie side by side in memory:
//! so convolution by table, pooling, linear layers and distances all become loops over eight lanes.
//!
//! A step has two halves. First each thread takes groups from their bytes to the loss and back to
//! the gradients of the stages (`group.rs`); then each takes pieces of the parameters, adds up their
//! gradients over all groups in order, and makes the step of the optimizer (`update.rs`). Which thread does
//! what changes no sum: equal bits for any number of threads. They do differ between instruction
//! sets, since a fused multiply-add rounds once.
//!
//! A thread that is done with its own groups takes over those that others have not begun.
//!
//! There are no more threads at work than groups: a batch of 16 occupies two. A group that is not
//! full, as every batch under eight, takes the time of a full one; but a batch of one has kernels of
//! its own, with eight places of the sample side by side (`single.rs`).

mod columns;
mod conv;
mod distort;
mod group;
mod instructions;
mod lanes;
mod linear;
mod program;
mod single;
mod squash;
mod team;
mod update;

use std::sync::RwLock;
use std::sync::atomic::{AtomicUsize, Ordering};

pub use instructions::Instructions;
pub use lanes::LANES;

use group::{Group, Source};
use program::Program;
use single::Single;
use team::Meeting;
use update::Parameters;

use super::memory;
use crate::error::Result;
use crate::executor::Executor;
use crate::network::CLASSES;
use crate::plan::{BufferId, Epilogue, Interface, Pass, Plan, STEP_WORDS, TOTALS};

/// A plan and the memory it works in.
#[derive(Debug)]
pub struct Fast {
    plan: Plan,
    memory: Vec<Vec<u32>>,
    program: Program,
    groups: Vec<RwLock<Group>>,
    /// Of each group, how many steps of the run it has begun.
    begun: Vec<AtomicUsize>,
    /// In place of the groups where a batch is one sample.
    single: Option<Single>,
    threads: usize,
    instructions: Instructions,
}

impl Fast {
    /// Sets up a plan, to be carried out by at most `threads` threads with these instructions.
    pub fn new(plan: Plan, threads: usize, instructions: Instructions) -> Self {
        let program = Program::new(&plan);
        let single = (plan.interface.batch == 1).then(|| Single::new(&program));
        let batch = if single.is_some() { 0 } else { plan.interface.batch };
        let firsts = (0..batch).step_by(LANES);
        let groups: Vec<_> = firsts.map(|first| RwLock::new(Group::new(&program, first))).collect();
        let threads = threads.clamp(1, groups.len().max(1));
        let begun = groups.iter().map(|_| AtomicUsize::new(0)).collect();
        let memory = memory(&plan);
        Fast { plan, memory, program, groups, begun, single, threads, instructions }
    }

    /// Each sample's row of the totals, to or from the groups.
    fn exchange_totals(&mut self, exchange: impl Fn(&mut [f32; TOTALS], &mut [f32])) {
        let rows = bytemuck::cast_slice_mut(&mut self.memory[self.plan.interface.ports.totals]);
        if let Some(single) = &mut self.single {
            exchange(&mut single.totals, rows);
        }
        for (group, rows) in self.groups.iter_mut().zip(rows.chunks_mut(LANES * TOTALS)) {
            let group = group.get_mut().expect(NO_PANIC);
            for (totals, row) in group.totals.iter_mut().zip(rows.chunks_exact_mut(TOTALS)) {
                exchange(totals, row);
            }
        }
    }

    fn collect_scores(&mut self) {
        let scores: &mut [f32] =
            bytemuck::cast_slice_mut(&mut self.memory[self.plan.interface.ports.scores]);
        if let Some(single) = &self.single {
            scores[..CLASSES].copy_from_slice(single.scores());
        }
        for (group, rows) in self.groups.iter_mut().zip(scores.chunks_mut(LANES * CLASSES)) {
            let group = group.get_mut().expect(NO_PANIC);
            for (lane, row) in rows.chunks_exact_mut(CLASSES).enumerate() {
                row.copy_from_slice(&group.scores(lane));
            }
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
        let mut parameters = std::mem::take(&mut self.memory[ports.parameters]);
        let mut velocity = std::mem::take(&mut self.memory[ports.velocity]);
        let mut curvature = ports.curvature.map(|id| std::mem::take(&mut self.memory[id]));
        let first = self.memory[ports.cursor][0] as usize;
        let mut single = self.single.take();
        let run = Run {
            fast: self,
            steps: &self.memory[ports.step_table][first * STEP_WORDS..][..count * STEP_WORDS],
            pass,
            pieces: pieces(
                &self.program,
                &mut parameters,
                &mut velocity,
                curvature.as_deref_mut().unwrap_or_default(),
            ),
            meeting: Meeting::of(self.threads),
        };
        match &mut single {
            Some(single) => run.alone(single),
            None => run.together(),
        }
        self.single = single;
        self.memory[ports.parameters] = parameters;
        self.memory[ports.velocity] = velocity;
        if let (Some(id), Some(curvature)) = (ports.curvature, curvature) {
            self.memory[id] = curvature;
        }
        self.memory[ports.cursor][0] += count as u32;
        self.exchange_totals(|totals, row| row.copy_from_slice(totals));
        self.collect_scores();
        Ok(())
    }

    fn wait(&mut self) -> Result<()> {
        Ok(())
    }
}

/// The parameters with their velocity and curvature, piece by piece; that may be empty.
fn pieces<'a>(
    program: &Program,
    parameters: &'a mut [u32],
    velocity: &'a mut [u32],
    curvature: &'a mut [u32],
) -> Vec<RwLock<Parameters<'a>>> {
    let mut rest = [parameters, velocity, curvature].map(bytemuck::cast_slice_mut);
    let mut pieces = Vec::new();
    for (_, place) in &program.pieces {
        let [parameters, velocity, curvature] = rest.each_mut().map(|rest| {
            let length = place.len().min(rest.len());
            let (here, behind) = std::mem::take(rest).split_at_mut(length);
            *rest = behind;
            here
        });
        pieces.push(RwLock::new(Parameters { parameters, velocity, curvature }));
    }
    pieces
}

/// Some steps, one after the other, as all threads see them.
struct Run<'a> {
    fast: &'a Fast,
    /// A row a step.
    steps: &'a [u32],
    pass: Pass,
    pieces: Vec<RwLock<Parameters<'a>>>,
    meeting: Meeting,
}

impl Run<'_> {
    /// With all threads.
    fn together(self) {
        std::thread::scope(|scope| {
            for thread in 1..self.fast.threads {
                let run = &self;
                scope.spawn(move || run.work(thread));
            }
            self.work(0);
        });
    }

    /// Where a batch is one sample.
    fn alone(self, single: &mut Single) {
        let Fast { plan, memory, program, instructions, .. } = self.fast;
        let (digits, order) =
            (&memory[plan.interface.ports.data_set], &memory[plan.interface.ports.indices]);
        let pieces = self.pieces.into_iter().map(|piece| piece.into_inner().expect(NO_PANIC));
        let mut pieces: Vec<Parameters> = pieces.collect();
        for step in self.steps.chunks_exact(STEP_WORDS) {
            let source = Source { digits, order, step };
            instructions.run_single(single, program, source, &mut pieces, self.pass);
        }
    }

    /// The share of one thread. Locks only tell the compiler what claims and meetings make sure of: in
    /// each half of a step one side is read by all, and each part of the other written by one thread.
    fn work(&self, thread: usize) {
        let member = self.meeting.join();
        let mut gradient = Vec::new();
        for (number, step) in self.steps.chunks_exact(STEP_WORDS).enumerate() {
            self.groups(thread, number, step);
            member.wait();
            if let Some(rule) = self.fast.program.rule(self.pass) {
                self.update(thread, (rule, f32::from_bits(step[2])), &mut gradient);
                member.wait();
            }
        }
    }

    /// The groups of a thread, which it has worked on before; then those of others, who may have been
    /// kept from theirs.
    fn groups(&self, thread: usize, number: usize, step: &[u32]) {
        let Fast { plan, memory, groups, begun, program, threads, instructions, .. } = self.fast;
        let (digits, order) =
            (&memory[plan.interface.ports.data_set], &memory[plan.interface.ports.indices]);
        let source = Source { digits, order, step };
        let guards: Vec<_> =
            self.pieces.iter().map(|piece| piece.read().expect(NO_PANIC)).collect();
        let pieces: Vec<&[f32]> = guards.iter().map(|piece| &*piece.parameters).collect();
        for owner in (thread..*threads).chain(0..thread) {
            for at in (owner..groups.len()).step_by(*threads) {
                // The meetings order the steps; here only one thread may win.
                let (seen, now) = (Ordering::Relaxed, number + 1);
                if begun[at].compare_exchange(number, now, seen, seen).is_ok() {
                    let mut group = groups[at].write().expect(NO_PANIC);
                    instructions.run(&mut group, program, source, &pieces, self.pass);
                }
            }
        }
    }

    fn update(&self, thread: usize, step: (Epilogue, f32), gradient: &mut Vec<f32>) {
        let Fast { groups, program, threads, instructions, .. } = self.fast;
        let guards: Vec<_> = groups.iter().map(|group| group.read().expect(NO_PANIC)).collect();
        let groups: Vec<&Group> = guards.iter().map(|group| &**group).collect();
        for number in (thread..self.pieces.len()).step_by(*threads) {
            let mut piece = self.pieces[number].write().expect(NO_PANIC);
            instructions.update(program, number, &groups, step, &mut piece, gradient);
        }
    }
}
