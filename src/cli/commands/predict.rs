//! `lenet predict`: what a trained model takes digits for, in pictures, of the test set, or as they
//! come in a stream.

use std::path::PathBuf;

use serde::Serialize;
use serde_json::json;

use crate::cli::args::model::ModelArg;
use crate::cli::args::{DataArgs, DeviceArgs};
use crate::cli::commands::questions::Questions;
use crate::cli::commands::stream::{self, StreamArgs};
use crate::cli::output;
use crate::data::writing::Place;
use crate::data::{Digits, image};
use crate::error::{Error, Result};
use crate::evaluation::rejection;
use crate::inference::{Prediction, Scores};
use crate::network::{ClassNames, Output};
use crate::recipe::Range;
use crate::text::on_one_line;
use crate::train::model::Model;

/// Digits in a step: the default batch of training, whose kernels a driver may have cached.
const BATCH: usize = 16;

#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(flatten)]
    pub model: ModelArg,
    /// Pictures of a digit or of a line of digits, of any size (PNG, JPEG, BMP, PGM, WebP), or - for
    /// standard input
    #[arg(value_name = "IMAGE", conflicts_with = "format")]
    pub images: Vec<PathBuf>,
    /// Take the pictures as they are: 28x28 or what the model sees, bright on dark, as MNIST's [default: off]
    #[arg(long, conflicts_with = "format")]
    pub raw: bool,
    /// Test digits by number, counted from 0: may be repeated, or several with commas
    #[arg(long, value_name = "INDEX", value_delimiter = ',', conflicts_with = "format")]
    pub index: Vec<usize>,
    /// Say ? where the two best outputs are less than this apart; 0 never does [default: rbf 20,
    /// linear 0.45, where about 0.5 % error is left on the test digits; softmax 0.5]
    #[arg(long, value_name = "MARGIN")]
    reject: Option<f32>,
    /// Draw each digit as the network sees it [default: off]
    #[arg(long, conflicts_with = "format")]
    show: bool,
    /// One JSON object instead of text [default: off; a stream has one a line]
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    pub stream: StreamArgs,
    #[command(flatten)]
    pub data: DataArgs,
    #[command(flatten)]
    pub device: DeviceArgs,
}

impl Args {
    /// The margin between the two best outputs below which an answer is rejected.
    pub fn margin(&self, model: &Model) -> Result<f32> {
        let margin = self.reject.unwrap_or(rejection::default_margin(model.network.options.output));
        Range::NotNegative.check("reject", &margin)?;
        Ok(margin)
    }
}

pub fn run(args: Args) -> Result<()> {
    if args.index.is_empty() && args.data.source.is_about_path() {
        return Err(Error::Usage(
            "--data, --test-share, --side, --transpose and --invert are about the digits of --index: \
             leave them out"
                .into(),
        ));
    }
    if let Some(format) = args.stream.format {
        return stream::run(&args, format);
    }
    if args.images.is_empty() && args.index.is_empty() {
        return Err(Error::Usage(
            "there is nothing to predict: name pictures, test digits with --index, or give --stream"
                .into(),
        ));
    }
    let model = args.model.read()?;
    let margin = args.margin(&model)?;
    let questions = Questions::of(&args, &model)?;
    let some_unread = match questions.unread {
        0 => Ok(()),
        unread => Err(Error::Data(format!(
            "{unread} of {} pictures could not be read: see above",
            args.images.len()
        ))),
    };
    if questions.list.is_empty() {
        return some_unread;
    }
    // A forward pass does not look at labels.
    let pixels = questions.list.iter().flat_map(|question| question.pixels.iter().copied());
    let digits = Digits::unlabelled(model.network.options.side, pixels.collect());
    let (mut inference, device) = args.model.ask(&model, &args.device, BATCH, &[&digits])?;
    let scores = inference.answers(0)?.scores;
    let answers: Vec<Reading> = readings_of(&questions, &scores, margin).collect();
    let readings: Vec<&[Reading]> = answers.chunk_by(|a, b| a.number == b.number).collect();
    if args.json {
        let reading = |of: &&[Reading]| json!({ "source": of[0].source, "text": digits_text(of) });
        output::print_json(&json!({
            "model": args.model.file().display().to_string(),
            "network": model.network.name,
            "output": scores.output,
            "device": device.describe(),
            "profile": device.profile().name,
            "plan": inference.strategy().name(),
            "reject": margin,
            "readings": readings.iter().map(reading).collect::<Vec<_>>(),
            "predictions": answers,
        }))?;
    } else {
        output::note(match scores.output {
            Output::Linear => {
                "reading  the largest output is the answer; a wide margin is a sure one"
            }
            Output::Softmax => "reading  outputs are probabilities; the largest is the answer",
            Output::Rbf => {
                "reading  the smallest penalty is the best match; a wide margin is a sure answer"
            }
        });
        output::print(&text(&readings, scores.output, margin, args.show))?;
    }
    some_unread
}

