//! The fast way to carry out a plan on the CPU: vectors and threads.
//!
//! It leaves in parameters, velocity, scores and totals what the twins leave there, to within the
//! last bits; it does not go dispatch by dispatch, so that the other buffers of the plan keep their
//! start. A batch is cut into groups of [`LANES`] samples, whose numbers lie side by side in memory:
//! so convolution by table, pooling, linear layers and distances all become loops over eight lanes.
//!
//! A step has two halves. First each thread takes groups from their bytes to the loss and back to
//! the gradients of the stages (`group.rs`); then each takes pieces of the parameters, adds up their
//! gradients over all groups in order, and makes the step of SGD (`update.rs`). Which thread does
//! what changes no sum: equal bits for any number of threads. They do differ between instruction
//! sets, since a fused multiply-add rounds once.
//!
//! There are no more threads at work than groups: a batch of 16 occupies two. A group that is not
//! full, as every batch under eight, takes the time of a full one.

mod conv;
mod distort;
mod group;
mod instructions;
mod lanes;
mod linear;
mod program;
mod squash;
mod team;
mod update;

use std::sync::RwLock;

pub use instructions::Instructions;
pub use lanes::LANES;

use group::{Group, Source};
use program::Program;
use team::Meeting;
use update::Parameters;

use super::memory;
use crate::error::Result;
use crate::executor::Executor;
use crate::network::{CLASSES, Network};
use crate::plan::{BufferId, Optimizer, Plan, STEP_WORDS, TOTALS};

/// A plan and the memory it works in.
#[derive(Debug)]
pub struct Fast {
    plan: Plan,
    memory: Vec<Vec<u32>>,
    program: Program,
    groups: Vec<RwLock<Group>>,
    threads: usize,
    instructions: Instructions,
}

impl Fast {
    /// Sets up the plan of a network, to be carried out by at most `threads` threads with these
    /// instructions.
    pub fn new(
        plan: Plan,
        network: &Network,
        optimizer: Optimizer,
        threads: usize,
        instructions: Instructions,
    ) -> Self {
        let program = Program::new(network, &plan, optimizer);
        let firsts = (0..plan.batch).step_by(LANES);
        let groups: Vec<_> = firsts.map(|first| RwLock::new(Group::new(&program, first))).collect();
        let threads = threads.clamp(1, groups.len());
        Fast { memory: memory(&plan), plan, program, groups, threads, instructions }
    }

    /// Each sample's row of the totals, to or from the groups.
    fn exchange_totals(&mut self, exchange: impl Fn(&mut [f32; TOTALS], &mut [f32])) {
        let rows = bytemuck::cast_slice_mut(&mut self.memory[self.plan.ports.totals]);
        for (group, rows) in self.groups.iter_mut().zip(rows.chunks_mut(LANES * TOTALS)) {
            let group = group.get_mut().expect(NO_PANIC);
            for (totals, row) in group.totals.iter_mut().zip(rows.chunks_exact_mut(TOTALS)) {
                exchange(totals, row);
            }
        }
    }

