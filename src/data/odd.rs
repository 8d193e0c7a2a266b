//! What is probably wrong with digits of one's own.

use std::collections::HashSet;

use super::{DIGIT_PIXELS, Digits, Mnist};
use crate::network::{CLASSES, DIGIT_SIDE};
use crate::text::thousands;

/// Says what is odd about two sets, a sentence each.
pub fn odd(mnist: &Mnist) -> Vec<String> {
    let Mnist { train, test } = mnist;
    let labels = |set: &Digits| -> HashSet<u8> { set.labels().iter().copied().collect() };
    let (trained, tested) = (labels(train), labels(test));
    let known: HashSet<&[u8]> = train.pixels().chunks_exact(DIGIT_PIXELS).collect();
    let both =
        test.pixels().chunks_exact(DIGIT_PIXELS).filter(|digit| known.contains(digit)).count();
    let missing = |from: &HashSet<u8>, others: &HashSet<u8>| {
        let mut missing: Vec<u8> = others.difference(from).copied().collect();
        missing.sort_unstable();
        missing.iter().map(u8::to_string).collect::<Vec<_>>().join(", ")
    };
    let from_one = trained.len() == CLASSES - 1 && !trained.contains(&0);
    let said = [
        (train.pixels().iter().all(|&byte| byte <= 1))
            .then(|| "no pixel is over 1, where 255 is ink: multiply them by 255".to_string()),
        is_inverted(train).then(|| {
            "the ground is brighter than the ink: --invert makes it dark, as MNIST's is".to_string()
        }),
        from_one.then(|| "the labels are 1 to 9 and none is 0: do they count from 1?".to_string()),
        (!trained.is_subset(&tested))
            .then(|| format!("the test set has no digit labelled {}", missing(&tested, &trained))),
        (!tested.is_subset(&trained)).then(|| {
            format!("the training set has no digit labelled {}", missing(&trained, &tested))
        }),
        (both > 0).then(|| {
            let (both, all) = (thousands(both), thousands(test.len()));
            format!("the training set has {both} of the {all} test digits too, so the test error says less")
        }),
    ];
    said.into_iter().flatten().collect()
}

/// Whether the outermost pixels are bright in the mean.
fn is_inverted(set: &Digits) -> bool {
    let edge = |at: usize| at == 0 || at == DIGIT_SIDE - 1;
    let on_edge = |at: usize| edge(at / DIGIT_SIDE) || edge(at % DIGIT_SIDE);
    let pixels = set.pixels().iter().enumerate();
    let outer =
        pixels.filter(|(at, _)| on_edge(at % DIGIT_PIXELS)).map(|(_, &byte)| u64::from(byte));
    let (sum, all) = outer.fold((0, 0), |(sum, all), byte| (sum + byte, all + 1));
    sum > 127 * all
}
