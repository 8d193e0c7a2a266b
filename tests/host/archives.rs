//! The reader of archives of NumPy.

use std::fs;
use std::io::Write;
use std::path::Path;

use flate2::Compression;
use flate2::write::DeflateEncoder;
use lenet::data::Digits;
use tempfile::TempDir;

use crate::common::Outcome;
use crate::readers::{load, refused, small};

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
