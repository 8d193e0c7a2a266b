//! `lenet plan`: a training step as data, down to the WGSL text of every kernel.

use clap::ValueEnum;

use crate::cli::output;
use crate::device::PlanChoice;
use crate::error::{Error, Result};
use crate::gpu::adapter;
use crate::plan::{Kernel, Pass, Plan, Profile, Room, print};
use crate::recipe::{
    Available, DistortArgs, Flags, Method, NetworkArgs, OptimizerArgs, RangeArgs, Settings,
    TrainingArgs, words,
};
use crate::text::{did_you_mean, thousands};
use crate::tuned::Tuned;

/// Digits of MNIST, for training and for testing.
const MNIST: Available = Available { train: 60_000, test: 10_000 };

/// How the kernels of the plan are launched.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum ProfileName {
    /// Few and fat invocations, as many as this machine's cores need, uniform reads.
    Software,
    /// An invocation for every item, storage reads.
    Gpu,
    /// One call for the whole batch, as the CPU twins have it.
    Reference,
}

/// Flags of `plan`.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Samples in a step, 1 to 1,024 [default: the recipe's: lenet1 8, else 16]
    #[arg(long, value_name = "N")]
    batch: Option<usize>,
    /// Launch profile [default: software]
    #[arg(long, value_enum, default_value = "software", hide_default_value = true)]
    profile: ProfileName,
    /// How a step is cut into dispatches: auto is what `lenet tune` found for this profile on the
    /// best adapter, else sample with --profile gpu, else layered [default: auto]
    #[arg(long, value_enum, default_value = "auto", hide_default_value = true)]
    plan: PlanChoice,
    /// An evaluation, forward only, in place of a training step [default: off]
    #[arg(long)]
    forward: bool,
    /// Optimizer of the training step [default: the recipe's, sgd]
    #[arg(long, value_parser = words::<Method>())]
    optimizer: Option<Method>,
    /// The pass of second derivatives that --optimizer sdlm has, in place of a training step
    /// [default: off]
    #[arg(long, conflicts_with = "forward")]
    curvature: bool,
    /// Print the WGSL text of this kernel: a part of its label, or its number in the list
    #[arg(long, value_name = "LABEL|NUMBER", conflicts_with_all = ["json", "forward", "curvature"])]
    wgsl: Option<String>,
    /// The whole plan as one JSON object, WGSL included, instead of text [default: off]
    #[arg(long, conflicts_with_all = ["forward", "curvature"])]
    json: bool,
    #[command(flatten)]
    network: NetworkArgs,
    #[command(flatten)]
    distort: DistortArgs,
    #[command(flatten)]
    ranges: RangeArgs,
}

/// Prints buffers, kernels and dispatches, or the text of one kernel. Needs no adapter.
///
/// # Errors
/// [`Error::Usage`] if the flags do not make a network, or name no kernel or several.
pub fn run(args: Args) -> Result<()> {
    let profile = match args.profile {
        ProfileName::Software => Profile::software(),
        ProfileName::Gpu => Profile::gpu(),
        ProfileName::Reference => Profile::reference(),
    };
    let optimizer = OptimizerArgs { optimizer: args.optimizer, ..OptimizerArgs::default() };
    let training = TrainingArgs { batch: args.batch, ..TrainingArgs::default() };
    let Args { network, distort, ranges, .. } = &args;
    let (network, distort, ranges) = (network.clone(), distort.clone(), ranges.clone());
    let flags = Flags { network, training, optimizer, distort, ranges, ..Flags::default() };
    let mut settings = Settings::resolve(&flags, MNIST, None)?;
    let tuned = match args.plan {
        PlanChoice::Auto => tuned(),
        PlanChoice::Named(_) => Tuned::default(),
    };
    settings.set_plan(args.plan.strategy(&settings.network, profile, settings.batch, &tuned));
    let plan = make(&settings, profile)?.of_one_device(&settings.network, settings.optimizer());
    if let Some(name) = &args.wgsl {
        return output::print(&find(&plan, name)?.wgsl());
    }
    let pass = match (args.forward, args.curvature) {
        (true, _) => Pass::Forward,
        (false, true) if plan.curvature.is_empty() => {
            return Err(Error::Usage(
                "--curvature prints a pass that only --optimizer sdlm has: give both".into(),
            ));
        }
        (false, true) => Pass::Curvature,
        (false, false) => Pass::Training,
    };
    let network = &settings.network;
    if args.json {
        let mut json = print::json(&plan);
        json["network"] = network.name.into();
        json["options"] = serde_json::json!(network.options);
        return output::print_json(&json);
    }
    let launch = format!("{}, {} profile", plan.strategy.caption(), profile.name);
    output::print(&format!(
        "{}, batch {}, {launch}: {} kernels, {} dispatches a training step, {} an evaluation\n\n{}",
        network.name,
        thousands(settings.batch),
        plan.kernels.len(),
        plan.training.len(),
        plan.forward.len(),
        print::text(&plan, pass)
    ))
}

/// What was tuned for the adapter that a run would take.
fn tuned() -> Tuned {
    let (tuned, warning) = Tuned::read();
    warning.iter().for_each(|warning| output::warn(warning));
    if tuned.is_empty() {
        return tuned;
    }
    match adapter::all().first() {
        Some(adapter) => tuned.on(adapter::describe(&adapter.get_info())),
        None => tuned,
    }
}

/// The plan of a run on all of MNIST.
fn make(settings: &Settings, profile: Profile) -> Result<Plan> {
    let batch = settings.batch;
    let room = Room {
        digits: MNIST.train + MNIST.test,
        order: MNIST.train + MNIST.test,
        steps: MNIST.train.div_ceil(batch) + MNIST.test.div_ceil(batch),
    };
    settings.plan(profile, room)
}

/// The kernel of that number, that label, or the only one with that in its label.
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
