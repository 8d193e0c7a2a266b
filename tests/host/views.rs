//! Views of digits: the numbers that are drawn, the map that they make, the order of the epochs, and
//! whole runs through the program.
//!
//! Here an independent formula in f64 says whether the CPU reference is right; `tests/adapter/distort.rs` says whether
//! kernels and executors agree with that reference.

use std::collections::BTreeSet;

use crate::common::op::Numbers;
use crate::common::program::{USAGE, fails, path, prints};
use lenet::cpu::{Affine, distort};
use lenet::data;
use lenet::plan::abi::Record;
use lenet::plan::{Distortion, Ranges};
use lenet::recipe::{Available, Flags, Settings};
use lenet::rng::pcg4d;
use lenet::train::order::Orders;
use tempfile::TempDir;

/// Tolerance of a grey value: the reference cuts x and y of a place to 1/256 of a pixel. Each cut shifts the value by
/// up to 255/256.
const STEPS: f64 = 2.0 * 255.0 / 256.0;
const WIDE: Ranges = Ranges { shift: 3.5, scale: 0.3, squeeze: 0.25, shear: 0.6 };
/// Training digits of the tests of orders.
const DIGITS: usize = 40;

/// The expected words come from an implementation in Python, written after the paper's text.
#[test]
fn the_generator_repeats_known_words() {
    for (counter, expected) in [
        ([0, 0, 0, 0], [0x0f02_f829, 0x2d56_8769, 0x32b0_c43b, 0xd325_48ea]),
        ([1, 2, 3, 4], [0x3622_cd16, 0xf114_71d8, 0xe110_9b3f, 0x02b9_4c2f]),
        ([u32::MAX, 25, 69_999, 1], [0x0b2b_734a, 0x6d84_891f, 0x8da9_2dcf, 0x338a_1902]),
    ] {
        assert_eq!(pcg4d(counter), expected, "{counter:?}");
    }
}

/// Shift x and y, scale, squeeze and shear of a map, each as a share of its range.
fn numbers(k: &Distortion, map: &Affine) -> [f64; 5] {
    let one = 1 << 16;
    let scale = (map.xx + map.yy - 2 * one) / 2;
    let squeeze = (map.xx - map.yy) / 2;
    let share = |value: i32, most: u32| f64::from(value) / f64::from(most);
    [
        share(map.x, k.max_shift),
        share(map.y, k.max_shift),
        share(scale, k.max_scale),
        share(squeeze, k.max_squeeze),
        share(map.xy, k.max_shear),
    ]
}

/// Key, view and digit of a draw.
type Place = fn(u32) -> (u32, u32, u32);

#[test]
fn five_numbers_are_uniform_and_independent() {
    const DRAWS: u32 = 60_000;
    let k = Distortion::new(Ranges::default(), DRAWS as usize);
    // Far apart in each direction that they are counted in: keys, views, digits.
    let streams: [Place; 3] =
        [|i| (7, 1, i), |i| (7, 1 + i, 7), |i| (i.wrapping_mul(0x9e37_79b9), 1, 7)];
    for (number, place) in streams.into_iter().enumerate() {
        let draw = |i| {
            let (key, view, digit) = place(i);
            numbers(&k, &Affine::of(&k, key, view, digit))
        };
        let drawn: Vec<[f64; 5]> = (0..DRAWS).map(draw).collect();
        let mean =
            |of: &dyn Fn(&[f64; 5]) -> f64| drawn.iter().map(of).sum::<f64>() / f64::from(DRAWS);
        // Five standard deviations of a mean of products of two such numbers, each of variance 1/3.
        let noise = 5.0 / 3.0 / f64::from(DRAWS).sqrt();
        for a in 0..5 {
            let average = mean(&|x| x[a]);
            assert!(
                average.abs() < 5.0 * (1.0 / 3.0 / f64::from(DRAWS)).sqrt(),
                "{number}, {a}: {average}"
            );
            let (low, high) = drawn
                .iter()
                .fold((1.0_f64, -1.0_f64), |(low, high), x| (low.min(x[a]), high.max(x[a])));
            assert!((-1.0..-0.999).contains(&low) && (0.999..=1.0).contains(&high), "{low} {high}");
            for b in a..5 {
                let product = mean(&|x| x[a] * x[b]);
                let expected = if a == b { 1.0 / 3.0 } else { 0.0 };
                assert!((product - expected).abs() < noise, "{number}, {a} and {b}: {product}");
            }
        }
    }
}

