//! Made pictures of ten kinds that people have: how many are read correctly, refused, and wrong but sure. The
//! numbers of docs/predict.md: `LENET_PICTURES=200 cargo test --test host papers -- --nocapture`.

use std::io::Cursor;
use std::path::Path;

use image::imageops::{self, FilterType};
use image::{DynamicImage, GrayImage, ImageFormat, Luma};
use lenet::data::{self, DIGIT_PIXELS, Digits, writing};
use lenet::evaluation::rejection::default_margin;
use lenet::rng::{Rng, Stream};
use lenet::train::model::Model;
use lenet::{Device, Inference, PlanChoice};

const MODEL: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/assets/lenet5.safetensors");
/// Paper and ink.
const PAPER: u8 = 240;
const INK: f32 = 30.0;
/// Side of a digit's field, in pixels.
const SIDE: u32 = 112;

/// Draws a picture: the file, and what it shows.
type Draw = fn(&mut Maker) -> (Vec<u8>, String);

/// Kinds, with per cent that must be right, and that may be wrong but sure. A blank page is right if it is refused.
const KINDS: [(&str, Draw, usize, usize); 10] = [
    ("plain line", |m| m.line(3, 130), 80, 10),
    ("cut at the ink", Maker::tight, 70, 10),
    ("blank with noise", Maker::blank, 100, 0),
    ("ruled", |m| m.ruled(90), 0, 10),
    ("ruled faintly", |m| m.ruled(200), 60, 10),
    ("framed", Maker::framed, 70, 10),
    ("two lines", Maker::two_lines, 0, 5),
    ("touching", |m| m.line(3, 62), 0, 20),
    ("cut JPEG", Maker::cut, 0, 0),
    ("sheet on a desk", Maker::desk, 0, 10),
];

/// What draws from the test digits.
struct Maker {
    rng: Rng,
    test: Digits,
}

fn png(picture: GrayImage) -> Vec<u8> {
    encoded(picture, ImageFormat::Png)
}

fn encoded(picture: GrayImage, format: ImageFormat) -> Vec<u8> {
    let mut bytes = Cursor::new(Vec::new());
    DynamicImage::from(picture).write_to(&mut bytes, format).expect("a picture");
    bytes.into_inner()
}

/// Lays ink on paper.
fn ink(paper: &mut GrayImage, digit: &GrayImage, left: u32, top: u32) {
    for (x, y, pixel) in digit.enumerate_pixels() {
        let share = f32::from(pixel[0]) / 255.0;
        let under = paper.get_pixel_mut(left + x, top + y);
        under[0] = (f32::from(under[0]) * (1.0 - share) + INK * share) as u8;
    }
}

impl Maker {
    fn digit(&mut self) -> (GrayImage, char) {
        let index = self.rng.below(self.test.len() as u32) as usize;
        let digit = GrayImage::from_raw(28, 28, self.test.digit(index).to_vec()).expect("28x28");
        let digit = imageops::resize(&digit, SIDE, SIDE, FilterType::Triangle);
        (digit, char::from(b'0' + self.test.label(index)))
    }

    /// Digits in a line on paper, so many pixels apart.
    fn write(&mut self, paper: &mut GrayImage, count: u32, apart: u32, top: u32) -> String {
        let mut text = String::new();
        for place in 0..count {
            let (digit, label) = self.digit();
            let top = top + self.rng.below(12);
            ink(paper, &digit, 60 + place * apart, top);
            text.push(label);
        }
        text
    }

    fn line(&mut self, count: u32, apart: u32) -> (Vec<u8>, String) {
        let mut paper = GrayImage::from_pixel(600, 240, Luma([PAPER]));
        let text = self.write(&mut paper, count, apart, 60);
        (png(paper), text)
    }

    fn tight(&mut self) -> (Vec<u8>, String) {
        let (digit, label) = self.digit();
        let inked = digit.enumerate_pixels().filter(|(_, _, pixel)| pixel[0] > 100);
        let (columns, rows): (Vec<u32>, Vec<u32>) = inked.map(|(x, y, _)| (x, y)).unzip();
        let range = |places: &[u32]| (*places.iter().min().unwrap(), *places.iter().max().unwrap());
        let ((left, right), (top, bottom)) = (range(&columns), range(&rows));
        let mut paper = GrayImage::from_pixel(SIDE, SIDE, Luma([PAPER]));
        ink(&mut paper, &digit, 0, 0);
        let cut = imageops::crop_imm(&paper, left, top, right - left + 1, bottom - top + 1);
        (png(cut.to_image()), label.into())
    }

