//! Detects digits whose rows and columns are exchanged, as in EMNIST's files.

use super::{Digits, Source};
use crate::network::{CLASSES, DIGIT_SIDE};

/// Likeness to MNIST above which digits count as upright. MNIST's own reach 0.98, 100 of them 0.89; transposed,
/// mirrored or mislabelled ones stay below 0.77.
const MIN_LIKENESS: f64 = 0.8;
/// How much the likeness has to rise when the digits are transposed.
const MIN_GAIN: f64 = 0.1;

/// Returns a warning if the pictures labelled 0 to 9 look like MNIST's only after their rows and columns are exchanged.
pub fn transposed(set: &Digits) -> Option<String> {
    let is_digit = |class: usize| set.names().of(class) == class.to_string();
    if set.side() != DIGIT_SIDE || set.classes() < CLASSES || !(0..CLASSES).all(is_digit) {
        return None;
    }
    let mnist = sums(&super::load_test(&Source::default()).ok()?);
    let sums = sums(set);
    let transposed: Vec<Sum> = sums.iter().map(transpose).collect();
    let (as_it_is, transposed) = (likeness(&sums, &mnist), likeness(&transposed, &mnist));
    (transposed > MIN_LIKENESS && transposed > as_it_is + MIN_GAIN).then(|| {
        "the digits seem to have their rows and columns exchanged, as in EMNIST's files: add --transpose, or leave it \
         out if you gave it"
            .into()
    })
}

/// The sum of the pictures of a class, `[side, side]`.
type Sum = Vec<u64>;

/// The sums of the pictures labelled 0 to 9.
fn sums(set: &Digits) -> Vec<Sum> {
    let mut sums = vec![vec![0; set.size()]; CLASSES];
    for (digit, &label) in set.pixels().chunks_exact(set.size()).zip(set.labels()) {
        if let Some(sum) = sums.get_mut(usize::from(label)) {
            sum.iter_mut().zip(digit).for_each(|(sum, &byte)| *sum += u64::from(byte));
        }
    }
    sums
}

fn transpose(sum: &Sum) -> Sum {
    let at = |i: usize| sum[i % DIGIT_SIDE * DIGIT_SIDE + i / DIGIT_SIDE];
    (0..sum.len()).map(at).collect()
}

/// Mean correlation of the classes' sums; classes without ink have none and are left out.
fn likeness(a: &[Sum], b: &[Sum]) -> f64 {
    let all = a.iter().zip(b).map(|(a, b)| correlation(a, b)).filter(|r| r.is_finite());
    let (sum, count) = all.fold((0.0, 0), |(sum, count), r| (sum + r, count + 1));
    sum / f64::from(count.max(1))
}

/// Correlation of the pixels of two pictures.
fn correlation(a: &Sum, b: &Sum) -> f64 {
    let mean = |sum: &Sum| sum.iter().sum::<u64>() as f64 / sum.len() as f64;
    let (mean_a, mean_b) = (mean(a), mean(b));
    let moments = a.iter().zip(b).fold([0.0; 3], |[ab, aa, bb], (&a, &b)| {
        let (a, b) = (a as f64 - mean_a, b as f64 - mean_b);
        [ab + a * b, aa + a * a, bb + b * b]
    });
    let [ab, aa, bb] = moments;
    ab / (aa * bb).sqrt()
}
