//! One kernel alone: a plan of a single dispatch, carried out by the real engine and by the reference.
//!
//! Every argument stands in a buffer of its own between guards of [`GUARD`], a NaN: a kernel that
//! reads outside its window shows it in the result, one that writes there is caught.

use lenet::cpu::Cpu;
use lenet::executor::Executor;
use lenet::gpu::Gpu;
use lenet::plan::abi::Record;
use lenet::plan::{
    ALIGN, Access, Buffer, Dispatch, Element, Interface, Kernel, Layout, Op, Optimizer, Pass, Plan,
    Ports, Profile, Replica, STATE_NUMBER, STEP_WORDS, Start, StepRow, StepSize, Steps, Strategy,
    View,
};
use lenet::rng::{Rng, Stream};
use wgpu::Adapter;

use super::Outcome;
use super::compare::{Differences, Tolerance};

/// What stands around every argument, and in outputs that a kernel has to leave alone: a NaN.
pub const GUARD: u32 = 0x7fc0_dead;

/// Row of the step table that the cases are in.
pub const STEP: u32 = 1;
/// The digits in it.
pub const COUNT: u32 = 5;

/// A kernel and the words of each of its bindings, in order.
#[derive(Debug, Clone)]
pub struct Case {
    pub name: String,
    pub op: Op,
    pub arguments: Vec<Vec<u32>>,
    /// Rows of partial gradients in the last argument: only their sum can be compared.
    pub partials: Option<Partials>,
}

/// `[partial_rows, stride]` partial gradients, of which a kernel owns some columns.
#[derive(Debug, Clone)]
pub struct Partials {
    pub partial_rows: usize,
    pub stride: usize,
    pub owned: std::ops::Range<usize>,
}

/// Random numbers for the arguments of a case.
pub struct Numbers(Rng);

impl Numbers {
    /// Equal seeds give equal numbers.
    pub fn new(seed: u64) -> Self {
        Numbers(Rng::new(seed, Stream::Test))
    }

    /// Uniform in +-limit.
    pub fn symmetric(&mut self, count: usize, limit: f32) -> Vec<f32> {
        (0..count).map(|_| self.0.symmetric(limit)).collect()
    }

    /// The same as the words of a binding.
    pub fn words(&mut self, count: usize, limit: f32) -> Vec<u32> {
        bits(&self.symmetric(count, limit))
    }

    /// Any words.
    pub fn any(&mut self, count: usize) -> Vec<u32> {
        (0..count).map(|_| self.0.next_u32()).collect()
    }
}

/// Numbers as the words of a binding.
pub fn bits(numbers: &[f32]) -> Vec<u32> {
    numbers.iter().map(|number| number.to_bits()).collect()
}

/// The words of a binding as numbers.
pub fn floats(words: &[u32]) -> Vec<f32> {
    words.iter().map(|&word| f32::from_bits(word)).collect()
}

/// An output that is not there yet.
pub fn empty(count: u32) -> Vec<u32> {
    vec![GUARD; count as usize]
}

/// A row of the step table with room around it, and that row as `step_state` holds it.
pub fn steps(first: u32, count: u32) -> (Vec<u32>, Vec<u32>) {
    let size = StepSize { rate: 0.125, corrections: [1.5, 2.5] };
    let row = StepRow { first, count, size, key: 0 };
    let other = [7; STEP_WORDS];
    let mut state = row.words().to_vec();
    state[STATE_NUMBER] = STEP;
    ([other, row.words()].concat(), state)
}

/// A case that no partials come into.
pub fn case(name: impl ToString, op: Op, arguments: Vec<Vec<u32>>) -> Case {
    Case { name: name.to_string(), op, arguments, partials: None }
}

impl Case {
    /// The plan of this one dispatch; in step with `launch` in `src/plan/builder.rs`.
    pub fn plan(&self, profile: Profile) -> Plan {
        let bindings = self.op.bindings();
        assert_eq!(bindings.len(), self.arguments.len(), "an argument for each binding");
        let mut buffers = Vec::new();
        let mut views = Vec::new();
        for (buffer, (binding, argument)) in bindings.iter().zip(&self.arguments).enumerate() {
            let mut words = vec![GUARD; ALIGN];
            words.extend(argument);
            words.resize((words.len() + ALIGN).next_multiple_of(ALIGN), GUARD);
            let start = Start::Words(words.clone());
            buffers.push(Buffer { name: binding.name.into(), words: words.len(), start });
            let words = argument.len();
            let uniform = profile.reads_uniform(binding, words, ALIGN);
            views.push(View { buffer, offset: ALIGN, words, uniform });
        }
        let (workgroup, workgroups) = profile.launch(&self.op);
        let kernel = Kernel {
            label: format!("test.{}", self.op.name()),
            op: self.op,
            windows: views.iter().map(|view| view.uniform.then_some(view.words)).collect(),
            workgroup,
            workgroups,
        };
        let steps = Steps { compute: vec![Dispatch { kernel: 0, views }], apply: vec![] };
        Plan {
            network: super::run::network("lenet1", |_| {}),
            optimizer: Optimizer::NONE,
            strategy: Strategy::Layered,
            profile,
            shards: 1,
            interface: Interface {
                record: Record::MNIST,
                batch: 1,
                shard: 1,
                distortion: None,
                layout: Layout {
                    blocks: vec![],
                    widths: vec![],
                    starts: vec![],
                    tensors: vec![],
                    stages: 0,
                    size: 0,
                },
                ports: NO_PORTS,
                activations: vec![],
            },
            buffers,
            kernels: vec![kernel],
            replicas: vec![Replica { forward: steps, ..Replica::default() }],
        }
    }

