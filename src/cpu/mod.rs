//! The reference: every kernel once more, in naive loops on the CPU, and an executor that carries out
//! a plan with them.
//!
//! A reference has its kernel's name and takes the kernel's constants, then its bindings in their order.
//! Shapes and formulas stand at the head of the shader of the same name. References sum in f64, so that
//! their results are exact to the last bits of f32; where a kernel spreads a sum over partial rows, the
//! reference leaves the whole sum in the first row.

mod conv;
mod distort;
mod epilogue;
pub mod fast;
mod linear;
mod output;
mod sample;
mod update;

/// The kernel for an odd width has the same reference: it differs only in how it writes.
pub use conv::conv_backward_input as conv_backward_odd_input;
pub use conv::{
    conv_backward_input, conv_backward_weights, conv_forward, conv_pool_forward,
    first_stage_backward, first_stage_forward,
};
pub use distort::{Affine, distort};
pub use epilogue::Epilogue;
pub use linear::{linear_backward, linear_backward_input, linear_forward, linear_update};
pub use output::output;
pub use update::{advance, gather, update};

use sample::{Inputs, sample_forward, sample_step, sample_update};

use crate::error::Result;
use crate::executor::Executor;
use crate::network::Squash;
use crate::plan::{Access, Buffer, BufferId, Dispatch, Interface, Op, Pass, Plan, View};

/// f(a) = centre + A tanh(S a), or max(a, 0).
pub fn squash(squash: Squash, a: f64) -> f64 {
    let Some(tanh) = squash.tanh() else { return a.max(0.0) };
    f64::from(tanh.centre) + f64::from(tanh.amplitude) * (f64::from(tanh.slope) * a).tanh()
}

/// f'(a), from y = f(a).
pub fn squash_slope(squash: Squash, y: f64) -> f64 {
    let Some(tanh) = squash.tanh() else { return if y > 0.0 { 1.0 } else { 0.0 } };
    let (amplitude, y) = (f64::from(tanh.amplitude), y - f64::from(tanh.centre));
    f64::from(tanh.slope) * (amplitude - y * y / amplitude)
}

/// The slope of the activation that made `x`, the input of a layer; 1 after a plain pooling.
fn input_slope(input_squash: Option<Squash>, x: f64) -> f64 {
    input_squash.map_or(1.0, |squash| squash_slope(squash, x))
}

/// A local derivative as the pass counts it: itself, or for second derivatives its square.
fn local(curvature: bool, derivative: f64) -> f64 {
    if curvature { derivative * derivative } else { derivative }
}

/// A plan and the memory it works in.
#[derive(Debug)]
pub struct Cpu {
    plan: Plan,
    memory: Vec<Vec<u32>>,
}

impl Cpu {
    /// Sets up the buffers of a plan as it says they start.
    pub fn new(plan: Plan) -> Self {
        Cpu { memory: plan.buffers.iter().map(Buffer::contents).collect(), plan }
    }

    /// Runs the reference of one dispatch.
    pub fn dispatch(&mut self, dispatch: &Dispatch) {
        let op = self.plan.kernels[dispatch.kernel].op;
        let bindings = op.bindings();
        let views = bindings.iter().zip(&dispatch.views);
        let (written, read): (Vec<_>, Vec<_>) =
            views.partition(|(binding, _)| binding.access == Access::Write);
        // Written buffers are taken out while the reference runs: no kernel reads what it writes
        // through another binding.
        let take = |(_, view): (_, &View)| (*view, std::mem::take(&mut self.memory[view.buffer]));
        let mut written: Vec<(View, Vec<u32>)> = written.into_iter().map(take).collect();
        let reads = read.iter().map(|(_, view)| &self.memory[view.buffer][range(view)]);
        let reads: Vec<&[u32]> = reads.collect();
        let writes = written.iter_mut().map(|(view, words)| &mut words[range(view)]);
        let mut writes: Vec<&mut [u32]> = writes.collect();
        run_reference(&op, &reads, &mut writes);
        for (view, words) in written {
            self.memory[view.buffer] = words;
        }
    }
}

/// The words of a view in its buffer.
fn range(view: &View) -> std::ops::Range<usize> {
    view.offset..view.offset + view.words
}

impl Executor for Cpu {
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
        let step: Vec<Dispatch> = self.plan.step(pass).cloned().collect();
        for _ in 0..count {
            step.iter().for_each(|dispatch| self.dispatch(dispatch));
        }
        Ok(())
    }
}

/// Calls the reference of an operation. `reads` are its read bindings in order, `writes` the written.
///
/// # Panics
/// If there are fewer slices than the operation has bindings, or shorter ones than its shapes say.
pub fn run_reference(op: &Op, reads: &[&[u32]], writes: &mut [&mut [u32]]) {
    let f = |index: usize| -> &[f32] { bytemuck::cast_slice(reads[index]) };
    let u = |index: usize| reads[index];
    let mut writes = writes.iter_mut().map(|words| &mut **words);
    let mut out = || -> &mut [u32] { writes.next().expect("a slice for each written binding") };
    macro_rules! w {
        () => {
            bytemuck::cast_slice_mut::<u32, f32>(out())
        };
    }
    match op {
        Op::Gather(k) => gather(k, u(0), u(1), u(2), u(3), out(), out(), w!()),
        Op::ConvPoolForward(k) => conv_pool_forward(k, f(0), f(1), u(2), w!(), w!()),
        Op::ConvForward(k) => conv_forward(k, f(0), f(1), u(2), w!()),
        Op::FirstStageForward(k) => first_stage_forward(k, f(0), f(1), w!()),
        Op::FirstStageBackward(k) => first_stage_backward(k, f(0), f(1), f(2), w!()),
        Op::ConvBackwardWeights(k) => {
            conv_backward_weights(k, f(0), f(1), f(2), f(3), u(4), w!());
        }
        Op::ConvBackwardInput(k) => conv_backward_input(k, f(0), f(1), f(2), f(3), u(4), w!()),
        Op::ConvBackwardOddInput(k) => {
            conv_backward_odd_input(k, f(0), f(1), f(2), f(3), u(4), w!());
        }
        Op::LinearForward(k) => linear_forward(k, f(0), f(1), f(2), u(3), w!()),
        Op::LinearBackwardInput(k) => linear_backward_input(k, f(0), f(1), f(2), u(3), w!()),
        Op::LinearUpdate(k) => {
            let gradient = w!();
            let epilogue = Epilogue::of(k.epilogue, &reads[3..], writes);
            linear_update(k, f(0), f(1), u(2), gradient, epilogue);
        }
        Op::LinearBackward(k) => {
            let (dx, gradient) = (w!(), w!());
            let epilogue = Epilogue::of(k.update.epilogue, &reads[3..], writes);
            linear_backward(k, f(0), f(1), u(2), dx, gradient, epilogue);
        }
        Op::Output(k) => output(k, f(0), f(1), u(2), w!(), w!(), w!(), w!(), out()),
        Op::Update(k) => update(k, f(0), u(1), Epilogue::of(k.epilogue, &reads[2..], writes)),
        Op::SampleForward(k) => sample_forward(k, &Inputs::of(reads), out(), w!(), w!()),
        Op::SampleStep(k) => sample_step(k, &Inputs::of(reads), out(), w!(), w!(), w!()),
        Op::SampleUpdate(k) => {
            let cursor = out();
            let epilogue = Epilogue::of(k.epilogue, &reads[3..], writes);
            sample_update(k, f(0), u(1), u(2), cursor, epilogue);
        }
        Op::Advance(_) => advance(u(0), out()),
    }
}
