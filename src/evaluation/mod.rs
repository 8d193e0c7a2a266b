//! How good the answers of a network to labelled digits are: how many are wrong, which digits are
//! taken for which, what is left after unsure answers are rejected ([`rejection`]), and what the wrong
//! ones look like ([`mistakes`]). [`statistics`] says which differences chance explains.

pub mod mistakes;
pub mod rejection;
pub mod statistics;

use serde::Serialize;

/// Digits of MNIST's test set, whose halves come from two groups of writers: networks make about
/// three errors in the first for every one in the second.
pub const TEST_DIGITS: usize = 10_000;

/// How often each label (row) was answered with each class (column).
pub type Confusion = Vec<Vec<usize>>;

/// The answer of a network to a digit.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Answer {
    /// Number of the digit in its set.
    pub digit: usize,
    pub label: u8,
    pub said: u8,
    /// Difference between the two best outputs; never negative.
    pub margin: f32,
}

impl Answer {
    /// Whether the network is wrong.
    pub fn is_wrong(&self) -> bool {
        self.label != self.said
    }
}

/// Counts the wrong answers.
pub fn errors(answers: &[Answer]) -> usize {
    answers.iter().filter(|answer| answer.is_wrong()).count()
}

/// Returns a part of a whole in per cent; 0 if the whole is 0.
pub fn percent(part: usize, whole: usize) -> f64 {
    100.0 * part as f64 / whole.max(1) as f64
}

/// Counts the wrong answers to the first and to the last 5,000 digits; `None` unless there are as many as in
/// MNIST's test set.
pub fn halves(answers: &[Answer]) -> Option<[usize; 2]> {
    (answers.len() == TEST_DIGITS).then(|| {
        let (first, last) = answers.split_at(TEST_DIGITS / 2);
        [errors(first), errors(last)]
    })
}

/// Counts labels and answers, `[classes, classes]`.
pub fn confusion(answers: &[Answer], classes: usize) -> Confusion {
    let mut counts = vec![vec![0; classes]; classes];
    for answer in answers {
        counts[usize::from(answer.label)][usize::from(answer.said)] += 1;
    }
    counts
}

/// How well a network tells one class from the others.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Class {
    /// Digits of this class.
    pub digits: usize,
    /// Answers with this class.
    pub answers: usize,
    /// Those that are right.
    pub right: usize,
}

impl Class {
    /// Share of the answers with this class that are right, in per cent; `None` without answers.
    pub fn precision(&self) -> Option<f64> {
        (self.answers > 0).then(|| percent(self.right, self.answers))
    }

    /// Share of the digits of this class that were found, in per cent; `None` without digits.
    pub fn recall(&self) -> Option<f64> {
        (self.digits > 0).then(|| percent(self.right, self.digits))
    }
}

/// The classes of a confusion matrix.
pub fn classes(confusion: &Confusion) -> Vec<Class> {
    let class = |class: usize| Class {
        digits: confusion[class].iter().sum(),
        answers: confusion.iter().map(|row| row[class]).sum(),
        right: confusion[class][class],
    };
    (0..confusion.len()).map(class).collect()
}
