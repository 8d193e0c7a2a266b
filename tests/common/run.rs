//! Whole networks: first weights, steps on digits of the test set, and the state that a run leaves behind.

use std::sync::LazyLock;

use lenet::cpu::Cpu;
use lenet::data::{self, Digits};
use lenet::executor::Executor;
use lenet::gpu::{Gpu, Replicas};
use lenet::network::init::{self, Init};
use lenet::network::tensors::{Role, Tensor};
use lenet::network::{Loss, Network, Options, Output, PoolForm, Scaling, Squash};
use lenet::network::{bitmaps, build, lenet as tables};
use lenet::plan::{
    Capacity, Layout, Optimizer, Pass, Plan, Profile, Program, STEP_WORDS, StepRow, TOTALS,
};
use wgpu::Adapter;

use super::Way;
use super::compare::{Differences, Tolerance};

/// Digits that a run may take.
const DIGITS: usize = 1_024;
/// Seed of the first weights.
const SEED: u64 = 1998;

static MNIST: LazyLock<Digits> = LazyLock::new(|| {
    let mut digits = data::builtin().expect("the built-in digits can be read").test;
    digits.truncate(DIGITS);
    digits
});

/// Bytes and label of a digit of the test set.
pub fn digit(number: usize) -> (Vec<u8>, usize) {
    let pixels = MNIST.pixels()[number * 784..][..784].to_vec();
    (pixels, usize::from(MNIST.labels()[number]))
}

/// A network that the tests train, and a learning rate that suits it.
#[derive(Debug, Clone)]
pub struct Trained {
    pub name: String,
    pub network: Network,
    pub rate: f32,
}

/// The table `name` with some choices made otherwise.
pub fn network(name: &str, change: impl FnOnce(&mut Options)) -> Network {
    let table = tables::find(name).expect("a network of this program");
    let mut options = table.options;
    change(&mut options);
    build(table, options).expect("choices that fit the table")
}

/// A linear output with the squared error against +1 and -1.
pub fn linear(options: &mut Options) {
    options.output = Output::Linear;
    options.loss = Loss::Mse;
}

/// The networks that most tests train: each of the papers' outputs, losses, squashes and trained poolings in one of
/// them.
pub fn networks() -> Vec<Trained> {
    const LINEAR: f32 = 0.02;
    const RBF: f32 = 0.001;
    let trained = |name: &str, network, rate| Trained { name: name.into(), network, rate };
    let tanh = |options: &mut Options| {
        options.squash = Squash::Tanh;
        options.scaling = Scaling::Symmetric;
    };
    let full = |options: &mut Options| {
        options.full_connections = true;
        options.pool = PoolForm::Mean;
        options.loss = Loss::Map;
    };
    vec![
        trained("lenet1", network("lenet1", |_| {}), LINEAR),
        trained("lenet1, tanh", network("lenet1", tanh), LINEAR),
        trained("lenet1, border 2", network("lenet1", |options| options.border = 2), LINEAR),
        trained("lenet5, eq. 9", network("lenet5", |options| options.loss = Loss::Map), RBF),
        trained("lenet5, eq. 8", network("lenet5", |options| options.loss = Loss::Mse), RBF),
        trained("lenet5, linear", network("lenet5", linear), LINEAR),
        trained("lenet5, full connections, mean", network("lenet5", full), RBF),
        trained("lenet5-short", network("lenet5-short", |_| {}), LINEAR),
    ]
}

/// Adam with a larger epsilon than usual: a gradient that is nothing but rounding moves its parameter by less
/// than the tolerance.
pub const ADAM: Optimizer =
    Optimizer::Adam { beta1: 0.9, beta2: 0.99, epsilon: 1e-3, weight_decay: 0.01 };

/// The network of that name in [`networks`].
pub fn trained(name: &str) -> Trained {
    networks().into_iter().find(|trained| trained.name == name).expect("a name in the list")
}

/// Steps of a network on the first digits of the test set.
#[derive(Debug, Clone)]
pub struct Run {
    pub trained: Trained,
    pub batch: usize,
    /// Digits of each step, at most `batch`.
    pub steps: Vec<usize>,
    pub optimizer: Optimizer,
}

/// What a run leaves behind.
#[derive(Debug, Clone, PartialEq)]
pub struct State {
    pub parameters: Vec<f32>,
    /// After one step without momentum and weight decay: the gradient.
    pub velocity: Vec<f32>,
    /// The curvature or the mean squared gradients; empty where the optimizer has neither.
    pub second: Vec<f32>,
    pub scores: Vec<f32>,
    /// Loss, errors, and both divided by the samples of their step, summed over all samples.
    pub totals: [f64; TOTALS],
}

impl Run {
    /// `steps` full batches.
    pub fn full(trained: Trained, batch: usize, steps: usize, optimizer: Optimizer) -> Self {
        Run { trained, batch, steps: vec![batch; steps], optimizer }
    }

