//! Digits as lines of CSV: a square of numbers from 0 to 255, 784 with MNIST, and perhaps a label, where the
//! heading says or in front.

use std::path::{Path, PathBuf};

use super::file::{File, MAX_ITEMS};
use super::reader::{self, Set};
use super::stream::Piece;
use super::{Digits, field, first_impossible_label};
use crate::error::{Error, Result};
use crate::network::SIDES;
use crate::text::{count, thousands};

/// Longest line: a heading of 4,097 names as "pixel4095", in quotes, needs about 50,000 bytes.
pub(super) const MAX_LINE: usize = 64 << 10;
/// What headings call the column of labels, and a column that only counts the lines.
const LABELS: [&str; 5] = ["label", "class", "digit", "target", "y"];
const COUNTERS: [&str; 8] =
    ["", "id", "index", "idx", "imageid", "image_id", "unnamed: 0", "unnamed: 0.1"];
/// Letters of a field that a message shows.
const SHOWN: usize = 20;

/// The files of a set in a folder: those with its word in the name, as `mnist_train.csv`. There should be one.
pub(super) fn files(folder: &Path, set: Set) -> Vec<PathBuf> {
    let mut files = reader::files(folder, &["csv", "csv.gz"]);
    files.retain(|path| reader::name_of(path).to_lowercase().contains(set.name()));
    files
}

/// The digits of a set in a folder.
pub(super) fn read_set(folder: &Path, set: Set, side: Option<usize>) -> Result<Digits> {
    let files = files(folder, set);
    if let [file] = &files[..] {
        return read(file, side);
    }
    let names: Vec<_> = files.iter().map(|file| reader::name_of(file)).collect();
    let found = if names.is_empty() { String::new() } else { format!(": {}", names.join(", ")) };
    Err(Error::Data(format!(
        "the folder {} has {} of CSV with {:?} in the name{found}; leave one there for each set, or name a \
         single file and --test-share",
        folder.display(),
        count(names.len(), "file"),
        set.name()
    )))
}

/// The digits of a file, which may be packed with gzip.
pub(super) fn read(path: &Path, side: Option<usize>) -> Result<Digits> {
    const WAY_OUT: &str = "give a label and a square of numbers from 0 to 255, as 784, in each line, with \
                           commas between";
    let file = File::read(path)?;
    let (mut csv, mut piece) = (Csv::default(), Piece::default());
    for (number, line) in (1..).zip(file.bytes.split(|&byte| byte == b'\n')) {
        let broken = |what: String| file.error(format!("line {number}: {what}"), WAY_OUT);
        csv.line(line, &mut piece).map_err(broken)?;
        if piece.labels.last() == Some(&None) {
            return Err(broken(format!(
                "it has {} and no label",
                count(piece.pixels.len(), "number")
            )));
        }
        if piece.len() > MAX_ITEMS {
            return Err(broken(format!("it has over {} digits", thousands(MAX_ITEMS))));
        }
    }
    if piece.is_empty() {
        return Err(file.error("it has no digit", WAY_OUT));
    }
    let from = csv.side.expect("a digit was read");
    let (side, pixels) =
        field::of(piece.pixels, from, side).map_err(|what| file.error(what, WAY_OUT))?;
    Ok(Digits::found(side, pixels, piece.labels.into_iter().flatten().collect()))
}

/// What is known of the columns.
#[derive(Default)]
pub(super) struct Csv {
    /// Whether a line with something in it was seen.
    begun: bool,
    /// Side of a digit, once it is known.
    side: Option<usize>,
    /// Fields of a line, once one was seen.
    fields: Option<usize>,
    columns: Option<Columns>,
}

/// What the columns hold besides pixels.
#[derive(Clone, Copy)]
struct Columns {
    label: Option<usize>,
    counter: Option<usize>,
}

impl Csv {
    /// Lines of digits of that side.
    pub fn of(side: usize) -> Self {
        Csv { side: Some(side), ..Csv::default() }
    }

    /// Appends the digit of a line, or says what is wrong with it and leaves the piece alone. Blank lines,
    /// comments after a # and a heading have none.
    pub fn line(&mut self, line: &[u8], piece: &mut Piece) -> Result<(), String> {
        if line.trim_ascii().contains(&b'\r') {
            return Err(
                "lines end with a carriage return alone, where a line feed was expected".into()
            );
        }
        if line.len() > MAX_LINE {
            return Err(format!("the line has over {MAX_LINE} bytes"));
        }
        if !self.begun && (line.starts_with(b"\xff\xfe") || line.starts_with(b"\xfe\xff")) {
            return Err("it is UTF-16, where UTF-8 was expected".into());
        }
        let line = line.strip_prefix(b"\xef\xbb\xbf").unwrap_or(line).trim_ascii();
        if line.is_empty() || line.starts_with(b"#") {
            return Ok(());
        }
        let fields: Vec<&[u8]> = line.split(|&byte| byte == b',').map(plain).collect();
        let other = [b';', b'\t'].into_iter().find(|byte| fields.len() == 1 && line.contains(byte));
        if let Some(byte) = other {
            let name = if byte == b'\t' { "tabs" } else { "semicolons" };
            return Err(format!("its numbers have {name} between them"));
        }
        let heading = !self.begun && is_heading(&fields);
        self.begun = true;
        if heading {
            self.columns = Some(Columns::of(&fields, self.side)?);
        } else {
            self.digit(&fields, piece)?;
        }
        self.fields = Some(fields.len());
        Ok(())
    }

