//! The data of `lenet doctor`: right answers, WGSL that is valid, and a table that names checks that there are.

use std::collections::BTreeMap;
use std::fs;

use crate::common::program::{USAGE, command, fails, path, text};
use lenet::doctor::drivers::{DriverFile, Drivers};
use lenet::doctor::{checks, known};
use lenet::gpu::check::{Checker, ROUNDS};
use lenet::rng::pcg4d;
use tempfile::TempDir;
use wgpu::{Device, DeviceDescriptor};

/// The exit code where no adapter computes correctly.
const ADAPTER: i32 = 4;

/// A reference of each check in naive loops: from the words of `input` to those of the answer. The name of the
/// check is the first word.
type Reference = fn(&[u32]) -> Vec<u32>;

const REFERENCES: [(&str, Reference); 20] = [
    ("nested loops", |input| input.iter().map(|&n| nested(n)).collect()),
    ("long loops", <[u32]>::to_vec),
    ("break if", |input| input.iter().map(|n| n.div_ceil(3).max(1)).collect()),
    ("variables of a loop", sums),
    ("zeros of a loop", sums),
    ("barriers", |input| vec![input.iter().sum(); 4]),
    ("zeroed workgroup memory", |_| vec![0; 4]),
    ("whole numbers", whole_numbers),
    ("bytes of a word", |input| {
        let bytes: Vec<u32> =
            input.iter().flat_map(|word| word.to_le_bytes().map(u32::from)).collect();
        bytes.repeat(2)
    }),
    ("exp2", |input| each(input, f64::exp2)),
    ("square roots", |input| each(input, f64::sqrt)),
    ("division", |input| {
        let quotient = |i: usize| f64::from(number(input[i])) / f64::from(number(input[64 + i]));
        (0..64).map(|i| (quotient(i) as f32).to_bits()).collect()
    }),
    ("the squash at +-100", |input| {
        let (amplitude, slope) = (f64::from(1.7159_f32), f64::from(0.666_666_7_f32));
        each(input, |x| amplitude * (slope * x).tanh())
    }),
    ("private arrays", private_arrays),
    ("one dispatch after another", |input| {
        let number = |n: usize| 3 * input[n % 64] + n as u32 + 6;
        (0..64).map(|i| (0..32).map(|k| number(i + 64 * k)).sum()).collect()
    }),
    ("fills around 4,096 bytes", |_| {
        [1023, 1024, 1025].iter().flat_map(|&words| [words, 1, words]).collect()
    }),
    ("copies around 4,096 bytes", |input| {
        let copied = [1023, 1024, 1025].map(|words| &input[1..=words]);
        let told = |words: &[u32]| [words.iter().sum(), words[0], words[words.len() - 1]];
        copied.into_iter().flat_map(told).collect()
    }),
    ("offsets of 256 bytes", |input| {
        input.chunks(64).flat_map(|window| window[..16].iter().map(|word| 1001 * word)).collect()
    }),
    ("storage and uniform reads", |input| {
        (0..64).map(|i| input[7 * i % 64]).collect::<Vec<u32>>().repeat(2)
    }),
    ("batches of 1 to 9", batches),
];

fn number(word: u32) -> f32 {
    f32::from_bits(word)
}

fn each(input: &[u32], function: impl Fn(f64) -> f64) -> Vec<u32> {
    input.iter().map(|&word| (function(f64::from(number(word))) as f32).to_bits()).collect()
}

fn sums(input: &[u32]) -> Vec<u32> {
    input.iter().map(|n| n * (n + 1) / 2).collect()
}

fn nested(n: u32) -> u32 {
    let inner = |a: u32, b: u32| if (a + b) % 10 == 9 { 0 } else { b };
    (0..n).map(|a| (0..10).map(|b| inner(a, b)).sum::<u32>()).sum()
}

fn whole_numbers(input: &[u32]) -> Vec<u32> {
    let vectors: Vec<[u32; 4]> =
        input.chunks(4).map(|v| v.try_into().expect("four words")).collect();
    let hashes = vectors.iter().flat_map(|&v| pcg4d(v));
    let others = vectors.iter().flat_map(|&[x, y, z, w]| {
        let divisor = y.max(1);
        [x / divisor, x % divisor, u32::from(x / divisor < z), x << (w % 32)]
    });
    hashes.chain(others).collect()
}

fn private_arrays(input: &[u32]) -> Vec<u32> {
    let sum = |i: usize| {
        let mut table = [0; 24];
        for k in 0..48 {
            table[input[(i + k) % 64] as usize % 24] += k as u32;
        }
        (1..).zip(table).map(|(k, number): (u32, u32)| k * number).sum()
    };
    (0..64).map(sum).collect()
}

fn batches(input: &[u32]) -> Vec<u32> {
    let product = |n: usize, o: usize| -> f32 {
        (0..16).map(|i| number(input[16 * o + i]) * number(input[128 + 16 * n + i])).sum()
    };
    let batch = |size| (0..size).flat_map(move |n| (0..8).map(move |o| product(n, o).to_bits()));
    (1..=9).flat_map(batch).collect()
}

