//! Distorted digits on every executor: kernel, reference and fast executor compute in whole numbers, so
//! that they have to agree to the bit, and training on them repeats with any number of threads.
//!
//! `tests/host/views.rs` says whether what they agree on is right.

use crate::common::compare::{Differences, Tolerance};
use crate::common::op::{Case, Numbers, case, empty, floats};
use crate::common::program::{path, prints};
use crate::common::run::network;
use crate::common::{Outcome, Tests, Way, profiles, ways};
use image::GrayImage;
use lenet::cpu::Cpu;
use lenet::cpu::fast::{Fast, Instructions};
use lenet::data;
use lenet::executor::Executor;
use lenet::gpu::Gpu;
use lenet::network::init::{self, Init};
use lenet::plan::abi::Record;
use lenet::plan::kernels::Gather;
use lenet::plan::{ALIGN, Distortion, Op, Optimizer, Plan, Profile, Ranges, STATE_WORDS};
use lenet::train::session::{Lists, Session};
use tempfile::TempDir;
use wgpu::Adapter;

const WIDE: Ranges = Ranges { shift: 3.5, scale: 0.3, squeeze: 0.25, shear: 0.6 };
const NONE: Ranges = Ranges { shift: 0.0, scale: 0.0, squeeze: 0.0, shear: 0.0 };
/// Digits that the training runs take, in batches that do not divide them.
const DIGITS: usize = 40;
const BATCH: usize = 16;

pub fn add(tests: &mut Tests) {
    tests.plain("executors of the CPU", on_cpu);
    for profile in profiles() {
        tests.on_adapter(format!("gather to the bit, {}", profile.name), move |adapter| {
            gathers(adapter, profile)
        });
        tests.on_adapter(format!("nothing to distort, {}", profile.name), move |adapter| {
            nothing_to_distort(adapter, profile)
        });
    }
    for way in ways() {
        tests.on_adapter(format!("training, {way}"), move |adapter| trains(adapter, way));
    }
    tests.on_adapter("a sheet", |_| sheet());
}

/// `gather` of digits in views 0 to 3 whose values are the bytes.
fn gather(ranges: Option<Ranges>, side: usize, samples: u32, border: u32) -> Case {
    const MOST: u32 = 6;
    let record = Record { side };
    let mut digits = Numbers::new(1).any(MOST as usize * record.words());
    let labels = digits.iter_mut().skip(record.pixel_words()).step_by(record.words());
    labels.for_each(|label| *label %= 10);
    let distort = ranges.map(|ranges| Distortion::new(ranges, MOST as usize));
    let views = if distort.is_some() { 4 } else { 1 };
    let order = (0..samples).map(|n| (n * 5 + 3) % MOST + MOST * (n % views)).collect();
    let side = side as u32 + 2 * border;
    let (scale, background) = (1.0, 0.0);
    let (before, height, width) = (0, side, side);
    let x_stride = height * width;
    let k = Gather {
        samples,
        before,
        record,
        height,
        width,
        border,
        x_stride,
        scale,
        background,
        distort,
    };
    let steps = vec![0, samples, 0, 0xdead_beef, 0, 0, 0, 0];
    let x = vec![0; (samples * side * side) as usize];
    let arguments =
        vec![digits, order, steps, vec![0], empty(STATE_WORDS as u32), empty(4 * samples), x];
    case(
        format!("{ranges:?}, {record:?}, {samples} samples, border {border}"),
        Op::Gather(k),
        arguments,
    )
}

fn gathers(adapter: &Adapter, profile: Profile) -> Outcome {
    let exact = Tolerance { absolute: 0.0, relative: 0.0 };
    for ranges in [Ranges::default(), WIDE] {
        for (side, samples, border) in [(28, 1, 0), (28, 9, 1), (9, 7, 2), (30, 3, 5), (64, 3, 1)] {
            gather(Some(ranges), side, samples, border).check(adapter, profile, exact)?;
        }
    }
    Ok(())
}

/// Ranges of 0 in every view: the pictures of the kernel without distortion.
fn nothing_to_distort(adapter: &Adapter, profile: Profile) -> Outcome {
    let pictures = |ranges| -> lenet::Result<Vec<f32>> {
        let case = gather(ranges, 28, 7, 2);
        let x = &case.on_adapter(adapter, profile)?[6];
        Ok(floats(&x[ALIGN..][..case.arguments[6].len()]))
    };
    let (plain, none) = (pictures(None)?, pictures(Some(NONE))?);
    assert!(plain.iter().any(|&value| value > 0.0));
    assert_ne!(pictures(Some(WIDE))?, plain);
    let mut differences = Differences::default();
    differences.words("x", &bits(&none), &bits(&plain));
    differences.outcome("ranges of 0")
}

