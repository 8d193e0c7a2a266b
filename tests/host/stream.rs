//! `lenet predict --stream`, through the program itself, on the CPU.

use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::process::{Child, Stdio};
use std::thread;

use crate::common::program::{USAGE, command, fails, path, text};
use lenet::data::stream::{DigitStream, Format};
use lenet::data::{self, DIGIT_PIXELS, Digits};
use serde_json::Value;
use tempfile::TempDir;

const MODEL: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/assets/lenet5.safetensors");

fn test_digits(count: usize) -> Digits {
    let mut digits = data::builtin().unwrap().test;
    digits.truncate(count);
    digits
}

fn start(flags: &[&str]) -> Child {
    let args = [&["predict", MODEL, "--device", "cpu"][..], flags].concat();
    let mut command = command(&args);
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    command.spawn().unwrap()
}

/// What the program makes of a stream: exit code, standard output, standard error.
fn streamed(flags: &[&str], input: &[u8]) -> (Option<i32>, String, String) {
    let mut child = start(flags);
    let mut stdin = child.stdin.take().unwrap();
    let input = input.to_vec();
    // The program may end before it has read all.
    let feeder = thread::spawn(move || stdin.write_all(&input).is_ok());
    let output = child.wait_with_output().unwrap();
    feeder.join().unwrap();
    (output.status.code(), text(&output.stdout), text(&output.stderr))
}

/// What `predict --index` says to the first test digits.
fn expected(count: usize) -> Vec<Value> {
    let indices = (0..count).map(|i| i.to_string()).collect::<Vec<_>>().join(",");
    let args = ["predict", MODEL, "--device", "cpu", "--json", "--index", &indices];
    let output = command(&args).output().unwrap();
    let json: Value = serde_json::from_slice(&output.stdout).unwrap();
    json["predictions"].as_array().unwrap().clone()
}

fn csv(digits: &Digits, labels: bool) -> String {
    let line = |i: usize| {
        let label = labels.then(|| digits.label(i).to_string());
        let pixels = digits.digit(i).iter().map(u8::to_string);
        label.into_iter().chain(pixels).collect::<Vec<_>>().join(",") + "\n"
    };
    (0..digits.len()).map(line).collect()
}

fn idx(digits: &Digits, promised: u32) -> Vec<u8> {
    [&[2051, promised, 28, 28].map(u32::to_be_bytes).concat(), digits.pixels()].concat()
}

#[test]
fn every_format_is_answered_as_the_test_digits_are() {
    let count = 600;
    let (digits, expected) = (test_digits(count), expected(count));
    let heading = "label,".to_string() + &vec!["p"; 784].join(",") + "\r\n";
    let inputs: [(&str, Vec<u8>, bool); 4] = [
        ("raw", digits.pixels().to_vec(), false),
        ("idx", idx(&digits, count as u32), false),
        ("csv", csv(&digits, false).into(), false),
        ("csv", (heading + &csv(&digits, true)).into(), true),
    ];
    for (format, input, labelled) in inputs {
        let (code, out, said) = streamed(&["--stream", format], &input);
        assert_eq!(code, Some(0), "{format}: {said}");
        let lines: Vec<Value> = out.lines().map(|l| serde_json::from_str(l).unwrap()).collect();
        assert_eq!(lines.len(), count, "{format}: {said}");
        for (i, (line, expected)) in lines.iter().zip(&expected).enumerate() {
            assert_eq!(line["record"], i, "{format}");
            assert_eq!(line["label"], if labelled { digits.label(i).into() } else { Value::Null });
            for key in ["digit", "runner_up", "rejected"] {
                assert_eq!(line[key], expected[key], "{format}, record {i}");
            }
            let near =
                |a: &Value, b: &Value| (a.as_f64().unwrap() - b.as_f64().unwrap()).abs() < 1e-3;
            assert!(near(&line["difference"], &expected["difference"]), "{format}, record {i}");
            assert_eq!(line["scores"].as_array().map(Vec::len), Some(10));
        }
    }
    let (_, out, _) = streamed(&["--stream", "raw", "--csv"], digits.pixels());
    let lines: Vec<&str> = out.lines().collect();
    assert_eq!(
        (lines.len(), lines[0]),
        (count + 1, "record,label,digit,runner_up,difference,rejected")
    );
    let first: Vec<&str> = lines[1].split(',').collect();
    assert_eq!((first[0], first[1], first[2]), ("0", "", "7"), "{}", lines[1]);
}

