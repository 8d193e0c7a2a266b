//! `lenet predict`: what a trained model takes digits for, in pictures, of the test set, or as they
//! come in a stream.

use std::path::{Path, PathBuf};

use serde::Serialize;
use serde_json::{Value, json};

use crate::cli::args::model::ModelArg;
use crate::cli::args::{DataArgs, DeviceArgs};
use crate::cli::commands::data::check_index;
use crate::cli::commands::stream::{self, StreamArgs};
use crate::cli::output;
use crate::data::writing::{self, Place};
use crate::data::{Digits, image};
use crate::error::{Error, Result};
use crate::evaluation::rejection;
use crate::inference::{Prediction, Scores};
use crate::network::Output;
use crate::recipe::Range;
use crate::train::model::Model;

/// Digits in a step: as in training, so that a driver that keeps kernels has these already.
const BATCH: usize = 16;

#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(flatten)]
    pub model: ModelArg,
    /// Pictures of a digit or of a line of digits, of any size (PNG, JPEG, BMP, PGM, WebP), or - for
    /// standard input
    #[arg(value_name = "IMAGE", conflicts_with = "format")]
    images: Vec<PathBuf>,
    /// Take the pictures as they are: 28x28, bright on dark, as MNIST's [default: off]
    #[arg(long, conflicts_with = "format")]
    raw: bool,
    /// Test digits by number, counted from 0: may be repeated, or several with commas
    #[arg(long, value_name = "INDEX", value_delimiter = ',', conflicts_with = "format")]
    index: Vec<usize>,
    /// Say ? where the two best outputs are less than this apart; 0 never does [default: rbf 20,
    /// linear 0.45, where about 0.5 % error is left on the test digits]
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
    data: DataArgs,
    #[command(flatten)]
    pub device: DeviceArgs,
}

impl Args {
    /// The difference between the two best outputs from which an answer of this model counts.
    pub fn margin(&self, model: &Model) -> Result<f32> {
        let margin = self.reject.unwrap_or(rejection::default_margin(model.network.options.output));
        Range::NotNegative.check("reject", &margin)?;
        Ok(margin)
    }
}

/// A digit to be asked about.
struct Question {
    /// Which of the sources it is from.
    source: usize,
    pixels: Vec<u8>,
    /// The label of a test digit.
    label: Option<u8>,
    /// Where it stands in its picture.
    place: Option<Place>,
}

/// The digits to read, and where each comes from.
#[derive(Default)]
struct Questions {
    /// Files or numbers, for a person.
    sources: Vec<String>,
    list: Vec<Question>,
    /// Pictures, of several, that could not be read.
    unread: usize,
}

pub fn run(args: Args) -> Result<()> {
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
    let questions = Questions::of(&args)?;
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
    let digits = Digits::new(pixels.collect(), vec![0; questions.list.len()])?;
    let (mut inference, device) = args.model.ask(&model, &args.device, BATCH, &[&digits])?;
    let reading = Reading { questions, scores: inference.answers(0)?.scores, margin };
    if args.json {
        output::print_json(&json!({
            "model": args.model.file().display().to_string(),
            "network": model.network.name,
            "output": model.network.options.output,
            "device": device.describe(),
            "profile": device.profile().name,
            "plan": inference.strategy().name(),
            "reject": margin,
            "readings": reading.readings(),
            "predictions": reading.predictions(),
        }))?;
    } else {
        output::note(reading.legend());
        output::print(&reading.text(args.show))?;
    }
    some_unread
}

impl Questions {
    /// The pictures, then the test digits.
    fn of(args: &Args) -> Result<Self> {
        let mut questions = Questions::default();
        // Pictures that were inverted, and those that were fitted.
        let mut changed = [0, 0];
        for path in &args.images {
            let was = match questions.picture(path, args.raw) {
                Err(error) if args.images.len() > 1 => {
                    output::error(&error);
                    questions.unread += 1;
                    continue;
                }
                read => read?,
            };
            changed.iter_mut().zip(was).for_each(|(count, was)| *count += usize::from(was));
        }
        let what = ["dark on bright, so inverted", "fitted as MNIST's digits were"];
        let told = changed.iter().zip(what).filter(|(count, _)| **count > 0);
        let told: Vec<String> = told.map(|(count, what)| format!("{count} {what}")).collect();
        if !told.is_empty() {
            output::note(&format!("pictures {}: {}", args.images.len(), told.join("; ")));
        }
        if args.index.is_empty() {
            return Ok(questions);
        }
        let test = args.data.load_test(&args.model.run()?)?;
        for &index in &args.index {
            check_index("--index", index, &test, "test")?;
            questions.sources.push(format!("test digit {index}"));
            questions.add(test.digit(index), Some(test.label(index)), None);
        }
        Ok(questions)
    }

