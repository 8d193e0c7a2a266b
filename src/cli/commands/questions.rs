//! The digits that `lenet predict` is asked about: those in pictures, and test digits by their numbers.

use std::path::Path;

use crate::cli::commands::data::check_index;
use crate::cli::commands::predict::Args;
use crate::cli::output;
use crate::data::field;
use crate::data::writing::{self, Place};
use crate::error::Result;
use crate::text::count;
use crate::train::model::Model;

/// A digit to be asked about.
pub(super) struct Question {
    /// Which of the sources it is from.
    pub source: usize,
    pub pixels: Vec<u8>,
    /// The label of a test digit.
    pub label: Option<u8>,
    /// Where it stands in its picture.
    pub place: Option<Place>,
}

/// The digits to read, and where each comes from.
#[derive(Default)]
pub(super) struct Questions {
    /// Files or numbers, for a person.
    pub sources: Vec<String>,
    pub list: Vec<Question>,
    /// Pictures, of several, that could not be read.
    pub unread: usize,
}

impl Questions {
    /// The pictures, then the test digits.
    pub fn of(args: &Args, model: &Model) -> Result<Self> {
        let (mut questions, side) = (Questions::default(), model.network.options.side);
        // Pictures that were inverted, and those that were fitted.
        let mut changed = [0, 0];
        args.data.source.check()?;
        let data = if args.raw { args.data.clone() } else { args.data.as_learned(model)? };
        for path in &args.images {
            let was = match questions.picture(path, args.raw, side, data.source.shrink) {
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
        let run = args.model.run()?;
        let data = args.data.for_model(model, run.is_some())?;
        let test = data.load_test(&run)?.with_classes_of(&model.network)?;
        for &index in &args.index {
            check_index("--index", index, &test, "test")?;
            questions.sources.push(format!("test digit {index}"));
            questions.add(test.digit(index), Some(test.label(index)), None);
        }
        Ok(questions)
    }

    /// Takes the digits of a picture, in the form that the model knows; returns whether it was inverted and whether it
    /// was fitted.
    fn picture(
        &mut self,
        path: &Path,
        raw: bool,
        side: usize,
        shrink: Option<f64>,
    ) -> Result<[bool; 2]> {
        let source = match path == Path::new("-") {
            true => "standard input".to_string(),
            false => path.display().to_string(),
        };
        let small = |mut pixels: Vec<u8>| {
            shrink.iter().for_each(|&fraction| field::shrink(&mut pixels, side, fraction));
            pixels
        };
        let bytes = writing::bytes_of(path)?;
        if raw {
            let pixels = writing::read_raw(&source, &bytes, side)?;
            self.sources.push(source);
            self.add(&small(pixels), None, None);
            return Ok([false, false]);
        }
        let writing = writing::read(&source, &bytes, side)?;
        if writing.left_out > 0 {
            output::warn(&format!(
                "{source} has {} too low for a digit, as a dash, a point or dirt, which is not read",
                count(writing.left_out, "mark")
            ));
        }
        self.sources.push(source);
        let fitted = writing.digits.iter().any(|digit| digit.fitted);
        for digit in writing.digits {
            self.add(&small(digit.pixels), None, Some(digit.place));
        }
        Ok([writing.dark_ink, fitted])
    }

    /// A digit of the last source.
    fn add(&mut self, pixels: &[u8], label: Option<u8>, place: Option<Place>) {
        let source = self.sources.len() - 1;
        self.list.push(Question { source, pixels: pixels.to_vec(), label, place });
    }
}