#[test]
fn expected_answers_are_right() {
    let references: BTreeMap<&str, Reference> = REFERENCES.into();
    let checks = checks::all();
    assert_eq!(checks.len(), references.len());
    for (mut check, _) in checks {
        let reference = references[check.name.as_str()](check.input.words());
        let expected = check.expected.words();
        // No answer may be compared with less than all of it.
        assert_eq!(reference.len(), expected.len(), "{}", check.name);
        check.ulp = 0;
        let answer = checks::judge(&check, Ok(vec![reference; ROUNDS]));
        assert!(answer.passed, "{}: {}", check.name, answer.verdict());
    }
}

#[test]
fn every_check_is_valid_on_a_noop_device() {
    let (device, queue) = Device::noop(&DeviceDescriptor::default());
    let checker = Checker::on_device(device, queue);
    for (check, wgsl) in checks::all() {
        let answers = checker.answers(&check, wgsl).unwrap_or_else(|error| panic!("{error}"));
        assert_eq!(answers.len(), ROUNDS);
    }
    let (mut check, _) = checks::all().remove(0);
    check.name = "broken".into();
    let broken = checks::judge(&check, checker.answers(&check, "fn main() {"));
    assert!(!broken.passed && broken.complaint.is_some());
}

#[test]
fn the_squash_of_the_check_is_that_of_the_kernels() {
    let kernels = include_str!("../../shaders/common.wgsl");
    let start = kernels.find("fn squash(").expect("the squash");
    let function = &kernels[start..];
    let function = &function[..function.find("\n}\n").expect("its end") + 3];
    let squash = checks::all().into_iter().find(|(check, _)| check.name.contains("squash"));
    let (_, wgsl) = squash.expect("a check of the squash");
    assert!(wgsl.contains(function), "{function}");
}

#[test]
fn known_problems_name_checks() {
    let names: Vec<String> = checks::all().into_iter().map(|(check, _)| check.name).collect();
    for problem in known::all() {
        assert!(problem.check.as_ref().is_none_or(|name| names.contains(name)), "{problem:?}");
        let link = problem.link.as_deref().unwrap_or("https://github.com/");
        assert!(link.starts_with("https://github.com/"), "{link}");
    }
}

/// Where no adapter is found, what is said and the exit code do not depend on the machine.
#[cfg(target_os = "linux")]
#[test]
fn without_an_adapter_the_remedy_is_told() {
    let folder = TempDir::new().expect("a folder");
    let file = folder.path().join("broken_icd.json");
    fs::write(&file, r#"{"ICD": {"library_path": "/nowhere/libbroken.so"}}"#).expect("a file");
    for (variable, value, more) in [
        ("VK_DRIVER_FILES", "/nowhere.json", "driver file /nowhere.json"),
        ("VK_ICD_FILENAMES", path(&file), "libbroken.so is not there"),
        ("WGPU_BACKEND", "gl", "WGPU_BACKEND=gl"),
    ] {
        let output = command(&["doctor"])
            .env_remove("VK_DRIVER_FILES")
            .env_remove("VK_ICD_FILENAMES")
            .env(variable, value)
            .output()
            .expect("the program starts");
        let said = text(&output.stdout);
        assert_eq!(output.status.code(), Some(ADAPTER), "{said}");
        assert!(said.contains(&format!("unset {variable}")) && said.contains(more), "{said}");
    }
}

#[test]
fn minutes_are_a_number_of_minutes() {
    fails(&["doctor", "--minutes", "0"], USAGE, &["--minutes is 0"]);
    fails(&["doctor", "--minutes", "100000"], USAGE, &["--minutes is 100000", "10,080"]);
}

#[test]
fn remedies_fit_what_is_there() {
    let drivers = Drivers { loader: Some("libvulkan.so.1".into()), ..Drivers::default() };
    assert!(drivers.remedy().contains("mesa-vulkan-drivers"), "{}", drivers.remedy());
    let (path, fault) = ("/etc/vulkan/icd.d/some.json".into(), Some("is no driver file".into()));
    let file = DriverFile { path, library: None, api_version: None, fault };
    let drivers = Drivers { files: vec![file], ..drivers };
    assert!(drivers.remedy().contains("some.json: is no driver file"), "{}", drivers.remedy());
    let none = Drivers::default().remedy();
    assert!(none.contains("loader") == cfg!(target_os = "linux"), "{none}");
    let variables = vec![("VK_LOADER_DRIVERS_DISABLE".to_string(), "*".into())];
    let hidden = Drivers { variables, ..drivers }.remedy();
    assert!(hidden.contains("unset VK_LOADER_DRIVERS_DISABLE"), "{hidden}");
}

#[test]
fn a_variable_that_hides_adapters_is_named() {
    let output = command(&["adapters"]).env("WGPU_BACKEND", "gl").output().expect("it starts");
    let said = text(&output.stdout);
    assert_eq!(output.status.code(), Some(ADAPTER), "{said}");
    assert!(said.contains("WGPU_BACKEND=gl") && said.contains("unset"), "{said}");
}
