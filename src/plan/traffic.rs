//! What a dispatch moves and computes.

use super::op::{LinearUpdate, Stage, Update};
use super::{Access, Binding, Dispatch, Op, Plan, Rule, STEP_WORDS, View, records};
use crate::network::DIGIT_SIDE;

/// Bytes of a word.
pub(super) const WORD: usize = 4;

/// What one dispatch has to move and to compute at least: every word counted once.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Traffic {
    /// Bytes.
    pub read: usize,
    /// Bytes.
    pub written: usize,
    pub multiply_adds: u64,
}

impl std::iter::Sum for Traffic {
    fn sum<I: Iterator<Item = Traffic>>(all: I) -> Traffic {
        all.fold(Traffic::default(), |sum, one| Traffic {
            read: sum.read + one.read,
            written: sum.written + one.written,
            multiply_adds: sum.multiply_adds + one.multiply_adds,
        })
    }
}

impl Traffic {
    /// That of a dispatch of the plan.
    pub fn of(plan: &Plan, dispatch: &Dispatch) -> Self {
        let op = &plan.kernels[dispatch.kernel].op;
        let bindings = op.bindings();
        let mut traffic = Traffic { multiply_adds: op.multiply_adds(), ..Traffic::default() };
        for (binding, view) in bindings.iter().zip(&dispatch.views) {
            let size = WORD * touched(op, binding, view);
            if binding.access == Access::Write && !is_only_read(op, binding) {
                traffic.written += size;
            }
            if binding.access != Access::Write || is_read_back(op, binding) {
                traffic.read += size;
            }
        }
        traffic
    }
}

/// Words of a binding that a dispatch touches: all, where only those are bound that it needs.
fn touched(op: &Op, binding: &Binding, view: &View) -> usize {
    let rows = |k: &Stage, numbers: u32| (k.slots * numbers) as usize;
    let words = match (op, binding.name) {
        (Op::SampleForward(k) | Op::SampleStep(k), "digits") => {
            k.samples as usize * records::RECORD_WORDS
        }
        (Op::SampleForward(k) | Op::SampleStep(k), "order") => k.samples as usize,
        (Op::SampleForward(_) | Op::SampleStep(_), "steps") => STEP_WORDS,
        (Op::Gather(k), "digits") => k.samples as usize * records::RECORD_WORDS,
        (Op::Gather(k), "order") => k.samples as usize,
        (Op::Gather(_), "steps") => STEP_WORDS,
        // The border already stands there.
        (Op::Gather(k), "x") if k.distort.is_none() => k.samples as usize * DIGIT_SIDE * DIGIT_SIDE,
        // The last window of a batch reads the gradient of the others, and leaves none.
        (Op::LinearUpdate(k), "gradient") if k.starts && k.ends => 0,
        (Op::LinearBackward(k), "gradient") if k.starts && k.ends => 0,
        (Op::LinearUpdate(k), "velocity" | "parameters" | "curvature" | "share") if !k.ends => 0,
        (Op::LinearBackward(k), "velocity" | "curvature" | "share") if !k.ends => 0,
        // Of what is left for others to add to, only linear_backward sees the parameters.
        (Op::LinearUpdate(LinearUpdate { rule: Rule::Share { .. }, .. }), "parameters") => 0,
        (Op::Update(Update { rule: Rule::Share { .. }, .. }), "parameters") => 0,
        // Without momentum SDLM leaves it alone.
        (Op::LinearUpdate(k), "velocity") if k.rule.is_without_velocity() => 0,
        (Op::LinearBackward(k), "velocity") if k.rule.is_without_velocity() => 0,
        (Op::Update(k), "velocity") if k.rule.is_without_velocity() => 0,
        (Op::SampleUpdate(k), "velocity") if k.rule.is_without_velocity() => 0,
        (Op::FirstStageBackward(k), "partials") => rows(k, k.parameters()),
        (Op::ConvBackwardWeights(k), "partials") => rows(k, k.parameters()),
        _ => view.words,
    };
    words.min(view.words)
}

/// Whether what may be written is not.
fn is_only_read(op: &Op, binding: &Binding) -> bool {
    match (op, binding.name) {
        (Op::LinearBackward(k), "parameters") => !k.ends || matches!(k.rule, Rule::Share { .. }),
        _ => false,
    }
}

/// Whether what is written is also read.
fn is_read_back(op: &Op, binding: &Binding) -> bool {
    match (op, binding.name) {
        (Op::Update(_) | Op::SampleUpdate(_), "velocity" | "parameters" | "curvature") => true,
        (Op::Output(_) | Op::SampleForward(_) | Op::SampleStep(_), "totals") => true,
        (Op::LinearUpdate(k), "velocity" | "parameters" | "curvature") => k.ends,
        (Op::LinearUpdate(k), "gradient") => !k.starts,
        (Op::LinearBackward(k), "velocity" | "curvature") => k.ends,
        (Op::LinearBackward(_), "parameters") => true,
        (Op::LinearBackward(k), "gradient") => !k.starts,
        (Op::LinearBackwardInput(k), "dx") => !k.starts,
        _ => false,
    }
}
