//! A network of one's own as a table of layers, trained for an epoch.
//!
//! `cargo run --release --example custom`

use lenet::network::lenet::{Row, Table};
use lenet::network::summary::Summary;
use lenet::network::{Output, PoolForm, Scaling, Squash, build};
use lenet::{Available, Device, Flags, Settings, data, fit};

/// Six and twelve feature maps, half of whose connections are left out, and a layer of 32 units.
const SMALL: Table = Table {
    name: "small",
    source: "examples/custom.rs",
    border: 0,
    scaling: Scaling::Paper,
    squash: Squash::Scaled,
    pool: PoolForm::Sum,
    rows: &[
        Row::Conv("c1", 6, None),
        Row::Pool("s2"),
        Row::Conv("c3", 12, Some(HALVES)),
        Row::Pool("s4"),
        Row::Linear("f5", 32),
    ],
    output: Output::Linear,
};

/// For each map of C3 the three of S2's six that it sees.
const HALVES: &[&[usize]] = &[
    &[0, 1, 2],
    &[1, 2, 3],
    &[2, 3, 4],
    &[3, 4, 5],
    &[0, 4, 5],
    &[0, 1, 5],
    &[0, 2, 4],
    &[1, 3, 5],
    &[0, 1, 3],
    &[1, 2, 4],
    &[2, 3, 5],
    &[0, 3, 4],
];

fn main() -> lenet::Result<()> {
    let network = build(&SMALL, SMALL.options())?;
    println!("{}", Summary::of(&network)?.text());

    let mnist = data::builtin()?;
    // The rest of the settings is as for LeNet-1, whose output is linear too.
    let flags = Flags::of(&[("recipe", "lenet1"), ("epochs", "1")])?;
    let settings = Settings::resolve(&flags, Available::of(&mnist), None)?;
    let settings = Settings { network, ..settings };
    let device = Device::best();
    let (_, outcome) = fit(&settings, &mnist, &device, &mut ())?;
    for epoch in &outcome.epochs {
        println!("{:.2} % of {} test digits wrong", epoch.error_percent(), epoch.digits);
    }
    Ok(())
}
