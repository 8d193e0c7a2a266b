//! What the numerical tests share: the adapter, comparisons, single kernels, whole networks.
//!
//! Tests that need an adapter are reported as ignored where there is none, with the reason above
//! them. With `LENET_REQUIRE_ADAPTER=1` they fail instead, so that a machine that ought to have one
//! cannot pass by skipping.

#![allow(dead_code, reason = "every test file uses another part of it")]

pub mod central;
pub mod compare;
pub mod epilogues;
pub mod events;
pub mod graph;
pub mod jacobian;
pub mod loss;
pub mod onnx;
pub mod op;
pub mod own;
pub mod page;
pub mod program;
pub mod run;
pub mod stages;

use std::fmt::Display;

use lenet::gpu::adapter;
use lenet::plan::{Profile, Strategy};
use libtest_mimic::{Arguments, Failed, Trial};
use wgpu::Adapter;

/// Set to 1 where a missing adapter is a failure.
const REQUIRE: &str = "LENET_REQUIRE_ADAPTER";

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

/// The plans that differ in more than tiles, in both profiles: layers on one device, layers with a shard
/// for each of two devices, and samples.
pub fn ways() -> Vec<Way> {
    let ways = |profile: Profile| {
        let replicas = Profile { shards: 2, replicas: 2, ..profile };
        [(Strategy::Layered, profile), (Strategy::Layered, replicas), (Strategy::Sample, profile)]
            .map(|(strategy, profile)| Way { strategy, profile })
    };
    profiles().into_iter().flat_map(ways).collect()
}

/// Tests that need an adapter, and tests that do not.
pub struct Tests {
    /// The first adapter of this machine, or why there is none.
    adapter: Result<Adapter, String>,
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
        Tests { adapter, trials: Vec::new() }
    }

    /// Adds a test that needs no adapter.
    pub fn plain(&mut self, name: impl Display, test: impl FnOnce() -> Outcome + Send + 'static) {
        self.trials.push(Trial::test(name.to_string(), test));
    }

    /// Adds a test that runs on an adapter.
    pub fn on_adapter(
        &mut self,
        name: impl Display,
        test: impl FnOnce(&Adapter) -> Outcome + Send + 'static,
    ) {
        let name = name.to_string();
        self.trials.push(match self.adapter.clone() {
            Ok(adapter) => Trial::test(name, move || test(&adapter)),
            Err(reason) if is_required() => {
                Trial::test(name, move || Err(format!("{REQUIRE} is 1, but {reason}").into()))
            }
            Err(reason) => Trial::test(name, move || Err(reason.into()))
                .with_kind("no adapter")
                .with_ignored_flag(true),
        });
    }

    /// Adds a test that is ignored where something is missing, with the reason.
    pub fn where_ready(
        &mut self,
        name: impl Display,
        ready: Result<(), String>,
        test: impl FnOnce() -> Outcome + Send + 'static,
    ) {
        let name = name.to_string();
        self.trials.push(match ready {
            Ok(()) => Trial::test(name, test),
            Err(reason) => {
                eprintln!("{name} is ignored: {reason}");
                Trial::test(name, move || Err(reason.into())).with_ignored_flag(true)
            }
        });
    }

    /// Runs what the command line asks for and ends the process.
    pub fn run(self) -> ! {
        libtest_mimic::run(&Arguments::from_args(), self.trials).exit()
    }
}

fn is_required() -> bool {
    std::env::var(REQUIRE).is_ok_and(|value| value == "1")
}
