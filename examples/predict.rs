//! Reads a model and says which of the first test digits it takes for what.
//!
//! `cargo run --release --example predict [MODEL.safetensors]`; without an argument the LeNet-1 that
//! lies beside this file, made by `lenet train --network lenet1 --device cpu`.

use std::path::PathBuf;

use lenet::data::image;
use lenet::{Device, Inference, Model, PlanChoice, data};

/// Digits to look at, and how many of them a step takes.
const DIGITS: usize = 100;
const BATCH: usize = 16;

fn main() -> lenet::Result<()> {
    let own = concat!(env!("CARGO_MANIFEST_DIR"), "/examples/lenet1.safetensors");
    let path = std::env::args_os().nth(1).map_or(PathBuf::from(own), PathBuf::from);
    let model = Model::read(&path)?;
    let mut digits = data::builtin()?.test;
    digits.truncate(DIGITS);

    let device = Device::best();
    println!("{} on {}", model.network.name, device.describe());
    let mut inference = Inference::new(&model, &device, PlanChoice::Auto, BATCH, &[&digits])?;
    let answers = inference.answers(0)?;

    let said = (0..digits.len()).map(|i| answers.scores.ranking(i).class.to_string());
    println!("{}", said.collect::<String>());
    for i in 0..digits.len() {
        let (ranking, label) = (answers.scores.ranking(i), usize::from(digits.label(i)));
        if ranking.class != label {
            println!("digit {i} is a {label}, taken for a {}:", ranking.class);
            print!("{}", image::draw(digits.digit(i)));
        }
    }
    Ok(())
}