    /// The plan of the run.
    pub fn plan(&self, way: impl Into<Way>) -> Plan {
        let Way { strategy, profile } = way.into();
        let digits = self.steps.iter().sum();
        let capacity = Capacity { samples: digits, indices: digits, steps: self.steps.len() };
        Plan::new(&self.trained.network, strategy, profile, self.batch, self.optimizer, capacity)
            .expect("a network that kernels are made for")
    }

    /// On the CPU reference, ready for the first step.
    pub fn on_cpu(&self) -> lenet::Result<Box<dyn Executor>> {
        self.prepared(Box::new(Cpu::new(self.plan(Profile::reference()))))
    }

    /// On an adapter, ready for the first step.
    pub fn on_adapter(
        &self,
        adapter: &Adapter,
        way: impl Into<Way>,
    ) -> lenet::Result<Box<dyn Executor>> {
        self.prepared(on_adapter(adapter, self.plan(way).program())?)
    }

    /// On any executor of the plan, ready for the first step.
    pub fn prepared(&self, mut executor: Box<dyn Executor>) -> lenet::Result<Box<dyn Executor>> {
        let ports = executor.interface().ports;
        let digits: usize = self.steps.iter().sum();
        let mut taken = MNIST.clone();
        taken.truncate(digits);
        assert_eq!(taken.len(), digits, "no run takes more digits than {DIGITS}");
        let (record, classes) = (executor.interface().record, executor.interface().classes());
        // A network of another side gets the same bytes, cut into pictures of that side.
        let bytes = taken.pixels().iter().copied().cycle().take(digits * record.side.pow(2));
        let labels = taken.labels().iter().map(|label| label % classes as u8);
        let mut packed = Vec::new();
        record.append(&mut packed, &bytes.collect::<Vec<u8>>(), &labels.collect::<Vec<u8>>());
        executor.write(ports.data_set, 0, &packed)?;
        executor.write(ports.indices, 0, &(0..digits as u32).rev().collect::<Vec<u32>>())?;
        let mut first = 0;
        for (number, &count) in self.steps.iter().enumerate() {
            let size = self.optimizer.step_size(self.trained.rate, number);
            let row = StepRow { first, count: count as u32, size, key: 0 };
            executor.write(ports.step_table, number * STEP_WORDS, &row.words())?;
            first += count as u32;
        }
        self.reset(executor.as_mut())?;
        Ok(executor)
    }

    /// Back to the first weights and the first step.
    pub fn reset(&self, executor: &mut dyn Executor) -> lenet::Result<()> {
        let plan = executor.interface();
        let (ports, batch) = (plan.ports, plan.batch);
        let start = start(&self.trained.network, &plan.layout);
        executor.write_f32(ports.parameters, &start)?;
        for (_, buffer) in ports.carried().skip(1) {
            executor.write_f32(buffer, &vec![0.0; start.len()])?;
        }
        executor.write_f32(ports.totals, &vec![0.0; batch * TOTALS])?;
        executor.write(ports.cursor, 0, &[0])
    }

    /// Runs the first `count` steps, `at_once` to a submission. Where the optimizer has a curvature, all of them run
    /// first as a curvature pass, then as training.
    pub fn train(
        &self,
        executor: &mut dyn Executor,
        count: usize,
        at_once: usize,
    ) -> lenet::Result<()> {
        let passes: &[Pass] = match self.optimizer {
            Optimizer::Sgd { .. } | Optimizer::Adam { .. } => &[Pass::Training],
            Optimizer::Sdlm { .. } => &[Pass::Curvature, Pass::Training],
        };
        let ports = executor.interface().ports;
        for &pass in passes {
            executor.write(ports.cursor, 0, &[0])?;
            executor.write_f32(ports.totals, &vec![0.0; self.batch * TOTALS])?;
            for first in (0..count).step_by(at_once) {
                executor.run(at_once.min(count - first), pass)?;
            }
        }
        Ok(())
    }
}

/// A program on a device of an adapter, or on several.
pub fn on_adapter(adapter: &Adapter, program: Program) -> lenet::Result<Box<dyn Executor>> {
    Ok(match program.replicas.len() {
        1 => Box::new(Gpu::new(adapter, program)?),
        replicas => Box::new(Replicas::new(&vec![adapter; replicas], program, false)?),
    })
}

