//! What is probably wrong with digits of one's own.

use std::collections::HashSet;

use super::{Digits, Mnist, transposed};
use crate::network::CLASSES;
use crate::text::thousands;

/// The brightest pixel of pictures whose ink is not 255 but 1, 15, 16 or so is below this.
const DIM: u8 = 64;

/// Says what is odd about two sets, a sentence each.
pub fn odd(mnist: &Mnist) -> Vec<String> {
    let Mnist { train, test } = mnist;
    let labels = |set: &Digits| -> HashSet<u8> { set.labels().iter().copied().collect() };
    let (trained, tested) = (labels(train), labels(test));
    let known: HashSet<&[u8]> = train.pixels().chunks_exact(train.size()).collect();
    let both =
        test.pixels().chunks_exact(test.size()).filter(|digit| known.contains(digit)).count();
    let missing = |from: &HashSet<u8>, others: &HashSet<u8>| {
        let mut missing: Vec<u8> = others.difference(from).copied().collect();
        missing.sort_unstable();
        missing.iter().map(|&class| train.names().of(class.into())).collect::<Vec<_>>().join(", ")
    };
    let most = train.pixels().iter().max().copied().unwrap_or(0);
    let used = trained.union(&tested).count();
    let from_one = trained.len() == CLASSES - 1 && !trained.contains(&0);
    let said = [
        (most < DIM).then(|| match most {
            0 => "every pixel of the training set is 0: there is nothing to see".to_string(),
            _ => {
                let factor = 255 / u32::from(most);
                format!("no pixel is over {most}, where 255 is ink: multiply them by {factor}")
            }
        }),
        is_inverted(train).then(|| {
            "the ground is brighter than the ink: --invert makes it dark, as MNIST's is".to_string()
        }),
        from_one.then(|| "the labels are 1 to 9 and none is 0: do they count from 1?".to_string()),
        (used == 1 || 2 * used < train.classes()).then(|| {
            let (all, have) = (train.classes(), if used == 1 { "has" } else { "have" });
            format!("only {used} of {all} classes {have} a digit: are the labels right?")
        }),
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
    said.into_iter().flatten().chain(transposed(train)).collect()
}

/// Whether the outermost pixels are bright in the mean.
fn is_inverted(set: &Digits) -> bool {
    let edge = |at: usize| at == 0 || at == set.side() - 1;
    let on_edge = |at: usize| edge(at / set.side()) || edge(at % set.side());
    let pixels = set.pixels().iter().enumerate();
    let outer = pixels.filter(|(at, _)| on_edge(at % set.size())).map(|(_, &byte)| u64::from(byte));
    let (sum, all) = outer.fold((0, 0), |(sum, all), byte| (sum + byte, all + 1));
    sum > 127 * all
}
