//! What becomes of the sums of a backward pass, and which derivatives those are: what the tests of
//! single kernels go through.

use lenet::plan::{Optimizer, Rule};

use super::op::{bits, floats};

/// Constants of `output`: first derivatives, second ones, second ones that are exact.
pub const PASSES: [(bool, bool); 3] = [(false, false), (true, false), (true, true)];

/// What an update does with its sums.
pub const RULES: [Rule; 5] = [
    Rule::Step(Optimizer::Sgd { momentum: 0.9, weight_decay: 0.01 }),
    Rule::Step(Optimizer::Sdlm { momentum: 0.9, mu: 0.5, exact: false }),
    Rule::Step(Optimizer::Sdlm { momentum: 0.0, mu: 0.5, exact: true }),
    Rule::Share { curvature: false, exact: false },
    Rule::Curvature { exact: false },
];

/// Random words for what a rule works on, each made by `words`; a curvature is not negative.
pub fn taken(rule: Rule, mut words: impl FnMut() -> Vec<u32>) -> Vec<Vec<u32>> {
    let curvature =
        |words: Vec<u32>| bits(&floats(&words).iter().map(|h| h.abs()).collect::<Vec<f32>>());
    match rule {
        Rule::Step(Optimizer::Sgd { .. }) | Rule::Share { .. } => vec![words(), words()],
        Rule::Step(Optimizer::Sdlm { .. }) => vec![curvature(words()), words(), words()],
        Rule::Curvature { .. } => vec![curvature(words())],
    }
}
