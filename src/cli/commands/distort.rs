//! `lenet distort`: a sheet of digits and of what the network sees of them.

use std::path::PathBuf;

use crate::cli::args::device;
use crate::cli::args::{DataArgs, DeviceArgs};
use crate::cli::commands::data::check_index;
use crate::cli::output::{self, check_picture};
use crate::data::{Digits, image};
use crate::device::{Device, PlanChoice};
use crate::error::{Error, Result, need};
use crate::network::{Network, Options, build};
use crate::plan::{
    Capacity, Distortion, Optimizer, Pass, Plan, Profile, Ranges, StepRow, Strategy,
};
use crate::recipe::{Available, MAX_BATCH, NetworkChoice, RangeArgs, suits};
use crate::text::path_on_one_line;
use crate::train::session::distortion_key;

/// Rows, and views beside each digit, at most.
const MOST: usize = 99;

#[derive(Debug, clap::Args)]
pub struct Args {
    /// PNG file to write: the digits in the first column, their views beside them
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
    /// Overwrite the file if it exists [default: off]
    #[arg(long)]
    force: bool,
    /// Training digits by number, counted from 0: may be repeated, or several with commas [default:
    /// the first ten]
    #[arg(long, value_name = "INDEX", value_delimiter = ',')]
    index: Vec<usize>,
    /// Views beside each digit: what a run with this seed sees in its first N epochs [default: 9]
    #[arg(long, value_name = "N", default_value_t = 9, hide_default_value = true)]
    views: usize,
    /// Seed of the distortions, as that of a run [default: 1]
    #[arg(long, value_name = "SEED", default_value_t = 1, hide_default_value = true)]
    seed: u64,
    /// Whose input is drawn, its border included [default: lenet5]
    #[arg(long, value_name = "NAME|FILE", default_value = "lenet5", hide_default_value = true)]
    network: String,
    #[command(flatten)]
    ranges: RangeArgs,
    #[command(flatten)]
    data: DataArgs,
    #[command(flatten)]
    device: DeviceArgs,
}

/// Draws the sheet, with the kernel that a run gathers its digits by.
pub fn run(args: Args) -> Result<()> {
    args.ranges.check()?;
    let (plan, threads) = (args.device.plan != PlanChoice::Auto, args.device.threads.is_some());
    for (given, flag) in [(plan, "--plan"), (threads, "--threads")] {
        need(!given, || {
            format!("{flag} changes nothing here: one kernel draws the sheet; leave it out")
        })?;
    }
    let ranges = args.ranges.ranges();
    args.data.check_spared("--out", &args.out, None)?;
    check_picture("--out", &args.out, args.force, &[])?;
    let indices = if args.index.is_empty() { (0..10).collect() } else { args.index.clone() };
    let columns = args.views + 1;
    let cells = columns.saturating_mul(indices.len());
    if !(1..=MOST).contains(&args.views) || indices.len() > MOST || cells > MAX_BATCH {
        return Err(Error::Usage(format!(
            "--views {} of {} digits are no sheet: give 1 to {MOST} views, at most {MOST} times \
             --index, and no more than {MAX_BATCH} pictures in all",
            args.views,
            indices.len()
        )));
    }
    let mnist = args.data.load()?;
    let available = Available::of(&mnist);
    let train = mnist.train;
    indices.iter().try_for_each(|&index| check_index("--index", index, &train, "training"))?;
    let device = device::choose(&args.device, device::Purpose::Inspection)?;
    device::announce(&device);
    let device = match device {
        // The fast executor keeps no pictures.
        Device::Cpu { .. } => Device::Naive,
        device => device,
    };
    let table = NetworkChoice::from(&*args.network).table()?;
    suits(&table, &available)?;
    let options = Options { side: train.side(), ..table.options };
    let network = build(&table, options)?;
    let pictures = pictures(&device, &network, &train, &indices, columns, ranges, args.seed)?;
    image::write_sheet(&args.out, &pictures, network.input().width, columns)?;
    output::note(&format!("written to {}", path_on_one_line(&args.out)));
    Ok(())
}

/// Returns views 0 to `columns` - 1 of each digit, as bytes `[height, width]`.
fn pictures(
    device: &Device,
    network: &Network,
    digits: &Digits,
    indices: &[usize],
    columns: usize,
    ranges: Ranges,
    seed: u64,
) -> Result<Vec<Vec<u8>>> {
    let cells = indices.len() * columns;
    let capacity = Capacity { samples: digits.len(), indices: cells, steps: 1 };
    let distortion = Distortion::new(ranges, digits.len());
    let layered = Strategy::Layered;
    let profile = Profile { shards: 1, replicas: 1, ..device.profile() };
    let mut plan = Plan::new(network, layered, profile, cells, Optimizer::NONE, capacity)?
        .distorted(distortion);
    // Nothing but the gathering of the digits, whose last argument they are.
    let gather = &mut plan.replicas[0].forward.compute;
    gather.truncate(1);
    let (ports, input) = (plan.interface.ports, gather[0].views.last().expect("x").buffer);

    let mut packed = Vec::new();
    plan.interface.record.append(&mut packed, digits.pixels(), digits.labels());
    let views = 0..columns as u32;
    let entries = |&digit: &usize| views.clone().map(move |v| distortion.entry(digit as u32, v));
    let order: Vec<u32> = indices.iter().flat_map(entries).collect();
    let key = distortion_key(seed);
    let step = StepRow { count: cells as u32, key, ..StepRow::default() };
    let mut executor = device.executor(plan)?;
    executor.write(ports.data_set, 0, &packed)?;
    executor.write(ports.indices, 0, &order)?;
    executor.write(ports.step_table, 0, &step.words())?;
    executor.write(ports.cursor, 0, &[0])?;
    executor.run(1, Pass::Forward)?;
    let size = network.input().size();
    let values = executor.read_f32(input, cells * size)?;
    let (scale, background) = network.options.scaling.scale_and_background();
    let byte = |value: &f32| ((value - background) / scale).round() as u8;
    Ok(values.chunks(size).map(|picture| picture.iter().map(byte).collect()).collect())
}
