//! `lenet bench`: digits a second on an adapter, on the CPU and by the naive reference, and the time
//! of every kernel.
//!
//! All sides train the same network on the same digits, in turns within one run, so that a machine
//! that slows down slows all. Compilation is not counted: each side warms up first.

use std::time::{Duration, Instant};

use crate::bench::engine::{Protocol, Work};
use crate::bench::kernels::{self, KernelTimes};
use crate::bench::machine;
use crate::bench::measure::{self, Devices, Figure};
use crate::bench::record::Record;
use crate::cli::args::{DeviceArgs, DeviceChoice, device};
use crate::cli::output;
use crate::data::{self, Mnist};
use crate::device::{Device, PlanChoice};
use crate::error::{Error, Result};
use crate::gpu::facts::Facts;
use crate::plan::Strategy;
use crate::recipe::{
    Available, DistortArgs, Flags, Method, NetworkArgs, NetworkChoice, OptimizerArgs, Range,
    RangeArgs, Settings, Switch, TrainingArgs, words,
};
use crate::threads;
use crate::train::session::Lists;

/// Seconds that one measurement may be asked to take.
const MOST_SECONDS: f64 = 600.0;
/// Measurements at most.
const MOST_REPEATS: usize = 1_000;
/// What a call measures without further flags.
const BATCHES: &[usize] = &[16, 256];
const SECONDS: f64 = 1.0;
/// The same with `--all`, which has many more figures; the kernels at [`BATCHES`] alone.
const ALL_BATCHES: &[usize] = &[1, 4, 16, 64, 256, 1024];
/// Networks with `--all`.
const OF_THE_PAPERS: [&str; 3] = ["lenet1", "lenet5", "lenet5-short"];
const ALL_SECONDS: f64 = 0.2;

#[derive(Debug, clap::Args)]
pub struct Args {
    /// A whole record: every network of the papers (unless one is named), every plan (unless one is named), batch
    /// 1, 4, 16, 64, 256 and 1,024, and the kernels at 16 and 256, without the naive reference
    ///
    /// With --json this is what to hand in for your adapter. It takes perhaps four minutes on a GPU
    /// (an estimate) and took 11 on llvmpipe with two busy cores, compilation included.
    #[arg(long)]
    all: bool,
    /// Samples in a step, 1 to 1,024; several with commas [default: 16,256; with --all see there]
    #[arg(long, value_name = "N", value_delimiter = ',')]
    batch: Vec<usize>,
    /// Measurements of each figure, of which the median is shown; fewer where one takes over four
    /// times as long as it should [default: 5]
    #[arg(long, value_name = "N", default_value_t = 5, hide_default_value = true)]
    repeats: usize,
    /// Seconds that one measurement takes [default: 1.0, with --all 0.2]
    #[arg(long, value_name = "SECONDS")]
    seconds: Option<f64>,
    /// Optimizer of the training steps [default: sgd]
    #[arg(long, value_parser = words::<Method>())]
    optimizer: Option<Method>,
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
    ranges: RangeArgs,
    #[command(flatten)]
    device: DeviceArgs,
}

pub fn run(args: Args) -> Result<()> {
    let start = Instant::now();
    let protocol = check(&args)?;
    let cases = cases(&args)?;
    let device = device::choose(&args.device, device::Purpose::Inspection)?;
    device::announce(&device);
    warn_of_company();
    let adapter = adapter(&args, &device)?;
    let threads = device::threads(&args.device)?;
    let devices = Devices {
        adapter,
        cpu: (!args.no_cpu).then_some(Device::cpu_on(threads)),
        naive: (!args.no_cpu && !args.all).then_some(Device::Naive),
    };
    let most = Available::suiting(&args.network)?.train;
    let mnist = data::builtin()?.cut_for(&cases[0].network, most);
    let (train, test) = (mnist.train.len() as u32, mnist.test.len() as u32);
    let sets = vec![(train..train + test).collect()];
    let lists = Lists::new(&[&mnist.train, &mnist.test], mnist.train.len(), sets);
    let mut record = Record {
        adapter: adapter.and_then(facts),
        threads: devices.cpu.as_ref().map(|_| threads),
        protocol,
        distort: args.distort.distort == Some(Switch::On),
        figures: Vec::new(),
        left_out: Vec::new(),
        kernels: Vec::new(),
        seconds: 0.0,
    };
    for (number, case) in (1..).zip(&cases) {
        let (name, batch) = (&case.network.name, case.batch);
        let (all, seconds) = (cases.len(), start.elapsed().as_secs());
        output::note(&format!("{number} of {all}, after {seconds} s: {name}, batch {batch}"));
        let plans = plans(&args, adapter, case)?;
        let (figures, left_out) =
            measure::measure(&plans, &devices, &lists, &protocol, &output::note)?;
        if args.kernels || args.all && BATCHES.contains(&batch) {
            for settings in &plans {
                record.kernels.extend(time_kernels(settings, adapter, &figures, &mnist)?);
            }
        }
        record.figures.extend(figures);
        record.left_out.extend(left_out);
    }
    if let (true, Some(plan)) = (record.figures.is_empty(), record.left_out.first()) {
        return Err(Error::Adapter(format!("no plan runs: {}", plan.reason)));
    }
    record.seconds = start.elapsed().as_secs_f64();
    match args.json {
        true => output::print_json(&record.json()),
        false => output::print(&record.text()),
    }
}

fn warn_of_company() {
    if cfg!(debug_assertions) {
        output::warn("this is a build without --release: its figures say nothing");
    }
    let cores = threads::available();
    if let Some(load) = machine::load().filter(|&load| load > 0.5 * cores as f64) {
        output::warn(&format!(
            "other work was under way here just now (load {load} on {cores} threads): wait for it \
             to end, or take the figures for too low"
        ));
    }
}

