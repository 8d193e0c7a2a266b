//! Files with bytes changed, removed, inserted or repeated: every reader accepts or refuses them, soon and without a
//! panic.

use std::fmt::Debug;
use std::fs;
use std::io::Write;
use std::time::{Duration, Instant};

use flate2::Compression;
use flate2::write::GzEncoder;
use lenet::data::stream::{DigitStream, Format};
use lenet::data::{self, Source};
use lenet::network::{Table, build, lenet as networks};
use lenet::rng::{Rng, Stream};
use lenet::train::model::Model;
use serde_json::json;
use tempfile::TempDir;

use crate::common::program::{path, prints, run, small_set, text, write_model};

/// Mutations of each file.
const ROUNDS: usize = 100;
/// A reader that takes this long has failed.
const SLOW: Duration = Duration::from_secs(20);
/// Bytes that formats give a meaning.
const TELLING: &[u8] = b"\0\xff\x7f\x80\"',;.[]{}:-+eE09 \n\r\t\x1f\x8b";

/// Changes a file in one to four places.
fn mutated(rng: &mut Rng, file: &[u8]) -> Vec<u8> {
    let mut bytes = file.to_vec();
    for _ in 0..1 + rng.below(4) {
        // Headers are short and decide most.
        let end = if rng.below(2) == 0 { bytes.len().min(64) } else { bytes.len() };
        let at = rng.below(end as u32 + 1) as usize;
        let telling = TELLING[rng.below(TELLING.len() as u32) as usize];
        match rng.below(6) {
            0 => bytes.truncate(at),
            1 => bytes.insert(at, telling),
            2 => bytes.extend_from_within(at..bytes.len().min(at + 64)),
            3 if at < bytes.len() => drop(bytes.remove(at)),
            4 if at < bytes.len() => bytes[at] = telling,
            _ if at < bytes.len() => bytes[at] ^= 1 << rng.below(8),
            _ => {}
        }
    }
    bytes
}

/// Reads mutations of a file.
fn mutate<T: Debug>(file: &[u8], mut read: impl FnMut(&[u8]) -> T) {
    assert!(!file.is_empty());
    let mut rng = Rng::new(1, Stream::Test);
    for _ in 0..ROUNDS {
        let bytes = mutated(&mut rng, file);
        let start = Instant::now();
        read(&bytes);
        assert!(start.elapsed() < SLOW, "it takes {:?} to read {bytes:?}", start.elapsed());
    }
}

/// IDX files of four digits, images and labels.
fn idx_files() -> [Vec<u8>; 2] {
    let digits = data::builtin().expect("digits").test;
    let words =
        |words: &[u32]| words.iter().flat_map(|word| word.to_be_bytes()).collect::<Vec<_>>();
    let (mut images, mut labels) = (words(&[2051, 4, 28, 28]), words(&[2049, 4]));
    (0..4).for_each(|i| {
        images.extend(digits.digit(i));
        labels.push(digits.label(i));
    });
    [images, labels]
}

fn packed(bytes: &[u8]) -> Vec<u8> {
    let mut gzip = GzEncoder::new(Vec::new(), Compression::fast());
    gzip.write_all(bytes).expect("memory takes it");
    gzip.finish().expect("memory takes it")
}

#[test]
fn idx_raw_and_packed() {
    let place = TempDir::new().expect("a folder");
    let [images, labels] = idx_files();
    let file = place.path().join("t10k-images-idx3-ubyte");
    fs::write(place.path().join("t10k-labels-idx1-ubyte"), &labels).expect("a file");
    for whole in [images.clone(), packed(&images)] {
        mutate(&whole, |bytes| {
            fs::write(&file, bytes).expect("a file");
            data::load_test(&Source::at(place.path())).map(|digits| digits.len())
        });
    }
}

#[test]
fn networks() {
    let text = networks::lenet5().text();
    mutate(text.as_bytes(), |bytes| {
        let table = Table::parse(&String::from_utf8_lossy(bytes))?;
        build(&table, table.options).map(|network| network.parameters()).map_err(|e| e.to_string())
    });
}

#[test]
fn streams() {
    let [images, _] = idx_files();
    let row = |digit: &[u8]| digit.iter().map(u8::to_string).collect::<Vec<_>>().join(",");
    let rows = images[16..].chunks(784).map(|digit| format!("7,{}\n", row(digit)));
    let csv: String = rows.collect();
    for (whole, format) in [(csv.into_bytes(), Format::Csv), (images, Format::Idx)] {
        mutate(&whole, |bytes| {
            DigitStream::new(bytes, format, 28)
                .map(|piece| piece.map(|p| p.len()))
                .collect::<lenet::Result<Vec<_>>>()
        });
    }
}

#[test]
fn models() {
    let place = TempDir::new().expect("a folder");
    let model = fs::read(write_model(place.path(), "lenet1")).expect("a model");
    let file = place.path().join("mutated.safetensors");
    mutate(&model, |bytes| {
        fs::write(&file, bytes).expect("a file");
        Model::read(&file).map(|model| model.parameters.len())
    });
}

/// One command reads many records; each mutation of a configuration needs a command.
#[test]
fn records_and_settings() {
    const EACH: usize = 24;
    let place = TempDir::new().expect("a folder");
    let mut rng = Rng::new(2, Stream::Test);
    let record = json!({
        "lenet": "0.1.0", "recipe": "lenet1", "network": "lenet1", "parameters": 2578, "connections": 98442,
        "device": "CPU", "profile": "reference", "status": "complete",
        "settings": { "lr": { "value": 0.03, "origin": "default" } },
        "result": { "epochs": 1, "seconds": 1.5, "test_errors": 300 },
    });
    let line = r#"{"event":"epoch","epoch":1,"loss":0.5,"test_accuracy":0.97,"seconds":1.5}"#;
    for number in 0..4 * EACH {
        let run_folder = place.path().join(format!("run-{number}"));
        fs::create_dir(&run_folder).expect("a folder");
        let text = mutated(&mut rng, record.to_string().as_bytes());
        fs::write(run_folder.join("run.json"), text).expect("a file");
        fs::write(run_folder.join("metrics.jsonl"), mutated(&mut rng, line.as_bytes()))
            .expect("a file");
    }
    let settings = b"recipe = \"lenet1\"\nbatch = 4\ntrain-limit = 4\ndevice = \"cpu\"\nlr = 0.1\n";
    let file = place.path().join("settings.toml");
    let check = |args: &[&str]| {
        let output = run(args);
        let said = text(&output.stderr);
        assert!(output.status.code().is_some_and(|code| code < 100), "{args:?} said {said}");
        assert!(!said.contains("panicked"), "{args:?} said {said}");
    };
    check(&["runs", path(place.path())]);
    let (set, out) = (small_set(place.path()), place.path().join("trained"));
    let train =
        ["train", "--quiet", "--steps", "1", "--data", &set, "--out", path(&out), "--force"];
    let train = [&train[..], &["--no-report", "--config", path(&file)]].concat();
    fs::write(&file, settings).expect("a file");
    prints(&train);
    for _ in 0..EACH {
        fs::write(&file, mutated(&mut rng, settings)).expect("a file");
        check(&train);
    }
}
