//! `lenet evaluate`: a trained model on the test digits.

use std::path::PathBuf;

use serde_json::{Value, json};

use super::args::{DataArgs, DeviceArgs};
use super::inference::{Answers, Inference, announce, announce_model};
use super::{device, output};
use crate::data::{self, Digits};
use crate::error::{Error, Result};
use crate::network::CLASSES;
use crate::recipe::MAX_BATCH;
use crate::text::{Table, thousands};
use crate::train::model::Model;

/// Digits of MNIST's test set, whose halves come from two groups of writers: networks make about
/// three errors in the first for every one in the second.
const TEST_DIGITS: usize = 10_000;

/// Flags of `evaluate`.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Model file that `lenet train` wrote: model.safetensors
    #[arg(value_name = "MODEL")]
    model: PathBuf,
    /// Digits in a step, 1 to 1,024; changes the speed only [default: 200]
    #[arg(long, value_name = "N")]
    batch: Option<usize>,
    /// Evaluate the training digits as well [default: off]
    #[arg(long)]
    train: bool,
    /// Show how often each digit was taken for each other [default: off]
    #[arg(long)]
    confusion: bool,
    /// One JSON object instead of text [default: off]
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    data: DataArgs,
    #[command(flatten)]
    device: DeviceArgs,
}

/// What came of a set of digits.
#[derive(Debug, Clone, PartialEq)]
struct Found {
    /// `test` or `training`.
    name: &'static str,
    digits: usize,
    errors: usize,
    loss: f64,
    /// That the forward passes took.
    seconds: f64,
    /// Errors in the first and in the last 5,000, if these are MNIST's test digits.
    halves: Option<[usize; 2]>,
    /// `[label][answer]`.
    confusion: [[usize; CLASSES]; CLASSES],
}

/// Evaluates.
///
/// # Errors
/// [`Error::Data`] for a broken model or data set, [`Error::Adapter`] if the adapter fails.
pub fn run(args: Args) -> Result<()> {
    let batch = args.batch.unwrap_or(200);
    if !(1..=MAX_BATCH).contains(&batch) {
        return Err(Error::Usage(format!("--batch is {batch}, but must be 1 to {MAX_BATCH}")));
    }
    let model = Model::read(&args.model)?;
    let mnist = data::load(args.data.data.as_deref())?;
    let chosen = device::choose(&args.device)?;
    announce_model(&args.model, &model);
    announce(&chosen);
    let mut sets = vec![("test", &mnist.test)];
    if args.train {
        sets.push(("training", &mnist.train));
    }
    if let Some((name, _)) = sets.iter().find(|(_, set)| set.is_empty()) {
        return Err(Error::Data(format!("there are no {name} digits: give another --data")));
    }
    let digits: Vec<&Digits> = sets.iter().map(|&(_, set)| set).collect();
    let mut inference = Inference::new(&model, &chosen.device, args.device.plan, batch, &digits)?;
    inference.announce_plan();
    inference.warm_up()?;
    let mut found = Vec::new();
    for (index, (name, set)) in sets.into_iter().enumerate() {
        found.push(tally(name, set, &inference.answers(index)?));
    }
    if args.json {
        let of = |name: &str| found.iter().find(|found| found.name == name).map(Found::json);
        return output::print_json(&json!({
            "model": args.model.display().to_string(),
            "network": model.network.name,
            "device": chosen.device.describe(),
            "profile": chosen.device.profile().name,
            "plan": inference.strategy().name(),
            "test": of("test"),
            "training": of("training"),
        }));
    }
    let text: String = found.iter().map(|found| found.text(args.confusion)).collect();
    output::print(&text)
}

fn tally(name: &'static str, set: &Digits, answers: &Answers) -> Found {
    let mut confusion = [[0; CLASSES]; CLASSES];
    let mut wrong = Vec::with_capacity(set.len());
    for (i, &label) in set.labels().iter().enumerate() {
        let answer = answers.scores.ranking(i).digit;
        confusion[usize::from(label)][answer] += 1;
        wrong.push(answer != usize::from(label));
    }
    let errors = |wrong: &[bool]| wrong.iter().filter(|&&wrong| wrong).count();
    let halves = (name == "test" && set.len() == TEST_DIGITS).then(|| {
        let (first, last) = wrong.split_at(TEST_DIGITS / 2);
        [errors(first), errors(last)]
    });
    let (digits, errors) = (set.len(), errors(&wrong));
    let (loss, seconds) = (answers.loss, answers.time.as_secs_f64());
    Found { name, digits, errors, loss, seconds, halves, confusion }
}

fn percent(errors: usize, digits: usize) -> f64 {
    100.0 * errors as f64 / digits as f64
}

impl Found {
    fn text(&self, confusion: bool) -> String {
        let count = |errors: usize, digits: usize| {
            let (shown, all) = (thousands(errors), thousands(digits));
            format!("{shown} of {all} ({:.2} %)", percent(errors, digits))
        };
        let name = self.name;
        let mut text = format!("{name} errors: {}\n", count(self.errors, self.digits));
        text.push_str(&format!("mean loss: {:.5}\n", self.loss));
        text.push_str(&format!("time: {:.3} s, compilation not counted\n", self.seconds));
        if let Some([first, last]) = self.halves {
            let half = self.digits / 2;
            text.push_str(&format!("first 5,000: {}\n", count(first, half)));
            text.push_str(&format!("last 5,000: {}\n", count(last, half)));
        }
        if confusion {
            text.push('\n');
            text.push_str(&self.matrix());
        }
        text
    }

    fn matrix(&self) -> String {
        let answers: Vec<String> = (0..CLASSES).map(|answer| format!(">{answer}")).collect();
        let mut headings = vec!["label \\ answer"];
        headings.extend(answers.iter().map(String::as_str));
        headings.push(">errors");
        let mut table = Table::new(&headings);
        for (label, row) in self.confusion.iter().enumerate() {
            let wrong = row.iter().sum::<usize>() - row[label];
            let counts = row.iter().map(|&count| match count {
                0 => ".".to_string(),
                count => thousands(count),
            });
            table.row([label.to_string()].into_iter().chain(counts).chain([thousands(wrong)]));
        }
        table.text()
    }

    fn json(&self) -> Value {
        let half = |errors: usize| {
            let percent = percent(errors, TEST_DIGITS / 2);
            json!({ "digits": TEST_DIGITS / 2, "errors": errors, "error_percent": percent })
        };
        json!({
            "digits": self.digits,
            "errors": self.errors,
            "error_percent": percent(self.errors, self.digits),
            "loss": self.loss,
            "seconds": self.seconds,
            "first_half": self.halves.map(|halves| half(halves[0])),
            "last_half": self.halves.map(|halves| half(halves[1])),
            "confusion": self.confusion,
        })
    }
}
