//! Names and words from files that somebody else wrote: none of their control characters reaches a terminal, and none
//! of their lines passes for a message of the program.

use std::fs;

use super::hostile::{SHORT, change, folder, trained};
use crate::common::program::{
    DATA, USAGE, command, path, prints, run, small_set, text, write_model,
};

#[test]
fn nothing_in_a_record_reaches_the_terminal_raw() {
    let place = folder();
    let run_folder = trained(place.path());
    let hostile = "\u{1b}[2J\u{1b}[31m\u{9b}\u{7}\u{7f}\nerror: faked\r";
    change(&run_folder, |record| record["recipe"] = hostile.into());
    for args in [["runs", path(place.path())], ["report", path(&run_folder)]] {
        let output = run(&args);
        let said = text(&output.stdout) + &text(&output.stderr);
        assert!(output.status.success(), "{said}");
        let raw = |c: char| c.is_control() && c != '\n';
        assert!(!said.contains(raw), "{said:?}");
        assert!(said.lines().all(|line| !line.starts_with("error")), "{said}");
    }
}

#[test]
fn a_name_cannot_fake_a_message() {
    let output = run(&["report", "no\nerror: faked\u{1b}[2J"]);
    let said = text(&output.stderr);
    assert_eq!(output.status.code(), Some(DATA), "{said}");
    assert_eq!(said.lines().filter(|line| line.starts_with("error")).count(), 1, "{said}");
    assert!(!said.contains('\u{1b}'), "{said:?}");
}

#[cfg(unix)]
#[test]
fn a_name_of_a_picture_cannot_fake_an_answer() {
    const PICTURE: &str =
        concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/pictures/font-dejavu-sans-0.png");
    let place = folder();
    let model = write_model(place.path(), "lenet1");
    let picture = place.path().join("\u{1b}[31mred\nother.png");
    fs::copy(PICTURE, &picture).expect("a file");
    let said = prints(&["predict", &model, path(&picture), "--device", "cpu"]);
    assert!(said.lines().count() == 1 && !said.contains('\u{1b}'), "{said:?}");
}

/// Otherwise the second line of a name could pass for a message of the program.
#[cfg(unix)]
#[test]
fn names_of_files_stay_on_their_line() {
    let place = folder();
    let (model, name) = (write_model(place.path(), "lenet1"), "a\nfaked");
    let at = |ending: &str| place.path().join(format!("{name}{ending}"));
    let (copy, run_folder) = (at(".safetensors"), at(""));
    fs::copy(&model, &copy).expect("a file");
    let set = small_set(place.path());
    let on_cpu = ["--device", "cpu"];
    for args in [
        vec!["evaluate", path(&copy), "--data", &set, "--mistakes", path(&at("m.png"))],
        vec!["export", &model, "--out", path(&at(".onnx"))],
        vec!["distort", "--out", path(&at("d.png"))],
        vec!["compare", path(&copy), path(&copy), "--data", &set],
        [&SHORT[..], &["--epochs", "1", "--out", path(&run_folder)]].concat(),
    ] {
        let has_device = !args.contains(&"export") && !args.contains(&"--train-limit");
        let output = run(&[&args[..], if has_device { &on_cpu[..] } else { &[] }].concat());
        let said = text(&output.stdout) + &text(&output.stderr);
        assert!(output.status.success(), "{said}");
        assert!(said.contains("a\\u000afaked") && !said.contains(name), "{args:?}: {said}");
    }
}

#[test]
fn an_argument_cannot_fake_a_message() {
    let hostile = "no\nerror: faked\u{1b}[2J\u{1b}[31m";
    for args in [&[hostile][..], &["train", hostile], &["train", "--device", hostile]] {
        let output = run(args);
        let said = text(&output.stderr);
        assert_eq!(output.status.code(), Some(USAGE), "{said}");
        assert_eq!(said.lines().filter(|line| line.starts_with("error")).count(), 1, "{said}");
        assert!(!said.contains('\u{1b}'), "{said:?}");
    }
}

#[test]
fn a_long_name_leaves_the_table_readable() {
    let place = folder();
    let run = trained(place.path());
    change(&run, |record| record["recipe"] = "y".repeat(70_000).into());
    let printed = prints(&["runs", path(place.path())]);
    assert!(printed.contains("yyy") && printed.len() < 10_000, "{} bytes", printed.len());
}

#[cfg(unix)]
#[test]
fn a_name_that_is_no_text_is_a_name() {
    use std::ffi::OsStr;
    use std::os::unix::ffi::OsStrExt;

    let place = folder();
    let out = place.path().join(OsStr::from_bytes(b"run-\xff"));
    let output = command(&[&SHORT[..], &["--epochs", "1", "--out"]].concat()).arg(&out).output();
    let output = output.expect("it runs");
    assert!(output.status.success(), "{}", text(&output.stderr));
    assert!(out.join("model.safetensors").exists());
}
