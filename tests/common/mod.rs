//! What the tests share: the adapter, comparisons, single kernels, whole networks, the program itself.
//!
//! Tests that need an adapter are reported as ignored where there is none. With
//! `LENET_REQUIRE_ADAPTER=1` they fail instead, so that a machine that ought to have one cannot pass by
//! skipping.

#![allow(dead_code, reason = "each of the two test programs uses another part of it")]

pub mod central;
pub mod compare;
pub mod epilogues;
pub mod events;
pub mod graph;
pub mod jacobian;
pub mod linear;
pub mod loss;
pub mod onnx;
pub mod op;
pub mod own;
pub mod page;
pub mod program;
pub mod random;
pub mod run;
pub mod stages;

use std::collections::BTreeMap;
use std::fmt::Display;

use lenet::gpu::adapter;
use lenet::plan::{Profile, Strategy};
use libtest_mimic::{Arguments, Failed, Trial};
use wgpu::Adapter;

/// Set to 1 where a missing adapter is a failure.
const REQUIRE: &str = "LENET_REQUIRE_ADAPTER";
/// Set to 1 for the tests that take long, too.
const ALL: &str = "LENET_ALL";

/// What a test gives back: the message of its failure.
pub type Outcome = Result<(), Failed>;

/// The two ways that an adapter runs a plan, whatever the adapter.
pub fn profiles() -> [Profile; 2] {
    [Profile::software(), Profile::gpu()]
}

/// How a whole network is computed.
#[derive(Debug, Clone, Copy)]
pub struct Way {
    pub strategy: Strategy,
    pub profile: Profile,
}

impl From<Profile> for Way {
    fn from(profile: Profile) -> Self {
        Way { strategy: Strategy::Layered, profile }
    }
}

impl Display for Way {
    fn fmt(&self, f: &mut std::fmt::Formatter) -> std::fmt::Result {
        let Profile { name, replicas, .. } = self.profile;
        let several = if replicas > 1 { format!(", {replicas} replicas") } else { String::new() };
        write!(f, "{} plan, {name} profile{several}", self.strategy.name())
    }
}

/// Both plans in the profile of GPUs, which a software adapter compiles in seconds.
pub fn ways() -> [Way; 2] {
    [Profile::gpu().into(), Way { strategy: Strategy::Sample, profile: Profile::gpu() }]
}

/// Layers in the profile of software adapters, which unrolls so much that each of these takes ten times as
/// long to compile.
pub fn software() -> Way {
    Profile::software().into()
}

/// Every other way: a shard for each of two devices in both profiles, and samples in that of software
/// adapters.
pub fn other_ways() -> [Way; 3] {
    let replicas = |profile| Way::from(Profile { shards: 2, replicas: 2, ..profile });
    let samples = Way { strategy: Strategy::Sample, profile: Profile::software() };
    [replicas(Profile::software()), replicas(Profile::gpu()), samples]
}

/// All of them.
pub fn all_ways() -> Vec<Way> {
    [&ways()[..], &[software()], &other_ways()].concat()
}

/// Tests that are made at run time: with an adapter or without, always or with `--all` only.
pub struct Tests {
    /// The first adapter of this machine, or why there is none.
    adapter: Result<Adapter, String>,
    /// Where the tests that are added stand: the first part of their names.
    file: &'static str,
    trials: Vec<Trial>,
}

impl Tests {
    /// Looks for an adapter.
    pub fn new() -> Self {
        let adapter = match adapter::find(None) {
            Ok(adapters) => Ok(adapters.into_iter().next().expect("one, or an error")),
            Err(error) => Err(error.to_string()),
        };
        // Not on stdout, which belongs to the list of tests.
        match &adapter {
            Ok(adapter) => eprintln!("adapter: {}", adapter::describe(&adapter.get_info())),
            Err(reason) => eprintln!("{reason}"),
        }
        Tests { adapter, file: "", trials: Vec::new() }
    }

    /// Adds the tests of a file.
    pub fn file(&mut self, name: &'static str, add: fn(&mut Tests)) {
        self.file = name;
        add(self);
    }

    /// Adds a test that needs no adapter.
    pub fn plain(&mut self, name: impl Display, test: impl FnOnce() -> Outcome + Send + 'static) {
        self.trials.push(Trial::test(format!("{}: {name}", self.file), test));
    }

    /// Adds a test that runs on an adapter.
    pub fn on_adapter(
        &mut self,
        name: impl Display,
        test: impl FnOnce(&Adapter) -> Outcome + Send + 'static,
    ) {
        match self.adapter.clone() {
            Ok(adapter) => self.plain(name, move || test(&adapter)),
            Err(reason) if is_set(REQUIRE) => {
                self.plain(name, move || Err(format!("{REQUIRE} is 1, but {reason}").into()));
            }
            Err(reason) => self.ignored(name, "no adapter", reason),
        }
    }

    /// Adds a test that is ignored where something is missing, with the reason.
    pub fn where_ready(
        &mut self,
        name: impl Display,
        ready: Result<(), String>,
        test: impl FnOnce() -> Outcome + Send + 'static,
    ) {
        match ready {
            Ok(()) => self.plain(name, test),
            Err(reason) => {
                eprintln!("{}: {name} is ignored: {reason}", self.file);
                self.ignored(name, "a program or package is missing", reason);
            }
        }
    }

    fn ignored(&mut self, name: impl Display, kind: &str, reason: String) {
        let trial = Trial::test(format!("{}: {name}", self.file), || Err(reason.into()));
        self.trials.push(trial.with_kind(kind).with_ignored_flag(true));
    }

    /// Adds tests that take long and show what others show on fewer networks, plans or batches: they are
    /// ignored without `./tests/run --all`.
    pub fn rest(&mut self, add: impl FnOnce(&mut Tests)) {
        let first = self.trials.len();
        add(self);
        if !takes_all() {
            let rest = self.trials.split_off(first).into_iter();
            self.trials.extend(rest.map(|trial| {
                trial.with_kind("only with ./tests/run --all").with_ignored_flag(true)
            }));
        }
    }

    /// Runs what the command line asks for, says how many tests are ignored and why, and ends the process.
    pub fn run(self) -> ! {
        let mut ignored: BTreeMap<String, usize> = BTreeMap::new();
        for trial in self.trials.iter().filter(|trial| trial.has_ignored_flag()) {
            *ignored.entry(trial.kind().into()).or_default() += 1;
        }
        let conclusion = libtest_mimic::run(&Arguments::from_args(), self.trials);
        for (reason, count) in ignored {
            eprintln!("{count} tests are ignored: {reason}");
        }
        conclusion.exit()
    }
}

/// Whether the tests that take long are asked for.
pub fn takes_all() -> bool {
    is_set(ALL)
}

/// Whether an environment variable is 1.
fn is_set(variable: &str) -> bool {
    std::env::var(variable).is_ok_and(|value| value == "1")
}
