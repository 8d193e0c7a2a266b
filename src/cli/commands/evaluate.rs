//! `lenet evaluate`: a trained model on the test digits.

use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use crate::cli::args::model::ModelArg;
use crate::cli::args::{DataArgs, DeviceArgs};
use crate::cli::output::{self, check_free, check_picture};
use crate::data::{Digits, Mnist};
use crate::disk;
use crate::error::Result;
use crate::evaluation::rejection::{self, Point};
use crate::evaluation::{self, Answer, Confusion, TEST_DIGITS, mistakes, percent};
use crate::inference::{Answers, EVALUATION_BATCH, Scores};
use crate::network::ClassNames;
use crate::recipe::{MAX_BATCH, Range};
use crate::report::record::Record;
use crate::text::{Table, path_on_one_line, thousands};
use crate::train::model::Model;

/// Per cent of the digits that are rejected in the rows of the table.
const SHARES: &[f64] = &[0.0, 0.5, 1.0, 2.0, 3.0, 5.0, 10.0];
/// Per cent of error for which the paper says how many digits have to be rejected.
const TARGET: f64 = 0.5;

#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(flatten)]
    model: ModelArg,
    /// Digits in a step, 1 to 1,024; changes the speed only [default: 200]
    #[arg(long, value_name = "N")]
    batch: Option<usize>,
    /// Evaluate the training digits as well [default: off]
    #[arg(long)]
    train: bool,
    /// Show how often each digit was taken for each other [default: off]
    #[arg(long)]
    confusion: bool,
    /// Write what the model says to every test digit: a line each with number, label, answer and
    /// the scores of all classes
    #[arg(long, value_name = "FILE.csv")]
    scores: Option<PathBuf>,
    /// Show precision and recall of each digit [default: off]
    #[arg(long)]
    classes: bool,
    /// Show the error on the rest where unsure digits are rejected (1998, Fig. 10) [default: off]
    #[arg(long)]
    rejection: bool,
    /// Draw the test digits it got wrong as a PNG file, the surest first: the digit, what it is, what
    /// was said
    #[arg(long, value_name = "FILE")]
    mistakes: Option<PathBuf>,
    /// Overwrite files that exist [default: off]
    #[arg(long)]
    force: bool,
    /// One JSON object instead of text [default: off]
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    data: DataArgs,
    #[command(flatten)]
    device: DeviceArgs,
}

/// The answers to a set of digits.
#[derive(Debug, Clone, PartialEq)]
struct Found {
    /// `test` or `training`.
    name: &'static str,
    loss: f64,
    /// Time of the forward passes.
    seconds: f64,
    /// Answers, in the order of the digits.
    answers: Vec<Answer>,
    classes: usize,
    names: ClassNames,
}

pub fn run(args: Args) -> Result<()> {
    let batch = args.batch.unwrap_or(EVALUATION_BATCH);
    Range::Count(MAX_BATCH, "digits a step may have").check("batch", &batch)?;
    let (file, outputs) = (args.model.file(), [&args.mistakes, &args.scores]);
    let run = args.model.run()?;
    for (flag, path, other) in [("--mistakes", 0, 1), ("--scores", 1, 0)] {
        if let Some(path) = outputs[path] {
            args.data.check_spared(flag, path, run.as_ref())?;
            let others: Vec<&Path> = outputs[other].iter().map(|path| &**path).collect();
            let check = if flag == "--mistakes" { check_picture } else { check_free };
            check(flag, path, args.force, &[&others[..], &[&file]].concat())?;
        }
    }
    let model = args.model.read()?;
    let sets = sets(&args, &model, run.as_ref())?;
    let digits: Vec<&Digits> = sets.iter().map(|(_, set)| set).collect();
    let (mut inference, device) = args.model.ask(&model, &args.device, batch, &digits)?;
    inference.warm_up()?;
    let mut found = Vec::new();
    for (index, (name, set)) in sets.iter().enumerate() {
        let answers = inference.answers(index)?;
        if let (Some(path), "test") = (&args.scores, *name) {
            disk::write(path, table(set, &answers.scores).as_bytes())?;
        }
        found.push(Found::of(name, set, answers));
    }
    if let Some(path) = &args.mistakes {
        draw_mistakes(path, &found[0].answers, &sets[0].1)?;
    }
    if args.json {
        return output::print_json(&json!({
            "model": args.model.file().display().to_string(),
            "network": model.network.name,
            "device": device.describe(),
            "profile": device.profile().name,
            "plan": inference.strategy().name(),
            "test": found[0].json(),
            "training": found.get(1).map(Found::json),
        }));
    }
    output::print(&found.iter().map(|found| found.text(&args)).collect::<String>())
}

