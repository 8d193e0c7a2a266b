//! What the record of a run says of where it comes from, besides its settings.

use std::path::Path;

use serde::Deserialize;
use serde_json::{Value, json};

use crate::data::{Digits, Mnist, Source};
use crate::error::{Error, Result};

/// Returns the command line as it can be typed again, without the program's own path, which says where somebody
/// keeps things.
pub fn command() -> String {
    let words = std::env::args_os().skip(1).map(|word| quoted(&word.to_string_lossy()));
    ["lenet".to_string()].into_iter().chain(words).collect::<Vec<_>>().join(" ")
}

/// Quotes a word for a shell.
fn quoted(word: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_./=,:+".contains(c);
    match !word.is_empty() && word.chars().all(plain) {
        true => word.into(),
        false => format!("'{}'", word.replace('\'', r"'\''")),
    }
}

/// Returns where the digits come from, how many there are, and the checksums that tell them from others.
pub fn digits(source: &Source, mnist: &Mnist) -> Value {
    let mut record = json!(source.absolute());
    for (name, set) in [("train", &mnist.train), ("test", &mnist.test)] {
        record[name] = json!({ "digits": set.len(), "crc32": checksum(set) });
    }
    record
}

fn checksum(set: &Digits) -> String {
    format!("{:08x}", set.checksum())
}

/// Returns where the digits of a run come from, as [`digits`] wrote it; the first runs do not say.
pub fn source(data: &Value) -> Source {
    Source::deserialize(data).unwrap_or_default()
}

/// Whether a set, `train` or `test`, is the one that [`digits`] wrote of a run.
pub fn are(data: &Value, set: &str, digits: &Digits) -> bool {
    data[set]["crc32"] == checksum(digits)
}

/// Checks that a set, `train` or `test`, is the one that [`digits`] wrote of a run.
pub fn check(folder: &Path, data: &Value, set: &str, digits: &Digits) -> Result<()> {
    let (there, here) = (&data[set], checksum(digits));
    let kind = if set == "train" { "training" } else { set };
    match there["crc32"].as_str() {
        Some(crc32) if crc32 != here => Err(Error::Data(format!(
            "the run in {} was made with {} {kind} digits (CRC-32 {crc32}), but those here are {} (CRC-32 {here}): bring \
             the old ones back, or give --data or --shrink as in the run",
            folder.display(),
            there["digits"],
            digits.len(),
        ))),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commands_can_be_typed_again() {
        assert_eq!(quoted("--out"), "--out");
        assert_eq!(quoted("my runs"), "'my runs'");
        assert_eq!(quoted("it's"), r"'it'\''s'");
    }
}
