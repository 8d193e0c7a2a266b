//! What the page offers: networks with their models, and programs for each network, plan, batch, optimizer
//! and form of the digits.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use super::recorded;
use crate::data::Digits;
use crate::error::{Error, Result};
use crate::network::bitmaps;
use crate::network::summary::Summary;
use crate::network::{Network, Output, Table};
use crate::plan::{Capacity, Optimizer, Plan, Profile, Strategy};
use crate::recipe::{Available, Flags, Method, NetworkChoice, Settings};
use crate::train::model::Model;
use crate::version;

/// Plans that the page ships; the first is the one that `auto` takes on GPUs.
const PLANS: [Strategy; 2] = [Strategy::Sample, Strategy::Layered];
/// Batches that the page ships.
const BATCHES: [usize; 3] = [1, 16, 256];
/// Optimizer and whether digits are distorted.
const METHODS: [(&str, &str); 6] = [
    ("sgd", "off"),
    ("sgd", "on"),
    ("sdlm", "off"),
    ("sdlm", "on"),
    ("adam", "off"),
    ("adam", "on"),
];

/// Adds programs, models, the text of all kernels and the menu that names them.
pub(super) fn add(
    files: &mut BTreeMap<String, Vec<u8>>,
    models: &[Model],
    train: usize,
    tests: &Digits,
) -> Result<()> {
    let test = tests.len();
    let available = Available { train, test, ..Available::MNIST };
    let (mut networks, mut programs) = (Vec::new(), Vec::new());
    let mut names = BTreeSet::new();
    for model in models.iter().filter(|model| names.insert(model.network.name.clone())) {
        let network = &model.network;
        let (fitting, refused): (Vec<_>, Vec<_>) = kinds()
            .map(|(strategy, batch)| planned(network, strategy, batch, available.clone()))
            .partition(Result::is_ok);
        if let (true, Some(Err(error))) = (fitting.is_empty(), refused.into_iter().next()) {
            return Err(error);
        }
        for Planned { optimizer, distort, settings, plan } in
            fitting.into_iter().flatten().flatten()
        {
            let (strategy, batch) = (settings.strategy.name(), settings.batch);
            let file =
                format!("programs/{}-{strategy}-{batch}-{optimizer}-{distort}.json", network.name);
            let constants = program(files, file.clone(), &plan)?;
            programs.push(json!({
                "network": network.name,
                "plan": strategy,
                "batch": batch,
                "optimizer": optimizer,
                "distort": distort == "on",
                "file": file,
                "settings": chosen(&settings),
                "constants": constants,
            }));
        }
        let inspect = format!("programs/{}-inspect.json", network.name);
        program(files, inspect.clone(), &inspecting(network)?)?;
        let file = format!("models/{}.safetensors", network.name);
        files.insert(file.clone(), model.to_bytes()?);
        let recorded = format!("recorded/{}.json", network.name);
        files.insert(recorded.clone(), bytes(&recorded::activations(model, tests)?)?);
        let rbf = network.options.output == Output::Rbf;
        networks.push(json!({
            "name": network.name,
            "source": network.source,
            "summary": Summary::of(network)?.json(),
            "inspect": inspect,
            "model": file,
            "recorded": recorded,
            "centres": rbf.then(bitmaps::centres),
        }));
    }
    let set = |name: &str, count: usize| {
        json!({
            "images": format!("data/{name}-images.gz"),
            "labels": format!("data/{name}-labels.gz"),
            "count": count,
        })
    };
    let menu = json!({
        "version": version::line(),
        "networks": networks,
        "programs": programs,
        "digits": { "train": set("train", train), "test": set("test", test) },
    });
    files.insert("menu.json".into(), bytes(&menu)?);
    Ok(())
}

/// Every plan with every batch.
fn kinds() -> impl Iterator<Item = (Strategy, usize)> {
    PLANS.into_iter().flat_map(|strategy| BATCHES.map(|batch| (strategy, batch)))
}

/// A training program of the menu.
struct Planned {
    optimizer: &'static str,
    distort: &'static str,
    settings: Settings,
    plan: Plan,
}

/// Plans every method.
///
/// # Errors
/// [`Error::Usage`] if one of them does not fit the network.
fn planned(
    network: &Network,
    strategy: Strategy,
    batch: usize,
    available: Available,
) -> Result<Vec<Planned>> {
    let samples = available.train + available.test;
    let steps = available.train.div_ceil(batch) + available.test.div_ceil(batch);
    let capacity = Capacity { samples, indices: samples, steps };
    let of_method = |(optimizer, distort)| {
        let mut settings = settings(network, batch, optimizer, distort, available.clone())?;
        settings.set_plan((strategy, "the page".into()));
        let plan = settings.plan(Profile::gpu(), capacity)?;
        Ok(Planned { optimizer, distort, settings, plan })
    };
    METHODS.into_iter().map(of_method).collect()
}

/// The settings of a recipe, with another batch and optimizer.
fn settings(
    network: &Network,
    batch: usize,
    optimizer: &str,
    distort: &str,
    available: Available,
) -> Result<Settings> {
    let batch = batch.to_string();
    let mut flags = vec![("batch", batch.as_str()), ("optimizer", optimizer), ("distort", distort)];
    if optimizer == "sdlm" {
        flags.extend([("shuffle", "once"), ("init", "lecun-sqrt")]);
    }
    let mut flags = Flags::of(&flags)?;
    flags.network.network = Some(NetworkChoice::Table(Box::new(Table::of(network))));
    let mut settings = Settings::resolve(&flags, available, None)?;
    settings.network = network.clone();
    Ok(settings)
}

/// What the page takes of the settings as its defaults.
fn chosen(settings: &Settings) -> Value {
    let Settings { epochs, schedule, shuffle, init, curvature_patterns, .. } = settings;
    json!({
        "rate": settings.rate(),
        "epochs": epochs,
        "schedule": schedule.to_string(),
        "shuffle": shuffle,
        "init": init,
        "patterns": if settings.optimizer == Method::Sdlm { *curvature_patterns } else { 0 },
    })
}

/// The plan that stores the activations of every layer of one sample.
fn inspecting(network: &Network) -> Result<Plan> {
    let capacity = Capacity { samples: 1, indices: 1, steps: 1 };
    Plan::new(network, Strategy::Inspect, Profile::gpu(), 1, Optimizer::NONE, capacity)
}

/// Adds the JSON of a program, whose kernels name the file of their text: programs share most of them.
/// Returns the pipeline constants of all its kernels.
fn program(
    files: &mut BTreeMap<String, Vec<u8>>,
    name: String,
    plan: &Plan,
) -> Result<BTreeMap<String, f64>> {
    let mut program = plan.program();
    let mut constants = BTreeMap::new();
    for kernel in &mut program.kernels {
        constants.extend(kernel.constants.clone());
        let mut sum = flate2::Crc::new();
        sum.update(kernel.wgsl.as_bytes());
        let file = format!("wgsl/{}-{:08x}.wgsl", kernel.entry_point, sum.sum());
        let text = std::mem::replace(&mut kernel.wgsl, file.clone());
        files.insert(file, text.into_bytes());
    }
    files.insert(name, bytes(&program)?);
    Ok(constants)
}

fn bytes(value: &impl serde::Serialize) -> Result<Vec<u8>> {
    serde_json::to_vec(value).map_err(|error| Error::Other(error.to_string()))
}