/// Loads the test digits and, if asked for, the training digits.
fn sets(args: &Args, model: &Model, run: Option<&Record>) -> Result<Vec<(&'static str, Digits)>> {
    let data = args.data.for_model(model, run.is_some())?;
    if !args.train {
        return Ok(vec![("test", data.load_test(run)?.with_classes_of(&model.network)?)]);
    }
    let mnist = match run {
        Some(run) if !data.is_given() => data.load_run(&run.folder, &run.data)?,
        Some(run) => data.as_in(&[run]).load()?,
        None => data.load()?,
    };
    let Mnist { train, test } = mnist.with_classes_of(&model.network)?;
    Ok(vec![("test", test), ("training", train)])
}

/// Writes every digit of a set with its scores as CSV, with as many decimals as tell f32 apart.
fn table(set: &Digits, scores: &Scores) -> String {
    let classes: String = (0..set.classes()).map(|class| format!(",score_{class}")).collect();
    let mut text = format!("index,label,answer{classes}\n");
    for (i, label) in set.labels().iter().enumerate() {
        let numbers: String = scores.of(i).iter().map(|score| format!(",{score}")).collect();
        text.push_str(&format!("{i},{label},{}{numbers}\n", scores.ranking(i).class));
    }
    text
}

fn draw_mistakes(path: &Path, answers: &[Answer], test: &Digits) -> Result<()> {
    let (shown, all) = (mistakes::write(path, answers, test)?, evaluation::errors(answers));
    output::note(&match (shown, all) {
        (0, _) => format!("no mistakes: {} is not written", path_on_one_line(path)),
        (shown, all) if shown < all => {
            format!("mistakes {}, the surest {shown} of {}", path_on_one_line(path), thousands(all))
        }
        _ => format!("mistakes {}", path_on_one_line(path)),
    });
    Ok(())
}

impl Found {
    fn of(name: &'static str, set: &Digits, said: Answers) -> Self {
        let answers = said.scores.about(0..set.len(), set);
        let (classes, names) = (set.classes(), set.names().clone());
        Found { name, loss: said.loss, seconds: said.time.as_secs_f64(), answers, classes, names }
    }

    fn text(&self, args: &Args) -> String {
        let count = |errors: usize, digits: usize| {
            let (shown, all) = (thousands(errors), thousands(digits));
            format!("{shown} of {all} ({:.2} %)", percent(errors, digits))
        };
        let errors = evaluation::errors(&self.answers);
        let mut text = format!("{} errors: {}\n", self.name, count(errors, self.answers.len()));
        text.push_str(&format!("mean loss: {:.5}\n", self.loss));
        text.push_str(&format!("time: {:.3} s, compilation not counted\n", self.seconds));
        if let Some([first, last]) = self.halves() {
            text.push_str(&format!("first 5,000: {}\n", count(first, TEST_DIGITS / 2)));
            text.push_str(&format!("last 5,000: {}\n", count(last, TEST_DIGITS / 2)));
        }
        let confusion = evaluation::confusion(&self.answers, self.classes);
        let tables = [
            args.confusion.then(|| matrix(&confusion, &self.names)),
            args.classes.then(|| classes(&confusion, &self.names)),
            args.rejection.then(|| self.rejection_table()),
        ];
        tables.iter().flatten().for_each(|table| text.push_str(&format!("\n{table}")));
        text
    }

