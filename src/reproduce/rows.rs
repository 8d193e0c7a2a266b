//! What is repeated: a row for each recipe, with the figures of the papers beside it.

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
    /// Name of a recipe, or of a network of one's own, which also says for how many epochs.
    pub recipe: &'static str,
    /// What it repeats, for a heading.
    pub title: &'static str,
    /// File of the network, which has its recipe, for a row that is not of the table.
    pub network: Option<&'static str>,
    /// Seeds where none are asked for.
    pub seeds: usize,
    /// Epochs with `--quick`.
    pub quick_epochs: usize,
    /// Whether it is about the zip code digits, which `--data` has to name, and not about MNIST.
    pub zip_codes: bool,
    /// Test error.
    pub error: Option<Figure>,
    /// Error on the digits that are left for which the papers tell the rejected share, in per cent.
    pub target: f64,
    /// Share of test digits that has to be rejected for that.
    pub rejected: Option<Figure>,
    /// Test error that the mean over the seeds of a full run has to stay under, in per cent.
    pub floor: Option<f64>,
}

/// What most rows have.
pub const MNIST: Row = Row {
    recipe: "",
    title: "",
    network: None,
    seeds: 5,
    quick_epochs: 3,
    zip_codes: false,
    error: None,
    target: 0.5,
    rejected: None,
    floor: None,
};

/// Every row, in the order of the report.
pub const ROWS: &[Row] = &[
    Row {
        recipe: "lenet1",
        title: "LeNet-1 on all digits",
        quick_epochs: 4,
        error: Some(Figure { percent: 1.7, source: "1998, section III.C: on 16x16 digits" }),
        rejected: Some(Figure { percent: 3.7, source: "1998, Fig. 10" }),
        floor: Some(1.95),
        ..MNIST
    },
    Row {
        recipe: "lenet1-1990",
        title: "LeNet-1 on the zip code digits of 1990",
        seeds: 10,
        quick_epochs: 6,
        zip_codes: true,
        error: Some(Figure {
            percent: 4.6,
            source: "1990, as remembered, on digits that may not be deslanted as these are",
        }),
        target: 1.0,
        rejected: Some(Figure {
            percent: 9.0,
            source: "1990, abstract: about, printed digits included",
        }),
        ..MNIST
    },
    Row {
        recipe: "lenet5",
        title: "LeNet-5 with plain gradient descent",
        error: Some(Figure { percent: 0.95, source: "1998, section III.B: second-order training" }),
        floor: Some(0.95),
        ..MNIST
    },
    Row { recipe: "lenet5-tutorial", title: "The LeNet-5 of most tutorials", ..MNIST },
    Row {
        recipe: "lenet5-1998",
        title: "LeNet-5 with the paper's second-order training",
        quick_epochs: 2,
        error: Some(Figure { percent: 0.95, source: "1998, section III.B" }),
        floor: Some(0.95),
        ..MNIST
    },
    Row {
        recipe: "lenet5-distorted",
        title: "LeNet-5 with plain gradient descent on distorted digits",
        error: Some(Figure { percent: 0.8, source: "1998, section III.B: a fixed distorted set" }),
        floor: Some(0.72),
        ..MNIST
    },
    Row {
        recipe: "lenet5-1998-distorted",
        title: "LeNet-5 with second-order training on distorted digits",
        quick_epochs: 2,
        error: Some(Figure { percent: 0.8, source: "1998, section III.B: a fixed distorted set" }),
        floor: Some(0.8),
        ..MNIST
    },
    Row {
        recipe: "notebook",
        title: "The notebook's training of LeNet-1",
        seeds: 20,
        quick_epochs: 10,
        ..MNIST
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
