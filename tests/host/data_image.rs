//! Digits as picture files and in the terminal.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::LazyLock;

use image::{DynamicImage, GrayAlphaImage, GrayImage, Luma, LumaA, Rgb};
use lenet::Result;
use lenet::data::image::{draw, write_png};
use lenet::data::writing::{self, Writing, Written};
use lenet::data::{self, DIGIT_PIXELS, Digits};
use tempfile::TempDir;

static TEST: LazyLock<Digits> = LazyLock::new(|| data::builtin().unwrap().test);

fn saved(dir: &TempDir, picture: impl Into<DynamicImage>) -> PathBuf {
    let path = dir.path().join("digit.png");
    picture.into().save(&path).unwrap();
    path
}

fn grey(pixels: &[u8]) -> GrayImage {
    GrayImage::from_raw(28, 28, pixels.to_vec()).unwrap()
}

fn read(path: &Path) -> Result<Writing> {
    writing::read(path.file_name().unwrap().to_str().unwrap(), &writing::bytes_of(path)?, 28)
}

/// The only digit of a picture, and whether its ink is dark.
#[track_caller]
fn read_digit(path: &Path) -> (Written, bool) {
    let Writing { dark_ink, digits, .. } = read(path).unwrap();
    assert_eq!(digits.len(), 1);
    (digits[0].clone(), dark_ink)
}

/// The digit enlarged 4 times, far from the middle of a field of `ground`.
fn enlarged(pixels: &[u8], ground: u8) -> GrayImage {
    let mut field = GrayImage::from_pixel(190, 150, Luma([ground]));
    for (x, y) in (0..112).flat_map(|y| (0..112).map(move |x| (x, y))) {
        field.put_pixel(x + 70, y + 9, Luma([pixels[(y / 4 * 28 + x / 4) as usize]]));
    }
    field
}

fn mean_difference(a: &[u8], b: &[u8]) -> f64 {
    let sum: u32 = a.iter().zip(b).map(|(&a, &b)| u32::from(a.abs_diff(b))).sum();
    f64::from(sum) / a.len() as f64
}

/// Asserts that `path` is refused with exit code 3 and all of `words`.
#[track_caller]
fn refused(path: &Path, words: &[&str]) {
    let Err(error) = read(path) else { panic!("accepted, without {words:?}") };
    assert_eq!(error.exit_code(), 3, "{error}");
    let message = error.to_string();
    let name = path.file_name().unwrap().to_str().unwrap();
    for word in words.iter().chain(&[name]) {
        assert!(message.contains(word), "no {word:?} in: {message}");
    }
}

#[test]
fn a_written_digit_comes_back() {
    let dir = TempDir::new().unwrap();
    let path = dir.path().join("digit.png");
    for i in 0..20 {
        write_png(&path, TEST.digit(i), 1).unwrap();
        let (read, dark) = read_digit(&path);
        assert!(read.pixels == TEST.digit(i), "digit {i} changed");
        assert!(!dark && !read.fitted);
    }
    write_png(&path, TEST.digit(0), 10).unwrap();
    let large = image::open(&path).unwrap().into_luma8();
    assert_eq!(large.dimensions(), (280, 280));
    assert!(
        large
            .enumerate_pixels()
            .all(|(x, y, p)| { p[0] == TEST.digit(0)[(y / 10 * 28 + x / 10) as usize] })
    );
}

#[test]
fn a_dark_digit_on_a_bright_ground_is_inverted() {
    let dir = TempDir::new().unwrap();
    let mut picture = grey(TEST.digit(3));
    image::imageops::invert(&mut picture);
    let (read, dark) = read_digit(&saved(&dir, picture));
    assert!(read.pixels == TEST.digit(3));
    assert!(dark && !read.fitted);
}

