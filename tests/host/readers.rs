//! The readers of digits that are neither IDX nor archives: CSV, zip codes, folders of pictures.

use std::fmt::Write as _;
use std::fs;
use std::io::Write;
use std::path::Path;

use crate::common::Outcome;
use flate2::Compression;
use flate2::write::GzEncoder;
use image::{GrayImage, ImageFormat};
use lenet::data::{self, DIGIT_PIXELS, Digits, Mnist, Source};
use tempfile::TempDir;

/// The first digits of MNIST.
pub(crate) fn small() -> Mnist {
    let mut mnist = data::builtin().expect("the built-in digits");
    mnist.train.truncate(30);
    mnist.test.truncate(20);
    mnist
}

pub(crate) fn load(path: &Path) -> lenet::Result<Mnist> {
    data::load(&Source::at(path))
}

fn load_share(path: &Path, share: f64) -> lenet::Result<Mnist> {
    data::load(&Source { test_share: Some(share), ..Source::at(path) })
}

#[track_caller]
pub(crate) fn refused(result: lenet::Result<Mnist>, code: u8, words: &[&str]) {
    let Err(error) = result else { panic!("accepted, without {words:?}") };
    assert_eq!(error.exit_code(), code, "{error}");
    let message = error.to_string();
    assert!(words.iter().all(|word| message.contains(word)), "{words:?} not in {message}");
}

fn csv(digits: &Digits) -> String {
    (0..digits.len()).fold(String::new(), |mut text, i| {
        write!(text, "{}", digits.label(i)).expect("a text");
        digits.digit(i).iter().for_each(|byte| write!(text, ",{byte}").expect("a text"));
        text + "\n"
    })
}

#[test]
fn csv_in_two_files_or_one() -> Outcome {
    let (folder, small) = (TempDir::new()?, small());
    let path = |name: &str| folder.path().join(name);
    fs::write(path("mnist_train.csv"), csv(&small.train))?;
    let mut packed =
        GzEncoder::new(fs::File::create(path("mnist_test.csv.gz"))?, Compression::fast());
    packed.write_all(csv(&small.test).as_bytes())?;
    packed.finish()?;
    assert!(load(folder.path())? == small);
    assert!(data::load_test(&Source::at(folder.path()))? == small.test);
    // One file: every class gives the same share, and the same digits each time.
    let one = path("mnist_train.csv");
    let split = load_share(&one, 0.5)?;
    assert!(split == load_share(&one, 0.5)?);
    assert_eq!(split.train.len() + split.test.len(), 30);
    let count = |set: &Digits, class| set.labels().iter().filter(|&&label| label == class).count();
    for class in 0..10 {
        let apart = count(&split.train, class).abs_diff(count(&split.test, class));
        assert!(apart <= 1, "{class}");
    }
    refused(load(&one), 2, &["--test-share"]);
    refused(load_share(&one, 1.5), 2, &["1.5"]);
    refused(load_share(folder.path(), 0.5), 2, &["--test-share"]);
    fs::write(path("mnist_test.csv.gz"), csv(&small.test).replacen(',', ",256,", 1))?;
    refused(load(folder.path()), 3, &["mnist_test.csv", "line 1"]);
    fs::write(path("mnist_test.csv.gz"), "")?;
    refused(load(folder.path()), 3, &["no digit"]);
    Ok(())
}

#[test]
fn zip_codes_stand_in_the_middle() -> Outcome {
    let folder = TempDir::new()?;
    let line = |label: &str, corner: &str| format!("{label} {corner}{}\n", " -1.000".repeat(255));
    let put = |set: &str, text: String| fs::write(folder.path().join(format!("zip.{set}")), text);
    put("train", line("6.0000", "1.000") + &line("5.0000", "0.5"))?;
    put("test", line("9", "-1"))?;
    let found = load(folder.path())?;
    assert_eq!((found.train.labels(), found.test.labels()), (&[6, 5][..], &[9][..]));
    let corner = 6 * 28 + 6;
    assert_eq!([found.train.digit(0)[corner], found.train.digit(1)[corner]], [255, 191]);
    let ink: u64 = found.train.pixels().iter().map(|&byte| u64::from(byte)).sum();
    assert_eq!((ink, found.test.digit(0)), (255 + 191, &[0; DIGIT_PIXELS][..]));
    for (text, word) in [
        (line("6.0", "1.5"), "1.5"),
        (line("6.0", "nan"), "NaN"),
        (line("6.0", ""), "255"),
        (line("6.5", "1"), "label"),
        ("page".into(), "line 1"),
        (String::new(), "empty"),
    ] {
        put("test", text)?;
        refused(load(folder.path()), 3, &["zip.test", word]);
    }
    Ok(())
}

