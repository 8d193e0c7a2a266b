//! `lenet tune`: which plan is the fastest on this adapter, to be remembered.
//!
//! The plans train the same network on the same digits, in turns, so that a machine that slows down
//! slows all.

use std::time::Duration;

use serde_json::{Value, json};

use crate::bench::engine::{Protocol, Throughput, Work};
use crate::bench::measure::{self, Devices, Figure};
use crate::cli::args::{DeviceArgs, DeviceChoice, ProfileChoice, device};
use crate::cli::output;
use crate::data;
use crate::device::Device;
use crate::error::{Error, Result};
use crate::gpu::adapter;
use crate::plan::Strategy;
use crate::recipe::{Available, Flags, NetworkArgs, Settings, TrainingArgs};
use crate::text::{Table, thousands};
use crate::train::session::Lists;
use crate::tuned::{self, Tuned};

/// What `--all` times.
const NETWORKS: [&str; 2] = ["lenet1", "lenet5"];
const BATCHES: [usize; 3] = [16, 64, 256];
/// How plans are timed.
const PROTOCOL: Protocol = Protocol {
    work: &[Work::Training],
    time: Duration::from_millis(250),
    repeats: 3,
    leave_out: true,
};

#[derive(Debug, clap::Args)]
pub struct Args {
    /// Samples in a step, 1 to 1,024 [default: the recipe's]
    #[arg(long, value_name = "N")]
    batch: Option<usize>,
    /// LeNet-1 and LeNet-5 at batch 16, 64 and 256 [default: off]
    #[arg(long, conflicts_with_all = ["network", "batch"])]
    all: bool,
    /// Remove every choice that is remembered, and time nothing [default: off]
    #[arg(long, conflicts_with_all = ["all", "network", "batch"])]
    forget: bool,
    /// One JSON object instead of text [default: off]
    #[arg(long)]
    json: bool,
    /// Adapter by a part of its name or its index in `lenet adapters` [default: the best]
    #[arg(long, value_name = "NAME|INDEX")]
    adapter: Option<String>,
    /// Launch profile [default: auto]
    #[arg(long, value_enum, default_value = "auto", hide_default_value = true)]
    profile: ProfileChoice,
    #[command(flatten)]
    network: NetworkArgs,
}

/// The plans of one network and batch, the fastest first.
struct Found {
    settings: Settings,
    plans: Vec<(Strategy, Throughput)>,
}

/// Times the plans and remembers the fastest, or forgets.
pub fn run(args: Args) -> Result<()> {
    if args.forget {
        return forget(args.json);
    }
    let all = settings(&args)?;
    let device = DeviceArgs {
        device: DeviceChoice::Gpu,
        adapter: args.adapter,
        profile: args.profile,
        ..DeviceArgs::default()
    };
    let device = device::choose(&device, device::Purpose::Inspection)?;
    device::announce(&device);
    if cfg!(debug_assertions) {
        output::warn("this is a build without --release: it may choose otherwise");
    }
    let train = Available::suiting(&args.network)?.train;
    let mnist = data::builtin()?.cut_for(&all[0].network, train);
    let lists = Lists::new(&[&mnist.train], mnist.train.len(), Vec::new());
    let mut found = Vec::new();
    for settings in all {
        output::note(&format!("timing {}, batch {}", settings.network.name, settings.batch));
        let plans = time(&settings, &device, &lists)?;
        found.push(Found { settings, plans });
    }
    let file = remember(&device, &found);
    if args.json {
        return output::print_json(&json!({
            "adapter": device.describe(),
            "profile": device.profile().name,
            "file": file,
            "debug_build": cfg!(debug_assertions),
            "results": found.iter().map(Found::json).collect::<Vec<_>>(),
        }));
    }
    let mut text = format!("profile  {}\n\n{}", device.profile().name, table(&found));
    if let Some(file) = file {
        text.push_str(&format!("\nremembered in {file}\n"));
    }
    output::print(&text)
}

fn forget(json: bool) -> Result<()> {
    let file = tuned::forget()?.map(|path| path.display().to_string());
    if json {
        return output::print_json(&json!({ "removed": file }));
    }
    output::print(&match file {
        Some(file) => format!("forgot the tuned plans: removed {file}\n"),
        None => "no tuned plans were remembered\n".into(),
    })
}