/// A slow source hears of each digit before it sends the next.
#[test]
fn a_record_is_answered_at_once() {
    let digits = test_digits(3);
    let mut child = start(&["--stream", "raw"]);
    let mut stdin = child.stdin.take().unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    for i in 0..digits.len() {
        stdin.write_all(digits.digit(i)).unwrap();
        let line: Value = serde_json::from_str(&lines.next().unwrap().unwrap()).unwrap();
        assert_eq!((&line["record"], &line["digit"]), (&i.into(), &digits.label(i).into()));
    }
    drop(stdin);
    assert!(lines.next().is_none() && child.wait().unwrap().success());
}

#[test]
fn a_broken_record_is_named_and_nothing_before_it_lost() {
    let digits = test_digits(300);
    let broken_csv = |line: &str| csv(&digits, false) + line + "\n" + &csv(&digits, false);
    let labelled = csv(&digits, true) + &vec!["70"; 785].join(",");
    let raw = digits.pixels();
    let cases: Vec<(&str, Vec<u8>, &[&str])> = vec![
        ("raw", [raw, &raw[..100]].concat(), &["100", "784", "record 300"]),
        ("idx", idx(&digits, 301), &["record 300", "301"]),
        ("csv", broken_csv("1,2,3").into(), &["record 300", "line 301", "3 numbers"]),
        ("csv", broken_csv(&"7,".repeat(783)).into(), &["record 300", "\"\""]),
        ("csv", broken_csv(&vec!["256"; 784].join(",")).into(), &["record 300", "\"256\""]),
        ("csv", broken_csv(&vec!["7"; 785].join(",")).into(), &["record 300", "784 were expected"]),
        ("csv", labelled.into(), &["record 300", "label", "70"]),
    ];
    for (format, input, words) in cases {
        let (code, out, said) = streamed(&["--stream", format], &input);
        assert_eq!(code, Some(3), "{format}: {said}");
        assert_eq!(out.lines().count(), 300, "{format}: {said}");
        assert!(words.iter().all(|word| said.contains(word)), "{words:?} not in {said}");
    }
    let none: [(&str, &[u8], &str); 5] = [
        ("idx", &[0x1f, 0x8b, 8, 0, 0, 0, 0, 0], "gzip"),
        ("idx", &[0; 16], "IDX"),
        ("raw", &[0, 0, 8, 3, 0, 0, 39, 16], "--stream idx"),
        ("idx", &[0, 0, 8, 3, 0], "IDX"),
        ("idx", &[0, 0, 8, 3, 0, 0, 0, 1, 0, 0, 0, 32, 0, 0, 0, 32], "32x32"),
    ];
    for (format, input, word) in none {
        let (code, out, said) = streamed(&["--stream", format], input);
        assert_eq!((code, out.as_str()), (Some(3), ""), "{said}");
        assert!(said.contains(word), "{word} not in {said}");
    }
    let (code, _, said) = streamed(&["--stream", "idx"], &[idx(&digits, 299)].concat());
    assert!(code == Some(3) && said.contains("299"), "{said}");
    assert_eq!(streamed(&["--stream", "raw"], &[]).0, Some(0));
    let (_, out, _) = streamed(&["--stream", "raw", "--csv"], &[]);
    assert_eq!(out.lines().count(), 1, "a heading, whatever comes: {out}");
}