/// Writes digits as PNG files in a folder for each class, enlarged; returns them class by class.
fn write_pictures(
    folder: &Path,
    digits: &Digits,
    scale: u32,
) -> Result<Digits, Box<dyn std::error::Error>> {
    let mut order: Vec<usize> = (0..digits.len()).collect();
    order.sort_by_key(|&i| digits.label(i));
    for &i in &order {
        let class = folder.join(digits.label(i).to_string());
        fs::create_dir_all(&class)?;
        let side = 28 * scale;
        let picture = GrayImage::from_fn(side, side, |x, y| {
            image::Luma([digits.digit(i)[(y / scale * 28 + x / scale) as usize]])
        });
        picture.save_with_format(class.join(format!("{i:03}.png")), ImageFormat::Png)?;
    }
    Ok(digits.pick(order))
}

/// A folder with the first digits of MNIST as pictures, and the digits in the order of their classes.
fn folder_of_pictures(scale: u32) -> Result<(TempDir, Mnist), Box<dyn std::error::Error>> {
    let (folder, small) = (TempDir::new()?, small());
    let train = write_pictures(&folder.path().join("train"), &small.train, scale)?;
    let test = write_pictures(&folder.path().join("test"), &small.test, scale)?;
    Ok((folder, Mnist { train, test }))
}

#[test]
fn pictures_by_class() -> Outcome {
    let (folder, small) = folder_of_pictures(1)?;
    assert!(load(folder.path())? == small);
    let one = folder.path().join("train");
    let split = load_share(&one, 0.2)?;
    assert_eq!(split.train.len() + split.test.len(), 30);
    refused(load(&one), 2, &["--test-share"]);
    Ok(())
}

#[test]
fn pictures_enlarged_are_fitted_back() -> Outcome {
    let (folder, small) = folder_of_pictures(10)?;
    let fitted = load(folder.path())?.train;
    assert_eq!(fitted.labels(), small.train.labels());
    let pairs = fitted.pixels().iter().zip(small.train.pixels());
    let mean =
        pairs.map(|(a, b)| f64::from(a.abs_diff(*b))).sum::<f64>() / fitted.pixels().len() as f64;
    assert!(mean < 5.0, "{mean}");
    Ok(())
}

#[test]
fn a_picture_in_two_pieces_is_one_digit() -> Outcome {
    let (folder, _) = folder_of_pictures(1)?;
    let ink = |x: u32| if [12, 13, 40, 41].contains(&x) { 255 } else { 0 };
    let bars = GrayImage::from_fn(60, 60, |x, y| {
        image::Luma([if (10..50).contains(&y) { ink(x) } else { 0 }])
    });
    bars.save_with_format(folder.path().join("train/3/zzz.png"), ImageFormat::Png)?;
    let pieces = load(folder.path())?.train;
    let last = (0..pieces.len()).rfind(|&i| pieces.label(i) == 3).expect("a three");
    let inked = |x: usize| (0..28).any(|y| pieces.digit(last)[y * 28 + x] > 0);
    assert_eq!((1..28).filter(|&x| inked(x) && !inked(x - 1)).count(), 2);
    Ok(())
}

#[test]
fn folders_of_pictures_name_their_classes() -> Outcome {
    let (folder, _) = folder_of_pictures(1)?;
    let (train, test) = (folder.path().join("train"), folder.path().join("test"));
    fs::write(train.join("3/broken.png"), "no picture")?;
    refused(load(folder.path()), 3, &["broken.png"]);
    fs::remove_file(train.join("3/broken.png"))?;
    fs::rename(train.join("3"), train.join("three"))?;
    refused(load(folder.path()), 3, &["\"3\"", "three"]);
    fs::rename(test.join("3"), test.join("three"))?;
    // No longer all digits: classes are called as their folders, in the order of their names.
    let named = load(folder.path())?;
    let three = named.train.names().list().iter().position(|name| name == "three");
    assert_eq!(three, Some(named.train.classes() - 1));
    assert_eq!(named.test.names(), named.train.names());
    Ok(())
}

#[test]
fn other_things_are_refused() -> Outcome {
    let folder = TempDir::new()?;
    refused(load(folder.path()), 3, &["CSV"]);
    refused(load(&folder.path().join("nowhere.csv")), 3, &["nowhere.csv"]);
    let file = folder.path().join("digits.bin");
    fs::write(&file, "x")?;
    refused(load(&file), 3, &["digits.bin", ".npz"]);
    #[cfg(unix)]
    refused(load(Path::new("/dev/zero")), 3, &["/dev/zero"]);
    Ok(())
}
