//! Data of one's own that cannot be read as they are: nothing vanishes in silence, and what is said helps.

use std::fs;
use std::path::Path;

use crate::common::Outcome;
use lenet::data::{self, Mnist, Source};
use tempfile::TempDir;

/// Reads what stands at a path, a half of it for testing.
fn half(path: &Path) -> lenet::Result<Mnist> {
    data::load(&Source { test_share: Some(0.5), ..Source::at(path) })
}

#[track_caller]
fn says(result: lenet::Result<Mnist>, words: &[&str]) {
    let Err(error) = result else { panic!("accepted, without {words:?}") };
    assert_eq!(error.exit_code(), 3, "{error}");
    let said = error.to_string();
    assert!(words.iter().all(|word| said.contains(word)), "{words:?} not in {said}");
}

/// A line of CSV: a label and 64 numbers.
fn line(label: &str, number: &str) -> String {
    format!("{label}{}\n", format!(",{number}").repeat(64))
}

/// The same number of fields, counted.
fn counted(from: usize, fields: usize) -> String {
    (from..from + fields).map(|number| number.to_string()).collect::<Vec<_>>().join(",")
}

#[test]
fn no_line_of_csv_vanishes() -> Outcome {
    let folder = TempDir::new()?;
    let file = folder.path().join("digits.csv");
    let lines = ["0", "1", "0", "1"].map(|label| line(label, "9")).concat();
    let read = |first: &str| {
        fs::write(&file, format!("{first}{lines}")).expect("a file");
        half(&file)
    };
    let plain = read("")?;
    assert_eq!(plain.train.len() + plain.test.len(), 4);
    for heading in [
        line("label", "p"),
        line("Ziffer", "p"),
        line("\"label\"", "\"p\""),
        format!("label,{}\n", counted(0, 64)),
        format!("label,{}\n", ["1x1"; 64].join(",")),
    ] {
        assert!(read(&heading)? == plain, "{heading}");
    }
    for (first, words) in [
        (line("\"1", "0"), &["line 1", "\"\"1\"", "whole number"][..]),
        (line("-7", "0"), &["line 1", "\"-7\""]),
        (line(" \"7", "0"), &["line 1", "\"\"7\""]),
        (line("1", "5.0"), &["line 1", "field 2", "\"5.0\"", "whole number"]),
        (line("one", "0"), &["line 1", "\"one\""]),
        (line("", "0"), &["line 1", "\"\""]),
        (line("", ""), &["line 1", "\"\""]),
        ("label,pixels\n".into(), &["line 1", "\"label\"", "2 names"]),
        ("<!DOCTYPE html>\n".into(), &["line 1", "<!DOCTYPE html>"]),
        (line("1", "0").replacen(",0", "", 1), &["line 1", "64 numbers and no label"]),
    ] {
        says(read(&first), words);
    }
    let short = line("1", "0").replacen(",0", "", 1);
    fs::write(&file, format!("{lines}{short}"))?;
    says(half(&file), &["line 5", "64 numbers", "65 were expected"]);
    // As pandas writes them with the numbers of rows and columns.
    let rows = (0..).zip(lines.lines()).map(|(row, line)| format!("{row},{line}\n"));
    fs::write(&file, format!(",{}\n{}", counted(0, 65), rows.collect::<String>()))?;
    assert!(half(&file)? == plain);
    for name in ["my_train.csv", "one_test.csv", "two_test.csv"] {
        fs::write(folder.path().join(name), &lines)?;
    }
    let both = data::load(&Source::at(folder.path()));
    says(both, &["2 files", "one_test.csv, two_test.csv"]);
    Ok(())
}