/// Returns the settings of `lenet train` for each network and batch.
fn settings(args: &Args) -> Result<Vec<Settings>> {
    let resolve = |network: NetworkArgs, batch: Option<usize>| {
        let training = TrainingArgs { batch, ..TrainingArgs::default() };
        let available = Available::suiting(&network)?;
        Settings::resolve(&Flags { network, training, ..Flags::default() }, available, None)
    };
    if !args.all {
        return Ok(vec![resolve(args.network.clone(), args.batch)?]);
    }
    let named = |name: &str| NetworkArgs { network: Some(name.into()), ..args.network.clone() };
    NETWORKS
        .iter()
        .flat_map(|name| BATCHES.map(|batch| resolve(named(name), Some(batch))))
        .collect()
}

/// The plans that suit a network with their speed in training, the fastest first.
fn time(
    settings: &Settings,
    device: &Device,
    lists: &Lists,
) -> Result<Vec<(Strategy, Throughput)>> {
    let with = |&strategy| Settings { strategy, ..settings.clone() };
    let candidates: Vec<_> = Strategy::candidates(&device.profile()).iter().map(with).collect();
    let devices = Devices { adapter: Some(device), cpu: None, naive: None };
    let (figures, _) = measure::measure(&candidates, &devices, lists, &PROTOCOL, &output::note)?;
    let timed = |figure: Figure| Some((figure.strategy, figure.adapter?));
    let mut plans: Vec<_> = figures.into_iter().filter_map(timed).collect();
    if plans.is_empty() {
        return Err(Error::Adapter(format!(
            "no plan runs {} on {}: choose another --adapter",
            settings.network.name,
            device.describe()
        )));
    }
    plans.sort_by(|(_, a), (_, b)| b.median.total_cmp(&a.median));
    Ok(plans)
}

/// Remembers the fastest plans and returns their file; warns where it cannot be written.
fn remember(device: &Device, found: &[Found]) -> Option<String> {
    let Device::Adapter { adapter, profile, .. } = device else { return None };
    let (tuned, warning) = Tuned::read();
    warning.iter().for_each(|warning| output::warn(warning));
    let mut tuned = tuned.on(adapter::describe(&adapter.get_info()));
    for Found { settings, plans } in found {
        tuned.insert(&settings.network, *profile, settings.batch, plans[0].0);
    }
    match tuned.write() {
        Ok(path) => Some(path.display().to_string()),
        Err(error) => {
            output::warn(&format!(
                "{error}: what was found holds for this call only; give --plan to other commands"
            ));
            None
        }
    }
}

fn table(found: &[Found]) -> String {
    let row = |settings: &Settings, (rank, (strategy, rates)): (usize, &(Strategy, Throughput))| {
        let note = match rank {
            0 => "yes",
            _ if rates.measurements == 1 => "no; timed once",
            _ => "no",
        };
        vec![
            settings.network.name.clone(),
            thousands(settings.batch),
            strategy.name().into(),
            thousands((1e6 * settings.batch as f64 / rates.median).round()),
            thousands(rates.median.round()),
            note.into(),
        ]
    };
    let rows = found.iter().flat_map(|Found { settings, plans }| {
        plans.iter().enumerate().map(|plan| row(settings, plan))
    });
    Table::of(&["network", ">batch", "plan", ">us/step", ">digits/s", "chosen"], rows).text()
}

impl Found {
    fn json(&self) -> Value {
        let Settings { network, batch, .. } = &self.settings;
        let plan = |(strategy, rates): &(Strategy, Throughput)| {
            json!({
                "plan": strategy.name(),
                "microseconds": 1e6 * *batch as f64 / rates.median,
                "digits_per_second": rates.median,
                "measurements": rates.measurements,
                "timed_once": rates.measurements == 1,
            })
        };
        json!({
            "network": network.name,
            "border": network.options.border,
            "output": network.options.output,
            "full_connections": network.options.full_connections,
            "batch": batch,
            "chosen": self.plans[0].0.name(),
            "plans": self.plans.iter().map(plan).collect::<Vec<_>>(),
        })
    }
}
