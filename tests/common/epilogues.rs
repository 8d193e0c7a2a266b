//! The epilogues of the backward kernels, and which derivatives they are given: what the tests of
//! single kernels go through.

use lenet::plan::{Epilogue, Optimizer};

use super::op::{bits, floats};

/// Constants of `output`: first derivatives, second ones, second ones that are exact.
pub const PASSES: [(bool, bool); 3] = [(false, false), (true, false), (true, true)];

/// What an update does with its sums.
pub const EPILOGUES: [Epilogue; 6] = [
    Epilogue::Apply(Optimizer::Sgd { momentum: 0.9, weight_decay: 0.01 }),
    Epilogue::Apply(Optimizer::Sdlm { momentum: 0.9, mu: 0.5, exact: false }),
    Epilogue::Apply(Optimizer::Sdlm { momentum: 0.0, mu: 0.5, exact: true }),
    Epilogue::Apply(Optimizer::Adam { beta1: 0.9, beta2: 0.99, epsilon: 1e-3, weight_decay: 0.01 }),
    Epilogue::Store { curvature: false, exact: false },
    Epilogue::Accumulate { exact: false },
];

/// Random words for what an epilogue works on, each made by `words`; neither a curvature nor a mean of
/// squares is negative.
pub fn arguments_of(epilogue: Epilogue, mut words: impl FnMut() -> Vec<u32>) -> Vec<Vec<u32>> {
    let positive =
        |words: Vec<u32>| bits(&floats(&words).iter().map(|h| h.abs()).collect::<Vec<f32>>());
    match epilogue {
        Epilogue::Apply(Optimizer::Sgd { .. }) | Epilogue::Store { .. } => vec![words(), words()],
        Epilogue::Apply(Optimizer::Sdlm { .. }) => vec![positive(words()), words(), words()],
        Epilogue::Apply(Optimizer::Adam { .. }) => vec![words(), positive(words()), words()],
        Epilogue::Accumulate { .. } => vec![positive(words())],
    }
}
