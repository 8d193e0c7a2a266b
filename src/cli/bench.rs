//! `lenet bench`: digits a second on an adapter, on the CPU and by the naive reference, and the time
//! of every kernel.
//!
//! All sides train the same network on the same digits, in turns within one run, so that a machine
//! that slows down slows all. Compilation is not counted: each side warms up first.

use std::time::Duration;

use serde_json::{Value, json};

use super::args::{DeviceArgs, DeviceChoice, NetworkArgs};
use super::device::{self, Device};
use super::inference::announce;
use super::kernels::{self, KernelTimes};
use super::output;
use super::ranges::DistortArgs;
use super::throughput::{Rates, Side};
use crate::cpu::fast::Instructions;
use crate::data::{self, Mnist};
use crate::error::{Error, Result};
use crate::network::lenet;
use crate::plan::Strategy;
use crate::recipe::{Available, Flags, Settings};
use crate::text::{Table, thousands};
use crate::train::session::Lists;

/// Seconds that one measurement may be asked to take.
const MOST_SECONDS: f64 = 600.0;
/// Measurements at most.
const MOST_REPEATS: usize = 1_000;

/// Flags of `bench`.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Every network there is, one after the other [default: lenet5]
    #[arg(long, conflicts_with = "network")]
    all: bool,
    /// Samples in a step, 1 to 1,024; several with commas [default: 16,256]
    #[arg(long, value_name = "N", value_delimiter = ',', default_values_t = [16, 256],
          hide_default_value = true)]
    batch: Vec<usize>,
    /// Measurements of each figure, of which the median is shown [default: 5]
    #[arg(long, value_name = "N", default_value_t = 5, hide_default_value = true)]
    repeats: usize,
    /// Seconds that one measurement takes [default: 1.0]
    #[arg(long, value_name = "SECONDS", default_value_t = 1.0, hide_default_value = true)]
    seconds: f64,
    /// Leave out the CPU and the naive reference [default: off]
    #[arg(long)]
    no_cpu: bool,
    /// Also the time of each kernel of a training step [default: off]
    #[arg(long)]
    kernels: bool,
    /// One JSON object instead of text [default: off]
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    network: NetworkArgs,
    #[command(flatten)]
    distort: DistortArgs,
    #[command(flatten)]
    device: DeviceArgs,
}

/// Who is measured, in the order of the columns.
const SIDES: [&str; 3] = ["adapter", "cpu", "naive"];

/// A figure of the table, on all sides.
struct Figure {
    network: &'static str,
    batch: usize,
    /// Of the adapter; the reference is layered.
    strategy: Strategy,
    /// `training` or `inference`.
    work: &'static str,
    /// In the order of [`SIDES`].
    rates: [Option<Rates>; SIDES.len()],
}

