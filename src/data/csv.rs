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

/// Longest line: 4,097 numbers of 3 digits need 16,388 bytes, headings somewhat more.
pub(super) const MAX_LINE: usize = 32 << 10;
/// What headings call the column of labels, and a column that only counts the lines.
const LABELS: [&str; 5] = ["label", "class", "digit", "target", "y"];
const COUNTERS: [&str; 3] = ["", "id", "index"];
/// Letters of a field that a message shows.
const SHOWN: usize = 20;

/// The file of a set in a folder: the only one with its word in the name, as `mnist_train.csv`.
pub(super) fn file(folder: &Path, set: Set) -> Option<PathBuf> {
    let name = |path: &Path| path.file_name().unwrap_or_default().to_string_lossy().to_lowercase();
    let mut files = reader::files(folder, &["csv", "csv.gz"]);
    files.retain(|path| name(path).contains(set.name()));
    (files.len() == 1).then(|| files.remove(0))
}

/// The digits of a set in a folder.
pub(super) fn read_set(folder: &Path, set: Set, side: Option<usize>) -> Result<Digits> {
    let file = file(folder, set).ok_or_else(|| {
        Error::Data(format!(
            "the folder {} has not one file of CSV with {:?} in its name; leave one there for each set, \
             or name a single file and --test-share",
            folder.display(),
            set.name()
        ))
    })?;
    read(&file, side)
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
            return Err(broken("it has no label".into()));
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
    columns: Option<Columns>,
}

/// The columns that a heading names.
#[derive(Clone, Copy)]
struct Columns {
    count: usize,
    label: Option<usize>,
    counter: Option<usize>,
}

impl Csv {
    /// Lines of digits of that side.
    pub fn of(side: usize) -> Self {
        Csv { side: Some(side), ..Csv::default() }
    }

    /// Appends the digit of a line, or says what is wrong with it and leaves the piece alone. Blank lines,
    /// comments behind a # and a heading have none.
    pub fn line(&mut self, line: &[u8], piece: &mut Piece) -> Result<(), String> {
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
        let heading = !self.begun && !fields[0].first().is_some_and(u8::is_ascii_digit);
        self.begun = true;
        if heading {
            self.columns = Columns::of(&fields, self.side);
            return Ok(());
        }
        self.digit(&fields, piece)
    }

    fn digit(&mut self, fields: &[&[u8]], piece: &mut Piece) -> Result<(), String> {
        let columns = match self.columns {
            Some(columns) if columns.count != fields.len() => {
                let (here, there) = (count(fields.len(), "number"), columns.count);
                return Err(format!("it has {here}, and the heading {there}"));
            }
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
                let text = String::from_utf8_lossy(field);
                let start: String = text.chars().take(SHOWN).collect();
                format!("field {}, \"{start}\", is no number from 0 to 255", at + 1)
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
    /// Those of a heading, if it names as many as a digit has.
    fn of(names: &[&[u8]], side: Option<usize>) -> Option<Columns> {
        let find = |words: &[&str]| {
            let is_one =
                |name: &&[u8]| words.iter().any(|word| name.eq_ignore_ascii_case(word.as_bytes()));
            names.iter().position(is_one)
        };
        let (count, counter) = (names.len(), find(&COUNTERS));
        let is_digit = |count: usize| side_of(count).is_some_and(|it| side.unwrap_or(it) == it);
        let one_more = is_digit(count - 1) && counter.is_none();
        let label = find(&LABELS).or(one_more.then_some(0));
        let others = usize::from(label.is_some()) + usize::from(counter.is_some());
        is_digit(count.checked_sub(others)?).then_some(Columns { count, label, counter })
    }

    /// Those of a line without a heading: the label comes first, if there is one.
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
            false => Ok(Columns { count: of, label, counter: None }),
        }
    }
}

/// The side of a picture of so many pixels, if one can have them.
fn side_of(pixels: usize) -> Option<usize> {
    let side = pixels.isqrt();
    (side * side == pixels && SIDES.contains(&side)).then_some(side)
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
