//! The readers of digits that are no IDX: CSV, archives of NumPy, zip codes, folders of pictures.

use std::fmt::Write as _;
use std::fs;
use std::io::Write;
use std::path::Path;

use crate::common::Outcome;
use flate2::Compression;
use flate2::write::{DeflateEncoder, GzEncoder};
use image::{GrayImage, ImageFormat};
use lenet::data::{self, DIGIT_PIXELS, Digits, Mnist, Source};
use tempfile::TempDir;

/// The first digits of MNIST.
fn small() -> Mnist {
    let mut mnist = data::builtin().expect("the built-in digits");
    mnist.train.truncate(30);
    mnist.test.truncate(20);
    mnist
}

fn load(path: &Path) -> lenet::Result<Mnist> {
    data::load(&Source::at(path))
}

fn load_share(path: &Path, share: f64) -> lenet::Result<Mnist> {
    data::load(&Source { test_share: Some(share), ..Source::at(path) })
}

#[track_caller]
fn refused(result: lenet::Result<Mnist>, code: u8, words: &[&str]) {
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

/// An array of NumPy of bytes or, where its numbers are wide, of 64-bit integers.
fn npy(shape: &str, numbers: &[u8], wide: bool) -> Vec<u8> {
    let kind = if wide { "<i8" } else { "|u1" };
    let header = format!("{{'descr': '{kind}', 'fortran_order': False, 'shape': ({shape}), }}\n");
    let mut bytes = b"\x93NUMPY\x01\x00".to_vec();
    bytes.extend((header.len() as u16).to_le_bytes());
    bytes.extend(header.bytes());
    match wide {
        true => bytes.extend(numbers.iter().flat_map(|&number| i64::from(number).to_le_bytes())),
        false => bytes.extend(numbers),
    }
    bytes
}

/// An archive, every second file of it packed.
fn archive(files: &[(&str, Vec<u8>)]) -> Vec<u8> {
    let mut archive = rawzip::ZipArchiveWriter::new(Vec::new());
    for (number, (name, bytes)) in files.iter().enumerate() {
        let packed = number % 2 == 1;
        let file = archive.new_file(format!("{name}.npy"));
        let method = if packed {
            rawzip::CompressionMethod::DEFLATE
        } else {
            rawzip::CompressionMethod::STORE
        };
        let (mut entry, config) = file.compression_method(method).start().expect("an entry");
        let descriptor = if packed {
            let encoder = DeflateEncoder::new(&mut entry, Compression::fast());
            let mut writer = config.wrap(encoder);
            writer.write_all(bytes).expect("bytes");
            let (encoder, descriptor) = writer.finish().expect("an end");
            encoder.finish().expect("an end");
            descriptor
        } else {
            let mut writer = config.wrap(&mut entry);
            writer.write_all(bytes).expect("bytes");
            writer.finish().expect("an end").1
        };
        entry.finish(descriptor).expect("an entry");
    }
    archive.finish().expect("an archive")
}

#[test]
fn archives_of_keras_and_kmnist() -> Outcome {
    let (folder, small) = (TempDir::new()?, small());
    let images = |set: &Digits, shape: &str| npy(&format!("{shape}, 28, 28"), set.pixels(), false);
    let keras = |shape: &str| {
        archive(&[
            ("x_test", images(&small.test, "20")),
            ("x_train", images(&small.train, shape)),
            ("y_train", npy("30,", small.train.labels(), false)),
            ("y_test", npy("20,", small.test.labels(), true)),
        ])
    };
    let file = folder.path().join("mnist.npz");
    fs::write(&file, keras("30"))?;
    assert!(load(&file)? == small);
    fs::write(&file, keras("31"))?;
    refused(load(&file), 3, &["mnist.npz", "x_train", "31"]);
    fs::write(&file, keras("18446744073709551615"))?;
    refused(load(&file), 3, &["x_train"]);
    let whole = keras("30");
    for length in [0, 10, whole.len() / 2, whole.len() - 3] {
        fs::write(&file, &whole[..length])?;
        refused(load(&file), 3, &["mnist.npz"]);
    }
    for (name, set, count) in [("train", &small.train, "30"), ("test", &small.test, "20")] {
        let put = |kind: &str, array: Vec<u8>| {
            let file = folder.path().join(format!("kmnist-{name}-{kind}.npz"));
            fs::write(file, archive(&[("arr_0", array)]))
        };
        put("imgs", images(set, count))?;
        put("labels", npy(&format!("{count},"), set.labels(), false))?;
    }
    assert!(load(folder.path())? == small);
    Ok(())
}

/// The same numbers in the order of C, and in that of Fortran with the image fastest.
#[test]
fn archives_in_the_order_of_fortran() -> Outcome {
    let folder = TempDir::new()?;
    let [first, second] = ["first.npz", "second.npz"].map(|name| folder.path().join(name));
    let value = |image: usize, y: usize, x: usize| (image * 64 + y * 8 + x) as u8;
    let put = |file: &Path, images: &dyn Fn(usize) -> Vec<u8>| {
        let labels = |count: usize| npy(&format!("{count},"), &[0, 1, 2][..count], false);
        let sets = [("x_train", images(3)), ("x_test", images(2))];
        let sets = sets.into_iter().chain([("y_train", labels(3)), ("y_test", labels(2))]);
        fs::write(file, archive(&sets.collect::<Vec<_>>()))
    };
    put(&first, &|count| {
        let numbers: Vec<u8> = (0..64 * count).map(|at| at as u8).collect();
        npy(&format!("{count}, 8, 8"), &numbers, false)
    })?;
    put(&second, &|count| {
        let place = |at: usize| value(at % count, at / count % 8, at / count / 8);
        let numbers: Vec<u8> = (0..64 * count).map(place).collect();
        let array = npy(&format!("{count}, 8, 8"), &numbers, true);
        let at = array.windows(5).position(|bytes| bytes == b"False").expect("a header");
        [&array[..at], b"True ", &array[at + 5..]].concat()
    })?;
    assert!(load(&first)? == load(&second)?);
    // A header that says no order is no header.
    put(&second, &|count| {
        let array = npy(&format!("{count}, 8, 8"), &vec![0; 64 * count], false);
        let at = array.windows(5).position(|bytes| bytes == b"False").expect("a header");
        [&array[..at], b"Maybe", &array[at + 5..]].concat()
    })?;
    refused(load(&second), 3, &["second.npz", "x_train"]);
    Ok(())
}

/// What NumPy may make of the same numbers.
#[test]
fn archives_of_other_types() -> Outcome {
    let folder = TempDir::new()?;
    let file = folder.path().join("digits.npz");
    let array = |kind: &str, shape: &str, body: Vec<u8>| {
        let mut bytes = npy(shape, &[], false);
        let header = String::from_utf8_lossy(&bytes[10..]).replace("'|u1'", kind);
        bytes.splice(8.., [&(header.len() as u16).to_le_bytes(), header.as_bytes()].concat());
        [bytes, body].concat()
    };
    let put = |kind: &str, bytes: &dyn Fn(u8) -> Vec<u8>| {
        let body = |count: usize| (0..64 * count).flat_map(|at| bytes((at % 2) as u8)).collect();
        let images = |count: usize| array(kind, &format!("{count}, 8, 8"), body(count));
        let labels = |count: usize| npy(&format!("{count},"), &[1, 0, 1][..count], true);
        let sets = [("x_train", images(3)), ("x_test", images(2))];
        let sets = sets.into_iter().chain([("y_train", labels(3)), ("y_test", labels(2))]);
        fs::write(&file, archive(&sets.collect::<Vec<_>>()))
    };
    // A 1, in bool and floats all of the ink, in whole numbers a 255th; of either order.
    type Bytes = fn(u8) -> Vec<u8>;
    let kinds: [(&str, Bytes, u8); 7] = [
        ("'|b1'", |ink| vec![ink], 255),
        ("'|i1'", |ink| vec![ink], 1),
        ("'<f2'", |ink| (u16::from(ink) * 0x3c00).to_le_bytes().into(), 255),
        ("'>f2'", |ink| (u16::from(ink) * 0x3c00).to_be_bytes().into(), 255),
        ("'>f4'", |ink| f32::from(ink).to_be_bytes().into(), 255),
        ("'>i4'", |ink| i32::from(ink).to_be_bytes().into(), 1),
        ("'<u8'", |ink| u64::from(ink).to_le_bytes().into(), 1),
    ];
    for (kind, bytes, ink) in kinds {
        put(kind, &bytes)?;
        assert_eq!(load(&file)?.train.digit(2)[..4], [0, ink, 0, ink], "{kind}");
    }
    put("'<f2'", &|ink| (u16::from(ink) * 0x3800).to_le_bytes().into())?;
    assert_eq!(load(&file)?.test.digit(1)[..2], [0, 128], "a half of 255");
    let faults: [(&str, Bytes, &str); 6] = [
        ("'|i1'", |ink| vec![ink.wrapping_neg()], "bring pixels to 0 to 255"),
        ("'<i2'", |ink| (-i16::from(ink)).to_le_bytes().into(), "bring pixels to 0 to 255"),
        ("'<f2'", |_| 0x7c00_u16.to_le_bytes().into(), "bring pixels to 0 to 255"),
        ("'<U1'", |ink| vec![ink, 0, 0, 0], "\"<U1\", where whole numbers, floats and bool"),
        ("'|O'", |ink| vec![ink], "astype(numpy.uint8)"),
        ("[('a', '<f4'), ('b', '|u1')]", |ink| vec![ink], "records of several fields"),
    ];
    for (kind, bytes, words) in faults {
        put(kind, &bytes)?;
        refused(load(&file), 3, &["x_train", words]);
    }
    fs::write(&file, archive(&[("images", vec![]), ("labels", vec![])]))?;
    refused(
        load(&file),
        3,
        &["no such array; those of the archive: images, labels", "name them x_train"],
    );
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

#[test]
fn pictures_by_class() -> Outcome {
    let (folder, small) = (TempDir::new()?, small());
    let train = write_pictures(&folder.path().join("train"), &small.train, 1)?;
    let test = write_pictures(&folder.path().join("test"), &small.test, 1)?;
    assert!(load(folder.path())? == Mnist { train: train.clone(), test });
    let one = folder.path().join("train");
    let split = load_share(&one, 0.2)?;
    assert_eq!(split.train.len() + split.test.len(), 30);
    refused(load(&one), 2, &["--test-share"]);
    // Enlarged ten times, they are fitted back.
    let large = TempDir::new()?;
    write_pictures(&large.path().join("train"), &small.train, 10)?;
    write_pictures(&large.path().join("test"), &small.test, 10)?;
    let fitted = load(large.path())?.train;
    assert_eq!(fitted.labels(), train.labels());
    let apart = fitted.pixels().iter().zip(train.pixels()).map(|(a, b)| f64::from(a.abs_diff(*b)));
    let mean = apart.sum::<f64>() / fitted.pixels().len() as f64;
    assert!(mean < 5.0, "{mean}");
    // A digit in two pieces is one digit here.
    let ink = |x: u32| if [12, 13, 40, 41].contains(&x) { 255 } else { 0 };
    let bars = GrayImage::from_fn(60, 60, |x, y| {
        image::Luma([if (10..50).contains(&y) { ink(x) } else { 0 }])
    });
    bars.save_with_format(one.join("3/zzz.png"), ImageFormat::Png)?;
    let pieces = load(folder.path())?.train;
    let last = (0..pieces.len()).rfind(|&i| pieces.label(i) == 3).expect("a three");
    let inked = |x: usize| (0..28).any(|y| pieces.digit(last)[y * 28 + x] > 0);
    assert_eq!((1..28).filter(|&x| inked(x) && !inked(x - 1)).count(), 2);
    fs::write(one.join("3/broken.png"), "no picture")?;
    refused(load(folder.path()), 3, &["broken.png"]);
    fs::remove_file(one.join("3/broken.png"))?;
    fs::rename(one.join("3"), one.join("three"))?;
    refused(load(folder.path()), 3, &["\"3\"", "three"]);
    fs::rename(folder.path().join("test/3"), folder.path().join("test/three"))?;
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