/// First weights, wide enough that the squashes bend. Before an RBF output the biases lie between
/// the bitmaps of 6 and 8: far from all of them eq. 9 cannot be told from eq. 8, since every e^-y
/// is 0.
fn start(network: &Network, layout: &Layout) -> Vec<f32> {
    const SHARES: [(usize, f32); 2] = [(6, 0.52), (8, 0.48)];
    let mut parameters = init::parameters(network, layout, Init::Pytorch, SEED);
    // The poolings' biases start at 0, where a slip in them would not show.
    for tensor in layout.tensors.iter().filter(|tensor| tensor.role == Role::PoolBias) {
        for (number, place) in tensor.places().enumerate() {
            parameters[place] = 0.05 * (number as f32 - 2.0);
        }
    }
    let bias = layout.tensors.iter().rfind(|tensor| tensor.role == Role::Bias);
    if let Some(bias) = bias.filter(|_| network.options.output == Output::Rbf) {
        let centres = bitmaps::centres();
        for (class, share) in SHARES {
            let centre = &centres[class * bias.size()..];
            bias.places().zip(centre).for_each(|(at, pixel)| parameters[at] += share * pixel);
        }
    }
    parameters
}

/// Reads what a run left behind.
pub fn state(executor: &mut dyn Executor) -> lenet::Result<State> {
    let plan = executor.interface().clone();
    let ports = plan.ports;
    let rows = executor.read_f32(ports.totals, plan.batch * TOTALS)?;
    let column = |at: usize| rows.chunks_exact(TOTALS).map(|row| f64::from(row[at])).sum();
    Ok(State {
        parameters: executor.read_f32(ports.parameters, plan.layout.size)?,
        velocity: executor.read_f32(ports.velocity, plan.layout.size)?,
        second: match ports.curvature.or(ports.squares) {
            Some(buffer) => executor.read_f32(buffer, plan.layout.size)?,
            None => Vec::new(),
        },
        scores: executor.read_f32(ports.scores, plan.batch * plan.classes())?,
        totals: [column(0), column(1), column(2), column(3)],
    })
}

/// The numbers of all tensors of a layer that have the same role. A map has a single bias, whose gradient may be a sum
/// that cancels: on its own it says nothing about the size of the terms.
pub fn of_kind(layout: &Layout, tensor: &Tensor, numbers: &[f32]) -> Vec<f32> {
    let layer = |tensor: &Tensor| tensor.name.split('.').next().map(str::to_string);
    layout
        .tensors
        .iter()
        .filter(|other| layer(other) == layer(tensor) && other.role == tensor.role)
        .flat_map(|other| other.numbers(numbers).into_owned())
        .collect()
}

/// Compares two lists of numbers, laid out as parameters, tensor by tensor; `tolerance.absolute` is
/// a share of the largest [`of_kind`]. Gaps between the tensors have to be 0.
pub fn compare_tensors(
    differences: &mut Differences,
    what: &str,
    layout: &Layout,
    found: &[f32],
    reference: &[f32],
    tolerance: Tolerance,
) {
    let mut gaps = found.to_vec();
    for tensor in &layout.tensors {
        let tolerance = tolerance.of_largest(&of_kind(layout, tensor, reference));
        let (found, reference) = (tensor.numbers(found), tensor.numbers(reference));
        differences.numbers(format!("{what} of {}", tensor.name), &found, &reference, tolerance);
        tensor.places().for_each(|place| gaps[place] = 0.0);
    }
    let exact = Tolerance { absolute: 0.0, relative: 0.0 };
    differences.numbers(format!("gaps of {what}"), &gaps, &vec![0.0; found.len()], exact);
}

/// Parameters after some steps. The absolute part here and below is a share of the largest [`of_kind`].
const PARAMETER: Tolerance = Tolerance { absolute: 2e-5, relative: 2e-5 };
/// Velocities, which carry the gradients of all steps.
const VELOCITY: Tolerance = Tolerance { absolute: 2e-4, relative: 2e-4 };
/// Curvatures, which carry the squares of all local derivatives, and mean squares of gradients.
const SECOND: Tolerance = Tolerance { absolute: 2e-5, relative: 2e-5 };
/// Loss over all steps. Errors are whole numbers and have to agree.
const LOSS: Tolerance = Tolerance { absolute: 0.0, relative: 1e-5 };

/// Compares what some steps of a run left with what the reference left.
pub fn compare_states(run: &Run, found: &State, expected: &State) -> Differences {
    compare_loosely(run, found, expected, 1.0)
}

/// As [`compare_states`], with tolerances that are `times` as large.
pub fn compare_loosely(run: &Run, found: &State, expected: &State, times: f32) -> Differences {
    let layout = run.plan(Profile::reference()).interface.layout;
    let mut differences = Differences::default();
    let mut tensors = |what, found, reference, tolerance| {
        let tolerance: Tolerance = tolerance;
        compare_tensors(&mut differences, what, &layout, found, reference, tolerance.times(times));
    };
    tensors("parameters", &found.parameters, &expected.parameters, PARAMETER);
    tensors("velocity", &found.velocity, &expected.velocity, VELOCITY);
    if !expected.second.is_empty() {
        tensors("second", &found.second, &expected.second, SECOND);
    }
    let narrow = |totals: [f64; TOTALS]| totals.map(|total| total as f32);
    differences.numbers(
        "totals",
        &narrow(found.totals),
        &narrow(expected.totals),
        LOSS.times(times),
    );
    differences
}
