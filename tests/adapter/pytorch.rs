//! The stored results of PyTorch: a second opinion that shares no line with this program.
//!
//! Each file in `tests/fixtures` holds the first weights of a network and what PyTorch, in float64,
//! gets for seven digits: outputs, loss, every gradient, and the weights after three steps of SGD
//! with momentum or of Adam (`tests/pytorch/README.md`). Two more hold second derivatives of the same weights
//! and digits, and steps by them. The names and shapes of the tensors are those of this
//! program, absent connections and all.
//!
//! Every case runs on the CPU executor in layers and by samples and, where there is an adapter, some on it
//! too; with `./tests/run --all` every case in every plan and both profiles.

use std::collections::HashMap;
use std::path::Path;

use crate::common::compare::{Differences, Tolerance};
use crate::common::run::{compare_tensors, of_kind, on_adapter};
use crate::common::{Outcome, Tests, Way, all_ways, other_ways, software, ways};
use lenet::cpu::Cpu;
use lenet::executor::Executor;
use lenet::network::{CLASSES, Network, Options, build, lenet as tables};
use lenet::plan::abi::Record;
use lenet::plan::{Capacity, Layout, Optimizer, Pass, Plan, Profile, StepRow, Strategy, TOTALS};
use safetensors::SafeTensors;
use serde_json::{Value, json};
use wgpu::Adapter;

const CASES: [&str; 10] = [
    "lenet1",
    "lenet1-scaled",
    "lenet1-relu-max",
    "lenet1-logistic-average",
    "lenet1-adam",
    "lenet5-rbf-mse",
    "lenet5-rbf-map",
    "lenet5-rbf-map-j1",
    "lenet5-linear",
    "lenet5-short",
];
/// Networks that the plan for samples is not made for.
const IN_LAYERS: [&str; 2] = ["lenet1-relu-max", "lenet1-logistic-average"];
/// Second derivatives, and steps by them.
const SECOND: [&str; 2] = ["lenet1-sdlm", "lenet5-sdlm"];
/// Fixtures that an adapter always computes: one by gradients, one by second derivatives. That it agrees with the
/// CPU on the others is in `steps.rs`.
const ON_ADAPTER: [&str; 2] = ["lenet1-relu-max", "lenet1-sdlm"];
/// Digits of a fixture.
const BATCH: usize = 7;
/// Rows of C5 that the fixtures of second derivatives keep.
const FIRST_ROWS: usize = 8;
/// Steps of an optimizer on them, or of one digit each by second derivatives.
const STEPS: usize = 3;

/// Outputs between -1.7159 and 1.7159, and distances up to some hundred.
const SCORE: Tolerance = Tolerance { absolute: 2e-6, relative: 1e-5 };
const LOSS: Tolerance = Tolerance { absolute: 0.0, relative: 1e-5 };
/// Absolute as a share of the layer's largest gradient of that kind: small gradients are sums of
/// terms as large as those of the large ones, and lose as much.
const GRADIENT: Tolerance = Tolerance { absolute: 2e-5, relative: 2e-5 };
/// Sums of squares, which do not cancel.
const CURVATURE: Tolerance = Tolerance { absolute: 2e-6, relative: 2e-5 };
/// Three steps carry the errors of three gradients into the weights, times the learning rate.
const AFTER: Tolerance = Tolerance { absolute: 5e-6, relative: 5e-6 };
/// Adam divides a gradient by its own size, so the error of one that is as small as epsilon is no longer small. This
/// is less than a thousandth of how far three steps move a weight.
const AFTER_ADAM: Tolerance = Tolerance { absolute: 5e-5, relative: 5e-6 };

pub fn add(tests: &mut Tests) {
    let all = CASES.map(|name| (name, check as Check)).into_iter();
    for (name, check) in all.chain(SECOND.map(|name| (name, second as Check))) {
        let fits = |strategy| strategy != Strategy::Sample || !IN_LAYERS.contains(&name);
        for strategy in [Strategy::Layered, Strategy::Sample].into_iter().filter(|&it| fits(it)) {
            let way = Way { strategy, profile: Profile::reference() };
            tests.plain(format!("{name}, {way}"), move || {
                check(name, way, &|plan| Ok(Box::new(Cpu::new(plan))))
            });
        }
        let add = |tests: &mut Tests, ways: &[Way]| {
            for &way in ways.iter().filter(|way| fits(way.strategy)) {
                tests.on_adapter(format!("{name}, {way}"), move |adapter: &Adapter| {
                    check(name, way, &|plan| on_adapter(adapter, plan.program()))
                });
            }
        };
        if ON_ADAPTER.contains(&name) {
            add(tests, &ways());
            tests.rest(|tests| add(tests, &[software()]));
            tests.rest(|tests| add(tests, &other_ways()));
        } else {
            tests.rest(|tests| add(tests, &all_ways()));
        }
    }
}