/// Measures.
///
/// # Errors
/// [`Error::Usage`] for flags out of range, [`Error::Adapter`] if the adapter fails.
pub fn run(args: Args) -> Result<()> {
    let time = check(&args)?;
    let mut settings = settings(&args)?;
    let chosen = device::choose(&args.device)?;
    announce(&chosen);
    if cfg!(debug_assertions) {
        output::warn("this is a build without --release: its figures say nothing");
    }
    if let Some(load) = load().filter(|&load| load > 0.5 * cores() as f64) {
        output::warn(&format!(
            "other work was under way here just now (load {load} on {} threads): wait for it to \
             end, or take the figures for too low",
            cores()
        ));
    }
    let device = match &chosen.device {
        Device::Cpu { .. } if args.no_cpu => {
            return Err(Error::Adapter(
                "--no-cpu leaves nothing to measure, since no adapter computes here: leave it out"
                    .into(),
            ));
        }
        Device::Cpu { .. } if args.kernels => {
            return Err(Error::Adapter(
                "--kernels times the kernels of an adapter, and none computes here: leave it out"
                    .into(),
            ));
        }
        Device::Cpu { .. } => None,
        device => Some(device),
    };
    if let Some(device) = device {
        for settings in &mut settings {
            let (network, batch) = (&settings.network, settings.batch);
            settings.set_plan(device.strategy(args.device.plan, network, batch));
        }
    }
    let mnist = data::builtin()?;
    let mut figures = Vec::new();
    let mut times = Vec::new();
    for settings in &settings {
        let (name, batch) = (settings.network.name, settings.batch);
        output::note(&format!("measuring {name}, batch {batch}"));
        let measured = measure(settings, device, &mnist, &args, time)?;
        if let (Some(Device::Adapter { adapter, profile, .. }), true) = (device, args.kernels) {
            let training = measured.iter().find(|figure| figure.work == "training");
            let rate = training.and_then(|figure| figure.rates[0].as_ref()).map(Rates::median);
            let step = Duration::from_secs_f64(batch as f64 / rate.unwrap_or(1.0).max(1e-3));
            times.push(kernels::time(adapter, *profile, settings, &mnist, step)?);
        }
        figures.extend(measured);
    }
    if args.json {
        return output::print_json(&json!({
            "adapter": device.map(Device::describe),
            "profile": device.map(|device| device.profile().name),
            "cpu": cpu_model(),
            "instructions": Instructions::detect().name(),
            "threads": device::threads(&args.device)?,
            "repeats": args.repeats,
            "seconds": args.seconds,
            "distort": args.distort.is_on(),
            "debug_build": cfg!(debug_assertions),
            "figures": figures.iter().map(Figure::json).collect::<Vec<_>>(),
            "kernels": times.iter().map(KernelTimes::json).collect::<Vec<_>>(),
        }));
    }
    let threads = device::threads(&args.device)?;
    output::print(&text(&args, device, threads, &figures, &times))
}

/// The time of one measurement.
fn check(args: &Args) -> Result<Duration> {
    if !(1..=MOST_REPEATS).contains(&args.repeats) {
        let most = thousands(MOST_REPEATS);
        return Err(Error::Usage(format!(
            "--repeats is {}, but must be 1 to {most}",
            args.repeats
        )));
    }
    if !(args.seconds > 0.0 && args.seconds <= MOST_SECONDS) {
        return Err(Error::Usage(format!(
            "--seconds is {}, but must be over 0 and at most {MOST_SECONDS}",
            args.seconds
        )));
    }
    let without = [(args.no_cpu, "--no-cpu"), (args.kernels, "--kernels")];
    for (given, flag) in without {
        if given && args.device.device == DeviceChoice::Cpu {
            return Err(Error::Usage(format!(
                "{flag} is about an adapter, and --device cpu uses none: leave out one of the two"
            )));
        }
    }
    Ok(Duration::from_secs_f64(args.seconds))
}

/// What a run of `train` would do, for each network and batch.
fn settings(args: &Args) -> Result<Vec<Settings>> {
    let available = Available { train: 60_000, test: 10_000 };
    let names: Vec<Option<String>> = match args.all {
        true => lenet::ALL.iter().map(|table| Some(table.name.to_string())).collect(),
        false => vec![args.network.network.clone()],
    };
    let mut all = Vec::new();
    for name in names {
        for &batch in &args.batch {
            let network = NetworkArgs { network: name.clone(), ..args.network.clone() };
            let distort = args.distort.flags(None);
            let flags = Flags { network, batch: Some(batch), distort, ..Flags::default() };
            all.push(Settings::resolve(&flags, available, None)?);
        }
    }
    Ok(all)
}