#[test]
fn every_colour_type_becomes_grey() {
    let dir = TempDir::new().unwrap();
    let digit = DynamicImage::from(grey(TEST.digit(1)));
    for picture in [
        DynamicImage::from(digit.to_luma16()),
        digit.to_luma_alpha8().into(),
        digit.to_luma_alpha16().into(),
        digit.to_rgb8().into(),
        digit.to_rgb16().into(),
        digit.to_rgba8().into(),
        digit.to_rgba16().into(),
    ] {
        let colour = picture.color();
        assert!(read_digit(&saved(&dir, picture)).0.pixels == TEST.digit(1), "{colour:?}");
    }
    // White ink of which the alpha alone says how much there is.
    let ink =
        GrayAlphaImage::from_fn(28, 28, |x, y| LumaA([255, TEST.digit(1)[(y * 28 + x) as usize]]));
    assert!(read_digit(&saved(&dir, ink)).0.pixels == TEST.digit(1));
    // The same in black, as a drawing program may leave it.
    let ink =
        GrayAlphaImage::from_fn(28, 28, |x, y| LumaA([0, TEST.digit(1)[(y * 28 + x) as usize]]));
    let (read, dark) = read_digit(&saved(&dir, ink));
    assert!(read.pixels == TEST.digit(1) && dark);
}

#[test]
fn a_larger_picture_is_fitted_as_mnist_was() {
    let dir = TempDir::new().unwrap();
    for i in 0..20 {
        let digit = TEST.digit(i);
        let (read, dark) = read_digit(&saved(&dir, enlarged(digit, 0)));
        assert!(read.fitted && !dark);
        let difference = mean_difference(&read.pixels, digit);
        assert!(difference < 1.5, "digit {i}: {difference}\n{}", draw(&read.pixels));
    }
    let mut picture = enlarged(TEST.digit(0), 0);
    image::imageops::invert(&mut picture);
    let (read, dark) = read_digit(&saved(&dir, picture));
    assert!(read.fitted && dark);
    assert!(mean_difference(&read.pixels, TEST.digit(0)) < 1.5, "{}", draw(&read.pixels));
}

#[test]
fn every_test_digit_is_known_to_be_mnist() {
    let dir = TempDir::new().unwrap();
    let path = dir.path().join("digit.png");
    let fitted = |&i: &usize| {
        write_png(&path, TEST.digit(i), 1).unwrap();
        read(&path).unwrap().digits[0].fitted
    };
    assert_eq!((0..TEST.len()).step_by(10).filter(fitted).collect::<Vec<_>>(), [0; 0]);
    // Moved by two pixels it is another picture, and brought back.
    let digit = TEST.digit(0);
    let moved = GrayImage::from_fn(28, 28, |x, y| match x.checked_sub(2) {
        Some(x) => Luma([digit[(y * 28 + x) as usize]]),
        None => Luma([0]),
    });
    let (read, _) = read_digit(&saved(&dir, moved));
    assert!(read.fitted && mean_difference(&read.pixels, digit) < 1.0, "{}", draw(&read.pixels));
}

#[test]
fn a_line_is_read_from_left_to_right() {
    let dir = TempDir::new().unwrap();
    // 7, 2 and 0, on steps, under light that doubles from one side to the other.
    let line = GrayImage::from_fn(330, 150, |x, y| {
        let (number, x_in, top) = (x / 110, x % 110, 10 + 10 * (x / 110));
        let ink = match y.checked_sub(top) {
            Some(y) if y < 112 && x_in < 112 => {
                TEST.digit(number as usize)[(y / 4 * 28 + x_in / 4) as usize]
            }
            _ => 0,
        };
        let paper = 120.0 + 100.0 * x as f32 / 330.0;
        Luma([(paper * (1.0 - 0.7 * f32::from(ink) / 255.0)) as u8])
    });
    // A dot and a speck, which are no digits.
    let mut dotted = line.clone();
    (0..9).for_each(|i| dotted.put_pixel(216 + i % 3, 120 + i / 3, Luma([20])));
    // A dash, which is told.
    let mut dashed = line.clone();
    (98..118).for_each(|x| (60..66).for_each(|y| dashed.put_pixel(x, y, Luma([20]))));
    for (picture, marks) in [(line, 0), (dotted, 0), (dashed, 1)] {
        let Writing { dark_ink, digits, left_out } = read(&saved(&dir, picture)).unwrap();
        assert!(dark_ink && digits.len() == 3, "{}", digits.len());
        assert_eq!(left_out, marks);
        let lefts: Vec<u32> = digits.iter().map(|digit| digit.place.left / 110).collect();
        assert_eq!(lefts, [0, 1, 2]);
        for (i, digit) in digits.iter().enumerate() {
            let difference = mean_difference(&digit.pixels, TEST.digit(i));
            assert!(difference < 4.0, "digit {i}: {difference}\n{}", draw(&digit.pixels));
        }
    }
}