/// Makes the executor of a plan.
type Make<'a> = &'a dyn Fn(Plan) -> lenet::Result<Box<dyn Executor>>;
/// A test of a fixture in one way.
type Check = fn(&str, Way, Make) -> Outcome;

/// A fixture: the settings it was made with, and its tensors.
struct Fixture {
    settings: HashMap<String, String>,
    bytes: Vec<u8>,
}

impl Fixture {
    fn read(name: &str) -> Result<Fixture, String> {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures");
        let path = folder.join(format!("{name}.safetensors"));
        let bytes = std::fs::read(&path).map_err(|e| format!("{}: {e}", path.display()))?;
        let (_, header) = SafeTensors::read_metadata(&bytes).map_err(|e| e.to_string())?;
        let settings = header.metadata().clone().ok_or("a fixture without settings")?;
        Ok(Fixture { settings: settings.into_iter().collect(), bytes })
    }

    fn bytes(&self, tensor: &str) -> Result<Vec<u8>, String> {
        let file = SafeTensors::deserialize(&self.bytes).map_err(|e| e.to_string())?;
        let view = file.tensor(tensor).map_err(|e| format!("{tensor}: {e}"))?;
        Ok(view.data().to_vec())
    }

    fn numbers(&self, tensor: &str) -> Result<Vec<f32>, String> {
        Ok(bytemuck::pod_collect_to_vec(&self.bytes(tensor)?))
    }

    /// Every tensor `KIND/NAME` in the places of the layout; `KIND/` without a surplus one.
    fn parameters(&self, kind: &str, layout: &Layout) -> Result<Vec<f32>, String> {
        self.places(kind, layout).map(|(parameters, _)| parameters)
    }

    /// The same of tensors that may hold only the first rows; also the layout of what is there.
    fn places(&self, kind: &str, layout: &Layout) -> Result<(Vec<f32>, Layout), String> {
        let file = SafeTensors::deserialize(&self.bytes).map_err(|e| e.to_string())?;
        let stored =
            file.names().iter().filter(|name| name.starts_with(&format!("{kind}/"))).count();
        if stored != layout.tensors.len() {
            return Err(format!("{stored} tensors {kind}/..., not {}", layout.tensors.len()));
        }
        let (mut parameters, mut layout) = (vec![0.0; layout.size], layout.clone());
        for tensor in &mut layout.tensors {
            let name = format!("{kind}/{}", tensor.name);
            let shape = file.tensor(&name).map_err(|e| format!("{name}: {e}"))?.shape().to_vec();
            let rows = shape[0].min(tensor.shape[0]);
            if shape[1..] != tensor.shape[1..] || (rows != tensor.shape[0] && rows != FIRST_ROWS) {
                return Err(format!("{name} is {shape:?}, not {:?}", tensor.shape));
            }
            tensor.shape = shape;
            tensor.put(&self.numbers(&name)?, &mut parameters);
        }
        Ok((parameters, layout))
    }

    fn setting(&self, key: &str) -> Result<&str, String> {
        self.settings.get(key).map(String::as_str).ok_or_else(|| format!("no setting {key}"))
    }

    /// A number or a switch, which the metadata hold as JSON; words stand as they are.
    fn value(&self, key: &str) -> Result<Value, String> {
        let text = self.setting(key)?;
        Ok(serde_json::from_str(text).unwrap_or_else(|_| json!(text)))
    }

    fn number(&self, key: &str) -> Result<f32, String> {
        let number = self.value(key)?.as_f64();
        number.map(|number| number as f32).ok_or_else(|| format!("{key} is no number"))
    }

    fn network(&self) -> Result<Network, String> {
        let name = self.setting("network")?;
        let table = tables::find(name).ok_or_else(|| format!("no network {name}"))?;
        let mut options = json!({});
        let keys =
            ["border", "scaling", "squash", "pool", "full_connections", "output", "loss", "j"];
        for key in keys {
            options[key] = self.value(key)?;
        }
        let options: Options = serde_json::from_value(options).map_err(|e| e.to_string())?;
        build(table, options).map_err(|e| e.to_string())
    }
}