/// One pixel of the picture that a map makes of `pixels`, in f64 by the formula: four pixels of the digit, weighted.
fn bilinear(map: &Affine, pixels: &[u8], side: usize, row: usize, column: usize) -> f64 {
    let one = 65_536.0;
    let centre = (side as f64 - 1.0) / 2.0;
    let (x, y) = (column as f64 - centre, row as f64 - centre);
    let of = |part: i32| f64::from(part) / one;
    let source_x = of(map.xx) * x + of(map.xy) * y + f64::from(map.x) / 4_096.0 + 13.5;
    let source_y = of(map.yy) * y + f64::from(map.y) / 4_096.0 + 13.5;
    let weight = |at: usize, source: f64| (1.0 - (at as f64 - source).abs()).max(0.0);
    let row = |i: usize| -> f64 {
        (0..28).map(|j| weight(j, source_x) * f64::from(pixels[i * 28 + j])).sum()
    };
    (0..28).filter(|&i| weight(i, source_y) > 0.0).map(|i| weight(i, source_y) * row(i)).sum()
}

/// The whole picture, by the CPU reference.
fn picture(map: &Affine, pixels: &[u8], side: usize) -> Vec<f32> {
    let mut record = Vec::new();
    Record::MNIST.append(&mut record, pixels, &[0]);
    let places = (0..side).flat_map(|row| (0..side).map(move |column| (row, column)));
    places.map(|place| distort(map, &record, Record::MNIST, (side, side), place)).collect()
}

fn digit(number: usize) -> Vec<u8> {
    data::builtin().expect("the built-in digits").test.digit(number).to_vec()
}

/// The digit one column to the right and two rows up, in a picture with a border of 2.
#[test]
fn shifts_by_whole_pixels() {
    let pixels = digit(0);
    let map = Affine { x: -4_096, y: 2 * 4_096, ..Affine::IDENTITY };
    let expected = |row: usize, column: usize| match (row.checked_sub(0), column.checked_sub(3)) {
        (Some(row @ 0..28), Some(column @ 0..28)) => f32::from(pixels[row * 28 + column]),
        _ => 0.0,
    };
    let found = picture(&map, &pixels, 32);
    assert!(found.iter().any(|&value| value > 200.0));
    for (place, value) in found.into_iter().enumerate() {
        assert_eq!(value, expected(place / 32, place % 32), "row {}, {}", place / 32, place % 32);
    }
}

#[test]
fn maps_are_those_of_the_reference() {
    let noise: Vec<u8> = Numbers::new(31).any(784).into_iter().map(|word| word as u8).collect();
    let k = Distortion::new(WIDE, 100);
    for side in [28, 30, 32, 38] {
        for view in 1..6 {
            let map = Affine::of(&k, 3, view, side as u32);
            for pixels in [&noise, &digit(view as usize)] {
                let found = picture(&map, pixels, side);
                for (place, &value) in found.iter().enumerate() {
                    let (row, column) = (place / side, place % side);
                    let expected = bilinear(&map, pixels, side, row, column);
                    assert!(
                        (f64::from(value) - expected).abs() <= STEPS,
                        "{map:?}, side {side}, row {row}, column {column}: {value}, not {expected}"
                    );
                }
            }
        }
    }
}

fn settings(distort: &[(&str, &str)], shuffle: &str) -> Settings {
    let flags = [&[("shuffle", shuffle), ("seed", "5")], distort].concat();
    let flags = Flags::of(&flags).expect("flags that there are");
    let available = Available { train: DIGITS, test: 10, ..Available::MNIST };
    Settings::resolve(&flags, available, None).expect("flags that fit")
}

