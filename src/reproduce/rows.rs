//! What is repeated: a row a recipe, with the figures of the papers beside it.

use serde::Serialize;

/// A figure that somebody printed, in per cent.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Figure {
    pub percent: f64,
    /// Where it stands, and on what terms.
    pub source: &'static str,
}

/// A row of the table.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Row {
    /// Name of a recipe, which also says for how many epochs.
    pub recipe: &'static str,
    /// What it repeats, for a heading.
    pub title: &'static str,
    /// Seeds where none are asked for.
    pub seeds: usize,
    /// Epochs with `--quick`.
    pub quick_epochs: usize,
    /// Test error on the 10,000 digits.
    pub error: Option<Figure>,
    /// Share of test digits that has to be rejected for 0.5 % error on the others.
    pub rejected: Option<Figure>,
    /// Test error that the mean over the seeds of a full run has to stay under, in per cent.
    pub floor: Option<f64>,
}

/// Every row, in the order of the report.
pub const ROWS: &[Row] = &[
    Row {
        recipe: "lenet1",
        title: "LeNet-1 on all digits",
        seeds: 5,
        quick_epochs: 4,
        error: Some(Figure { percent: 1.7, source: "1998, section III.C: on 16x16 digits" }),
        rejected: Some(Figure { percent: 3.7, source: "1998, Fig. 10" }),
        floor: Some(1.95),
    },
    Row {
        recipe: "lenet5",
        title: "LeNet-5 with plain gradient descent",
        seeds: 5,
        quick_epochs: 3,
        error: Some(Figure { percent: 0.95, source: "1998, section III.B: second-order training" }),
        rejected: None,
        floor: Some(0.95),
    },
    Row {
        recipe: "lenet5-tutorial",
        title: "The LeNet-5 of most tutorials",
        seeds: 5,
        quick_epochs: 3,
        error: None,
        rejected: None,
        floor: None,
    },
    Row {
        recipe: "lenet5-1998",
        title: "LeNet-5 with the paper's second-order training",
        seeds: 5,
        quick_epochs: 2,
        error: Some(Figure { percent: 0.95, source: "1998, section III.B" }),
        rejected: None,
        floor: Some(0.95),
    },
    Row {
        recipe: "lenet5-distorted",
        title: "LeNet-5 with plain gradient descent on distorted digits",
        seeds: 5,
        quick_epochs: 3,
        error: Some(Figure { percent: 0.8, source: "1998, section III.B: a fixed distorted set" }),
        rejected: None,
        floor: Some(0.72),
    },
    Row {
        recipe: "lenet5-1998-distorted",
        title: "LeNet-5 with second-order training on distorted digits",
        seeds: 5,
        quick_epochs: 2,
        error: Some(Figure { percent: 0.8, source: "1998, section III.B: a fixed distorted set" }),
        rejected: None,
        floor: Some(0.8),
    },
    Row {
        recipe: "notebook",
        title: "The notebook's training of LeNet-1",
        seeds: 20,
        quick_epochs: 10,
        error: None,
        rejected: None,
        floor: None,
    },
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::recipe;

    #[test]
    fn every_row_has_a_recipe_of_its_own() {
        for (i, row) in ROWS.iter().enumerate() {
            let recipe = recipe::ALL.iter().find(|recipe| recipe.name == row.recipe);
            let recipe = recipe.expect("a row names a recipe of this program");
            let epochs = recipe.flags().training.epochs.unwrap_or(12);
            assert!(row.quick_epochs < epochs && row.seeds > 1);
            assert!(ROWS[..i].iter().all(|other| other.recipe != row.recipe));
        }
    }
}