/// Training and inference, each side in turn.
fn measure(
    settings: &Settings,
    device: Option<&Device>,
    mnist: &Mnist,
    args: &Args,
    time: Duration,
) -> Result<Vec<Figure>> {
    let (train, test) = (mnist.train.len() as u32, mnist.test.len() as u32);
    let sets = vec![(train..train + test).collect()];
    let lists = Lists::new(&[&mnist.train, &mnist.test], mnist.train.len(), sets);
    let layered = Settings { strategy: Strategy::Layered, ..settings.clone() };
    let cpu = Device::Cpu { threads: device::threads(&args.device)? };
    let cpu = (!args.no_cpu).then_some((&cpu, &layered));
    let naive = (!args.no_cpu).then_some((&Device::Naive, &layered));
    let mut sides: Vec<(Option<Side>, [Rates; 2])> = Vec::new();
    for side in [device.map(|device| (device, settings)), cpu, naive] {
        let side = side.map(|(device, settings)| Side::new(settings, device, &lists));
        sides.push((side.transpose()?, [Rates::default(), Rates::default()]));
    }
    for _ in 0..args.repeats {
        for (side, rates) in &mut sides {
            let Some(side) = side else { continue };
            rates[0].add(side.training(time)?);
            rates[1].add(side.inference(time)?);
        }
    }
    let figure = |(index, work): (usize, _)| Figure {
        network: settings.network.name,
        batch: settings.batch,
        strategy: settings.strategy,
        work,
        rates: std::array::from_fn(|of| {
            let (side, rates) = &sides[of];
            side.is_some().then(|| rates[index].clone())
        }),
    };
    Ok(["training", "inference"].into_iter().enumerate().map(figure).collect())
}

impl Figure {
    /// The adapter by the CPU.
    fn ratio(&self) -> Option<f64> {
        let [adapter, cpu, _] = &self.rates;
        Some(adapter.as_ref()?.median() / cpu.as_ref()?.median())
    }

    fn json(&self) -> Value {
        let [adapter, cpu, naive] =
            self.rates.each_ref().map(|rates| rates.as_ref().map(Rates::json));
        json!({
            "network": self.network,
            "batch": self.batch,
            "plan": self.strategy.name(),
            "work": self.work,
            "adapter": adapter,
            "cpu": cpu,
            "naive": naive,
            "ratio": self.ratio(),
        })
    }
}

fn text(
    args: &Args,
    device: Option<&Device>,
    threads: usize,
    figures: &[Figure],
    times: &[KernelTimes],
) -> String {
    let instructions = Instructions::detect().name();
    let mut text = String::new();
    if let Some(device) = device {
        text.push_str(&format!("adapter  {}\n", device.describe()));
        text.push_str(&format!("profile  {}\n", device.profile().name));
    }
    text.push_str(&format!("CPU      {}, {} cores\n", cpu_model(), cores()));
    if !args.no_cpu {
        text.push_str(&format!(
            "         cpu: {instructions}, {threads} threads\n\
             \x20        naive: the twins, loops in double precision on one thread\n"
        ));
    }
    text.push_str(&format!(
        "digits a second: median (least .. most) of {} measurements of {} s{}\n\n",
        args.repeats,
        args.seconds,
        if args.distort.is_on() { ", digits distorted in training" } else { "" }
    ));
    let mut headings = vec!["network", ">batch", "plan", "work"];
    for side in [">adapter", ">cpu", ">naive"] {
        headings.extend([side, ">(range)"]);
    }
    let mut table = Table::new(&headings);
    for figure in figures {
        let whole = |rate: f64| thousands(rate.round() as u64);
        let shown = |rates: &Option<Rates>| match rates {
            None => ["-".to_string(), String::new()],
            Some(rates) => [
                whole(rates.median()),
                format!("({} .. {})", whole(rates.min()), whole(rates.max())),
            ],
        };
        let head = [
            figure.network.to_string(),
            thousands(figure.batch),
            figure.strategy.name().to_string(),
            figure.work.to_string(),
        ];
        table.row(head.into_iter().chain(figure.rates.iter().flat_map(shown)));
    }
    text.push_str(&table.text());
    for times in times {
        text.push('\n');
        text.push_str(&times.text());
    }
    text
}

fn cpu_model() -> String {
    let model = || {
        let text = std::fs::read_to_string("/proc/cpuinfo").ok()?;
        let line = text.lines().find(|line| line.starts_with("model name"))?;
        Some(line.split_once(':')?.1.trim().to_string())
    };
    model().unwrap_or_else(|| format!("unknown ({})", std::env::consts::ARCH))
}

/// Threads that ran or wanted to run in the last minute, on average, where Linux says so.
fn load() -> Option<f64> {
    let text = std::fs::read_to_string("/proc/loadavg").ok()?;
    text.split_whitespace().next()?.parse().ok()
}

fn cores() -> usize {
    std::thread::available_parallelism().map_or(1, |threads| threads.get())
}
