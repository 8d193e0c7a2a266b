//! `lenet plan`: a training step as data, down to the WGSL text of every kernel.

use clap::ValueEnum;

use crate::cli::args::{DeviceArgs, DeviceChoice, PLAN_HELP, device};
use crate::cli::output;
use crate::data;
use crate::device::{Device, PlanChoice};
use crate::error::{Error, Result};
use crate::plan::abi::Record;
use crate::plan::{Capacity, Kernel, Pass, Plan, Profile, Strategy, print};
use crate::recipe::{Available, Flags, Range, Settings, words};
use crate::text::{count, did_you_mean, thousands};
use crate::train::replay;
use crate::tuned::Tuned;

/// Printed above the plan where the CPU would compute.
const OF_REFERENCE: &str = "No shader runs: the CPU computes this network without a plan of \
    dispatches. What follows is the plan of its reference.\n\n";

/// How the kernels of the plan are launched.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum ProfileName {
    /// Few invocations with much work each, in 8 workgroups a dispatch; reads through uniform buffers.
    Software,
    /// One invocation for each item; reads from storage buffers.
    Gpu,
    /// One call for the whole batch: that of the CPU reference.
    Reference,
}

#[derive(Debug, Clone, clap::Args)]
pub struct Args {
    /// Launch profile; with it no adapter is used, except by --replay [default: that of the device]
    #[arg(long, value_enum)]
    profile: Option<ProfileName>,
    #[arg(long, help = PLAN_HELP, value_parser = words::<PlanChoice>(), default_value = "auto",
          hide_default_value = true)]
    plan: PlanChoice,
    /// What would compute, with the choices of `lenet train` [default: auto]
    #[arg(long, value_enum, default_value = "auto", hide_default_value = true)]
    device: DeviceChoice,
    /// Adapter by a part of its name or its index in `lenet adapters` [default: the best]
    #[arg(long, value_name = "NAME|INDEX", conflicts_with = "profile")]
    adapter: Option<String>,
    /// Devices that carry out the shards of a batch side by side, 1 to the number of shards; changes
    /// no bit [default: chosen for the device; 1 with --profile]
    #[arg(long, value_name = "N")]
    replicas: Option<usize>,
    /// Digits that the buffers hold, training and test together [default: 70,000]
    #[arg(long, value_name = "N", conflicts_with = "replay")]
    digits: Option<usize>,
    /// What to print: a training step, its forward pass alone, or with --optimizer sdlm the pass of second
    /// derivatives
    #[arg(long, value_parser = words::<Pass>(), default_value = "training")]
    pass: Pass,
    /// Forward only, one digit at a time, with the activations of every layer stored [default: off]
    #[arg(long, conflicts_with_all = ["batch", "plan", "pass", "replay", "replicas"])]
    inspect: bool,
    /// Print the WGSL text of this kernel: a part of its label, or its number in the list
    #[arg(long, value_name = "LABEL|NUMBER", conflicts_with_all = ["json", "pass", "replay"])]
    wgsl: Option<String>,
    /// The whole program as one JSON object, WGSL included, instead of text [default: off]
    #[arg(long, conflicts_with = "pass")]
    json: bool,
    /// With --json: add first weights, digits, order and step rows of N training steps, run them on the
    /// device, and add the checksum of the parameters
    #[arg(long, value_name = "N", requires = "json", conflicts_with = "pass")]
    replay: Option<usize>,
    #[command(flatten)]
    settings: Flags,
}

/// Prints buffers, kernels and dispatches of a step as `lenet train` with the same flags would run it on
/// this machine, or the text of one kernel.
pub fn run(args: Args) -> Result<()> {
    let shader_profile = args.profile.filter(|&profile| profile != ProfileName::Reference);
    if args.device == DeviceChoice::Cpu && shader_profile.is_some() {
        return Err(device::no_adapter("--profile"));
    }
    let device = match args.profile {
        Some(_) if args.replay.is_none() => None,
        _ => Some(choose(&args)?),
    };
    let mut profile = match (args.profile, &device) {
        (Some(ProfileName::Software), _) => Profile::software(),
        (Some(ProfileName::Gpu), _) => Profile::gpu(),
        (Some(ProfileName::Reference), _) => Profile::reference(),
        (None, Some(device)) => device.profile(),
        (None, None) => unreachable!("without a profile a device is chosen"),
    };
    let settings = settings(&args, device.as_ref(), profile)?;
    profile.replicas = replicas(&args, profile, &settings)?;
    let capacity = match args.replay {
        Some(_) => replay::capacity(&settings),
        None => capacity(&args, &settings)?,
    };
    let plan = settings.plan(profile, capacity)?;
    if let Some(name) = &args.wgsl {
        return output::print(&find(&plan, name)?.wgsl());
    }
    let on_cpu = matches!(device, Some(Device::Cpu { .. } | Device::Naive));
    if args.json {
        if on_cpu {
            return Err(Error::Usage(
                "the CPU would compute, and runs no shader, so there is no program to print: give \
                 --profile software or --profile gpu, and no --replay"
                    .into(),
            ));
        }
        let mut program = plan.program();
        if let Some(device) = device.filter(|_| args.replay.is_some()) {
            let train = Available::suiting(&args.settings.network)?.train;
            let mnist = data::builtin()?.cut_for(&settings.network, train);
            let mut replay = replay::of(&settings, &plan, &mnist);
            let mut executor = device.executor(plan)?;
            replay.crc32 = replay::checksum(&replay::carry_out(&replay, executor.as_mut())?);
            program.replay = Some(replay);
        }
        let json =
            serde_json::to_value(program).map_err(|error| Error::Other(error.to_string()))?;
        return output::print_json(&json);
    }
    let pass = pass(&args, &plan)?;
    output::print(&format!("{}\n\n{}", headline(&plan, on_cpu), print::text(&plan, pass)))
}

