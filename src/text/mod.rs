//! Names, numbers and tables for a terminal, CSV, and messages in plain words.

mod messages;
mod table;

use std::borrow::Cow;
use std::fmt::Display;
use std::path::Path;

use anstyle::{AnsiColor, Style};
use serde_json::Value;

use crate::error::{Error, Result};
pub use messages::{in_plain_words, toml_fault, toml_place, toml_word};
pub use table::Table;

/// How the word in front of an error looks.
pub const ERROR: Style = AnsiColor::Red.on_default().bold();
/// How the word in front of a warning looks.
pub const WARNING: Style = AnsiColor::Yellow.on_default().bold();
/// How headings and the result of a run look.
pub const HEADLINE: Style = Style::new().bold();

/// Letters of a cell of a table, or of a word in a message, at most.
const LONGEST: usize = 200;

/// A text whose control characters, which may come from the name or the content of a file, are escapes as JSON
/// has them, but for tabs, line feeds and the colours of this program.
pub fn shown(text: &str) -> Cow<'_, str> {
    escaped(text, |rest| rest.starts_with(['\t', '\n']) || begins_colour(rest))
}

/// Whether a text begins with the sequence of a colour of this program, or with that of its end. Others may hide
/// what follows.
fn begins_colour(text: &str) -> bool {
    let is_next = |style: Style| {
        let all = format!("{style}{style:#}");
        all.split_inclusive('m').any(|sequence| text.starts_with(sequence))
    };
    [ERROR, WARNING, HEADLINE].into_iter().any(is_next)
}

/// Whether a letter changes how others are shown: a control character, or one that sets the direction of writing or
/// ends a line.
pub fn is_control(letter: char) -> bool {
    let others = ['\u{200e}'..='\u{200f}', '\u{2028}'..='\u{202e}', '\u{2066}'..='\u{2069}'];
    letter.is_control() || others.iter().any(|range| range.contains(&letter))
}

/// A text whose control characters are escapes, but for those where `keeps` is true of the rest of the text.
fn escaped(text: &str, keeps: impl Fn(&str) -> bool) -> Cow<'_, str> {
    if !text.contains(is_control) {
        return text.into();
    }
    let letters = text.char_indices().map(|(at, c)| match is_control(c) && !keeps(&text[at..]) {
        true => format!("\\u{:04x}", u32::from(c)),
        false => c.to_string(),
    });
    letters.collect()
}

/// A text whose control characters are escapes, all of them.
pub fn on_one_line(text: &str) -> Cow<'_, str> {
    escaped(text, |_| false)
}

/// A path as it stands in a line of text, on one line whatever its name.
pub fn path_on_one_line(path: &Path) -> String {
    on_one_line(&path.display().to_string()).into()
}

/// A text without control characters, and cut after [`LONGEST`] letters.
pub fn brief(text: &str) -> String {
    let text = on_one_line(text);
    match text.char_indices().nth(LONGEST) {
        Some((end, _)) => format!("{}...", &text[..end]),
        None => text.into_owned(),
    }
}

/// A whole number with commas between groups of three digits: `60,008`.
pub fn thousands(number: impl Display) -> String {
    let mut text = number.to_string();
    let (sign, length) = (usize::from(text.starts_with('-')), text.len());
    for place in (sign + 1..length).rev().filter(|place| (length - place).is_multiple_of(3)) {
        text.insert(place, ',');
    }
    text
}

/// A number of bytes in the unit that suits it: `840 B`, `234.4 KiB`, `52.6 MiB`.
pub fn bytes(number: usize) -> String {
    const UNITS: [&str; 3] = ["KiB", "MiB", "GiB"];
    match number.max(1).ilog(1024) as usize {
        0 => format!("{number} B"),
        power => {
            let power = power.min(UNITS.len());
            format!("{:.1} {}", number as f64 / 1024.0_f64.powi(power as i32), UNITS[power - 1])
        }
    }
}

/// A time in the unit that suits it: `3.4 s`, `12 min`, `2.3 hours`.
pub fn duration(seconds: f64) -> String {
    match seconds {
        seconds if seconds < 10.0 => format!("{seconds:.1} s"),
        seconds if seconds < 120.0 => format!("{seconds:.0} s"),
        seconds if seconds < 7_200.0 => format!("{:.0} min", seconds / 60.0),
        seconds => format!("{:.1} hours", seconds / 3_600.0),
    }
}

