//! What the record of a run says of where it comes from, besides its settings.

use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use crate::data::{self, Digits, Mnist};
use crate::error::{Error, Result};

/// The source of the digits that are part of the program.
const BUILT_IN: &str = "built in";

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
    let source = folder.map_or(BUILT_IN.into(), absolute);
    let [train, test] = [&mnist.train, &mnist.test]
        .map(|set| json!({ "digits": set.len(), "crc32": format!("{:08x}", set.checksum()) }));
    json!({ "source": source, "train": train, "test": test })
}

/// Loads the digits of a run whose record says this of them, from the folder that is `given` or that it names.
///
/// # Errors
/// [`Error::Data`] if they cannot be read, or are others than the run's.
pub fn load(said: &Value, given: Option<&Path>) -> Result<Mnist> {
    let mnist = data::load(given.or(folder(said))).map_err(|error| moved(said, given, error))?;
    check(said, "train", &mnist.train)?;
    check(said, "test", &mnist.test)?;
    Ok(mnist)
}

/// Loads the test digits alone, as [`load`] does.
///
/// # Errors
/// As [`load`].
pub fn load_test(said: &Value, given: Option<&Path>) -> Result<Digits> {
    let folder = given.or(folder(said));
    let test = data::load_test(folder).map_err(|error| moved(said, given, error))?;
    check(said, "test", &test)?;
    Ok(test)
}

/// Returns the folder that a record names; `None` is the program itself.
fn folder(said: &Value) -> Option<&Path> {
    said["source"].as_str().filter(|&source| source != BUILT_IN).map(Path::new)
}

/// Adds to an error that the folder is the run's, unless another was given.
pub fn moved(said: &Value, given: Option<&Path>, error: Error) -> Error {
    let is_own = |named: &Path| given.is_none_or(|given| Path::new(&absolute(given)) == named);
    match (error, folder(said).is_some_and(is_own)) {
        (Error::Data(what), true) => Error::Data(format!(
            "{what}. The run was made on the digits in this folder: if they are elsewhere now, give \
             their --data"
        )),
        (error, _) => error,
    }
}

fn check(said: &Value, name: &str, set: &Digits) -> Result<()> {
    let is = format!("{:08x}", set.checksum());
    match said[name]["crc32"].as_str() {
        Some(was) if was != is => Err(Error::Data(format!(
            "the run was made on other {} digits, from {} (CRC-32 {was}; here {is}): give their --data",
            if name == "train" { "training" } else { name },
            said["source"].as_str().unwrap_or(BUILT_IN)
        ))),
        _ => Ok(()),
    }
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
