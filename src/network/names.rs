//! Words for the choices: on the command line, in files and in messages.

use super::init::Init;
use super::{Loss, Output, PoolForm, Scaling, Squash};

/// A choice of a few values, each of which has a word.
pub trait Named: Copy + PartialEq + Send + Sync + 'static {
    /// Every value, its word, and what it means.
    const NAMES: &'static [(Self, &'static str, &'static str)];

    /// The word of a value.
    ///
    /// # Panics
    /// If the table has no row for it, which is a bug.
    fn name(self) -> &'static str {
        let row = Self::NAMES.iter().find(|(value, ..)| *value == self);
        row.expect("every value has a row").1
    }

    /// The value of a word.
    fn find(word: &str) -> Option<Self> {
        Self::NAMES.iter().find(|(_, name, _)| *name == word).map(|(value, ..)| *value)
    }
}

impl Named for Squash {
    const NAMES: &'static [(Self, &'static str, &'static str)] = &[
        (Squash::Tanh, "tanh", "tanh(a), as the notebook has it"),
        (Squash::Scaled, "scaled", "1.7159 tanh(2a/3), of the 1998 paper (appendix A)"),
    ];
}

impl Named for PoolForm {
    const NAMES: &'static [(Self, &'static str, &'static str)] = &[
        (PoolForm::Mean, "mean", "mean of the block * weight + bias (the notebook)"),
        (PoolForm::Sum, "sum", "sum of the block * coefficient + bias (1998, section II.B)"),
    ];
}

impl Named for Scaling {
    const NAMES: &'static [(Self, &'static str, &'static str)] = &[
        (Scaling::Paper, "paper", "background -0.1, ink 1.175 (1998, section II.B)"),
        (Scaling::Symmetric, "symmetric", "background -1, ink +1 (1990 and the notebook)"),
    ];
}

impl Named for Output {
    const NAMES: &'static [(Self, &'static str, &'static str)] = &[
        (Output::Linear, "linear", "ten linear units and the squash; the largest output wins"),
        (Output::Rbf, "rbf", "distance to ten fixed 7x12 bitmaps (1998, eq. 7); the smallest wins"),
    ];
}

impl Named for Loss {
    const NAMES: &'static [(Self, &'static str, &'static str)] = &[
        (Loss::Mse, "mse", "mean squared error; with rbf the mean distance (1998, eq. 8)"),
        (Loss::Map, "map", "with rbf only: eq. 9, which also pushes the wrong classes away"),
    ];
}

impl Named for Init {
    const NAMES: &'static [(Self, &'static str, &'static str)] = &[
        (Init::Lecun, "lecun", "weights and biases uniform in +-2.4/F (1998, appendix A)"),
        (Init::LecunSqrt, "lecun-sqrt", "weights uniform in +-1.2/sqrt(F), biases 0"),
        (Init::Pytorch, "pytorch", "weights and biases uniform in +-1/sqrt(F)"),
    ];
}

#[cfg(test)]
mod tests {
    use serde::Serialize;

    use super::*;

    fn words_are_those_of_files<T: Named + Serialize>() {
        for &(value, name, _) in T::NAMES {
            assert_eq!(serde_json::json!(value), name);
        }
    }

    #[test]
    fn files_have_the_same_words() {
        words_are_those_of_files::<Squash>();
        words_are_those_of_files::<PoolForm>();
        words_are_those_of_files::<Scaling>();
        words_are_those_of_files::<Output>();
        words_are_those_of_files::<Loss>();
        words_are_those_of_files::<Init>();
    }
}
