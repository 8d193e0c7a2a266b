//! Translates every kernel of every plan to MSL, HLSL and SPIR-V, as wgpu does on Metal, DX12 and Vulkan.
//!
//! `tests/translate/run` builds the program and calls this with it. Kernels come from `lenet plan --json`, so that
//! what is translated is what runs. With a folder as the second argument each SPIR-V module is written there, for
//! `spirv-val`.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::process::{Command, ExitCode};

use naga::back::{PipelineConstants, hlsl, msl, pipeline_constants, spv};
use naga::proc::BoundsCheckPolicies;
use naga::valid::{Capabilities, ModuleInfo, ValidationFlags, Validator};
use naga::{Module, ShaderStage, front};
use serde_json::Value;

/// Networks, and whether the plan for samples is made for them.
const NETWORKS: [(&str, bool); 5] = [
    ("lenet1", true),
    ("lenet5", true),
    ("lenet5-short", true),
    ("lenet5-tutorial", false),
    (concat!(env!("CARGO_MANIFEST_DIR"), "/others.toml"), false),
];
/// Profiles with their plans.
const PLANS: [(&str, &[&str]); 2] = [
    ("gpu", &["layered", "layered-pair", "layered-row", "layered-map", "sample"]),
    ("software", &["layered", "layered-one", "layered-map", "sample"]),
];
const BATCHES: [&str; 3] = ["1", "16", "256"];
const OPTIMIZERS: [&str; 3] = ["sgd", "sdlm", "adam"];
const DISTORT: [&str; 2] = ["off", "on"];

/// A kernel that has to be translated.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
struct Kernel {
    wgsl: String,
    entry_point: String,
    /// Values of the overrides, as JSON prints them.
    constants: BTreeMap<String, String>,
}

fn main() -> ExitCode {
    let mut words = std::env::args().skip(1);
    let (Some(lenet), folder) = (words.next(), words.next()) else {
        eprintln!("usage: translate LENET [FOLDER]");
        return ExitCode::from(2);
    };
    let kernels = match kernels(&lenet) {
        Ok(kernels) => kernels,
        Err(fault) => {
            eprintln!("{fault}");
            return ExitCode::FAILURE;
        }
    };
    let mut faults = 0;
    for (number, kernel) in kernels.iter().enumerate() {
        let file = folder.as_ref().map(|folder| Path::new(folder).join(format!("{number}.spv")));
        if let Err(fault) = translate(kernel, file.as_deref()) {
            let first = kernel.wgsl.lines().next().unwrap_or_default();
            eprintln!("{first} {}: {fault}", kernel.entry_point);
            faults += 1;
        }
    }
    println!("{} kernels to MSL, HLSL and SPIR-V: {faults} faults", kernels.len());
    ExitCode::from(u8::from(faults > 0))
}

/// Every kernel of every plan, each once.
fn kernels(lenet: &str) -> Result<BTreeSet<Kernel>, String> {
    let mut kernels = BTreeSet::new();
    for (network, by_samples) in NETWORKS {
        for (profile, plans) in PLANS {
            for plan in plans.iter().filter(|plan| by_samples || **plan != "sample") {
                for batch in BATCHES {
                    for optimizer in OPTIMIZERS {
                        for distort in DISTORT {
                            let flags = [
                                ("--network", network),
                                ("--profile", profile),
                                ("--plan", plan),
                                ("--batch", batch),
                                ("--optimizer", optimizer),
                                ("--distort", distort),
                            ];
                            let args = flags.iter().flat_map(|(name, value)| [*name, *value]);
                            add(&mut kernels, lenet, args)?;
                        }
                    }
                }
            }
        }
    }
    Ok(kernels)
}

fn add<'a>(
    kernels: &mut BTreeSet<Kernel>,
    lenet: &str,
    args: impl Iterator<Item = &'a str>,
) -> Result<(), String> {
    let output = Command::new(lenet)
        .args(["plan", "--json"])
        .args(args)
        .output()
        .map_err(|error| format!("{lenet}: {error}"))?;
    if !output.status.success() {
        return Err(String::from_utf8_lossy(&output.stderr).into_owned());
    }
    let plan: Value = serde_json::from_slice(&output.stdout).map_err(|error| error.to_string())?;
    let text = |value: &Value| value.as_str().unwrap_or_default().to_string();
    for kernel in plan["kernels"].as_array().ok_or("a plan without kernels")? {
        let constants = kernel["constants"].as_object().into_iter().flatten();
        kernels.insert(Kernel {
            wgsl: text(&kernel["wgsl"]),
            entry_point: text(&kernel["entry_point"]),
            constants: constants.map(|(name, value)| (name.clone(), value.to_string())).collect(),
        });
    }
    Ok(())
}

/// Translates a kernel to each language, and writes its SPIR-V.
fn translate(kernel: &Kernel, file: Option<&Path>) -> Result<(), String> {
    let wgsl = &kernel.wgsl;
    let module = front::wgsl::parse_str(wgsl).map_err(|error| error.emit_to_string(wgsl))?;
    let info = Validator::new(ValidationFlags::all(), Capabilities::default())
        .validate(&module)
        .map_err(|error| error.emit_to_string(wgsl))?;
    let entry = (ShaderStage::Compute, kernel.entry_point.as_str());
    let number = |(name, value): (&String, &String)| Some((name.clone(), value.parse().ok()?));
    let constants: PipelineConstants = kernel.constants.iter().filter_map(number).collect();
    let (module, info) =
        pipeline_constants::process_overrides(&module, &info, Some(entry), &constants)
            .map_err(|error| error.to_string())?;
    to_msl(&module, &info).map_err(|error| format!("MSL: {error}"))?;
    to_hlsl(&module, &info).map_err(|error| format!("HLSL: {error}"))?;
    let words = to_spirv(&module, &info, entry.1).map_err(|error| format!("SPIR-V: {error}"))?;
    if let Some(file) = file {
        let bytes: Vec<u8> = words.into_iter().flat_map(u32::to_le_bytes).collect();
        std::fs::write(file, bytes).map_err(|error| format!("{}: {error}", file.display()))?;
    }
    Ok(())
}

fn to_msl(module: &Module, info: &ModuleInfo) -> Result<String, String> {
    let options = msl::Options { fake_missing_bindings: true, ..msl::Options::default() };
    let pipeline = msl::PipelineOptions::default();
    let text = msl::write_string(module, info, &options, &pipeline);
    text.map(|(text, _)| text).map_err(|error| error.to_string())
}

fn to_hlsl(module: &Module, info: &ModuleInfo) -> Result<String, String> {
    let options = hlsl::Options { fake_missing_bindings: true, ..hlsl::Options::default() };
    let (mut text, pipeline) = (String::new(), hlsl::PipelineOptions::default());
    let mut writer = hlsl::Writer::new(&mut text, &options, &pipeline);
    writer.write(module, info, None).map_err(|error| error.to_string())?;
    Ok(text)
}

fn to_spirv(module: &Module, info: &ModuleInfo, entry: &str) -> Result<Vec<u32>, String> {
    let options = spv::Options {
        lang_version: (1, 3),
        fake_missing_bindings: true,
        bounds_check_policies: BoundsCheckPolicies::default(),
        ..spv::Options::default()
    };
    let pipeline =
        spv::PipelineOptions { shader_stage: ShaderStage::Compute, entry_point: entry.into() };
    spv::write_vec(module, info, &options, Some(&pipeline)).map_err(|error| error.to_string())
}
