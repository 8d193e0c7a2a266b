//! One repeat of a burn side: a JSON line for each network, batch and mode.
//!
//!     peer-burn --device flex|wgpu --seconds 0.5

mod digits;
mod lenet;
mod work;

use burn::tensor::Device;
use serde_json::json;

use work::Work;

const NETWORKS: [&str; 2] = ["lenet1", "lenet5"];
const BATCHES: [usize; 2] = [16, 256];

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let device = match argument("--device").as_deref() {
        Some("flex") => Device::flex(),
        Some("wgpu") => Device::wgpu(Default::default()),
        _ => return Err("--device must be flex or wgpu".into()),
    };
    let seconds: f64 = argument("--seconds").as_deref().unwrap_or("0.5").parse()?;
    for network in NETWORKS {
        for batch in BATCHES {
            let mut work = Work::new(network, batch, &device)?;
            let modes: [(&str, fn(&mut Work, usize)); 2] =
                [("training", Work::train), ("inference", Work::infer)];
            for (mode, steps) in modes {
                let rate = work.rate(steps, seconds)?;
                println!(
                    "{}",
                    json!({ "network": network, "batch": batch, "mode": mode, "rate": rate })
                );
            }
        }
    }
    Ok(())
}

/// What stands behind a flag.
fn argument(flag: &str) -> Option<String> {
    std::env::args().skip_while(|word| word != flag).nth(1)
}
