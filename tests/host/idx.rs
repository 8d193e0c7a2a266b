//! The reader of IDX files: folders in every accepted form, every defect.

use std::fs;
use std::io::Write;
use std::path::Path;
use std::sync::LazyLock;

use flate2::{Compression, write::GzEncoder};

use lenet::data::{self, DIGIT_PIXELS, Digits, Mnist, Source};
use tempfile::TempDir;

static BUILTIN: LazyLock<Mnist> = LazyLock::new(|| data::builtin().unwrap());

const FILES: [&str; 4] = [TRAIN_IMAGES, TRAIN_LABELS, TEST_IMAGES, TEST_LABELS];
const TRAIN_IMAGES: &str = "train-images-idx3-ubyte";
const TRAIN_LABELS: &str = "train-labels-idx1-ubyte";
const TEST_IMAGES: &str = "t10k-images-idx3-ubyte";
const TEST_LABELS: &str = "t10k-labels-idx1-ubyte";

fn images_file(digits: &Digits) -> Vec<u8> {
    let header = [2051, digits.len() as u32, 28, 28].map(u32::to_be_bytes).concat();
    [&header, digits.pixels()].concat()
}

fn labels_file(digits: &Digits) -> Vec<u8> {
    let header = [2049, digits.len() as u32].map(u32::to_be_bytes).concat();
    [&header, digits.labels()].concat()
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

/// The four files of `mnist`, in the order of [`FILES`].
fn four_files(mnist: &Mnist) -> [Vec<u8>; 4] {
    let Mnist { train, test } = mnist;
    [images_file(train), labels_file(train), images_file(test), labels_file(test)]
}

fn first(train: usize, test: usize) -> Mnist {
    let mut mnist = BUILTIN.clone();
    mnist.train.truncate(train);
    mnist.test.truncate(test);
    mnist
}

/// A folder with five training and three test digits, the names changed by `rename` and the bytes
/// by `pack`.
fn small_folder(rename: impl Fn(&str) -> String, pack: impl Fn(&[u8]) -> Vec<u8>) -> TempDir {
    static SMALL: LazyLock<[Vec<u8>; 4]> = LazyLock::new(|| four_files(&first(5, 3)));
    let dir = TempDir::new().unwrap();
    for (name, bytes) in FILES.iter().zip(SMALL.iter()) {
        fs::write(dir.path().join(rename(name)), pack(bytes)).unwrap();
    }
    dir
}

fn raw_folder() -> TempDir {
    small_folder(str::to_string, <[u8]>::to_vec)
}

fn gz_folder() -> TempDir {
    small_folder(|name| format!("{name}.gz"), gzip)
}

/// Asserts that `dir` is refused with exit code 3 and a message that has all of `words`.
#[track_caller]
fn refused(dir: &Path, words: &[&str]) {
    let Err(error) = data::load(&Source::at(dir)) else { panic!("accepted, without {words:?}") };
    assert_eq!(error.exit_code(), 3, "{error}");
    let message = error.to_string();
    for word in words {
        assert!(message.contains(word), "no {word:?} in: {message}");
    }
}

/// Changes the raw file `name` of a sound folder, and asserts that the refusal names the file.
#[track_caller]
fn refused_after(name: &str, change: impl Fn(&mut Vec<u8>), words: &[&str]) {
    changed_and_refused(raw_folder(), name, change, words);
}

/// Changes the file `name` of `dir`, and asserts that the refusal names the file.
#[track_caller]
fn changed_and_refused(dir: TempDir, name: &str, change: impl Fn(&mut Vec<u8>), words: &[&str]) {
    let path = dir.path().join(name);
    let mut bytes = fs::read(&path).unwrap();
    change(&mut bytes);
    fs::write(&path, bytes).unwrap();
    refused(dir.path(), &[&[name], words].concat());
}

/// Sets the big-endian u32 at byte `at`.
fn set(at: usize, value: u32) -> impl Fn(&mut Vec<u8>) {
    move |bytes| bytes[at..at + 4].copy_from_slice(&value.to_be_bytes())
}

fn read(path: &Path) -> Mnist {
    data::load(&Source::at(path)).unwrap()
}

#[test]
fn both_readers_agree() {
    let dir = TempDir::new().unwrap();
    let files = four_files(&BUILTIN);
    for (name, bytes) in FILES.iter().zip(&files) {
        fs::write(dir.path().join(name), bytes).unwrap();
    }
    let by_crate = read(dir.path());
    // One packed file is enough to send all four through our own reader alone.
    fs::write(dir.path().join("t10k-labels-idx1-ubyte.gz"), gzip(&files[3])).unwrap();
    fs::remove_file(dir.path().join(TEST_LABELS)).unwrap();
    let by_idx = read(dir.path());
    assert!(by_crate == by_idx, "the mnist crate and our reader differ");
    assert!(by_crate == *BUILTIN, "the folder and the built-in digits differ");
}

#[test]
fn accepts_every_form_of_folder() {
    let small = first(5, 3);
    let dotted = |name: &str| name.replace("-idx", ".idx");
    for dir in [
        raw_folder(),
        gz_folder(),
        small_folder(dotted, <[u8]>::to_vec),
        small_folder(|name| dotted(name) + ".gz", gzip),
        small_folder(|name| name.to_uppercase() + ".GZ", gzip),
        small_folder(|name| name.replace("t10k", "test"), <[u8]>::to_vec),
        // As EMNIST has them.
        small_folder(|name| format!("emnist-digits-{}", name.replace("t10k", "test")), gzip),
        // Packed or raw by its content, whatever the name says; also packed twice.
        small_folder(str::to_string, gzip),
        small_folder(|name| format!("{name}.gz"), <[u8]>::to_vec),
        small_folder(|name| format!("{name}.gz"), |bytes| gzip(&gzip(bytes))),
    ] {
        assert!(read(dir.path()) == small, "{:?}", fs::read_dir(dir.path()));
    }
    // As QMNIST has them: eight columns of 32-bit integers.
    let wide = small_folder(|name| format!("qmnist-{name}.gz"), gzip);
    for (name, count) in [(TRAIN_LABELS, 5_u32), (TEST_LABELS, 3)] {
        let short = wide.path().join(format!("qmnist-{name}.gz"));
        fs::remove_file(&short).unwrap();
        let labels = if count == 5 { &small.train } else { &small.test }.labels().to_vec();
        let rows = labels.iter().flat_map(|&label| [u32::from(label), 1, 2, 3, 4, 5, 6, 7]);
        let words = [3074, count, 8].into_iter().chain(rows).flat_map(u32::to_be_bytes);
        let name = format!("qmnist-{}.gz", name.replace("idx1-ubyte", "idx2-int"));
        fs::write(wide.path().join(name), gzip(&words.collect::<Vec<_>>())).unwrap();
    }
    assert!(read(wide.path()) == small);
    // Images of one set beside labels of another.
    let [letters, digits] = ["emnist-letters-", "emnist-digits-"];
    let mixed = small_folder(
        |name| [letters, digits][usize::from(name.contains("labels"))].to_string() + name,
        gzip,
    );
    refused(mixed.path(), &[letters, digits, "two sets"]);
    // As torchvision has them.
    let (above, raw) = (TempDir::new().unwrap(), raw_folder());
    fs::create_dir(above.path().join("MNIST")).unwrap();
    fs::rename(raw.path(), above.path().join("MNIST/raw")).unwrap();
    assert!(read(above.path()) == small);
    // Two sets of images in one folder: neither is chosen.
    let dir = small_folder(|name| format!("emnist-digits-{name}"), gzip);
    fs::write(dir.path().join("emnist-letters-train-images-idx3-ubyte.gz"), "other").unwrap();
    refused(dir.path(), &[TRAIN_IMAGES]);
    // Raw wins over packed, and a folder of a file's name is passed over.
    let dir = raw_folder();
    fs::write(dir.path().join("train-images-idx3-ubyte.gz"), "nonsense").unwrap();
    assert!(data::load(&Source::at(dir.path())).unwrap() == small);
    let dir = gz_folder();
    fs::create_dir(dir.path().join(TRAIN_IMAGES)).unwrap();
    assert!(data::load(&Source::at(dir.path())).unwrap() == small);
}

#[test]
fn refuses_a_folder_that_is_not_there() {
    let dir = raw_folder();
    refused(&dir.path().join("nowhere"), &["nowhere"]);
    refused(&dir.path().join(TRAIN_LABELS), &[TRAIN_LABELS]);
}

#[test]
fn refuses_missing_files() {
    let dir = raw_folder();
    fs::remove_file(dir.path().join(TRAIN_LABELS)).unwrap();
    fs::remove_file(dir.path().join(TEST_IMAGES)).unwrap();
    let folder = dir.path().display().to_string();
    refused(dir.path(), &[&folder, TRAIN_LABELS, TEST_IMAGES, ".gz"]);
}

#[test]
fn refuses_a_wrong_length() {
    for name in FILES {
        refused_after(name, Vec::clear, &["empty"]);
    }
    let cut = "cut";
    refused_after(TEST_LABELS, |b| b.truncate(10), &["10 bytes", "11", cut]);
    refused_after(TRAIN_IMAGES, |b| b.truncate(3_000), &["3,000 bytes", "3,936", cut]);
    refused_after(TRAIN_IMAGES, |b| b.truncate(3), &["3 bytes", "16", cut]);
    refused_after(TRAIN_IMAGES, |b| b.truncate(15), &["15 bytes", "16", cut]);
    refused_after(TRAIN_LABELS, |b| b.truncate(6), &["6 bytes", "8", cut]);
    let long = "long";
    refused_after(TRAIN_LABELS, |b| b.push(3), &["14 bytes", "13", long]);
    refused_after(TEST_IMAGES, |b| b.push(3), &["2,369 bytes", "2,368", long]);
}

#[test]
fn refuses_a_wrong_header() {
    refused_after(TRAIN_IMAGES, set(0, 7), &["7", "2051"]);
    refused_after(TEST_LABELS, set(0, 7), &["7", "2049"]);
    refused_after(TRAIN_IMAGES, |b| *b = gzip(&gzip(&gzip(b))), &["gzip", "2"]);
    refused_after(TRAIN_IMAGES, set(0, 0x0d03), &["32-bit floats"]);
    refused_after(TEST_LABELS, set(0, 2049_u32.swap_bytes()), &["reversed"]);
    refused_after(TRAIN_IMAGES, set(4, 0), &["0 images"]);
    refused_after(TEST_LABELS, set(4, 0), &["0 labels"]);
    refused_after(TRAIN_LABELS, set(4, u32::MAX), &["4,294,967,295", "1,000,000"]);
    refused_after(TRAIN_IMAGES, set(4, u32::MAX), &["4,294,967,295", "1,000,000"]);
    refused_after(TRAIN_IMAGES, set(8, 32), &["32x28", "64x64"]);
    refused_after(TEST_IMAGES, set(12, 0), &["28x0", "64x64"]);
}

#[test]
fn other_sides_have_a_place_in_28x28() {
    let with_side = |side: u32, pixel: [u32; 2]| {
        let dir = raw_folder();
        for (name, count) in [(TRAIN_IMAGES, 5_u32), (TEST_IMAGES, 3)] {
            let mut bytes = [2051, count, side, side].map(u32::to_be_bytes).concat();
            bytes.resize(16 + (count * side * side) as usize, 0);
            bytes[16 + (pixel[0] * side + pixel[1]) as usize] = 200;
            fs::write(dir.path().join(name), bytes).unwrap();
        }
        dir
    };
    for (side, pixel, place) in [(16, [3, 5], [9, 11]), (32, [2, 29], [0, 27])] {
        let digits = read(with_side(side, pixel).path()).train;
        let mut expected = vec![0; DIGIT_PIXELS];
        expected[place[0] * 28 + place[1]] = 200;
        assert_eq!(digits.digit(0), expected, "{side}");
        assert_eq!(digits.digit(4), vec![0; DIGIT_PIXELS], "{side}");
    }
    // Pictures of any other side keep it, and so do those of 32x32 with ink in their border.
    for (side, pixel) in [(32, [1, 9]), (20, [1, 9]), (8, [7, 0]), (64, [63, 63])] {
        let found = data::load(&Source::at(with_side(side, pixel).path()));
        // The ink stands in both sets: where only one of them became 28x28, they would be refused.
        assert_eq!(found.unwrap().train.side(), side as usize);
    }
    // A training set with ink in its border keeps 32x32, a test set without becomes 28x28.
    let dir = with_side(32, [1, 9]);
    let file = dir.path().join(TEST_IMAGES);
    let mut bytes = fs::read(&file).unwrap();
    bytes[16..].fill(0);
    fs::write(&file, bytes).unwrap();
    refused(dir.path(), &["32x32", "28x28", "--side 32"]);
    refused(with_side(7, [0, 0]).path(), &["7x7", "8x8 to 64x64"]);
    refused(with_side(65, [0, 0]).path(), &["65x65", "8x8 to 64x64"]);
    // `--side` puts smaller pictures into the middle of a field, and takes the empty border off larger ones.
    let of_side = |side: u32, pixel: [u32; 2], wanted: usize| {
        let dir = with_side(side, pixel);
        data::load(&Source { side: Some(wanted), ..Source::at(dir.path()) })
    };
    for (side, pixel, wanted, place) in
        [(16, [3, 5], 16, [3, 5]), (8, [0, 7], 9, [0, 7]), (20, [2, 17], 16, [0, 15])]
    {
        let train = of_side(side, pixel, wanted).unwrap().train;
        assert_eq!(train.digit(0)[place[0] * wanted + place[1]], 200, "{side} to {wanted}");
        assert_eq!(train.digit(0).iter().filter(|&&byte| byte > 0).count(), 1);
    }
    let cut = of_side(20, [1, 17], 16).unwrap_err().to_string();
    assert!(cut.contains("20x20") && cut.contains("16x16"), "{cut}");
}

#[test]
fn refuses_swapped_files() {
    let dir = raw_folder();
    let (images, labels) = (dir.path().join(TRAIN_IMAGES), dir.path().join(TRAIN_LABELS));
    let images_bytes = fs::read(&images).unwrap();
    fs::copy(&labels, &images).unwrap();
    refused(dir.path(), &[TRAIN_IMAGES, "2051", "swapped"]);
    fs::write(&images, &images_bytes).unwrap();
    fs::write(&labels, &images_bytes).unwrap();
    refused(dir.path(), &[TRAIN_LABELS, "2049", "swapped"]);
}

#[test]
fn refuses_labels_that_do_not_fit() {
    let high = |bytes: &mut Vec<u8>| bytes[8 + 3] = 77;
    refused_after(TRAIN_LABELS, high, &["label 77", "3", "63"]);
    let wide = |label: i32| {
        move |bytes: &mut Vec<u8>| {
            *bytes = [3073, 5, 0, label, 2, 3, 4].map(i32::to_be_bytes).concat();
        }
    };
    refused_after(TRAIN_LABELS, wide(-1), &["index 1"]);
    refused_after(TRAIN_LABELS, wide(266), &["index 1"]);
    let one_less = |bytes: &mut Vec<u8>| {
        bytes.pop();
        set(4, 4)(bytes);
    };
    let words = ["4 labels", "5 images", TRAIN_IMAGES];
    refused_after(TRAIN_LABELS, one_less, &words);
}

#[test]
fn gzip_may_have_zeros_after_it() {
    let padded = small_folder(|name| name.into(), |bytes| [&gzip(bytes)[..], &[0; 600]].concat());
    assert!(read(padded.path()) == first(5, 3));
}

/// IDX files of other types and dimensions: the message says what was found and what is needed.
#[test]
fn says_which_numbers_are_needed() {
    for (magic, words) in [
        (
            0x0804,
            &["4 dimensions of bytes", "needs 3, count, rows and columns", "[N, side, side]"][..],
        ),
        (0x0d03, &["3 dimensions of 32-bit floats", "of bytes"]),
    ] {
        refused_after(TEST_IMAGES, set(0, magic), words);
    }
    refused_after(TEST_LABELS, set(0, 0x0802), &["2 dimensions of bytes", "needs 1", "[N]"]);
    refused_after(TEST_LABELS, set(0, 0x0b01), &["1 dimension of 16-bit integers", "[N]"]);
}

#[cfg(unix)]
#[test]
fn names_a_broken_link() {
    let dir = raw_folder();
    let file = dir.path().join(TRAIN_IMAGES);
    fs::remove_file(&file).unwrap();
    std::os::unix::fs::symlink("nowhere", &file).unwrap();
    refused(dir.path(), &[TRAIN_IMAGES, "a link to a file that is not there"]);
}

#[test]
fn refuses_broken_gzip() {
    let name = "train-images-idx3-ubyte.gz";
    let refused_gz = |change: &dyn Fn(&mut Vec<u8>), words: &[&str]| {
        changed_and_refused(gz_folder(), name, change, words);
    };
    refused_gz(&Vec::clear, &["empty"]);
    refused_gz(&|b| b.truncate(5), &["cut"]);
    refused_gz(&|b| b.truncate(b.len() / 2), &["cut"]);
    refused_gz(&|b| b.truncate(b.len() - 1), &["cut", "3,936"]);
    refused_gz(&|b| *b.last_mut().unwrap() ^= 1, &["broken"]);
    refused_gz(&|b| b[12..40].fill(0xff), &["broken"]);
    refused_gz(&|b| b.extend(b"more"), &["4 bytes", "not packed"]);
    refused_gz(&|b| b.extend(b"much more of it"), &["not packed"]);
    refused_gz(&|b| *b = b"<html>no such page</html>".to_vec(), &["web page"]);
    refused_gz(&|b| *b = gzip(&b"\0\0\x08\x03\0\0"[..]), &["6 bytes", "16"]);
}