    /// Every buffer after one dispatch on the adapter.
    pub fn on_adapter(&self, adapter: &Adapter, profile: Profile) -> lenet::Result<Vec<Vec<u32>>> {
        let plan = self.plan(profile);
        run(&mut Gpu::new(adapter, plan.program())?, &plan)
    }

    /// Compares the kernel on the adapter with its reference, guards included.
    pub fn check(&self, adapter: &Adapter, profile: Profile, tolerance: Tolerance) -> Outcome {
        let found = self.on_adapter(adapter, profile)?;
        let plan = self.plan(profile);
        let expected = run(&mut Cpu::new(plan.clone()), &plan)?;
        let mut differences = Differences::default();
        for (number, binding) in self.op.bindings().iter().enumerate() {
            let (found, expected) = (&found[number], &expected[number]);
            let last = self.arguments[number].len() + ALIGN;
            let name = binding.name;
            differences.words(format!("guard before {name}"), &found[..ALIGN], &expected[..ALIGN]);
            differences.words(format!("guard after {name}"), &found[last..], &expected[last..]);
            let (found, expected) = (&found[ALIGN..last], &expected[ALIGN..last]);
            match &self.partials {
                _ if binding.access != Access::Write || binding.element == Element::U32 => {
                    differences.words(name, found, expected);
                }
                Some(partials) if name == "partials" => {
                    partials.compare(&mut differences, found, expected, tolerance);
                }
                _ => compare_written(&mut differences, name, found, expected, tolerance),
            }
        }
        differences.outcome(format!("{} ({}), {}", self.op.name(), profile.name, self.name))
    }
}

/// Numbers, except where the reference left a guard in place.
fn compare_written(
    differences: &mut Differences,
    name: &str,
    found: &[u32],
    expected: &[u32],
    tolerance: Tolerance,
) {
    let untouched = |words: &[u32]| -> Vec<u32> {
        words.iter().zip(expected).map(|(&w, &e)| if e == GUARD { w } else { 0 }).collect()
    };
    differences.words(format!("untouched {name}"), &untouched(found), &untouched(expected));
    let touched = |words: &[u32]| -> Vec<f32> {
        let words = words.iter().zip(expected);
        words.map(|(&w, &e)| if e == GUARD { 0.0 } else { f32::from_bits(w) }).collect()
    };
    differences.numbers(name, &touched(found), &touched(expected), tolerance);
}

impl Partials {
    /// Sums over the rows of the columns that the kernel owns; all others bit by bit.
    fn compare(
        &self,
        differences: &mut Differences,
        found: &[u32],
        expected: &[u32],
        tolerance: Tolerance,
    ) {
        let sum = |words: &[u32]| -> Vec<f32> {
            let column = |place: usize| -> f64 {
                let rows = words.chunks(self.stride).take(self.partial_rows);
                rows.map(|row| f64::from(f32::from_bits(row[place]))).sum()
            };
            self.owned.clone().map(|place| column(place) as f32).collect()
        };
        differences.numbers("partials", &sum(found), &sum(expected), tolerance);
        let others = |words: &[u32]| -> Vec<u32> {
            let not_owned =
                |(place, &word)| !self.owned.contains(&(place % self.stride)) as u32 * word;
            words.iter().enumerate().map(not_owned).collect()
        };
        differences.words("columns of others", &others(found), &others(expected));
    }
}

fn run(executor: &mut dyn Executor, plan: &Plan) -> lenet::Result<Vec<Vec<u32>>> {
    executor.run(1, Pass::Forward)?;
    let lengths = plan.buffers.iter().map(|buffer| buffer.words);
    lengths.enumerate().map(|(id, words)| executor.read(id, words)).collect()
}

/// A plan of one dispatch has nothing that a session would look for.
const NO_PORTS: Ports = Ports {
    data_set: 0,
    indices: 0,
    step_table: 0,
    cursor: 0,
    parameters: 0,
    velocity: 0,
    curvature: None,
    squares: None,
    shard_gradients: None,
    scores: 0,
    totals: 0,
};