    /// Errors in the first and in the last 5,000, if these are MNIST's test digits.
    fn halves(&self) -> Option<[usize; 2]> {
        evaluation::halves(&self.answers).filter(|_| self.name == "test")
    }

    /// What is left for each of [`SHARES`], and where the error is first [`TARGET`].
    fn rejection(&self) -> (Vec<Point>, Option<Point>) {
        let points = rejection::curve(&self.answers);
        let shares = SHARES.iter().filter_map(|&share| rejection::last_within(&points, share));
        (shares.collect(), rejection::first_within(&points, TARGET))
    }

    fn rejection_table(&self) -> String {
        let (shares, target) = self.rejection();
        let row = |Point { margin, rejected, error }| {
            vec![format!("{rejected:.2}"), format!("{error:.3}"), format!("{margin:.3}")]
        };
        let headings = [">rejected %", ">error % of the rest", ">apart at least"];
        let table = Table::of(&headings, shares.into_iter().map(row));
        let target = match target {
            Some(Point { margin, rejected, .. }) => {
                format!("{TARGET} % error at {rejected:.2} % rejected, {margin:.3} apart\n")
            }
            None => format!("{TARGET} % error is not reached\n"),
        };
        table.text() + &target
    }

    fn json(&self) -> Value {
        let half = |errors: usize| {
            let percent = percent(errors, TEST_DIGITS / 2);
            json!({ "digits": TEST_DIGITS / 2, "errors": errors, "error_percent": percent })
        };
        let (digits, errors) = (self.answers.len(), evaluation::errors(&self.answers));
        let confusion = evaluation::confusion(&self.answers, self.classes);
        let (points, first) = self.rejection();
        json!({
            "digits": digits,
            "errors": errors,
            "error_percent": percent(errors, digits),
            "loss": self.loss,
            "seconds": self.seconds,
            "first_half": self.halves().map(|halves| half(halves[0])),
            "last_half": self.halves().map(|halves| half(halves[1])),
            "confusion": confusion,
            "classes": evaluation::classes(&confusion).iter().map(|class| json!({
                "digits": class.digits,
                "precision_percent": class.precision(),
                "recall_percent": class.recall(),
            })).collect::<Vec<_>>(),
            "names": (!self.names.are_numbers()).then(|| self.names.clone()),
            "rejection": {
                "points": points,
                "first_within_half_a_percent": first,
            },
            "mistakes": self.answers.iter().filter(|answer| answer.is_wrong()).collect::<Vec<_>>(),
        })
    }
}

fn matrix(confusion: &Confusion, names: &ClassNames) -> String {
    let answer = |answer| format!(">{}", names.of(answer));
    let mut headings = vec!["label \\ answer".to_string()];
    headings.extend((0..confusion.len()).map(answer));
    headings.push(">errors".into());
    let mut table = Table::new(&headings);
    for (label, row) in confusion.iter().enumerate() {
        let wrong = row.iter().sum::<usize>() - row[label];
        let counts = row.iter().map(|&count| match count {
            0 => ".".to_string(),
            count => thousands(count),
        });
        let label = names.of(label).into_owned();
        table.row([label].into_iter().chain(counts).chain([thousands(wrong)]));
    }
    table.text()
}

fn classes(confusion: &Confusion, names: &ClassNames) -> String {
    let classes = evaluation::classes(confusion);
    let rows = classes.iter().enumerate().map(|(number, class)| {
        let shown = |share: Option<f64>| share.map_or("-".into(), |share| format!("{share:.2}"));
        let [precision, recall] = [class.precision(), class.recall()].map(shown);
        vec![names.of(number).into_owned(), thousands(class.digits), precision, recall]
    });
    Table::of(&["class", ">digits", ">precision %", ">recall %"], rows).text()
}
