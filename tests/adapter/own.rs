//! Networks of one's own, among them layers of every width: some steps on the adapter, in layers
//! with both profiles, and on the CPU, against the naive reference. Then each goes through a file and
//! back.

use crate::common::own;
use crate::common::run::{Run, State, compare_states, state};
use crate::common::{Outcome, Tests, profiles};
use lenet::cpu::fast::{Fast, Instructions};
use lenet::network::{Row, Table, build, init};
use lenet::plan::{Layout, Optimizer, Profile};
use lenet::{Available, Flags, Model, Settings};
use wgpu::Adapter;

const STEPS: usize = 6;
const SGD: Optimizer = Optimizer::Sgd { momentum: 0.9, weight_decay: 0.01 };
const SDLM: Optimizer = Optimizer::Sdlm { momentum: 0.5, mu: 1.0, exact: true };

/// Tables that an adapter always trains by second derivatives, too: with distances, and with linear layers of odd
/// widths.
const SECOND: [&str; 2] = ["distances", "odd-mlp"];

pub fn add(tests: &mut Tests) {
    let [software, gpu] = profiles();
    for (table, trained) in own::all().into_iter().zip(own::networks()) {
        // Where there are convolutions, the profile of software adapters takes long to compile.
        let convolves = table.rows.iter().any(|row| matches!(row, Row::Conv { .. }));
        let sgd = if convolves { [gpu, software] } else { [software, gpu] };
        let kinds = [("sgd", 19, SGD, sgd), ("sdlm", 1, SDLM, [gpu, software])];
        for (name, batch, optimizer, [always, rest]) in kinds {
            let mut run = Run::full(trained.clone(), batch, STEPS, optimizer);
            run.steps[STEPS - 1] = batch.div_ceil(3);
            let name = format!("{}, batch {batch}, {name}", table.name);
            tests.plain(format!("{name}, cpu"), {
                let run = run.clone();
                move || on_cpu(&run)
            });
            let add = |tests: &mut Tests, profile: Profile| {
                let run = run.clone();
                tests.on_adapter(format!("{name}, {}", profile.name), move |adapter| {
                    on_adapter(adapter, &run, profile)
                });
            };
            match optimizer {
                Optimizer::Sdlm { .. } if !SECOND.contains(&&*table.name) => {
                    tests.rest(|tests| add(tests, always));
                }
                _ => add(tests, always),
            }
            tests.rest(|tests| add(tests, rest));
        }
        tests.plain(format!("{}, as a file", table.name), move || as_a_file(&table));
    }
}

fn on_cpu(run: &Run) -> Outcome {
    let expected = expected(run)?;
    for instructions in [Instructions::baseline(), Instructions::detect()] {
        let plan = run.plan(Profile::reference());
        let fast = Fast::new(plan, 2, instructions);
        let mut executor = run.prepared(Box::new(fast))?;
        run.train(executor.as_mut(), STEPS, STEPS)?;
        compare_states(run, &state(executor.as_mut())?, &expected).outcome(instructions.name())?;
    }
    Ok(())
}

fn on_adapter(adapter: &Adapter, run: &Run, profile: Profile) -> Outcome {
    let mut executor = run.on_adapter(adapter, profile)?;
    run.train(executor.as_mut(), STEPS, STEPS)?;
    compare_states(run, &state(executor.as_mut())?, &expected(run)?).outcome(profile.name)
}

fn expected(run: &Run) -> lenet::Result<State> {
    let mut reference = run.on_cpu()?;
    run.train(reference.as_mut(), STEPS, STEPS)?;
    state(reference.as_mut())
}

/// A model says what its network is, though no table of the program is like it.
fn as_a_file(table: &Table) -> Outcome {
    let network = build(table, table.options)?;
    let layout = Layout::of(&network)?;
    let parameters = init::parameters(&network, &layout, init::Init::Pytorch, 1);
    let model = Model { network, parameters, settings: serde_json::json!({}) };
    let folder = tempfile::tempdir().map_err(|error| error.to_string())?;
    let path = folder.path().join("own.safetensors");
    std::fs::write(&path, model.to_bytes()?).map_err(|error| error.to_string())?;
    let read = Model::read(&path)?;
    assert_eq!((&read.network, read.parameters), (&model.network, model.parameters));
    // A run can start from it, by the default recipe.
    let lenet::network::Options { side, classes, .. } = read.network.options;
    let available = Available { side, classes, ..Available::MNIST };
    let settings = Settings::resolve(&Flags::default(), available, Some(&read.network))?;
    assert_eq!((settings.recipe, settings.network), ("lenet5", model.network));

    let named = Table { name: "lenet5".into(), ..table.clone() };
    let network = build(&named, named.options)?;
    assert_eq!(lenet::Network::of(&network.about().into())?, network, "not the program's LeNet-5");
    Ok(())
}
