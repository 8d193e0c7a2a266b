//! The plans of [`Strategy::Halves`]: what each of two devices does with its half of the batch.

use super::builder::Builder;
use super::kernels::Update;
use super::records::RECORD_WORDS;
use super::{Optimizer, Plan, Room, Rule, STEP_WORDS, Start, Strategy};
use crate::network::Network;

/// Devices that share a batch.
pub const HALVES: usize = 2;

impl Plan {
    /// What device `half` (0 or 1) does of this plan, which has the same buffers to write and to read:
    /// gradients of its samples, then ([`Plan::merge`]), with those of the other beside them, the step.
    ///
    /// # Panics
    /// If the plan was made for another network.
    pub fn half(&self, network: &Network, optimizer: Optimizer, half: usize) -> Plan {
        let words = |id: usize| self.buffers[id].words;
        let room = Room {
            digits: words(self.ports.digits) / RECORD_WORDS,
            order: words(self.ports.order),
            steps: words(self.ports.steps) / STEP_WORDS,
        };
        let (layout, batch) = (self.layout.clone(), self.batch.div_ceil(HALVES));
        let mut builder = Builder::new(network, self.profile, batch, layout, optimizer, room);
        builder.share(half);
        let plan = builder.layers(Strategy::Halves, optimizer);
        match self.distortion {
            Some(distortion) => plan.distorted(distortion),
            None => plan,
        }
    }

    /// What one device does of it, in a list that it could go through by itself: the plan as it is, or
    /// the first half with the step of the parameters behind its training.
    pub fn of_one_device(self, network: &Network, optimizer: Optimizer) -> Plan {
        if self.strategy != Strategy::Halves {
            return self;
        }
        let mut half = self.half(network, optimizer, 0);
        half.training.append(&mut half.merge);
        half
    }
}

impl Builder<'_> {
    /// Makes it the plan of one of the halves.
    fn share(&mut self, half: usize) {
        self.half = half;
        self.rule = Rule::Share;
        let shares = self.buffer("shares".into(), Start::Zero);
        self.buffers[shares].words = HALVES * self.layout.size;
        self.ports.shares = Some(shares);
    }

    /// Which of a kernel's inputs, by the numbers that a sample has in each, come in uniform windows. The last
    /// of them is read little: from storage, but in a half, where a dispatch for each window costs next to
    /// nothing.
    pub(super) fn in_windows<'s>(&self, sizes: &'s [usize]) -> &'s [usize] {
        match self.ports.shares {
            Some(_) => sizes,
            None => &sizes[..sizes.len() - 1],
        }
    }

    /// The step of the parameters from the shares of the halves, added in their order.
    pub(super) fn merge(&mut self, optimizer: Optimizer) {
        let Some(shares) = self.ports.shares else { return };
        self.rule = Rule::Step(optimizer);
        let size = self.layout.size;
        let op = Update {
            parameters: size as u32,
            slots: HALVES as u32,
            stride: size as u32,
            rule: self.rule,
        };
        let mut views =
            vec![self.view(shares, 0, HALVES * size), self.view(self.now, 0, STEP_WORDS)];
        views.extend(self.taken(0, size));
        self.dispatch("halves", op, views);
    }
}
