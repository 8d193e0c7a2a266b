//! Trains LeNet-5 for 1,000 steps on the best adapter there is, else on the CPU, and writes the model to a file that is
//! named.
//!
//! `cargo run --release --example train [MODEL.safetensors]`

use lenet::train::checkpoint::State;
use lenet::train::events::{Epoch, Report};
use lenet::{Available, Device, Flags, Settings, data, fit};

/// Prints a line an epoch.
struct Lines;

impl Report for Lines {
    fn epoch(&mut self, epoch: &Epoch, _state: &State) -> lenet::Result<()> {
        println!(
            "epoch {}: training loss {:.3}, {:.2} % of {} test digits wrong, {:.0} digits a second",
            epoch.epoch,
            epoch.train.loss,
            epoch.test.error_percent(),
            epoch.test.digits,
            epoch.train.rate()
        );
        Ok(())
    }
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mnist = data::builtin()?;
    let flags = Flags::of(&[("steps", "1000")])?;
    let settings = Settings::resolve(&flags, Available::of(&mnist), None)?;
    let device = Device::best();
    println!("{} on {}", settings.network.name, device.describe());
    let (model, _) = fit(&settings, &mnist, &device, &mut Lines)?;
    if let Some(path) = std::env::args().nth(1) {
        std::fs::write(&path, model.to_bytes()?)?;
        println!("written to {path}");
    }
    Ok(())
}