    fn digit(&mut self, fields: &[&[u8]], piece: &mut Piece) -> Result<(), String> {
        if let Some(before) = self.fields.filter(|&before| before != fields.len()) {
            let here = count(fields.len(), "number");
            return Err(format!(
                "it has {here}, where {before} were expected, as in the line before"
            ));
        }
        let columns = match self.columns {
            Some(columns) => columns,
            None => Columns::without_heading(fields, self.side)?,
        };
        let mut label = None;
        let mut pixels = Vec::with_capacity(fields.len());
        for (at, field) in fields.iter().enumerate() {
            if columns.counter == Some(at) {
                continue;
            }
            let number = byte_of(field).ok_or_else(|| {
                format!("field {}, \"{}\", is no whole number from 0 to 255", at + 1, start(field))
            })?;
            match columns.label == Some(at) {
                true => label = Some(number),
                false => pixels.push(number),
            }
        }
        if let Some(label) = label.filter(|&label| first_impossible_label(&[label]).is_some()) {
            return Err(format!("its label is {label}, where 0 to 63 were expected"));
        }
        self.side = side_of(pixels.len());
        piece.pixels.append(&mut pixels);
        piece.labels.push(label);
        Ok(())
    }
}

impl Columns {
    /// Reads a heading, which must have a name for every column.
    fn of(names: &[&[u8]], side: Option<usize>) -> Result<Columns, String> {
        let find = |words: &[&str]| {
            let is_one =
                |name: &&[u8]| words.iter().any(|word| name.eq_ignore_ascii_case(word.as_bytes()));
            names.iter().position(is_one)
        };
        let counter = find(&COUNTERS);
        let named = names.len() - usize::from(counter.is_some());
        let is_digit = |count: usize| side_of(count).is_some_and(|it| side.unwrap_or(it) == it);
        // Without a known name the label is the first column that counts no lines.
        let in_front = usize::from(counter == Some(0));
        let label = find(&LABELS).or(is_digit(named.saturating_sub(1)).then_some(in_front));
        match is_digit(named.saturating_sub(usize::from(label.is_some()))) {
            true => Ok(Columns { label, counter }),
            false => Err(format!(
                "its heading, which begins with \"{}\", has {}, which fit no square of numbers with a label: remove the \
                 other columns",
                start(names[0]),
                count(names.len(), "name")
            )),
        }
    }

    /// Columns of data without a heading: the label comes first, if there is one.
    fn without_heading(fields: &[&[u8]], side: Option<usize>) -> Result<Columns, String> {
        let of = fields.len();
        let is_digit = |count: usize| side_of(count).is_some_and(|it| side.unwrap_or(it) == it);
        let label = match () {
            () if is_digit(of) => None,
            () if is_digit(of - 1) => Some(0),
            () => return Err(format!("it has {}", count(of, "number"))),
        };
        // The corners of MNIST's digits are empty.
        let last = fields[of - 1];
        match label.is_some() && fields[0] == b"0" && matches!(last, [b'1'..=b'9']) {
            true => Err(format!(
                "its label may be the 0 in front or the {} at its end, which a heading could tell",
                String::from_utf8_lossy(last)
            )),
            false => Ok(Columns { label, counter: None }),
        }
    }
}

/// The side of a square picture of `pixels` pixels, if there is one.
fn side_of(pixels: usize) -> Option<usize> {
    let side = pixels.isqrt();
    (side * side == pixels && SIDES.contains(&side)).then_some(side)
}

/// Whether the fields of a first line are names. Some programs number the columns instead, with or without a name
/// for the first.
fn is_heading(fields: &[&[u8]]) -> bool {
    let is_letter = |byte: &u8| byte.is_ascii_alphabetic() || !byte.is_ascii();
    let numbers: Vec<f64> = fields.iter().filter_map(|field| number_of(field)).collect();
    if numbers.is_empty() {
        return fields.iter().any(|field| field.iter().any(is_letter));
    }
    // No picture and its label count up by one.
    numbers.len() > 2 && numbers.windows(2).all(|pair| pair[1] == pair[0] + 1.0)
}

/// A field as a number, which may lie outside of 0 to 255.
fn number_of(field: &[u8]) -> Option<f64> {
    let text = std::str::from_utf8(field).ok()?.trim_matches(['"', '\'', ' ']);
    text.parse().ok().filter(|number: &f64| number.is_finite())
}

/// The first letters of a field.
fn start(field: &[u8]) -> String {
    String::from_utf8_lossy(field).chars().take(SHOWN).collect()
}

/// A field without blanks and quotes around it.
fn plain(field: &[u8]) -> &[u8] {
    let field = field.trim_ascii();
    let inner = field.strip_prefix(b"\"").and_then(|field| field.strip_suffix(b"\""));
    inner.unwrap_or(field).trim_ascii()
}

/// The number from 0 to 255 in a field of at most three digits.
fn byte_of(field: &[u8]) -> Option<u8> {
    let plain = field.len() <= 3 && field.iter().all(u8::is_ascii_digit);
    std::str::from_utf8(field).ok().filter(|_| plain)?.parse().ok()
}
