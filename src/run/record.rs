//! What the record of a run says of where it comes from, besides its settings.

use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use crate::data::Mnist;

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

/// Returns where the digits come from (`folder`, or the program itself), how many there are, and the
/// checksums that tell them from others.
pub fn digits(folder: Option<&Path>, mnist: &Mnist) -> Value {
    let source = folder.map_or("built in".into(), absolute);
    let [train, test] = [&mnist.train, &mnist.test]
        .map(|set| json!({ "digits": set.len(), "crc32": format!("{:08x}", set.checksum()) }));
    json!({ "source": source, "train": train, "test": test })
}

/// Returns a path that means the same in another folder.
pub fn absolute(path: &Path) -> String {
    std::path::absolute(path).unwrap_or_else(|_| PathBuf::from(path)).display().to_string()
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
