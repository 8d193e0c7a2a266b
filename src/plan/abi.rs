//! What the words mean that host and kernels hand to each other.
//!
//! In step with `gather.wgsl`, `output.wgsl` and `sample.wgsl`.

use serde::{Deserialize, Serialize};

use super::Plan;
use super::records::{PIXEL_WORDS, RECORD_WORDS};

/// Words of a row of the step table; the last four are 0 so far.
pub const STEP_WORDS: usize = 8;
/// Words of the step state: first, count and rate of the step, and its number.
pub const STATE_WORDS: usize = 4;
/// Words that a sample has in the table of labels.
pub const LABEL_WORDS: usize = 4;
/// Numbers of a row of the totals.
pub const TOTALS: usize = 4;

/// A row of the step table: what the host says of one step.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct StepRow {
    /// First entry of the order that belongs to it.
    pub first: u32,
    /// Samples of the step; fewer than the batch in the last step of an epoch.
    pub count: u32,
    /// Learning rate; in a curvature pass 1 / patterns.
    pub rate: f32,
    /// What the distortions of the step are drawn by.
    pub key: u32,
}

impl StepRow {
    /// The row as words of the buffer `steps`.
    pub fn words(&self) -> [u32; STEP_WORDS] {
        [self.first, self.count, self.rate.to_bits(), self.key, 0, 0, 0, 0]
    }

    /// From the words of a row.
    ///
    /// # Panics
    /// If there are fewer than [`STEP_WORDS`].
    pub fn of(words: &[u32]) -> Self {
        StepRow { first: words[0], count: words[1], rate: f32::from_bits(words[2]), key: words[3] }
    }
}

/// The layout of everything that is written or read, for whoever has the JSON alone.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Abi {
    /// Of the buffer `digits`.
    pub record: Row,
    /// Of the buffer `steps`.
    pub step: Row,
    /// Of the buffer `labels`, written by `gather`.
    pub labels: Row,
    /// Of the buffer `totals`, summed over steps.
    pub totals: Row,
    /// An entry of the buffer `order`.
    pub order_entry: String,
    /// The buffer `cursor`.
    pub cursor: String,
    /// What a host does for a pass.
    pub pass: String,
}

/// A row of words.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Row {
    pub words: usize,
    pub fields: Vec<Field>,
}

/// Some words of a row.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Field {
    pub name: String,
    /// Index of its first word.
    pub word: usize,
    /// `u32`, `f32`, or `u8` four to a word, the first in the lowest byte.
    #[serde(rename = "type")]
    pub kind: String,
    pub meaning: String,
}

fn row(words: usize, fields: &[(&str, usize, &str, &str)]) -> Row {
    let field = |&(name, word, kind, meaning): &(&str, usize, &str, &str)| Field {
        name: name.into(),
        word,
        kind: kind.into(),
        meaning: meaning.into(),
    };
    Row { words, fields: fields.iter().map(field).collect() }
}

impl Abi {
    /// That of a plan.
    pub fn of(plan: &Plan) -> Abi {
        let entry = match plan.distortion {
            None => "index of a digit in `digits`".to_string(),
            Some(distortion) => format!(
                "digit + {} * view; view 0 is the digit as it is, every other one a distortion drawn by \
                 the key of the step, view and digit",
                distortion.digits
            ),
        };
        Abi {
            record: row(
                RECORD_WORDS,
                &[
                    ("pixels", 0, "u8", "row by row, 0 background, 255 ink"),
                    ("label", PIXEL_WORDS, "u32", "class of the digit"),
                ],
            ),
            step: row(
                STEP_WORDS,
                &[
                    ("first", 0, "u32", "first entry of `order` of the step"),
                    ("count", 1, "u32", "samples of the step, at most the batch"),
                    (
                        "rate",
                        2,
                        "f32",
                        "learning rate of the step; in a curvature pass 1 / patterns of the pass",
                    ),
                    ("key", 3, "u32", "seed of the distortions; 0 where there are none"),
                ],
            ),
            labels: row(
                LABEL_WORDS,
                &[
                    ("label", 0, "u32", "class of the sample"),
                    ("count", 1, "u32", "samples of the step; 0 for a place without a sample"),
                    ("step", 2, "u32", "number of the step"),
                ],
            ),
            totals: row(
                TOTALS,
                &[
                    ("loss", 0, "f32", "sum of the losses"),
                    ("errors", 1, "f32", "wrong answers"),
                    ("mean loss", 2, "f32", "sum of losses divided by the samples of their step"),
                    ("mean errors", 3, "f32", "sum of errors divided by the samples of their step"),
                ],
            ),
            order_entry: entry,
            cursor: "the row of `steps` to do next; the last dispatch of a pass that reads it moves it on \
                     by one"
                .into(),
            pass: "write digits, order and steps; set cursor to the first row and totals to 0; run the \
                   dispatches of the pass once for each step. Before a curvature pass set curvature to 0"
                .into(),
        }
    }
}