#[test]
fn orders_follow_from_seed_and_epoch() {
    let digits: Vec<u32> = (0..DIGITS as u32).collect();
    let k = Distortion::new(Ranges::default(), DIGITS + 10);
    let on: &[(&str, &str)] = &[("distort", "on")];
    let copies: &[(&str, &str)] = &[("distort", "on"), ("distortions", "9")];
    let orders = |flags: &[(&str, &str)], shuffle: &str, k: Option<&Distortion>| {
        Orders::new(&settings(flags, shuffle), &digits, k)
    };

    // Anew: the order of a run without distortion, each epoch in its own view.
    let mut plain = orders(&[], "on", None);
    let mut anew = orders(on, "on", Some(&k));
    for epoch in 0..3 {
        let expected = plain.epoch(epoch).into_iter().map(|digit| k.entry(digit, epoch as u32 + 1));
        assert_eq!(anew.epoch(epoch), expected.collect::<Vec<_>>());
    }
    // A run that goes on with its third epoch.
    assert_eq!(orders(on, "on", Some(&k)).epoch(2), anew.epoch(2));

    // Copies: ten passes see every pair once, and the next ten the same in the same order.
    let mut fixed = orders(copies, "on", Some(&k));
    let passes: Vec<Vec<u32>> = (0..20).map(|epoch| fixed.epoch(epoch)).collect();
    let all: BTreeSet<(u32, u32)> =
        passes[..10].iter().flatten().map(|&entry| k.digit_and_view(entry)).collect();
    let pairs = digits.iter().flat_map(|&digit| (0..10).map(move |view| (digit, view)));
    assert_eq!(all, pairs.collect());
    assert_eq!(passes[..10], passes[10..]);
    assert_eq!(orders(copies, "on", Some(&k)).epoch(13), passes[13]);
    let in_order = orders(copies, "off", Some(&k)).epoch(4);
    assert_eq!(in_order, digits.iter().map(|&digit| k.entry(digit, 4)).collect::<Vec<_>>());
}

/// Whole runs: a command leaves the same model twice, and each way to distort leaves another model.
#[test]
fn runs_repeat_undistorted_anew_and_with_copies() {
    let folder = TempDir::new().expect("a folder");
    let model = |name: &str, more: &[&str]| -> Vec<u8> {
        let out = folder.path().join(name);
        let short = ["train", "--device", "cpu", "--network", "lenet1", "--train-limit", "60"];
        let rest = ["--test-limit", "20", "--epochs", "3", "--quiet", "--out", path(&out)];
        prints(&[&short[..], &rest, more].concat());
        std::fs::read(out.join("model.safetensors")).expect("a model")
    };
    let anew = ["--distort", "on"];
    let copies = ["--distort", "on", "--distortions", "2"];
    let nothing =
        ["--distort", "on", "--shift", "0", "--scale", "0", "--squeeze", "0", "--shear", "0"];
    let ways: [(&str, &[&str]); 4] =
        [("off", &[]), ("anew", &anew), ("copies", &copies), ("nothing", &nothing)];
    let mut models = Vec::new();
    for (name, more) in ways {
        let first = model(name, more);
        assert_eq!(first, model(&format!("{name} again"), more), "{name}");
        // The header has the settings, which differ in any case; the parameters come after it.
        let header = u64::from_le_bytes(first[..8].try_into().expect("eight bytes")) as usize;
        models.push(first[8 + header..].to_vec());
    }
    assert_ne!(models[0], models[1]);
    assert_ne!(models[0], models[2]);
    assert_ne!(models[1], models[2]);
    assert_eq!(models[0], models[3], "without ranges nothing is distorted");
}

#[test]
fn flags_that_make_no_sense() {
    let train = |more: &[&str], words: &[&str]| fails(&[&["train"], more].concat(), USAGE, words);
    for flag in ["--distortions=9", "--shift=1", "--scale=0.1", "--squeeze=0.1", "--shear=0.1"] {
        let name = flag.split('=').next().unwrap_or(flag);
        train(&[flag], &[name, "--distort on"]);
        train(&["--recipe", "lenet5-distorted", "--distort", "off", flag], &[name, "--distort on"]);
    }
    for flag in ["--shift=8.5", "--scale=-0.1", "--squeeze=0.5", "--shear=nan", "--distortions=100"]
    {
        let name = flag.split('=').next().unwrap_or(flag);
        train(&["--distort", "on", flag], &[name]);
    }
    let folder = TempDir::new().expect("a folder");
    let file = folder.path().join("sheet.png");
    let sheet = ["distort", "--device", "cpu", "--out", path(&file)];
    for (flag, word) in [
        ("--index=60000", "59999"),
        ("--views=0", "--views"),
        ("--views=100", "--views"),
        ("--shift=9", "--shift"),
    ] {
        fails(&[&sheet[..], &[flag]].concat(), USAGE, &[word]);
    }
    assert!(!file.exists());
    fails(&["distort", "--out", path(folder.path())], USAGE, &["--out"]);
    fails(&["distort"], USAGE, &["--out"]);
}
