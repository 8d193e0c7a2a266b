//! What a dispatch moves and computes.

use super::kernels::Moved;
use super::{Dispatch, Plan};

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
        let multiply_adds = op.work().multiply_adds;
        let mut traffic = Traffic { multiply_adds, ..Traffic::default() };
        for (binding, view) in op.bindings().iter().zip(&dispatch.views) {
            let Moved { read, written } = op.moved(binding, view.words);
            traffic.read += WORD * read;
            traffic.written += WORD * written;
        }
        traffic
    }
}
