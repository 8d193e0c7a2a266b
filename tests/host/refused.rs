//! Faulty data of the user's own: nothing is left out silently, and every error names a way out that fits.

use std::fs;
use std::path::Path;

use crate::common::Outcome;
use crate::common::program::small_set;
use image::GrayImage;
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

/// Numbers in a row, with commas between.
fn counted(from: usize, fields: usize) -> String {
    (from..from + fields).map(|number| number.to_string()).collect::<Vec<_>>().join(",")
}

#[test]
fn no_line_of_csv_vanishes() -> Outcome {
    let folder = TempDir::new()?;
    let file = folder.path().join("digits.csv");
    let lines = ["0", "1", "0", "1"].map(|label| line(label, "12")).concat();
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
        format!("{}\n", counted(0, 65)),
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

/// Writes pictures of a bar, all the same, with the folders that they need.
fn put(folder: &Path, names: &[&str]) -> Outcome {
    let bar = GrayImage::from_fn(28, 28, |x, _| image::Luma([if x == 13 { 255 } else { 0 }]));
    for name in names {
        let file = folder.join(name);
        fs::create_dir_all(file.parent().expect("a folder"))?;
        match name.ends_with("png") {
            true => bar.save(file)?,
            false => fs::write(file, "x")?,
        }
    }
    Ok(())
}

#[test]
fn no_picture_vanishes() -> Outcome {
    let folder = TempDir::new()?;
    let path = folder.path();
    let hidden = [".git/0.png", ".ipynb_checkpoints/1.png", "a/.thumbs/3.png", "a/._0.png"];
    put(path, &["a/0.png", "a/1.png", "b/0.png", "b/1.png"])?;
    put(path, &hidden)?;
    let source = Source::at(path);
    let found = half(path)?;
    assert_eq!(found.train.names().list(), ["a", "b"]);
    assert_eq!(data::left_out(&source), [""; 0]);
    put(path, &["a/0.gif", "a/1.GIF", "b/notes", "b/more/2.png", "b/most/2.png", "3.png"])?;
    assert!(half(path)? == found);
    let [told] = &data::left_out(&source)[..] else { panic!("nothing is told") };
    for what in ["2 .gif", "1 without an ending", "2 deeper folders", "1 picture beside"] {
        assert!(told.contains(what), "{what} not in {told}");
    }
    put(path, &["c/0.heic"])?;
    says(half(path), &["/c", "1 .heic", "remove the folder"]);
    Ok(())
}

/// A result may replace an earlier one that stands beside the data, and none of them.
#[test]
fn data_are_told_from_results_beside_them() -> Outcome {
    let at = |name: &str| -> Result<_, std::io::Error> {
        let folder = TempDir::new()?;
        fs::write(folder.path().join(name), "")?;
        Ok(folder)
    };
    let (pictures, csv, idx) = (at("mistakes.png")?, at("scores.csv")?, at("scores.csv")?);
    put(pictures.path(), &["a/0.png", "b/0.png"])?;
    for set in ["train.csv", "test.csv"] {
        fs::write(csv.path().join(set), "")?;
    }
    small_set(idx.path());
    for (folder, result, data) in [
        (&pictures, "mistakes.png", "b/0.png"),
        (&csv, "scores.csv", "test.csv"),
        (&idx, "scores.csv", "t10k-labels-idx1-ubyte"),
    ] {
        let has = |name: &str| Source::at(folder.path()).has(&folder.path().join(name));
        assert_eq!([result, data, "new.png"].map(has), [false, true, false], "{data}");
    }
    Ok(())
}

#[test]
fn pictures_are_found_or_missed_in_words() -> Outcome {
    for (train, test) in [("Train", "TEST"), ("training", "testing"), ("train", "valid")] {
        let folder = TempDir::new()?;
        let names = [train, test].map(|set| [format!("{set}/a/0.png"), format!("{set}/b/0.png")]);
        put(folder.path(), &names.concat().iter().map(String::as_str).collect::<Vec<_>>())?;
        let found = data::load(&Source::at(folder.path()))?;
        assert_eq!((found.train.len(), found.test.len()), (2, 2));
        assert_eq!(data::left_out(&Source::at(folder.path())), [""; 0]);
        put(folder.path(), &["val-2/a/0.png"])?;
        let told = data::left_out(&Source::at(folder.path()));
        assert!(told.len() == 1 && told[0].ends_with(": val-2"), "{told:?}");
        put(folder.path(), &["classes.txt"])?;
        let told = data::left_out(&Source::at(folder.path()));
        assert!(told.len() == 1 && told[0].contains(": val-2, classes.txt ("), "{told:?}");
    }
    for (names, words) in [
        (&["0.png", "1.png"][..], "2 pictures beside"),
        (&["a/0.gif", "b/0.gif"], "2 .gif"),
        (&["all/a/0.png", "all/b/0.png"], "2 deeper folders"),
        (&["readme"], "pictures in a folder for each class"),
    ] {
        let folder = TempDir::new()?;
        put(folder.path(), names)?;
        // Not that it has a test set already.
        says(half(folder.path()), &[words]);
    }
    let folder = TempDir::new()?;
    put(folder.path(), &["train/a/0.png", "train/b/0.png"])?;
    says(half(folder.path()), &["lacks a folder test", "--test-share"]);
    let digits = format!("5 {}\n", "-1 ".repeat(256));
    for name in ["ZIP.TRAIN", "Zip.Test"] {
        fs::write(folder.path().join(name), &digits)?;
    }
    assert_eq!(data::load(&Source::at(folder.path()))?.test.labels(), [5]);
    Ok(())
}

#[test]
fn zip_codes_say_which_line_is_broken() -> Outcome {
    let folder = TempDir::new()?;
    let put = |set: &str, text: String| fs::write(folder.path().join(format!("zip.{set}")), text);
    let line = |label: &str| format!("{label} {}\n", "-1 ".repeat(256));
    put("train", line("5"))?;
    // Commas and the mark of Windows are no fault.
    put("test", format!("\u{feff}{}", line("7").replace(' ', ",")))?;
    assert_eq!(data::load(&Source::at(folder.path()))?.test.labels(), [7]);
    for (text, words) in [
        ("<!DOCTYPE html>\n".into(), &["line 1", "\"<!DOCTYPE\" is no number"][..]),
        (line("1") + &line("10"), &["line 2", "its label is 10"]),
        (line("nan"), &["line 1", "its label is NaN"]),
    ] {
        put("test", text)?;
        says(data::load(&Source::at(folder.path())), words);
    }
    Ok(())
}

#[cfg(unix)]
#[test]
fn a_name_that_no_record_can_keep_is_refused() -> Outcome {
    use std::ffi::OsStr;
    use std::os::unix::ffi::OsStrExt;

    use crate::common::program::{USAGE, command, text};

    let folder = TempDir::new()?;
    let odd = folder.path().join(OsStr::from_bytes(b"digits-\xff"));
    put(&odd, &["a/0.png", "a/1.png", "b/0.png", "b/1.png"])?;
    says(half(&odd), &["is not UTF-8", "rename it"]);
    let output =
        command(&["summary", "--network"]).arg(OsStr::from_bytes(b"mine-\xff.toml")).output()?;
    assert_eq!(output.status.code(), Some(USAGE));
    let said = text(&output.stderr);
    assert!(["mine-", "not UTF-8", "rename it"].iter().all(|word| said.contains(word)), "{said}");
    assert!(!said.contains("--help"), "{said}");
    Ok(())
}