/// Returns the device if it is an adapter.
fn adapter<'a>(args: &Args, device: &'a Device) -> Result<Option<&'a Device>> {
    let without = |flag: &str, what: &str| {
        Err(Error::Adapter(format!("{flag} {what}, and no adapter computes here: leave it out")))
    };
    match device {
        Device::Adapter { .. } => Ok(Some(device)),
        _ if args.no_cpu => without("--no-cpu", "leaves nothing but the adapter to measure"),
        _ if args.kernels => without("--kernels", "times the kernels of an adapter"),
        _ => Ok(None),
    }
}

/// Returns the facts about the adapter, and the profile that it was given.
fn facts(device: &Device) -> Option<(Facts, &'static str)> {
    let Device::Adapter { adapter, profile, health, .. } = device else { return None };
    Some((Facts::of(adapter, Ok(*health)), profile.name))
}

/// Checks what to measure, how long and how often.
fn check(args: &Args) -> Result<Protocol> {
    Range::Count(MOST_REPEATS, "measurements of a figure").check("repeats", &args.repeats)?;
    let seconds = args.seconds.unwrap_or(if args.all { ALL_SECONDS } else { SECONDS });
    if !(seconds > 0.0 && seconds <= MOST_SECONDS) {
        return Err(Error::Usage(format!(
            "--seconds is {seconds}, but must be over 0 and at most {MOST_SECONDS}"
        )));
    }
    let of_adapter = [(args.no_cpu, "--no-cpu"), (args.kernels, "--kernels")];
    let given = of_adapter.iter().find(|(given, _)| *given);
    if let (Some((_, flag)), DeviceChoice::Cpu) = (given, args.device.device) {
        return Err(device::contradiction(&format!(
            "{flag} is about an adapter, and --device cpu uses none"
        )));
    }
    let time = Duration::from_secs_f64(seconds);
    Ok(Protocol {
        work: &[Work::Training, Work::Inference],
        time,
        repeats: args.repeats,
        leave_out: args.all,
    })
}

/// Returns the settings of `lenet train` for each network and batch.
fn cases(args: &Args) -> Result<Vec<Settings>> {
    let networks: Vec<Option<NetworkChoice>> = match (args.all, &args.network.network) {
        (true, None) => OF_THE_PAPERS.map(|name| Some(name.into())).into(),
        (_, asked) => vec![asked.clone()],
    };
    let batches = match (args.batch.is_empty(), args.all) {
        (false, _) => &args.batch[..],
        (true, true) => ALL_BATCHES,
        (true, false) => BATCHES,
    };
    let case = |network: &Option<NetworkChoice>, batch: usize| {
        let flags = Flags {
            network: NetworkArgs { network: network.clone(), ..args.network.clone() },
            optimizer: OptimizerArgs { optimizer: args.optimizer, ..OptimizerArgs::default() },
            training: TrainingArgs { batch: Some(batch), ..TrainingArgs::default() },
            distort: args.distort.clone(),
            ranges: args.ranges.clone(),
            ..Flags::default()
        };
        Settings::resolve(&flags, Available::suiting(&flags.network)?, None)
    };
    networks.iter().flat_map(|network| batches.iter().map(|&batch| case(network, batch))).collect()
}

/// Returns the plans of one case: those that were asked for, as far as there is an adapter to run them.
fn plans(args: &Args, adapter: Option<&Device>, case: &Settings) -> Result<Vec<Settings>> {
    let Some(device) = adapter else { return Ok(vec![case.clone()]) };
    let strategies = match (args.all, args.device.plan) {
        (true, PlanChoice::Auto) => Strategy::candidates(&device.profile()).to_vec(),
        (_, plan) => vec![device.strategy(plan, &case.network, case.batch)?.0],
    };
    let with = |strategy| Settings { strategy, ..case.clone() };
    Ok(strategies.into_iter().map(with).collect())
}

/// Times the kernels of a plan that was measured.
fn time_kernels(
    settings: &Settings,
    device: Option<&Device>,
    figures: &[Figure],
    mnist: &Mnist,
) -> Result<Option<KernelTimes>> {
    let Some(device) = device else { return Ok(None) };
    let training = figures
        .iter()
        .find(|figure| figure.strategy == settings.strategy && figure.work == Work::Training);
    let Some(rates) = training.and_then(|figure| figure.adapter) else { return Ok(None) };
    let step = settings.batch as f64 / rates.median.max(1e-3);
    kernels::time(device, settings, mnist, Duration::from_secs_f64(step))
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;
    use crate::cli::{Cli, Command};

    /// Network and batch of everything that flags ask for.
    fn cases_of(flags: &[&str]) -> Vec<String> {
        let cli = Cli::try_parse_from([&["lenet", "bench"], flags].concat()).expect("good flags");
        let Command::Bench(args) = cli.command else { panic!("bench was asked for") };
        let cases = cases(&args).expect("good settings");
        cases.iter().map(|case| format!("{} {}", case.network.name, case.batch)).collect()
    }

    #[test]
    fn all_is_every_network_at_every_batch() {
        let of = |name| [1, 4, 16, 64, 256, 1024].map(|batch| format!("{name} {batch}"));
        let all = OF_THE_PAPERS.map(of).concat();
        assert_eq!(cases_of(&["--all"]), all);
        assert_eq!(cases_of(&["--all", "--network", "lenet1"]), of("lenet1"));
        assert_eq!(cases_of(&["--all", "--network", "lenet1", "--batch", "3"]), ["lenet1 3"]);
        assert_eq!(cases_of(&[]), ["lenet5 16", "lenet5 256"]);
    }
}
