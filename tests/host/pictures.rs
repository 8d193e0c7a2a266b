//! The pictures of tests/fixtures/pictures, read by the model of assets/: how many come out right, by
//! kind. Their names end in what they show.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use crate::common::program::{json_of, path};
use serde_json::Value;

const MODEL: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/assets/lenet5.safetensors");
const PICTURES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/pictures");
/// What is no picture there.
const OTHERS: &[&str] = &["md", "py", "txt"];

/// Pictures of each kind, and how many have to be read right at least.
const FLOORS: &[(&str, usize, usize)] = &[
    ("chalk", 10, 9),
    ("font", 18, 16),
    ("line", 6, 5),
    ("noise", 10, 9),
    ("photo", 10, 9),
    ("sklearn", 10, 9),
    ("stroke", 30, 28),
    ("table", 3, 2),
];

fn pictures() -> Vec<PathBuf> {
    let is_picture = |file: &PathBuf| {
        file.extension().and_then(|e| e.to_str()).is_some_and(|e| !OTHERS.contains(&e))
    };
    let files = fs::read_dir(PICTURES).unwrap().map(|entry| entry.unwrap().path());
    let mut files: Vec<PathBuf> = files.filter(is_picture).collect();
    files.sort();
    files
}

/// What a file shows, by its name.
fn truth(file: &Path) -> &str {
    file.file_stem().unwrap().to_str().unwrap().rsplit('-').next().unwrap()
}

fn kind(file: &Path) -> &str {
    file.file_name().unwrap().to_str().unwrap().split('-').next().unwrap()
}

#[test]
fn most_pictures_are_read_right() {
    let files = pictures();
    let mut args = vec!["predict", MODEL, "--device", "cpu", "--reject", "0"];
    args.extend(files.iter().map(|file| path(file)));
    let json = json_of(&args);
    let readings = json["readings"].as_array().unwrap();
    assert_eq!(readings.len(), files.len());
    let mut counts: BTreeMap<&str, (usize, usize)> = BTreeMap::new();
    for (file, reading) in files.iter().zip(readings) {
        let count = counts.entry(kind(file)).or_default();
        count.0 += 1;
        if reading["text"] == truth(file) {
            count.1 += 1;
        } else {
            println!("{} is read as {}", file.display(), reading["text"]);
        }
    }
    println!("{counts:?}");
    for &(kind, all, floor) in FLOORS {
        let (found, right) = counts[kind];
        assert!(found == all && right >= floor, "{kind}: {right} of {found} are right");
    }
    assert_eq!(counts.len(), FLOORS.len());
}

/// Pictures that lie on their side stand in their files as a camera leaves them.
#[test]
fn places_are_those_of_the_upright_picture() {
    let files: Vec<PathBuf> = pictures();
    let turned = files.iter().find(|file| path(file).contains("photo-turned")).unwrap();
    let json = json_of(&["predict", MODEL, "--device", "cpu", path(turned)]);
    let place = &json["predictions"][0]["place"];
    let side = |name: &str| place[name].as_u64().unwrap();
    let picture = image::open(turned).unwrap();
    assert!(picture.width() > picture.height(), "the file lies on its side");
    assert!(side("height") > side("width"), "{place}");
    assert!(side("left") + side("width") <= u64::from(picture.height()), "{place}");
    assert_eq!(json["readings"][0]["text"], Value::from(truth(turned)));
}
