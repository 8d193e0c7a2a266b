//! Messages of libraries in plain words, and places in TOML files.

/// What is wrong with a TOML file of this text, and where.
pub fn toml_fault(text: &str, error: &toml::de::Error) -> String {
    let place = error.span().map(|span| toml_place(text, span.start)).unwrap_or_default();
    place + &in_plain_words(error.message())
}

/// A message of a library with plain words for those of Rust.
pub fn in_plain_words(message: &str) -> String {
    let replaced = |message: String, (rust, word): &(&str, &str)| message.replace(rust, word);
    PLAIN.iter().fold(message.to_string(), replaced)
}

const PLAIN: [(&str, &str); 11] = [
    ("invalid digit found in string", "a whole number from 0 on is expected"),
    ("number too large to fit in target type", "it is too large"),
    ("invalid float literal", "a number is expected"),
    ("cannot parse integer from empty string", "a whole number is expected"),
    ("cannot parse float from empty string", "a number is expected"),
    (" as i128", ""),
    ("expected usize", "expected a whole number from 0 on"),
    ("expected f32", "expected a number"),
    ("expected a sequence", "expected a list"),
    ("missing field", "missing key"),
    ("unknown field", "unknown key"),
];

/// Line and column of a byte of a text; nothing if there is no such byte.
pub fn toml_place(text: &str, at: usize) -> String {
    text.get(..at).map_or_else(String::new, |before| {
        let column = before.chars().rev().take_while(|&letter| letter != '\n').count() + 1;
        format!("line {}, column {column}: ", before.matches('\n').count() + 1)
    })
}

/// A word or a number of a TOML file as it is typed on the command line.
pub fn toml_word(value: &toml::Value) -> Option<String> {
    match value {
        toml::Value::String(word) => Some(word.clone()),
        toml::Value::Integer(number) => Some(number.to_string()),
        toml::Value::Float(number) => Some(number.to_string()),
        _ => None,
    }
}