fn bits(numbers: &[f32]) -> Vec<u32> {
    numbers.iter().map(|number| number.to_bits()).collect()
}

/// The parameters of LeNet-1 after two epochs of distorted digits.
fn trained(
    way: Way,
    batch: usize,
    make: impl FnOnce(Plan) -> lenet::Result<Box<dyn Executor>>,
) -> lenet::Result<Vec<f32>> {
    let mut digits = data::builtin()?.test;
    digits.truncate(DIGITS);
    let lists = Lists::new(&[&digits], DIGITS, Vec::new());
    let network = network("lenet1", |_| {});
    let (capacity, optimizer) = (lists.capacity(batch), OPTIMIZER);
    let plan = Plan::new(&network, way.strategy, way.profile, batch, optimizer, capacity)?
        .distorted(Distortion::new(Ranges::default(), DIGITS));
    let (distortion, start) = (
        plan.interface.distortion,
        init::parameters(&network, &plan.interface.layout, Init::Pytorch, 1),
    );
    let mut session = Session::new(make(plan)?, &lists)?;
    session.set_parameters(&start)?;
    session.distort_by(5);
    let k = distortion.expect("a plan that distorts");
    for view in 1..=2 {
        let (order, steps) =
            ((0..DIGITS as u32).map(|digit| k.entry(digit, view)), session.steps());
        session.epoch(&order.collect::<Vec<_>>(), steps, |_| 0.02.into(), &mut |_| true)?;
    }
    session.parameters()
}

const OPTIMIZER: Optimizer = Optimizer::Sgd { momentum: 0.9, weight_decay: 0.0 };

fn naive(batch: usize) -> lenet::Result<Vec<f32>> {
    trained(Profile::reference().into(), batch, |plan| Ok(Box::new(Cpu::new(plan))))
}

/// Against the references, and the same bits with any number of threads.
fn on_cpu() -> Outcome {
    let fast = |batch, threads, instructions| {
        trained(Profile::reference().into(), batch, |plan| {
            Ok(Box::new(Fast::new(plan, threads, instructions)))
        })
    };
    // A batch of one has kernels of its own.
    for batch in [BATCH, 1] {
        let naive = naive(batch)?;
        for instructions in [Instructions::baseline(), Instructions::detect()] {
            let one = fast(batch, 1, instructions)?;
            compare(&format!("the references, batch {batch}"), &one, &naive)?;
            for _ in 0..2 {
                let two = fast(batch, 2, instructions)?;
                assert_eq!(bits(&two), bits(&one), "two threads, not one");
            }
        }
    }
    Ok(())
}

fn compare(what: &str, found: &[f32], expected: &[f32]) -> Outcome {
    let mut differences = Differences::default();
    let tolerance = Tolerance { absolute: 2e-5, relative: 2e-5 };
    differences.numbers("parameters", found, expected, tolerance);
    differences.outcome(what)
}

fn trains(adapter: &Adapter, way: Way) -> Outcome {
    let found = trained(way, BATCH, |plan| Ok(Box::new(Gpu::new(adapter, plan.program())?)))?;
    compare("the references", &found, &naive(BATCH)?)
}

/// The adapter and the CPU draw the same sheet, but for values between two bytes, which the input's
/// scaling puts on one side or the other; the first column is the digits themselves.
fn sheet() -> Outcome {
    let folder = TempDir::new()?;
    let draw = |device: &str| -> image::ImageResult<GrayImage> {
        let file = folder.path().join(format!("{device}.png"));
        let args = ["distort", "--device", device, "--out", path(&file), "--network", "lenet1"];
        prints(&[&args[..], &["--index", "3,5", "--views", "4"]].concat());
        Ok(image::load_from_memory(&std::fs::read(&file)?)?.into_luma8())
    };
    let (gpu, sheet) = (draw("gpu")?, draw("cpu")?);
    assert_eq!(gpu.dimensions(), sheet.dimensions());
    let furthest = gpu.iter().zip(sheet.iter()).map(|(a, b)| a.abs_diff(*b)).max();
    assert!(furthest <= Some(1), "{furthest:?} of 255 levels apart");
    // Five columns and two rows of 28 pixels and a gap, six times enlarged.
    assert_eq!(sheet.dimensions(), (6 * (5 * 29 + 1), 6 * (2 * 29 + 1)));
    let train = data::builtin()?.train;
    for (row, number) in [(0, 3), (1, 5)] {
        for (place, &byte) in train.digit(number).iter().enumerate() {
            let (y, x) = (1 + 29 * row + place / 28, 1 + place % 28);
            let of_view =
                |view: usize| sheet.get_pixel(6 * (29 * view + x) as u32, 6 * y as u32).0[0];
            assert_eq!(of_view(0), byte, "digit {number}, pixel {place}");
        }
    }
    Ok(())
}