/// Chooses the device that `lenet train` would take.
fn choose(args: &Args) -> Result<Device> {
    let (device, adapter, plan) = (args.device, args.adapter.clone(), args.plan);
    let args = DeviceArgs { device, adapter, plan, ..DeviceArgs::default() };
    device::choose(&args, device::Purpose::Inspection)
}

fn settings(args: &Args, device: Option<&Device>, profile: Profile) -> Result<Settings> {
    let mut flags = args.settings.clone();
    if args.inspect {
        flags.training.batch = Some(1);
    }
    let available = Available::suiting(&flags.network)?;
    let mut settings = Settings::resolve(&flags, available.clone(), None)?;
    if let Some(steps) = args.replay {
        let most = Available::MNIST.train / settings.batch;
        Range::Count(most, "full steps an epoch has").check("replay", &steps)?;
        flags.training.train_limit = Some(steps * settings.batch);
        settings = Settings::resolve(&flags, available, None)?;
    }
    let (network, batch) = (&settings.network, settings.batch);
    let plan = match (device, args.plan) {
        _ if args.inspect => (Strategy::Inspect, "--inspect".into()),
        (Some(device), plan) if args.profile.is_none() => device.strategy(plan, network, batch)?,
        (_, PlanChoice::Tuned) => {
            return Err(device::contradiction(
                "--plan tuned depends on the adapter, and --profile chooses the plan without one",
            ));
        }
        (_, plan) => plan.strategy(network, profile, batch, &Tuned::default())?,
    };
    settings.set_plan(plan);
    Ok(settings)
}

/// Devices that carry out the shards of a batch.
fn replicas(args: &Args, profile: Profile, settings: &Settings) -> Result<usize> {
    let most = match settings.strategy {
        Strategy::Sample | Strategy::Inspect => 1,
        _ => profile.shards_of(settings.batch),
    };
    match args.replicas {
        None => Ok(profile.replicas),
        Some(replicas) if replicas == 1 || replicas == most => Ok(replicas),
        Some(replicas) => Err(Error::Usage(format!(
            "--replicas is {replicas}, but this plan has {}: give {}",
            count(most, "shard"),
            if most == 1 { "1".into() } else { format!("1 or {most}") }
        ))),
    }
}

/// Returns the capacity of the buffers: `--digits`, else the size of MNIST, or fewer digits if pictures are so large
/// that a binding holds no more.
fn capacity(args: &Args, settings: &Settings) -> Result<Capacity> {
    let batch = settings.batch;
    let Some(digits) = args.digits else {
        let Available { train, test, .. } = Available::suiting(&args.settings.network)?;
        let steps = train.div_ceil(batch) + test.div_ceil(batch);
        return Ok(Capacity { samples: train + test, indices: train + test, steps });
    };
    let most = Record { side: settings.network.options.side }.most();
    Range::Count(most, "digits a binding of 128 MiB holds").check("digits", &digits)?;
    // However they are divided into training and test digits.
    Ok(Capacity { samples: digits, indices: digits, steps: digits.div_ceil(batch) + 1 })
}

fn pass(args: &Args, plan: &Plan) -> Result<Pass> {
    match args.pass {
        _ if args.inspect => Ok(Pass::Forward),
        Pass::Curvature if !plan.has_curvature() => Err(Error::Usage(
            "--pass curvature prints a pass that only --optimizer sdlm has: give both".into(),
        )),
        pass => Ok(pass),
    }
}

fn headline(plan: &Plan, on_cpu: bool) -> String {
    let dispatches = |pass| plan.step(pass).count();
    let replicas = plan.replicas.len();
    let shards = match (plan.shards, replicas) {
        (1, _) => String::new(),
        (shards, 1) => format!(", {shards} shards on one device"),
        (shards, _) => {
            format!(", {shards} shards on {replicas} devices, of which this is the first")
        }
    };
    let cpu = if on_cpu { OF_REFERENCE } else { "" };
    format!(
        "{cpu}{}, batch {}, {} plan, {} profile{shards}: {} kernels, {} dispatches a training step, {} an \
         evaluation",
        plan.network.name,
        thousands(plan.interface.batch),
        plan.strategy.name(),
        plan.profile.name,
        plan.kernels.len(),
        dispatches(Pass::Training),
        dispatches(Pass::Forward),
    )
}

/// Finds a kernel by its number, its label, or a part that is in no other label.
fn find<'a>(plan: &'a Plan, name: &str) -> Result<&'a Kernel> {
    let kernels = &plan.kernels;
    if let Some(kernel) = name.parse().ok().and_then(|index: usize| kernels.get(index)) {
        return Ok(kernel);
    }
    let matching = |fits: &dyn Fn(&str) -> bool| -> Vec<usize> {
        (0..kernels.len()).filter(|&index| fits(&kernels[index].label)).collect()
    };
    let mut found = matching(&|label| label == name);
    if found.is_empty() {
        found = matching(&|label| label.contains(name));
    }
    let list = |indices: &[usize]| -> String {
        indices.iter().map(|&index| format!("\n  {index:>2} {}", kernels[index].label)).collect()
    };
    match found[..] {
        [one] => Ok(&kernels[one]),
        [] => {
            let all: Vec<usize> = (0..kernels.len()).collect();
            Err(Error::Usage(format!(
                "--wgsl {name} is in no label of this plan{}\ngive a part of one of{}",
                did_you_mean(name, kernels.iter().map(|kernel| kernel.label.as_str())),
                list(&all)
            )))
        }
        _ => Err(Error::Usage(format!(
            "--wgsl {name} fits several kernels: give more of a label, or a number{}",
            list(&found)
        ))),
    }
}