    fn collect_scores(&mut self) {
        let scores: &mut [f32] = bytemuck::cast_slice_mut(&mut self.memory[self.plan.ports.scores]);
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
    fn plan(&self) -> &Plan {
        &self.plan
    }

    fn write(&mut self, buffer: BufferId, at: usize, words: &[u32]) -> Result<()> {
        self.memory[buffer][at..at + words.len()].copy_from_slice(words);
        Ok(())
    }

    fn read(&mut self, buffer: BufferId, count: usize) -> Result<Vec<u32>> {
        Ok(self.memory[buffer][..count].to_vec())
    }

    fn run(&mut self, count: usize, backward: bool) -> Result<()> {
        self.exchange_totals(|totals, row| totals.copy_from_slice(row));
        let ports = self.plan.ports;
        let mut parameters = std::mem::take(&mut self.memory[ports.parameters]);
        let mut velocity = std::mem::take(&mut self.memory[ports.velocity]);
        let first = self.memory[ports.cursor][0] as usize;
        let run = Run {
            fast: self,
            steps: &self.memory[ports.steps][first * STEP_WORDS..][..count * STEP_WORDS],
            backward,
            pieces: pieces(&self.program, &mut parameters, &mut velocity),
            meeting: Meeting::of(self.threads),
        };
        std::thread::scope(|scope| {
            for thread in 1..self.threads {
                let run = &run;
                scope.spawn(move || run.work(thread));
            }
            run.work(0);
        });
        drop(run);
        self.memory[ports.parameters] = parameters;
        self.memory[ports.velocity] = velocity;
        self.memory[ports.cursor][0] += count as u32;
        self.exchange_totals(|totals, row| row.copy_from_slice(totals));
        self.collect_scores();
        Ok(())
    }

    fn wait(&mut self) -> Result<()> {
        Ok(())
    }
}

/// The parameters and their velocity, piece by piece.
fn pieces<'a>(
    program: &Program,
    parameters: &'a mut [u32],
    velocity: &'a mut [u32],
) -> Vec<RwLock<Parameters<'a>>> {
    let mut parameters = bytemuck::cast_slice_mut(parameters);
    let mut velocity = bytemuck::cast_slice_mut(velocity);
    let mut pieces = Vec::new();
    for (_, place) in &program.pieces {
        let (here, rest) = parameters.split_at_mut(place.len());
        let (its_velocity, rest_of_velocity) = velocity.split_at_mut(place.len());
        pieces.push(RwLock::new(Parameters { parameters: here, velocity: its_velocity }));
        (parameters, velocity) = (rest, rest_of_velocity);
    }
    pieces
}

/// Some steps, one after the other, as all threads see them.
struct Run<'a> {
    fast: &'a Fast,
    /// A row a step.
    steps: &'a [u32],
    backward: bool,
    pieces: Vec<RwLock<Parameters<'a>>>,
    meeting: Meeting,
}

impl Run<'_> {
    /// The share of one thread. Locks only tell the compiler what the meetings make sure of: in
    /// each half of a step one side is read by all, and each thread writes its own of the other.
    fn work(&self, thread: usize) {
        let member = self.meeting.join();
        let mut gradient = Vec::new();
        for step in self.steps.chunks_exact(STEP_WORDS) {
            self.groups(thread, step);
            if self.backward {
                member.wait();
                self.update(thread, f32::from_bits(step[2]), &mut gradient);
                member.wait();
            }
        }
    }

    fn groups(&self, thread: usize, step: &[u32]) {
        let Fast { plan, memory, groups, program, threads, instructions } = self.fast;
        let (digits, order) = (&memory[plan.ports.digits], &memory[plan.ports.order]);
        let source = Source { digits, order, step };
        let guards: Vec<_> =
            self.pieces.iter().map(|piece| piece.read().expect(NO_PANIC)).collect();
        let pieces: Vec<&[f32]> = guards.iter().map(|piece| &*piece.parameters).collect();
        for group in groups[thread..].iter().step_by(*threads) {
            let mut group = group.write().expect(NO_PANIC);
            instructions.run(&mut group, program, source, &pieces, self.backward);
        }
    }

    fn update(&self, thread: usize, rate: f32, gradient: &mut Vec<f32>) {
        let Fast { groups, program, threads, instructions, .. } = self.fast;
        let guards: Vec<_> = groups.iter().map(|group| group.read().expect(NO_PANIC)).collect();
        let groups: Vec<&Group> = guards.iter().map(|group| &**group).collect();
        for number in (thread..self.pieces.len()).step_by(*threads) {
            let mut piece = self.pieces[number].write().expect(NO_PANIC);
            instructions.update(program, number, &groups, rate, &mut piece, gradient);
        }
    }
}