    fn blank(&mut self) -> (Vec<u8>, String) {
        let deviation = 1.0 + self.rng.below(8) as f32;
        let paper = GrayImage::from_fn(400, 300, |_, _| {
            // Near enough to a normal distribution.
            let sum: f32 = (0..12).map(|_| self.rng.symmetric(0.5)).sum();
            Luma([(200.0 + deviation * sum).round() as u8])
        });
        (png(paper), String::new())
    }

    fn ruled(&mut self, grey: u8) -> (Vec<u8>, String) {
        let mut paper = GrayImage::from_pixel(600, 240, Luma([PAPER]));
        let first = self.rng.below(40);
        for (_, y, pixel) in paper.enumerate_pixels_mut() {
            if (y + 40 - first) % 40 < 2 {
                pixel[0] = grey;
            }
        }
        let text = self.write(&mut paper, 3, 130, 60);
        (png(paper), text)
    }

    fn framed(&mut self) -> (Vec<u8>, String) {
        let mut paper = GrayImage::from_pixel(600, 240, Luma([PAPER]));
        let inset = 5 + self.rng.below(20);
        for (x, y, pixel) in paper.enumerate_pixels_mut() {
            let edge = x.min(y).min(599 - x).min(239 - y);
            if (inset..inset + 4).contains(&edge) {
                pixel[0] = 40;
            }
        }
        let text = self.write(&mut paper, 3, 130, 60);
        (png(paper), text)
    }

    fn two_lines(&mut self) -> (Vec<u8>, String) {
        let mut paper = GrayImage::from_pixel(600, 400, Luma([PAPER]));
        let count = 1 + self.rng.below(3);
        let first = self.write(&mut paper, count, 130, 40);
        let second = self.write(&mut paper, count, 130, 220);
        (png(paper), format!("{first}\n{second}"))
    }

    fn cut(&mut self) -> (Vec<u8>, String) {
        let mut paper = GrayImage::from_pixel(200, 200, Luma([PAPER]));
        let text = self.write(&mut paper, 1, 0, 40);
        let mut bytes = encoded(paper, ImageFormat::Jpeg);
        let kept = 40 + self.rng.below(55) as usize;
        bytes.truncate(bytes.len() * kept / 100);
        (bytes, text)
    }

    fn desk(&mut self) -> (Vec<u8>, String) {
        let mut sheet = GrayImage::from_pixel(520, 240, Luma([PAPER]));
        let text = self.write(&mut sheet, 3, 130, 60);
        let desk = 60 + self.rng.below(60) as u8;
        let mut picture = GrayImage::from_pixel(800, 500, Luma([desk]));
        let (left, top) = (40 + self.rng.below(200), 40 + self.rng.below(180));
        imageops::replace(&mut picture, &sheet, left.into(), top.into());
        (png(picture), text)
    }
}

#[test]
fn papers_are_read_or_refused() {
    let count = std::env::var("LENET_PICTURES").ok().and_then(|count| count.parse().ok());
    let count: usize = count.unwrap_or(10);
    let model = Model::read(Path::new(MODEL)).unwrap();
    let margin = default_margin(model.network.options.output);
    let blank = Digits::new(vec![0; 16 * DIGIT_PIXELS], vec![0; 16]).unwrap();
    let cpu = Device::cpu();
    let mut inference = Inference::new(&model, &cpu, PlanChoice::Auto, 16, &[&blank]).unwrap();
    // `?` where the network would rather not say; `None` where the picture is refused.
    let mut read = |bytes: &[u8]| {
        let digits = writing::read("picture", bytes, 28).ok()?.digits;
        let answer = |digit: &writing::Written| {
            let scores = inference.infer(&digit.pixels).unwrap();
            let answer = scores.prediction(0, margin);
            if answer.rejected { "?".into() } else { answer.digit.to_string() }
        };
        Some(digits.iter().map(answer).collect::<String>())
    };
    let test = data::builtin().unwrap().test;
    let mut maker = Maker { rng: Rng::new(1, Stream::Test), test };
    let mut failed = Vec::new();
    println!("| kind | right | refused | wrong but sure |\n|---|---:|---:|---:|");
    for (kind, draw, least, most) in KINDS {
        let (mut right, mut refused) = (0, 0);
        for _ in 0..count {
            let (bytes, text) = draw(&mut maker);
            match read(&bytes) {
                Some(found) if found == text => right += 1,
                None if text.is_empty() => right += 1,
                Some(found) if !found.contains('?') => {}
                _ => refused += 1,
            }
        }
        let wrong = count - right - refused;
        println!("| {kind} | {right} | {refused} | {wrong} |");
        if 100 * right < least * count || 100 * wrong > most * count {
            failed.push(kind);
        }
    }
    assert!(failed.is_empty(), "of {count} each, too few are right or too many wrong: {failed:?}");
}
