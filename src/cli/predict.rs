//! `lenet predict`: what a trained model takes single digits for.

use std::path::PathBuf;

use serde_json::{Value, json};

use super::args::{DataArgs, DeviceArgs};
use super::data::check_index;
use super::inference::{Answers, Inference, announce, announce_model};
use super::{device, output};
use crate::data::{self, Digits, image};
use crate::error::{Error, Result};
use crate::network::Output;
use crate::train::model::Model;

/// Digits in a step: as in training, so that a driver that keeps kernels has these already.
const BATCH: usize = 16;

/// Flags of `predict`.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Model file that `lenet train` wrote: model.safetensors
    #[arg(value_name = "MODEL")]
    model: PathBuf,
    /// PNG files of a digit each, best 28x28 and bright on dark as MNIST's
    #[arg(value_name = "IMAGE")]
    images: Vec<PathBuf>,
    /// Test digits by number, counted from 0: may be repeated, or several with commas
    #[arg(long, value_name = "INDEX", value_delimiter = ',')]
    index: Vec<usize>,
    /// Draw each digit as the network sees it [default: off]
    #[arg(long)]
    show: bool,
    /// One JSON object instead of text [default: off]
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    data: DataArgs,
    #[command(flatten)]
    device: DeviceArgs,
}

/// A digit to be asked about.
struct Question {
    /// File or number, for a person.
    source: String,
    pixels: Vec<u8>,
    /// Of a test digit.
    label: Option<u8>,
}

/// Predicts.
///
/// # Errors
/// [`Error::Usage`] if there is nothing to predict, [`Error::Data`] for broken files,
/// [`Error::Adapter`] if the adapter fails.
pub fn run(args: Args) -> Result<()> {
    if args.images.is_empty() && args.index.is_empty() {
        return Err(Error::Usage(
            "there is nothing to predict: name PNG files, or test digits with --index".into(),
        ));
    }
    let model = Model::read(&args.model)?;
    let questions = questions(&args)?;
    let chosen = device::choose(&args.device)?;
    announce_model(&args.model, &model);
    announce(&chosen);
    // What the labels are does not matter to a forward pass.
    let pixels = questions.iter().flat_map(|question| question.pixels.iter().copied()).collect();
    let digits = Digits::new(pixels, vec![0; questions.len()])?;
    let plan = args.device.plan;
    let mut inference = Inference::new(&model, &chosen.device, plan, BATCH, &[&digits])?;
    inference.announce_plan();
    let answers = inference.answers(0)?;
    if args.json {
        let list: Vec<Value> =
            questions.iter().enumerate().map(|(i, question)| question.json(&answers, i)).collect();
        return output::print_json(&json!({
            "model": args.model.display().to_string(),
            "network": model.network.name,
            "output": model.network.options.output,
            "device": chosen.device.describe(),
            "profile": chosen.device.profile().name,
            "plan": inference.strategy().name(),
            "predictions": list,
        }));
    }
    let width = questions.iter().map(|question| question.source.chars().count()).max().unwrap_or(0);
    let mut text = String::new();
    for (i, question) in questions.iter().enumerate() {
        text.push_str(&question.text(&answers, i, width));
        if args.show {
            text.push_str(&image::draw(&question.pixels));
        }
    }
    output::print(&text)
}

/// The files, then the test digits.
fn questions(args: &Args) -> Result<Vec<Question>> {
    let mut questions = Vec::new();
    for path in &args.images {
        let read = image::read_digit(path)?;
        let source = path.display().to_string();
        if read.inverted {
            output::note(&format!("{source}: dark on bright, so it was inverted"));
        }
        if read.resized {
            output::note(&format!("{source}: not 28x28, so it was fitted as MNIST's digits were"));
        }
        questions.push(Question { source, pixels: read.pixels.to_vec(), label: None });
    }
    if args.index.is_empty() {
        return Ok(questions);
    }
    let test = data::load(args.data.data.as_deref())?.test;
    for &index in &args.index {
        check_index("--index", index, &test, "test")?;
        questions.push(Question {
            source: format!("test digit {index}"),
            pixels: test.digit(index).to_vec(),
            label: Some(test.label(index)),
        });
    }
    Ok(questions)
}

impl Question {
    fn text(&self, answers: &Answers, i: usize, width: usize) -> String {
        let (scores, ranking) = (answers.of(i), answers.ranking(i));
        let (best, next) = (scores[ranking.digit], scores[ranking.runner_up]);
        let what = match answers.output {
            Output::Linear => "output",
            Output::Rbf => "penalty",
        };
        let verdict = match self.label {
            None => String::new(),
            Some(label) if usize::from(label) == ranking.digit => format!(", label {label}: right"),
            Some(label) => format!(", label {label}: WRONG"),
        };
        format!(
            "{:<width$}  {}  {what} {best:.3}, then {} with {next:.3}, {:.3} apart{verdict}\n",
            self.source,
            ranking.digit,
            ranking.runner_up,
            (best - next).abs()
        )
    }

    fn json(&self, answers: &Answers, i: usize) -> Value {
        let (scores, ranking) = (answers.of(i), answers.ranking(i));
        let (best, next) = (scores[ranking.digit], scores[ranking.runner_up]);
        json!({
            "source": self.source,
            "label": self.label,
            "digit": ranking.digit,
            "score": best,
            "runner_up": ranking.runner_up,
            "runner_up_score": next,
            "difference": (best - next).abs(),
            "scores": scores,
        })
    }
}
