//! `lenet predict --stream`: digits from standard input, an answer a line, for as long as they come.
//!
//! Three threads hand pieces on through short channels: one reads, this one asks the device, one
//! writes. So reading, computing and writing overlap, memory stays as it is however long the stream,
//! and a piece waits for no other: a batch is as large as what has arrived.

use std::fmt::Write as _;
use std::io::Write;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};

use serde::Serialize;

use crate::cli::commands::predict::Args;
use crate::cli::output;
use crate::data::stream::{DigitStream, Format, Piece};
use crate::data::{Digits, field};
use crate::error::Result;
use crate::inference::{Inference, Prediction, Scores};
use crate::recipe::{MAX_BATCH, Range};
use crate::threads;

/// Pieces that may wait to be computed, of about 64 KiB each.
const WAITING: usize = 32;
/// Batches of answers that may wait to be written.
const UNWRITTEN: usize = 4;
/// Digits in a step: enough to keep the device busy, few enough for an answer at once.
const BATCH: usize = 256;
const HEADING: &str = "record,label,digit,runner_up,difference,rejected";

#[derive(Debug, Clone, clap::Args)]
#[command(next_help_heading = "Stream")]
pub struct StreamArgs {
    /// Answer digits from standard input as they come, a line each: IDX images, CSV lines of
    /// numbers, 784 for 28x28 (a label before them is allowed, and a heading), or raw records of as many bytes
    #[arg(long = "stream", value_name = "FORMAT", value_enum)]
    pub format: Option<Format>,
    /// Short lines of CSV instead of a JSON object each [default: off]
    // Clap passes `requires` over where a flag is there that conflicts with the required one; so --batch too.
    #[arg(long, requires = "format", conflicts_with_all = ["json", "images", "index"])]
    csv: bool,
    /// Digits in a step at most, 1 to 1,024: more is faster on a GPU, and slower for a single digit
    /// [default: 256]
    #[arg(long, value_name = "N", requires = "format", conflicts_with_all = ["images", "index"])]
    batch: Option<usize>,
}

/// A line of the answer.
#[derive(Serialize)]
struct Line<'a> {
    record: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    label: Option<u8>,
    #[serde(flatten)]
    prediction: Prediction<'a>,
}

/// Answers to some records in a row.
struct Answered {
    first: u64,
    labels: Vec<Option<u8>>,
    scores: Scores,
}

pub fn run(args: &Args, format: Format) -> Result<()> {
    let batch = args.stream.batch.unwrap_or(BATCH);
    Range::Count(MAX_BATCH, "digits a step may have").check("batch", &batch)?;
    let model = args.model.read()?;
    let margin = args.margin(&model)?;
    let side = model.network.options.side;
    let shrink = args.data.as_learned(&model)?.source.shrink;
    let named = !model.network.classes.are_numbers();
    let capacity = Digits::unlabelled(side, vec![0; batch * side * side]);
    let (mut inference, _) = args.model.ask(&model, &args.device, batch, &[&capacity])?;

    let (sender, pieces) = sync_channel(WAITING);
    // Never joined: it may wait for input that nobody needs any more.
    threads::spawn(move || read(format, (side, shrink), &sender))?;
    let (sender, answers) = sync_channel(UNWRITTEN);
    let csv = args.stream.csv;
    let writer = threads::spawn(move || write(&answers, margin, csv, named))?;
    let asked = ask(&mut inference, (batch, side * side), &pieces, &sender);
    drop(sender);
    writer.join().expect("the writer does not panic")?;
    asked
}

/// Hands on what arrives until it ends, breaks, or nobody listens.
fn read(format: Format, (side, shrink): (usize, Option<f64>), to: &SyncSender<Result<Piece>>) {
    for mut piece in DigitStream::new(std::io::stdin().lock(), format, side) {
        let broken = piece.is_err();
        if let (Ok(piece), Some(fraction)) = (&mut piece, shrink) {
            field::shrink(&mut piece.pixels, side, fraction);
        }
        if to.send(piece).is_err() || broken {
            return;
        }
    }
}

/// Asks about what has arrived, a batch at most at a time, until there is no more or nobody writes.
fn ask(
    inference: &mut Inference,
    (batch, pixels): (usize, usize),
    from: &Receiver<Result<Piece>>,
    to: &SyncSender<Answered>,
) -> Result<()> {
    let (mut waiting, mut first, mut broken) = (Piece::default(), 0, None);
    loop {
        while waiting.is_empty() {
            // What came before a broken record is answered by now.
            if let Some(error) = broken {
                return Err(error);
            }
            match from.recv() {
                Ok(piece) => waiting.append(piece?),
                Err(_) => return Ok(()),
            }
        }
        while waiting.len() < batch && broken.is_none() {
            match from.try_recv() {
                Ok(Ok(piece)) => waiting.append(piece),
                Ok(Err(error)) => broken = Some(error),
                Err(_) => break,
            }
        }
        let count = batch.min(waiting.len());
        let scores = inference.infer(&waiting.pixels[..count * pixels])?;
        let labels = waiting.drop_first(count);
        if to.send(Answered { first, labels, scores }).is_err() {
            return Ok(());
        }
        first += count as u64;
    }
}

/// Writes answers until there are no more, or the reader has seen enough.
fn write(from: &Receiver<Answered>, margin: f32, csv: bool, named: bool) -> Result<()> {
    let mut out = std::io::stdout().lock();
    let mut text = String::new();
    let mut put =
        |text: &str| output::written(out.write_all(text.as_bytes()).and_then(|()| out.flush()));
    if csv && !put(&format!("{HEADING}{}\n", if named { ",name" } else { "" }))? {
        return Ok(());
    }
    for answered in from {
        text.clear();
        for (i, &label) in answered.labels.iter().enumerate() {
            let record = answered.first + i as u64;
            let prediction = answered.scores.prediction(i, margin);
            let line = Line { record, label, prediction };
            if csv { line.csv(&mut text) } else { line.json(&mut text) }
        }
        if !put(&text)? {
            break;
        }
    }
    Ok(())
}

impl Line<'_> {
    fn json(&self, text: &mut String) {
        text.push_str(&serde_json::to_string(self).expect("numbers and names are JSON"));
        text.push('\n');
    }

    fn csv(&self, text: &mut String) {
        let Prediction { digit, runner_up, difference, rejected, name, .. } = self.prediction;
        let label = self.label.map(|label| label.to_string()).unwrap_or_default();
        // Quotes keep a comma in its name.
        let name =
            name.map(|name| format!(",\"{}\"", name.replace('"', "\"\""))).unwrap_or_default();
        writeln!(text, "{},{label},{digit},{runner_up},{difference},{rejected}{name}", self.record)
            .expect("a string takes everything");
    }
}