fn check(name: &str, way: Way, make: Make) -> Outcome {
    let fixture = Fixture::read(name)?;
    let network = fixture.network()?;
    let (momentum, weight_decay) = (fixture.number("momentum")?, fixture.number("weight_decay")?);
    let optimizer = match fixture.value("adam") {
        Err(_) => Optimizer::Sgd { momentum, weight_decay },
        Ok(adam) => {
            let number = |at: usize| adam[at].as_f64().expect("a number") as f32;
            let [beta1, beta2, epsilon] = [0, 1, 2].map(number);
            Optimizer::Adam { beta1, beta2, epsilon, weight_decay }
        }
    };
    let capacity = Capacity { samples: BATCH, indices: BATCH, steps: STEPS + 1 };
    let plan = Plan::new(&network, way.strategy, way.profile, BATCH, optimizer, capacity)?;
    let (ports, layout) = (plan.interface.ports, plan.interface.layout.clone());
    let mut executor = make(plan)?;

    start(executor.as_mut(), &fixture)?;
    let rate = fixture.number("lr")?;
    let step = |number| {
        let size = optimizer.step_size(rate, number);
        StepRow { count: BATCH as u32, size, ..StepRow::default() }.words()
    };
    executor.write(ports.step_table, 0, &(0..=STEPS).flat_map(step).collect::<Vec<u32>>())?;
    let weights = fixture.parameters("weight", &layout)?;

    let mut differences = Differences::default();
    let mut losses = Vec::new();
    for number in 0..=STEPS {
        executor.write_f32(ports.totals, &[0.0; BATCH * TOTALS])?;
        executor.run(1, if number < STEPS { Pass::Training } else { Pass::Forward })?;
        let totals = executor.read_f32(ports.totals, BATCH * TOTALS)?;
        losses.push(totals.chunks(TOTALS).map(|row| row[2]).sum::<f32>());
        if number == 0 {
            let scores = executor.read_f32(ports.scores, BATCH * CLASSES)?;
            differences.numbers("scores", &scores, &fixture.numbers("scores")?, SCORE);
            // After the first step the velocity is the gradient and the decay, of Adam a share of both.
            let mut found = executor.read_f32(ports.velocity, layout.size)?;
            let share = match optimizer {
                Optimizer::Adam { beta1, .. } => 1.0 - beta1,
                _ => 1.0,
            };
            let decay = |(v, w): (&mut f32, &f32)| *v = *v / share - weight_decay * w;
            found.iter_mut().zip(&weights).for_each(decay);
            let expected = fixture.parameters("grad", &layout)?;
            compare_tensors(&mut differences, "grad", &layout, &found, &expected, GRADIENT);
        }
    }
    differences.numbers("loss", &losses, &fixture.numbers("loss")?, LOSS);
    let found = executor.read_f32(ports.parameters, layout.size)?;
    let expected = fixture.parameters("after", &layout)?;
    let tolerance = if matches!(optimizer, Optimizer::Adam { .. }) { AFTER_ADAM } else { AFTER };
    compare_tensors(&mut differences, "after", &layout, &found, &expected, tolerance);
    differences.outcome(format!("{name}, {way}"))
}

/// Writes the digits, in their order, and the first weights of a fixture.
fn start(executor: &mut dyn Executor, fixture: &Fixture) -> Outcome {
    let (ports, layout) = (executor.interface().ports, executor.interface().layout.clone());
    let mut digits = Vec::new();
    Record::MNIST.append(&mut digits, &fixture.bytes("pixels")?, &fixture.bytes("labels")?);
    executor.write(ports.data_set, 0, &digits)?;
    executor.write(ports.indices, 0, &(0..BATCH as u32).collect::<Vec<u32>>())?;
    executor.write_f32(ports.parameters, &fixture.parameters("weight", &layout)?)?;
    Ok(())
}

/// The curvature as a mean over all digits, then steps of one digit each.
fn second(name: &str, way: Way, make: Make) -> Outcome {
    let fixture = Fixture::read(name)?;
    let base = Fixture::read(fixture.setting("base")?)?;
    let exact = fixture.value("exact")? == json!(true);
    let optimizer = Optimizer::Sdlm { momentum: 0.0, mu: fixture.number("mu")?, exact };
    let capacity = Capacity { samples: BATCH, indices: BATCH, steps: STEPS + 1 };
    let network = base.network()?;
    let plan = Plan::new(&network, way.strategy, way.profile, BATCH, optimizer, capacity)?;
    let (ports, layout) = (plan.interface.ports, plan.interface.layout.clone());
    let mut executor = make(plan)?;
    start(executor.as_mut(), &base)?;
    let row = |first, count, rate: f32| StepRow { first, count, size: rate.into(), key: 0 }.words();
    let eta = fixture.number("eta")?;
    let mut table = row(0, BATCH as u32, 1.0 / BATCH as f32).to_vec();
    table.extend((0..STEPS as u32).flat_map(|digit| row(digit, 1, eta)));
    executor.write(ports.step_table, 0, &table)?;
    executor.run(1, Pass::Curvature)?;
    executor.run(STEPS, Pass::Training)?;

    let curvature = ports.curvature.expect("the optimizer has one");
    let mut differences = Differences::default();
    for (kind, buffer, tolerance) in
        [("curvature", curvature, CURVATURE), ("after", ports.parameters, AFTER)]
    {
        let found = executor.read_f32(buffer, layout.size)?;
        let (expected, kept) = fixture.places(kind, &layout)?;
        for tensor in &kept.tensors {
            let tolerance = tolerance.of_largest(&of_kind(&kept, tensor, &expected));
            let (found, expected) = (&*tensor.numbers(&found), &*tensor.numbers(&expected));
            let what = format!("{kind} of {}", tensor.name);
            differences.numbers(what, found, expected, tolerance);
        }
    }
    differences.outcome(format!("{name}, {way}"))
}
