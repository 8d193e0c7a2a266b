//! Every kernel of a plan against its reference, on the numbers of a real training step.
//!
//! The reference walks through the step. Before each dispatch the adapter gets the words that the reference has, so
//! that a wrong kernel is found where it is and not in those after it.

use serde::Serialize;

use crate::cpu::Cpu;
use crate::error::Result;
use crate::executor::Executor;
use crate::gpu::Gpu;
use crate::plan::program::Phase;
use crate::plan::{Access, BufferId, Dispatch, Element, Pass, Plan, View};

/// How far a number may be from the reference's, as a share of the largest number that the kernel writes there.
/// References add up in f64, and the squash of small numbers is a small difference of large ones.
const TOLERANCE: f64 = 1e-4;

/// How far something was from what it is compared with.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Deviation {
    /// Of a kernel its layer and operation: `c3.conv_pool_forward`.
    pub name: String,
    /// The largest error as a share of what is allowed: over 1 it is wrong.
    pub error: f64,
    /// The number with that error.
    pub place: String,
}

impl Deviation {
    /// Of something that nobody has looked at yet.
    pub fn none(name: String) -> Self {
        Deviation { name, error: 0.0, place: String::new() }
    }

    /// Whether the largest error is allowed.
    pub fn passed(&self) -> bool {
        self.error <= 1.0
    }

    /// Takes an error if it is larger than those before; one that is no number is the largest.
    pub fn take(&mut self, error: f64, place: impl FnOnce() -> String) {
        let error = if error.is_nan() { f64::INFINITY } else { error };
        if error > self.error {
            (self.error, self.place) = (error, place());
        }
    }
}

/// Compares every kernel over all its dispatches: carries out the first step of each phase, whose data stand in the buffers of both, dispatch by dispatch.
///
/// # Errors
/// [`crate::Error::Adapter`] if the adapter fails.
pub fn compare(
    plan: &Plan,
    phases: &[Phase],
    gpu: &mut Gpu,
    cpu: &mut Cpu,
) -> Result<Vec<Deviation>> {
    let ports = plan.interface.ports;
    let mut kernels: Vec<Deviation> = Vec::new();
    for phase in phases {
        for executor in [&mut *gpu as &mut dyn Executor, cpu] {
            executor.write(ports.indices, 0, &phase.indices)?;
            executor.write(ports.step_table, 0, &phase.step_table)?;
            executor.write(ports.cursor, 0, &[0])?;
        }
        for (number, dispatch) in plan.step(phase.pass).enumerate() {
            let found = step(plan, phase.pass, number, dispatch, gpu, cpu)?;
            match kernels.iter_mut().find(|kernel| kernel.name == found.name) {
                Some(known) if known.error >= found.error => {}
                Some(known) => *known = found,
                None => kernels.push(found),
            }
        }
    }
    Ok(kernels)
}

/// Carries one dispatch out on both.
fn step(
    plan: &Plan,
    pass: Pass,
    number: usize,
    dispatch: &Dispatch,
    gpu: &mut Gpu,
    cpu: &mut Cpu,
) -> Result<Deviation> {
    let words = |buffer: BufferId| plan.buffers[buffer].words;
    for view in &dispatch.views {
        let held = cpu.read(view.buffer, words(view.buffer))?;
        gpu.write(view.buffer, 0, &held)?;
    }
    gpu.run_dispatch(pass, number)?;
    cpu.dispatch(dispatch);
    let kernel = &plan.kernels[dispatch.kernel];
    let mut worst = Deviation::none(kernel.label.clone());
    for (binding, view) in kernel.op.bindings().iter().zip(&dispatch.views) {
        if binding.access != Access::Write {
            continue;
        }
        let count = words(view.buffer);
        let both = [gpu.read(view.buffer, count)?, cpu.read(view.buffer, count)?];
        let errors = match binding.name {
            _ if binding.element == Element::U32 => exact(both),
            // The reference leaves a whole sum in one row of the partial gradients.
            "partials" => errors(both.map(|words| columns(&words, plan.interface.layout.stages))),
            _ => errors(both.map(|words| floats(&words, view))),
        };
        for (place, error) in errors.into_iter().enumerate() {
            worst.take(error, || format!("{}[{place}]", binding.name));
        }
    }
    Ok(worst)
}

/// The numbers of a view.
fn floats(words: &[u32], view: &View) -> Vec<f64> {
    let words = &words[view.offset..view.offset + view.words];
    words.iter().map(|&word| f64::from(f32::from_bits(word))).collect()
}

/// Sums over the rows of partial gradients.
fn columns(words: &[u32], stride: usize) -> Vec<f64> {
    let mut sums = vec![0.0; stride];
    for row in words.chunks(stride) {
        sums.iter_mut().zip(row).for_each(|(sum, &word)| *sum += f64::from(f32::from_bits(word)));
    }
    sums
}

/// Differences as a share of what is allowed.
fn errors([found, expected]: [Vec<f64>; 2]) -> Vec<f64> {
    let largest = expected.iter().fold(0.0_f64, |largest, number| largest.max(number.abs()));
    let allowed = (TOLERANCE * largest).max(f64::MIN_POSITIVE);
    let error = |(a, b): (f64, f64)| (a - b).abs() / allowed;
    found.into_iter().zip(expected).map(error).collect()
}

/// 0 where words are equal, else beyond measure.
fn exact([found, expected]: [Vec<u32>; 2]) -> Vec<f64> {
    let error = |(a, b): (u32, u32)| if a == b { 0.0 } else { f64::INFINITY };
    found.into_iter().zip(expected).map(error).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn errors_are_shares_of_what_is_allowed() {
        let found = errors([vec![2.0, 1e-4, 4e-4, f64::NAN], vec![2.0, 0.0, 0.0, 0.0]]);
        assert!(found[1] < 1.0 && found[2] > 1.0 && found[3].is_nan(), "{found:?}");
        assert_eq!(errors([vec![0.0, 1e-9], vec![0.0, 1e-9]]), [0.0, 0.0]);
        assert!(errors([vec![1e-9], vec![0.0]])[0] > 1.0, "nothing else is as small");
        assert_eq!(exact([vec![1, 2], vec![1, 3]]), [0.0, f64::INFINITY]);
        let words = [1.0_f32, 2.0, 3.0, 4.0].map(f32::to_bits);
        assert_eq!(columns(&words, 2), [4.0, 6.0]);
        let view = View { buffer: 0, offset: 1, words: 2, uniform: false };
        assert_eq!(floats(&words, &view), [2.0, 3.0]);
    }
}
