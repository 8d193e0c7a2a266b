//! A burn side: sets up each network and batch, then measures all of them once for each line read.
//!
//!     echo 0.5 | peer-burn --device flex|wgpu
//!
//! A line of input is the seconds of a measurement; ../sides.py has the protocol.

mod digits;
mod lenet;
mod work;

use std::error::Error;
use std::io;

use burn::tensor::Device;
use serde_json::json;

use work::Work;

const NETWORKS: [&str; 2] = ["lenet1", "lenet5"];
const BATCHES: [usize; 2] = [16, 256];
const MODES: [(&str, fn(&mut Work, usize)); 2] =
    [("training", Work::train), ("inference", Work::infer)];

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let device = match arguments.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        ["--device", "flex"] => Device::flex(),
        ["--device", "wgpu"] => Device::wgpu(Default::default()),
        _ => return Err("the arguments are --device flex or --device wgpu".into()),
    };
    let mut works = Vec::new();
    for network in NETWORKS {
        let digits = digits::tensors(lenet::border(network), &device)?;
        for batch in BATCHES {
            let mut work = Work::new(network, batch, &digits, &device);
            for (_, steps) in MODES {
                work.warm_up(steps)?;
            }
            works.push((network, batch, work));
        }
    }
    println!("{}", json!({ "ready": true }));
    for line in io::stdin().lines() {
        let seconds: f64 = line?.trim().parse()?;
        for (network, batch, work) in &mut works {
            for (mode, steps) in MODES {
                let rate = work.rate(steps, seconds)?;
                println!(
                    "{}",
                    json!({ "network": network, "batch": batch, "mode": mode, "rate": rate })
                );
            }
        }
        println!("{}", json!({ "done": true }));
    }
    Ok(())
}
