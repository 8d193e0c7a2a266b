//! What the words mean that host and kernels exchange.
//!
//! In step with `gather.wgsl`, `output.wgsl` and `sample.wgsl`.

use serde_json::{Value, json};

use super::Plan;
use crate::network::DIGIT_SIDE;

/// Pixels in a word, the first in the lowest byte.
pub const PIXELS_PER_WORD: usize = 4;
/// Words that hold the pixels of a digit.
pub const PIXEL_WORDS: usize = DIGIT_SIDE * DIGIT_SIDE / PIXELS_PER_WORD;
/// Words of a sample in the data set: those of its pixels, then one with the label.
pub const SAMPLE_WORDS: usize = PIXEL_WORDS + 1;
/// Words of a row of the step table; the last four are 0 so far.
pub const STEP_WORDS: usize = 8;
/// Words of the step state: first, count and rate of the step, and its number.
pub const STATE_WORDS: usize = 4;
/// Words that a sample has in the labels buffer.
pub const LABEL_WORDS: usize = 4;
/// Numbers of a row of the totals.
pub const TOTALS: usize = 4;

/// Appends digits (`[n, 784]` bytes) and their labels to a data set.
///
/// # Panics
/// If there are not 784 bytes for each label.
pub fn append_samples(data_set: &mut Vec<u32>, pixels: &[u8], labels: &[u8]) {
    const PIXELS: usize = DIGIT_SIDE * DIGIT_SIDE;
    assert_eq!(pixels.len(), labels.len() * PIXELS, "784 bytes for each label");
    for (digit, &label) in pixels.chunks_exact(PIXELS).zip(labels) {
        let word = |bytes: &[u8]| u32::from_le_bytes([bytes[0], bytes[1], bytes[2], bytes[3]]);
        data_set.extend(digit.chunks_exact(PIXELS_PER_WORD).map(word));
        data_set.push(u32::from(label));
    }
}

/// A row of the step table: what the host says of one step.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct StepRow {
    /// Its first entry in the indices.
    pub first: u32,
    /// Samples of the step; fewer than the batch in the last step of an epoch.
    pub count: u32,
    /// Learning rate; in a curvature pass 1 / patterns.
    pub rate: f32,
    /// Seed of the distortions of the step.
    pub key: u32,
}

impl StepRow {
    /// The words of the row in the step table.
    pub fn words(&self) -> [u32; STEP_WORDS] {
        [self.first, self.count, self.rate.to_bits(), self.key, 0, 0, 0, 0]
    }

    /// Reads the words of a row.
    ///
    /// # Panics
    /// If there are fewer than [`STEP_WORDS`].
    pub fn of(words: &[u32]) -> Self {
        StepRow { first: words[0], count: words[1], rate: f32::from_bits(words[2]), key: words[3] }
    }
}

/// Describes the layout of everything that is written or read, for whoever has the JSON alone.
pub fn describe(plan: &Plan) -> Value {
    let index = match plan.interface.distortion {
        None => "index of a sample in `data_set`".to_string(),
        Some(distortion) => format!(
            "sample + {} * view; view 0 is the digit as it is, every other view a distortion drawn by \
             the key of the step, view and sample",
            distortion.digits
        ),
    };
    let sample = [
        ("pixels", 0, "u8", "row by row, the lowest byte of a word first; 0 background, 255 ink"),
        ("label", PIXEL_WORDS, "u32", "class of the digit"),
    ];
    let step = [
        ("first", 0, "u32", "first entry of `indices` of the step"),
        ("count", 1, "u32", "samples of the step, at most the batch"),
        ("rate", 2, "f32", "learning rate; in a curvature pass 1 / patterns of the pass"),
        ("key", 3, "u32", "seed of the distortions; 0 where there are none"),
    ];
    let labels = [
        ("label", 0, "u32", "class of the sample"),
        ("count", 1, "u32", "samples of the step; 0 for a place without a sample"),
        ("step", 2, "u32", "number of the step"),
    ];
    let totals = [
        ("loss", 0, "f32", "sum of the losses"),
        ("errors", 1, "f32", "wrong answers"),
        ("mean loss", 2, "f32", "sum of losses divided by the samples of their step"),
        ("mean errors", 3, "f32", "sum of errors divided by the samples of their step"),
    ];
    json!({
        "data_set": row(SAMPLE_WORDS, &sample),
        "step_table": row(STEP_WORDS, &step),
        "labels": row(LABEL_WORDS, &labels),
        "totals": row(TOTALS, &totals),
        "indices": index,
        "cursor": "the row of `step_table` to do next; the last dispatch of a pass that reads it moves it \
                   on by one",
        "pass": "write data_set, indices and step_table; set cursor to the first row and totals to 0; run \
                 the dispatches of the pass once for each step. Before a curvature pass set curvature to 0",
    })
}

/// A field of a row: name, index of its first word, type, meaning.
type Field = (&'static str, usize, &'static str, &'static str);

fn row(words: usize, fields: &[Field]) -> Value {
    let mut list = Vec::new();
    for (name, word, kind, meaning) in fields {
        list.push(json!({ "name": name, "word": word, "type": kind, "meaning": meaning }));
    }
    json!({ "words": words, "fields": list })
}