/// What a line of CSV begins with, and what a heading says.
#[test]
fn csv_as_other_programs_write_it() {
    let digits = test_digits(3);
    let plain = csv(&digits, true);
    let pixels: Vec<String> = (0..784).map(|pixel| format!("pixel{pixel}")).collect();
    let pixels = pixels.join(",");
    let moved = |line: &str| {
        let (label, rest) = line.split_once(',').expect("a label");
        format!("{rest},{label}\n")
    };
    let last: String = plain.lines().map(moved).collect();
    let quoted = |line: &str| format!("\"{}\"\n", line.replace(',', "\",\""));
    let counted = |(at, line): (usize, &str)| format!("{at},{line}\n");
    let counted: String = plain.lines().enumerate().map(counted).collect();
    let labelled = [
        format!("\u{feff}{plain}"),
        format!("# digits\n\nlabel,{pixels}\r\n{plain}"),
        plain.lines().map(quoted).collect(),
        format!("{pixels},class\n{last}"),
        format!(",label,{pixels}\n{counted}"),
    ];
    let (_, expected, _) = streamed(&["--stream", "csv"], plain.as_bytes());
    assert_eq!(expected.lines().count(), 3);
    for input in labelled {
        let (code, out, said) = streamed(&["--stream", "csv"], input.as_bytes());
        assert_eq!((code, &out), (Some(0), &expected), "{}: {said}", &input[..30]);
    }
    // The first column is no label where the heading calls it otherwise.
    assert!(expected.contains("\"label\""), "{expected}");
    for counter in ["id", "ImageId", "image_id", "idx", "Unnamed: 0.1"] {
        let input = format!("{counter},{pixels}\n{plain}");
        let (code, out, _) = streamed(&["--stream", "csv"], input.as_bytes());
        assert_eq!((code, out.lines().count()), (Some(0), 3), "{counter}");
        assert!(!out.contains("\"label\""), "{counter}: {out}");
    }
    for (input, word) in [
        (format!("label,{pixels}\n1,2,3\n").into_bytes(), "785 were expected"),
        (plain.encode_utf16().flat_map(u16::to_le_bytes).collect(), "number"),
        ([b"\xff\xfe", plain.as_bytes()].concat(), "UTF-16"),
        (plain.replace(',', ";").into_bytes(), "semicolons"),
        (plain.replace(',', "\t").into_bytes(), "tabs"),
        (plain.replace('\n', "\r").into_bytes(), "carriage return"),
        (last.into_bytes(), "heading"),
    ] {
        let (code, _, said) = streamed(&["--stream", "csv"], &input);
        assert!(code == Some(3) && said.contains(word), "{word} not in {said}");
    }
}

/// `... | lenet predict --stream | head -1`, more or less.
#[test]
fn a_reader_who_leaves_ends_it_quietly() {
    let digits = test_digits(1000);
    let mut child = start(&["--stream", "raw"]);
    let mut stdin = child.stdin.take().unwrap();
    let mut stdout = BufReader::new(child.stdout.take().unwrap());
    let mut line = String::new();
    stdin.write_all(digits.digit(0)).unwrap();
    stdout.read_line(&mut line).unwrap();
    drop(stdout);
    // It stops reading at some time; until then it takes what comes.
    while stdin.write_all(digits.pixels()).is_ok() {}
    let status = child.wait().unwrap();
    let mut said = String::new();
    child.stderr.take().unwrap().read_to_string(&mut said).unwrap();
    assert!(status.success() && !said.contains("error") && !said.contains("panicked"), "{said}");
}

#[test]
fn flags_that_make_no_sense() {
    let folder = TempDir::new().unwrap();
    let file = folder.path().join("digit.png");
    fs::write(&file, "").unwrap();
    fails(&["predict", MODEL, "--stream", "png"], USAGE, &["png", "idx", "csv", "raw"]);
    fails(&["predict", MODEL, "--stream", "raw", path(&file)], USAGE, &["--stream"]);
    fails(&["predict", MODEL, "--stream", "raw", "--batch", "0"], USAGE, &["--batch"]);
    fails(&["predict", MODEL, "--stream", "raw", "--raw"], USAGE, &["--raw", "--stream"]);
    fails(&["predict", MODEL, "--csv"], USAGE, &["--stream"]);
}

/// Gives a few bytes at a time.
struct Slow<'a>(&'a [u8], usize);

impl Read for Slow<'_> {
    fn read(&mut self, to: &mut [u8]) -> std::io::Result<usize> {
        let count = self.1.min(to.len()).min(self.0.len());
        let (here, rest) = self.0.split_at(count);
        to[..count].copy_from_slice(here);
        self.0 = rest;
        Ok(count)
    }
}

#[test]
fn pieces_of_any_size_make_the_same_digits() {
    let digits = test_digits(20);
    let text = csv(&digits, true);
    // Without the last line feed, and with an empty line.
    let text = format!("\n{}", text.trim_end());
    let inputs = [
        (Format::Raw, digits.pixels().to_vec()),
        (Format::Idx, idx(&digits, 20)),
        (Format::Csv, text.into()),
    ];
    for (format, input) in inputs {
        for bytes in [1, 7, DIGIT_PIXELS, 5_000, 1 << 20] {
            let (mut pixels, mut labels) = (Vec::new(), Vec::new());
            for piece in DigitStream::new(Slow(&input, bytes), format, 28) {
                let piece = piece.unwrap();
                assert!(!piece.is_empty());
                pixels.extend(piece.pixels);
                labels.extend(piece.labels.into_iter().flatten());
            }
            assert!(pixels == digits.pixels(), "{format:?} in pieces of {bytes}");
            assert!(format != Format::Csv || labels == digits.labels());
        }
    }
}