#[test]
fn pictures_of_odd_sizes_are_fitted() {
    let dir = TempDir::new().unwrap();
    // 28x28 pixels in number, not in shape.
    for (width, height) in [(2, 2), (14, 56), (7, 900), (4096, 3)] {
        let mut picture = GrayImage::new(width, height);
        picture.put_pixel(width / 2, height / 2, Luma([90]));
        picture.put_pixel(width / 2 - 1, height / 2, Luma([90]));
        let (read, _) = read_digit(&saved(&dir, picture));
        assert!(read.fitted, "{width}x{height}");
        assert_eq!(read.pixels.iter().max(), Some(&255), "{width}x{height}");
        // Twice as wide as high: 20x10 pixels.
        assert_eq!(read.pixels.iter().filter(|&&p| p == 255).count(), 200, "{width}x{height}");
    }
}

#[test]
fn refuses_what_is_no_picture() {
    let dir = TempDir::new().unwrap();
    let path = dir.path().join("digit.png");
    refused(&path, &[]);
    refused(dir.path(), &[]);
    for bytes in [&b""[..], b"\x89PNG", b"no picture at all"] {
        fs::write(&path, bytes).unwrap();
        refused(&path, &["PNG", "JPEG", "BMP", "PGM", "WebP"]);
    }
    for (bytes, kind) in [
        (&b"GIF89a and so on"[..], "GIF"),
        (b"\0\0\0\x18ftypheic and so on", "HEIC"),
        (b"%PDF-1.7", "PDF"),
        (b"<svg xmlns=\"http://www.w3.org/2000/svg\"/>", "SVG"),
    ] {
        fs::write(&path, bytes).unwrap();
        refused(&path, &[kind, "save it as PNG"]);
    }
}

#[test]
fn refuses_a_broken_picture() {
    let dir = TempDir::new().unwrap();
    let path = saved(&dir, grey(TEST.digit(0)));
    let sound = fs::read(&path).unwrap();
    for length in [8, 20, 33, 40, sound.len() / 2] {
        fs::write(&path, &sound[..length]).unwrap();
        refused(&path, &["broken"]);
    }
    let mut bytes = sound.clone();
    bytes[60] ^= 0x55;
    fs::write(&path, bytes).unwrap();
    refused(&path, &["broken"]);
}

#[test]
fn refuses_a_picture_too_large_or_without_ink() {
    let dir = TempDir::new().unwrap();
    let path = saved(&dir, GrayImage::new(1, 16_385));
    refused(&path, &["1x16385", "16384"]);
    let no_ink = ["ink"];
    for grey in [0, 77, 255] {
        refused(&saved(&dir, GrayImage::from_pixel(28, 28, Luma([grey]))), &no_ink);
    }
    refused(&saved(&dir, GrayImage::new(1, 1)), &no_ink);
    let colour = image::RgbImage::from_pixel(40, 40, Rgb([9, 99, 199]));
    refused(&saved(&dir, colour), &no_ink);
}

#[test]
fn refuses_to_write_nonsense() {
    let dir = TempDir::new().unwrap();
    let path = dir.path().join("out.png");
    for (pixels, scale) in [(784, 0), (0, 1), (783, 1), (784, 147), (784, usize::MAX)] {
        let error = write_png(&path, &vec![0; pixels], scale).unwrap_err();
        assert_eq!(error.exit_code(), 1);
        assert!(error.to_string().contains("out.png"), "{error}");
        assert!(!path.exists());
    }
    let error = write_png(&dir.path().join("no/out.png"), TEST.digit(0), 1).unwrap_err();
    assert!(error.to_string().contains("no/out.png"), "{error}");
}

#[test]
fn draws_28_columns_and_14_lines() {
    let mut pixels = [0; DIGIT_PIXELS];
    (pixels[0], pixels[28 + 1], pixels[2], pixels[28 + 2]) = (255, 255, 255, 255);
    let text = draw(&pixels);
    assert_eq!(text.lines().count(), 14);
    assert!(text.lines().all(|line| line.chars().count() == 28));
    assert!(text.starts_with("▀▄█ "), "{text}");
    assert_eq!(draw(&[0, 255, 0, 0, 0, 0, 0, 0, 255]), " ▀ \n  ▀\n");
    assert_eq!(draw(&[]), "");
}