/// A digit with its answer.
#[derive(Serialize)]
struct Reading<'a> {
    /// Index of its source.
    #[serde(skip)]
    number: usize,
    source: &'a str,
    place: Option<Place>,
    label: Option<u8>,
    #[serde(skip_serializing_if = "Option::is_none")]
    label_name: Option<&'a str>,
    #[serde(skip)]
    pixels: &'a [u8],
    #[serde(skip)]
    names: &'a ClassNames,
    #[serde(flatten)]
    prediction: Prediction<'a>,
}

/// The answers, in the order of the questions.
fn readings_of<'a>(
    questions: &'a Questions,
    scores: &'a Scores,
    margin: f32,
) -> impl Iterator<Item = Reading<'a>> {
    let name_of = |label: u8| scores.names.given(usize::from(label));
    questions.list.iter().enumerate().map(move |(i, question)| Reading {
        number: question.source,
        source: &questions.sources[question.source],
        place: question.place,
        label: question.label,
        label_name: question.label.and_then(name_of),
        pixels: &question.pixels,
        names: &scores.names,
        prediction: scores.prediction(i, margin),
    })
}

/// The digits of one source as text; ? for a rejected answer.
fn digits_text(digits: &[Reading]) -> String {
    let shown = |reading: &Reading| match reading.prediction.rejected {
        true => "?".to_string(),
        false => reading.name(reading.prediction.digit),
    };
    // Names of several letters are apart, digits are not.
    let names = digits.first().map_or(&[][..], |reading| reading.names.list());
    let apart = names.iter().any(|name| name.chars().count() > 1);
    digits.iter().map(shown).collect::<Vec<_>>().join(if apart { " " } else { "" })
}

fn text(readings: &[&[Reading]], output: Output, margin: f32, show: bool) -> String {
    let width =
        readings.iter().map(|of| on_one_line(of[0].source).chars().count()).max().unwrap_or(0);
    let mut text = String::new();
    for digits in readings {
        let (source, single) = (on_one_line(digits[0].source), digits.len() == 1);
        if !single {
            text.push_str(&format!("{source:<width$}  {}\n", digits_text(digits)));
        }
        for (place, digit) in (1..).zip(*digits) {
            let name = if single { source.to_string() } else { format!("  digit {place}") };
            text.push_str(&format!("{name:<width$}  {}\n", digit.line(output, margin)));
            if show {
                text.push_str(&image::draw(digit.pixels));
            }
        }
    }
    text
}

impl Reading<'_> {
    /// What a class is called.
    fn name(&self, class: usize) -> String {
        self.names.of(class).into_owned()
    }

    fn line(&self, output: Output, margin: f32) -> String {
        let Prediction { digit, score, runner_up, runner_up_score, difference, rejected, .. } =
            self.prediction;
        let what = match output {
            Output::Linear => "output",
            Output::Rbf => "penalty",
            Output::Softmax => "probability",
        };
        let (perhaps, sure) = match rejected {
            true => (format!("perhaps {}, ", self.name(digit)), format!("unsure (under {margin})")),
            false => (String::new(), "sure".into()),
        };
        let verdict = match self.label {
            None => String::new(),
            Some(label) => {
                let verdict = if usize::from(label) == digit { "right" } else { "WRONG" };
                format!(", label {}: {verdict}", self.name(label.into()))
            }
        };
        format!(
            "{}  {perhaps}{what} {score:.3}, next best {} with {runner_up_score:.3}: \
             margin {difference:.3}, {sure}{verdict}",
            digits_text(std::slice::from_ref(self)),
            self.name(runner_up)
        )
    }
}
