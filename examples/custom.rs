//! A network of one's own, from a file, trained for 1,000 steps.
//!
//! `cargo run --release --example custom`

use lenet::network::summary::Summary;
use lenet::{Available, Device, Flags, Settings, data, fit};

/// Six and twelve feature maps, half of whose connections are left out, and a layer of 32 units.
const SMALL: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/examples/small.toml");

fn main() -> lenet::Result<()> {
    let mnist = data::builtin()?;
    // What the file says of training, and what is asked for.
    let flags = Flags::of(&[("network", SMALL), ("steps", "1000")])?;
    let settings = Settings::resolve(&flags, Available::of(&mnist), None)?;
    println!("{}", Summary::of(&settings.network)?.text());

    let device = Device::best();
    let (_, outcome) = fit(&settings, &mnist, &device, &mut ())?;
    for epoch in &outcome.epochs {
        println!("{:.2} % of {} test digits wrong", epoch.error_percent(), epoch.digits);
    }
    Ok(())
}