/// A value without the quotes of JSON; nothing where there is none.
pub fn plain(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

/// Rows under a heading as CSV, RFC 4180.
///
/// # Errors
/// [`Error::Other`] if a row is longer or shorter than the heading.
pub fn csv(heading: Vec<String>, rows: impl IntoIterator<Item = Vec<String>>) -> Result<String> {
    let refuses = |error: &dyn Display| Error::Other(format!("cannot make CSV: {error}"));
    let mut writer = csv::Writer::from_writer(Vec::new());
    for row in std::iter::once(heading).chain(rows) {
        writer.write_record(row).map_err(|error| refuses(&error))?;
    }
    let bytes = writer.into_inner().map_err(|error| refuses(&error))?;
    Ok(String::from_utf8(bytes).expect("CSV of text is text"))
}

/// A number of things in words: `1 epoch`, `2 epochs`.
pub fn count(number: usize, thing: &str) -> String {
    let s = if number == 1 { "" } else { "s" };
    format!("{} {thing}{s}", thousands(number))
}

/// The name that was probably meant by one that there is not, for the end of a message: `; did you
/// mean lenet5?`, or nothing.
pub fn did_you_mean<'a>(word: &str, names: impl IntoIterator<Item = &'a str>) -> String {
    /// The style that clap has for flags and their values.
    const SIMILAR: f64 = 0.7;
    let likeness = names.into_iter().map(|name| (strsim::jaro(word, name), name));
    match likeness.max_by(|(a, _), (b, _)| a.total_cmp(b)) {
        Some((likeness, name)) if likeness > SIMILAR => format!("; did you mean {name}?"),
        _ => String::new(),
    }
}

/// Most letters of a [`sparkline`].
const SPARKS: usize = 60;

/// A curve in a line of text, from `least` (▁) to `most` (█); of many numbers some are left out, never
/// the last.
pub fn sparkline(numbers: &[f64], least: f64, most: f64) -> String {
    const LEVELS: [char; 8] = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];
    let level = |number: f64| {
        let share = (number - least) / (most - least).max(f64::MIN_POSITIVE);
        LEVELS[((share * LEVELS.len() as f64) as usize).min(LEVELS.len() - 1)]
    };
    let step = numbers.len().div_ceil(SPARKS).max(1);
    numbers.chunks(step).filter_map(|chunk| chunk.last()).map(|&number| level(number)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn groups_digits_by_three() {
        let shown = [0_i64, 999, 1_000, 60_008, 1_234_567, -2_578].map(thousands);
        assert_eq!(shown, ["0", "999", "1,000", "60,008", "1,234,567", "-2,578"]);
        assert_eq!(
            [1, 0, 1_200].map(|n| count(n, "epoch")),
            ["1 epoch", "0 epochs", "1,200 epochs"]
        );
        assert_eq!([840, 240_000, 55_160_000].map(bytes), ["840 B", "234.4 KiB", "52.6 MiB"]);
    }

    #[test]
    fn no_name_hides_what_follows() {
        let own = format!("{ERROR}error:{ERROR:#} {HEADLINE}x{HEADLINE:#} {WARNING}y{WARNING:#}");
        assert_eq!(shown(&own), own);
        for sequence in ["[8m", "[30;40m", "[2J", "[0", "]0;x"] {
            assert!(!shown(&format!("\u{1b}{sequence}")).contains('\u{1b}'), "{sequence}");
        }
    }

    #[test]
    fn tells_the_time() {
        let shown = [0.25, 75.4, 119.0, 240.0, 9_000.0].map(duration);
        assert_eq!(shown, ["0.2 s", "75 s", "119 s", "4 min", "2.5 hours"]);
    }

    #[test]
    fn guesses_names() {
        let names = ["notebook", "lenet1", "lenet5", "lenet5-short"];
        let guess = |word| did_you_mean(word, names);
        assert_eq!(guess("lenet6"), "; did you mean lenet5?");
        assert_eq!(guess("notbook"), "; did you mean notebook?");
        assert_eq!(guess("cake"), "");
        assert_eq!(did_you_mean("lenet5", []), "");
    }

    #[test]
    fn draws_curves() {
        assert_eq!(sparkline(&[8.0, 4.0, 1.0, 0.0], 0.0, 8.0), "█▅▂▁");
        assert_eq!(sparkline(&[2.0, 2.0], 2.0, 2.0), "▁▁");
        assert_eq!(sparkline(&[], 0.0, 1.0), "");
        let long: Vec<f64> = (0..=600).map(f64::from).collect();
        let drawn = sparkline(&long, 0.0, 600.0);
        assert!(drawn.chars().count() <= SPARKS && drawn.ends_with('█'), "{drawn}");
    }
}