    /// Takes the digits of a picture; returns whether it was inverted and whether it was fitted.
    fn picture(&mut self, path: &Path, raw: bool) -> Result<[bool; 2]> {
        let source = match path == Path::new("-") {
            true => "standard input".to_string(),
            false => path.display().to_string(),
        };
        let bytes = writing::bytes_of(path)?;
        if raw {
            let pixels = writing::read_raw(&source, &bytes)?;
            self.sources.push(source);
            self.add(&pixels, None, None);
            return Ok([false, false]);
        }
        let writing = writing::read(&source, &bytes)?;
        self.sources.push(source);
        for digit in &writing.digits {
            self.add(&digit.pixels, None, Some(digit.place));
        }
        Ok([writing.dark_ink, writing.digits.iter().any(|digit| digit.fitted)])
    }

    /// A digit of the last source.
    fn add(&mut self, pixels: &[u8], label: Option<u8>, place: Option<Place>) {
        let source = self.sources.len() - 1;
        self.list.push(Question { source, pixels: pixels.to_vec(), label, place });
    }
}

/// Questions with their answers.
struct Reading {
    questions: Questions,
    scores: Scores,
    /// Least difference between the two best outputs for an answer to count.
    margin: f32,
}

impl Reading {
    fn prediction(&self, i: usize) -> Prediction<'_> {
        self.scores.prediction(i, self.margin)
    }

    /// The class of a digit, or ? where the network would rather not say.
    fn shown(&self, i: usize) -> String {
        let prediction = self.prediction(i);
        if prediction.rejected { "?".into() } else { prediction.digit.to_string() }
    }

    /// The numbers of the digits of a source, and what they read.
    fn of_source(&self, source: usize) -> (Vec<usize>, String) {
        let list = self.questions.list.iter().enumerate();
        let numbers: Vec<usize> =
            list.filter(|(_, question)| question.source == source).map(|(i, _)| i).collect();
        let text = numbers.iter().map(|&i| self.shown(i)).collect();
        (numbers, text)
    }

    fn text(&self, show: bool) -> String {
        let sources = &self.questions.sources;
        let width = sources.iter().map(|source| source.chars().count()).max().unwrap_or(0);
        let mut text = String::new();
        for (number, source) in sources.iter().enumerate() {
            let (digits, read) = self.of_source(number);
            let single = digits.len() == 1;
            if !single {
                text.push_str(&format!("{source:<width$}  {read}\n"));
            }
            for (place, &i) in (1..).zip(&digits) {
                let name = if single { source.clone() } else { format!("  digit {place}") };
                text.push_str(&format!("{name:<width$}  {}\n", self.line(i)));
                if show {
                    text.push_str(&image::draw(&self.questions.list[i].pixels));
                }
            }
        }
        text
    }

    /// What the numbers of a line mean.
    fn legend(&self) -> &'static str {
        match self.scores.output {
            Output::Linear => {
                "reading  the largest output is the answer; a wide margin is a sure one"
            }
            Output::Softmax => "reading  outputs are probabilities; the largest is the answer",
            Output::Rbf => {
                "reading  the smallest penalty is the best match; a wide margin is a sure answer"
            }
        }
    }

    fn line(&self, i: usize) -> String {
        let Prediction { digit, score, runner_up, runner_up_score, difference, rejected, .. } =
            self.prediction(i);
        let what = match self.scores.output {
            Output::Linear => "output",
            Output::Rbf => "penalty",
            Output::Softmax => "probability",
        };
        let sure = match rejected {
            true => format!("unsure (under {})", self.margin),
            false => "sure".into(),
        };
        let perhaps = if rejected { format!("perhaps {digit}, ") } else { String::new() };
        let verdict = match self.questions.list[i].label {
            None => String::new(),
            Some(label) if usize::from(label) == digit => format!(", label {label}: right"),
            Some(label) => format!(", label {label}: WRONG"),
        };
        format!(
            "{}  {perhaps}{what} {score:.3}, next best {runner_up} with {runner_up_score:.3}: \
             margin {difference:.3}, {sure}{verdict}",
            self.shown(i)
        )
    }

    fn readings(&self) -> Vec<Value> {
        let sources = self.questions.sources.iter().enumerate();
        let reading =
            |(number, source)| json!({ "source": source, "text": self.of_source(number).1 });
        sources.map(reading).collect()
    }

    fn predictions<'a>(&'a self) -> Vec<Told<'a>> {
        let told = |(i, question): (usize, &'a Question)| Told {
            source: &self.questions.sources[question.source],
            place: question.place,
            label: question.label,
            prediction: self.prediction(i),
        };
        self.questions.list.iter().enumerate().map(told).collect()
    }
}

/// A prediction and what it is about, for a program.
#[derive(Serialize)]
struct Told<'a> {
    source: &'a str,
    place: Option<Place>,
    label: Option<u8>,
    #[serde(flatten)]
    prediction: Prediction<'a>,
}
