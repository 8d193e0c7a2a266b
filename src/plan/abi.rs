//! What the words mean that host and kernels exchange.
//!
//! Shaders have the words of a step by name (`STEP_RATE` and so on). The words of labels and totals stand in `gather.wgsl`,
//! `output.wgsl` and `sample_layers.wgsl`.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::Plan;
use super::constant::{Constant, Constants};
use crate::network::{DIGIT_SIDE, MAX_NUMBERS};

/// Pixels in a word, the first in the lowest byte.
pub const PIXELS_PER_WORD: usize = 4;
/// Words of a row of the step table; the last two are 0 so far.
pub const STEP_WORDS: usize = 8;
/// Words of the step state: a row of the step table, with the number of the step in place of the key.
pub const STATE_WORDS: usize = STEP_WORDS;
/// The words of a row that hold something: what shaders call each, and what it is.
pub(super) const STEP: [(&str, Field); 6] = [
    ("STEP_FIRST", ("first", 0, "u32", "first entry of `indices` of the step")),
    ("STEP_COUNT", ("count", 1, "u32", "samples of the step, at most the batch")),
    (
        "STEP_RATE",
        ("rate", 2, "f32", "learning rate; in a curvature pass 1 / patterns of the pass"),
    ),
    ("STEP_KEY", ("key", 3, "u32", "seed of the distortions; 0 where there are none")),
    (
        "STEP_MEAN",
        (
            "mean correction",
            4,
            "f32",
            "of Adam in the t-th step of the run: 1 / (1 - BETA1^t); else 0",
        ),
    ),
    ("STEP_SQUARE", ("square correction", 5, "f32", "of Adam: 1 / sqrt(1 - BETA2^t); else 0")),
];
/// The word of the step state with the number of the step.
pub const STATE_NUMBER: usize = 3;
/// Words that a sample has in the labels buffer.
pub const LABEL_WORDS: usize = 4;
/// Numbers of a row of the totals.
pub const TOTALS: usize = 4;

/// What a sample is in the data set: the rows of its pixels, each filled up to whole words, then a word with
/// the label.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Record {
    /// Side of the picture, in pixels.
    pub side: usize,
}

impl Record {
    /// That of MNIST.
    pub const MNIST: Record = Record { side: DIGIT_SIDE };

    /// Words of a row of pixels.
    pub const fn row_words(self) -> usize {
        self.side.div_ceil(PIXELS_PER_WORD)
    }

    /// Words in front of the label.
    pub const fn pixel_words(self) -> usize {
        self.side * self.row_words()
    }

    /// Words of a sample.
    pub const fn words(self) -> usize {
        self.pixel_words() + 1
    }

    /// Samples that a binding of 128 MiB holds, WebGPU's default limit.
    pub const fn most(self) -> usize {
        MAX_NUMBERS / self.words()
    }

    /// Appends pictures (`[n, side, side]` bytes) and their labels to a data set.
    ///
    /// # Panics
    /// If there is not a picture for each label.
    pub fn append(self, data_set: &mut Vec<u32>, pixels: &[u8], labels: &[u8]) {
        let size = self.side * self.side;
        assert_eq!(pixels.len(), labels.len() * size, "{size} bytes for each label");
        data_set.reserve(labels.len() * self.words());
        for (picture, &label) in pixels.chunks_exact(size).zip(labels) {
            for row in picture.chunks_exact(self.side) {
                let (words, rest) = row.as_chunks();
                data_set.extend(words.iter().map(|&bytes| u32::from_le_bytes(bytes)));
                if !rest.is_empty() {
                    let mut last = [0; PIXELS_PER_WORD];
                    last[..rest.len()].copy_from_slice(rest);
                    data_set.push(u32::from_le_bytes(last));
                }
            }
            data_set.push(u32::from(label));
        }
    }
}

impl Default for Record {
    fn default() -> Self {
        Record::MNIST
    }
}

impl Constant for Record {
    /// Declares `SIDE`, `ROW_WORDS` and `SAMPLE_WORDS`.
    fn declare(&self, _name: &str, constants: &mut Constants) {
        constants.fixed("SIDE", self.side as u32);
        constants.fixed("ROW_WORDS", self.row_words() as u32);
        constants.fixed("SAMPLE_WORDS", self.words() as u32);
    }
}

/// What the epilogue of a step is given besides gradients.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct StepSize {
    /// Learning rate; in a curvature pass 1 / patterns.
    pub rate: f32,
    /// Factors of the two means of [`super::Optimizer::Adam`].
    pub corrections: [f32; 2],
}

impl StepSize {
    /// Reads the words of a row of the step table or of the step state.
    ///
    /// # Panics
    /// If there are fewer than [`STEP_WORDS`].
    pub fn of(words: &[u32]) -> Self {
        let [rate, one, two] = [2, 4, 5].map(|word| f32::from_bits(words[word]));
        StepSize { rate, corrections: [one, two] }
    }
}

impl From<f32> for StepSize {
    /// A learning rate alone.
    fn from(rate: f32) -> Self {
        StepSize { rate, ..StepSize::default() }
    }
}

/// A row of the step table: what the host says of one step.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct StepRow {
    /// Its first entry in the indices.
    pub first: u32,
    /// Samples of the step; fewer than the batch in the last step of an epoch.
    pub count: u32,
    pub size: StepSize,
    /// Seed of the distortions of the step.
    pub key: u32,
}

impl StepRow {
    /// The words of the row in the step table.
    pub fn words(&self) -> [u32; STEP_WORDS] {
        let StepSize { rate, corrections: [one, two] } = self.size;
        let [rate, one, two] = [rate, one, two].map(f32::to_bits);
        [self.first, self.count, rate, self.key, one, two, 0, 0]
    }

    /// Reads the words of a row.
    ///
    /// # Panics
    /// If there are fewer than [`STEP_WORDS`].
    pub fn of(words: &[u32]) -> Self {
        StepRow { first: words[0], count: words[1], size: StepSize::of(words), key: words[3] }
    }
}

/// Describes the layout of everything that is written or read, for whoever has the JSON alone.
pub fn describe(plan: &Plan) -> Value {
    let record = plan.interface.record;
    let index = match plan.interface.distortion {
        None => "index of a sample in `data_set`".to_string(),
        Some(distortion) => format!(
            "sample + {} * view; view 0 is the digit as it is, every other view a distortion drawn by \
             the key of the step, view and sample",
            distortion.digits
        ),
    };
    let sample = [
        (
            "pixels",
            0,
            "u8",
            "row by row, each filled up to whole words, the lowest byte of a word first; 0 background, 255 \
             ink",
        ),
        ("label", record.pixel_words(), "u32", "class of the digit"),
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
        "data_set": row(record.words(), &sample),
        "step_table": row(STEP_WORDS, &STEP.map(|(_, field)| field)),
        "labels": row(LABEL_WORDS, &labels),
        "totals": row(TOTALS, &totals),
        "indices": index,
        "cursor": "the row of `step_table` to do next; a dispatch of the pass adds one, after those that read it",
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
