//! Random network files: any kernels, poolings, activations, outputs, classes and sides, right or wrong.

use std::fmt::Write;

use lenet::executor::Executor;
use lenet::network::{Loss, Named, Network, Output, PoolForm, Scaling, Squash, Table, build};
use lenet::plan::{Capacity, Optimizer, Plan};
use lenet::rng::{Rng, Stream};

use super::Way;
use super::run::{Run, Trained};

/// Factor on the usual tolerance: these networks may sum 60,000 terms that cancel.
pub const SLACK: f32 = 10.0;
/// Steps that a random network trains; the last one is short.
const STEPS: usize = 2;

/// A network file and the seed that determines it.
pub struct RandomFile {
    pub seed: u64,
    pub text: String,
    batch: usize,
    optimizer: Optimizer,
}

impl RandomFile {
    /// At least a quarter of the files describe a network, and at least a quarter do not.
    pub fn new(seed: u64) -> Self {
        let mut draw = Draw(Rng::new(seed, Stream::Test));
        let text = file(&mut draw);
        let batch = draw.within(1..=20);
        // With a small epsilon a gradient that is nothing but rounding would move its parameter far.
        let (beta1, beta2, epsilon) = (0.9, 0.99, 1.0);
        let optimizer = match draw.within(0..=5) {
            0 | 1 => Optimizer::Sdlm { momentum: 0.5, mu: 1.0, exact: true },
            2 => Optimizer::Adam { beta1, beta2, epsilon, weight_decay: 0.0 },
            _ => Optimizer::Sgd { momentum: 0.9, weight_decay: 0.01 },
        };
        RandomFile { seed, text, batch, optimizer }
    }

    /// The network, or the reason why the file is refused.
    pub fn network(&self) -> Result<Network, String> {
        let table = Table::parse(&self.text)?;
        build(&table, table.options).map_err(|error| error.to_string())
    }

    /// [`STEPS`] training steps, or the reason why there is no plan.
    pub fn run(&self, way: impl Into<Way>) -> Result<Run, String> {
        let network = self.network()?;
        let Way { strategy, profile } = way.into();
        let rate = if network.options.output == Output::Rbf { 0.0002 } else { 0.02 };
        let trained = Trained { name: format!("random network {}", self.seed), network, rate };
        let mut run = Run::full(trained, self.batch, STEPS, self.optimizer);
        run.steps[STEPS - 1] = self.batch.div_ceil(3);
        let digits = run.steps.iter().sum();
        let capacity = Capacity { samples: digits, indices: digits, steps: STEPS };
        Plan::new(&run.trained.network, strategy, profile, self.batch, self.optimizer, capacity)
            .map_err(|error| error.to_string())?;
        Ok(run)
    }

    /// Carries its steps out.
    pub fn train(&self, run: &Run, executor: &mut dyn Executor) -> lenet::Result<()> {
        run.train(executor, STEPS, STEPS)
    }
}

/// A generator with what a file is drawn by.
struct Draw(Rng);

impl Draw {
    fn within(&mut self, range: std::ops::RangeInclusive<usize>) -> usize {
        range.start() + self.0.below((range.end() - range.start() + 1) as u32) as usize
    }

    fn one_in(&mut self, times: u32) -> bool {
        self.0.below(times) == 0
    }

    fn word<T: Named>(&mut self) -> &'static str {
        T::NAMES[self.0.below(T::NAMES.len() as u32) as usize].1
    }
}

fn file(draw: &mut Draw) -> String {
    let mut text = String::from("name = \"random\"\n");
    // One side in forty and one number of classes in twenty are out of range.
    let side = if draw.one_in(40) { draw.within(65..=99) } else { draw.within(8..=64) };
    let output = draw.word::<Output>();
    let is_rbf = output == Output::Rbf.name() && !draw.one_in(10);
    let classes = match draw.within(0..=39) {
        0 => draw.within(0..=1),
        1 => draw.within(65..=300),
        _ if is_rbf => 10,
        _ => draw.within(2..=64),
    };
    let border = if draw.one_in(3) { draw.within(0..=4) } else { 0 };
    let squash = if is_rbf { Squash::Scaled.name() } else { draw.word::<Squash>() };
    let (input, pool) = (draw.word::<Scaling>(), draw.word::<PoolForm>());
    let _ = write!(
        text,
        "side = {side}\nclasses = {classes}\nborder = {border}\ninput = {input:?}\n\
         squash = {squash:?}\npool = {pool:?}\noutput = {output:?}\n"
    );
    if draw.one_in(8) {
        let _ = writeln!(text, "loss = {:?}", draw.word::<Loss>());
    }
    let mut layers = stages(draw, side + 2 * border);
    for number in 0..draw.within(0..=2) {
        layers.push(format!("linear = \"l{number}\", units = {}", units(draw)));
    }
    if is_rbf {
        layers.push("linear = \"last\", units = 84".into());
    }
    text.push_str("layers = [\n");
    layers.iter().for_each(|layer| text.push_str(&format!("    {{ {layer} }},\n")));
    text + "]\n"
}

/// Up to four convolutions over a picture of this side, with a pooling after most of them.
fn stages(draw: &mut Draw, mut side: usize) -> Vec<String> {
    let mut layers = Vec::new();
    let mut maps = 1;
    for number in 0..draw.within(0..=4) {
        let has_pool = !draw.one_in(3);
        let mut kernel = draw.within(1..=7);
        // Most kernels leave an even side to a pooling.
        if has_pool && side.saturating_sub(kernel).is_multiple_of(2) && !draw.one_in(12) {
            kernel = if kernel == 1 { 2 } else { kernel - 1 };
        }
        if draw.one_in(60) {
            kernel = draw.within(7..=9) % 9;
        }
        let before = maps;
        maps = units(draw).min(12);
        let seen = connections(draw, before, maps);
        layers.push(format!("conv = \"c{number}\", maps = {maps}, kernel = {kernel}{seen}"));
        side = (side + 1).saturating_sub(kernel);
        if has_pool {
            layers.push(format!("pool = \"p{number}\""));
            side /= 2;
        }
    }
    layers
}

/// Mostly few, and one in sixty none.
fn units(draw: &mut Draw) -> usize {
    if draw.one_in(60) { 0 } else { draw.within(1..=9) * draw.within(1..=3) }
}

/// For one convolution in three a list of what each map sees, of which one in ten names a map that is not there.
fn connections(draw: &mut Draw, before: usize, maps: usize) -> String {
    if !draw.one_in(3) {
        return String::new();
    }
    let most = if draw.one_in(10) { before } else { before.max(1) - 1 };
    let row = |_| {
        let seen: Vec<usize> = (0..=most).filter(|_| draw.one_in(2)).collect();
        if seen.is_empty() { vec![most] } else { seen }
    };
    format!(", connections = {:?}", (0..maps).map(row).collect::<Vec<_>>())
}
