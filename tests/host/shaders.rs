//! The WGSL itself: it is valid, portable, and stays inside WebGPU's default limits.
//!
//! Every kernel of every network, in every plan and both profiles and at several batches, is parsed and validated
//! by naga without any capability that WebGPU does not promise, and every plan is set up and run on
//! wgpu's `noop` device: that checks pipelines, bind groups and dispatches like a real one, with
//! `Limits::default()`, and computes nothing. No adapter is needed.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::{Arc, LazyLock};

use crate::common::own;
use crate::common::run::{Run, Trained, networks};
use crate::common::{Way, all_ways, profiles};
use lenet::executor::Executor;
use lenet::gpu::{Gpu, probe};
use lenet::plan::profile::ITERATION_LIMIT;
use lenet::plan::{
    Access, Binding, Distortion, Element, Kernel, Optimizer, Pass, Plan, Ranges, ShaderFile,
};
use wgpu::naga::valid::{Capabilities, ValidationFlags, Validator};
use wgpu::naga::{Block, Function, Handle, Module, ScalarKind, Statement, TypeInner, front::wgsl};
use wgpu::{Device, DeviceDescriptor, Limits};

/// Batches at which shaders are looked at: one that is cut everywhere, one that fills tiles, one
/// that takes many windows.
const BATCHES: [usize; 4] = [1, 7, 64, 1_000];
/// The one file that no kernel has: what the self-test asks an adapter.
const PROBE: &str = "probe.wgsl";

/// Optimizers at a batch: all but the first add kernels, which the batch has little to do with.
fn optimizers(batch: usize) -> Vec<Optimizer> {
    let sgd = Optimizer::Sgd { momentum: 0.9, weight_decay: 0.0 };
    let sdlm = Optimizer::Sdlm { momentum: 0.0, mu: 0.02, exact: true };
    let adam = Optimizer::Adam { beta1: 0.9, beta2: 0.999, epsilon: 1e-8, weight_decay: 0.0 };
    if batch == BATCHES[1] { vec![sgd, sdlm, adam] } else { vec![sgd] }
}

fn plan(trained: &Trained, way: Way, batch: usize, optimizer: Optimizer) -> Plan {
    Run::full(trained.clone(), batch, 1, optimizer).plan(way)
}

/// The same with the digits distorted.
fn distorted(trained: &Trained, way: Way, batch: usize) -> Plan {
    plan(trained, way, batch, optimizers(batch)[0])
        .distorted(Distortion::new(Ranges::default(), batch))
}

/// Every different kernel, by its text.
static KERNELS: LazyLock<BTreeMap<String, Kernel>> = LazyLock::new(|| {
    let mut kernels = BTreeMap::new();
    for trained in networks() {
        for way in all_ways() {
            for batch in BATCHES {
                let optimizers = optimizers(batch);
                let plans =
                    optimizers.iter().map(|&optimizer| plan(&trained, way, batch, optimizer));
                let plans = plans.chain([distorted(&trained, way, batch)]);
                let all = plans.flat_map(|plan| plan.kernels);
                kernels.extend(all.map(|kernel| (kernel.wgsl(), kernel)));
            }
        }
    }
    // Sides of kernels, activations, poolings and outputs that those do not have; the plan for samples is not
    // made for them.
    for trained in
        own::networks().iter().filter(|own| ["tutorial", "unpooled"].contains(&&*own.name))
    {
        for profile in profiles() {
            let plan = plan(trained, profile.into(), BATCHES[1], optimizers(BATCHES[1])[1]);
            kernels.extend(plan.kernels.into_iter().map(|kernel| (kernel.wgsl(), kernel)));
        }
    }
    kernels
});

fn parsed(label: &str, text: &str) -> Module {
    let module = wgsl::parse_str(text);
    module.unwrap_or_else(|error| panic!("{label}: {}", error.emit_to_string(text)))
}

/// Files of `shaders/`, by name.
fn files() -> BTreeMap<String, String> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("shaders");
    let entries = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let read = |path: std::path::PathBuf| {
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        (name, std::fs::read_to_string(&path).unwrap())
    };
    entries.map(read).collect()
}

/// Validates without any capability beyond WebGPU's own.
fn validate(label: &str, text: &str, module: &Module) {
    let mut validator = Validator::new(ValidationFlags::all(), Capabilities::empty());
    if let Err(error) = validator.validate(module) {
        panic!("{label}: {}", error.emit_to_string(text));
    }
}

#[test]
fn every_kernel_is_valid() {
    for (text, kernel) in &*KERNELS {
        let module = parsed(&kernel.label, text);
        validate(&kernel.label, text, &module);
        let [entry] = &module.entry_points[..] else { panic!("{}: one entry", kernel.label) };
        assert_eq!(entry.name, kernel.op.name());
        assert_eq!(entry.workgroup_size, [kernel.workgroup, 1, 1]);
        let declared = module.overrides.iter().filter_map(|(_, it)| it.name.as_deref());
        let listed = kernel.overrides().into_iter().map(|(name, _)| name);
        assert!(listed.eq(declared), "{}: {:?}", kernel.label, kernel.overrides());
    }
}

#[test]
fn the_probe_of_the_self_test_is_valid() {
    let text = probe::wgsl();
    validate(PROBE, &text, &parsed(PROBE, &text));
}

/// The whole engine, on a device that checks everything and computes nothing.
#[test]
fn every_plan_runs_on_a_noop_device() {
    let descriptor = DeviceDescriptor { required_limits: Limits::default(), ..Default::default() };
    for trained in networks() {
        for way in all_ways() {
            for batch in BATCHES {
                for optimizer in optimizers(batch) {
                    let program = Arc::new(plan(&trained, way, batch, optimizer).program());
                    let run = |mut gpu: Gpu| {
                        gpu.run(1, Pass::Curvature)?;
                        gpu.run(1, Pass::Training)?;
                        gpu.run(1, Pass::Forward)?;
                        gpu.wait()
                    };
                    for replica in 0..program.replicas.len() {
                        let (device, queue) = Device::noop(&descriptor);
                        let gpu = Gpu::on_device(device, queue, program.clone(), replica);
                        if let Err(error) = gpu.and_then(run) {
                            panic!(
                                "{}, {way}, batch {batch}, {optimizer:?}: {error}",
                                trained.name
                            );
                        }
                    }
                }
            }
        }
    }
}

#[test]
fn kernels_stay_inside_the_default_limits() {
    let limits = Limits::default();
    for kernel in KERNELS.values() {
        let name = &kernel.label;
        let bindings = kernel.op.bindings();
        assert_eq!(bindings.len(), kernel.windows.len(), "{name}: a window for each binding");
        let uniform = kernel.windows.iter().flatten().count();
        let storage = bindings.len() - uniform;
        assert!(storage <= limits.max_storage_buffers_per_shader_stage as usize, "{name}");
        assert!(uniform <= limits.max_uniform_buffers_per_shader_stage as usize, "{name}");
        for (binding, window) in bindings.iter().zip(&kernel.windows) {
            let bytes = 4 * window.unwrap_or(0) as u64;
            assert!(bytes <= limits.max_uniform_buffer_binding_size, "{name}: {}", binding.name);
            let reads = [Access::Read, Access::ReadUniform].contains(&binding.access);
            assert!(window.is_none() || reads, "{name}");
            assert!(binding.element != Element::Vec4 || bytes.is_multiple_of(16), "{name}");
        }
        assert!(kernel.workgroup <= limits.max_compute_invocations_per_workgroup, "{name}");
        assert!(kernel.workgroup <= limits.max_compute_workgroup_size_x, "{name}");
        assert!(kernel.workgroups <= limits.max_compute_workgroups_per_dimension, "{name}");
    }
}

/// Mesa 22.3 ends loops without a word after 65,535 iterations of one invocation.
#[test]
fn no_invocation_loops_too_long() {
    let powers = (0..=10).map(|power| 1 << power);
    let odd = [3, 5, 7, 11, 33, 63, 65, 100, 127, 129, 255, 257, 333, 500, 511, 777, 1_000, 1_023];
    for trained in networks() {
        for batch in powers.clone().chain(odd) {
            for way in all_ways() {
                let plan = distorted(&trained, way, batch);
                let busiest = plan.kernels.iter().max_by_key(|kernel| kernel.iterations());
                let busiest = busiest.expect("a plan has kernels");
                assert!(
                    plan.iterations() <= ITERATION_LIMIT,
                    "{}, {way}, batch {batch}: {} iterations in {}",
                    trained.name,
                    plan.iterations(),
                    busiest.label
                );
            }
        }
    }
}

/// No extension, no atomic operation: sums have one order, and every WebGPU device will do.
#[test]
fn shaders_ask_for_nothing_special() {
    for (name, text) in files() {
        for (number, line) in text.lines().enumerate() {
            let code = line.split("//").next().unwrap_or_default().trim();
            let place = format!("{name}:{}", number + 1);
            for directive in ["enable ", "requires ", "diagnostic"] {
                assert!(!code.starts_with(directive), "{place}: {directive}");
            }
            assert!(!code.contains("atomic"), "{place}: an atomic operation");
        }
    }
    for (text, kernel) in &*KERNELS {
        let atomic = |inner: &TypeInner| matches!(inner, TypeInner::Atomic(_));
        let wide = |inner: &TypeInner| match inner {
            TypeInner::Scalar(scalar) | TypeInner::Vector { scalar, .. } => {
                scalar.width > 4 || scalar.kind == ScalarKind::Sint
            }
            _ => false,
        };
        for (_, ty) in parsed(&kernel.label, text).types.iter() {
            assert!(!atomic(&ty.inner), "{}: an atomic type", kernel.label);
            assert!(!wide(&ty.inner), "{}: neither f32 nor u32", kernel.label);
        }
    }
}

#[test]
fn shader_files_open_with_their_formula_and_are_used() {
    for (name, text) in files() {
        assert!(text.starts_with("// "), "{name} does not open with a comment");
        // What a kernel computes stands indented, before what it uses and binds.
        let about = text.lines().take_while(|line| line.starts_with("//") && !line.ends_with(':'));
        let mut formulas = about.filter(|line| line.starts_with("//   ") && line.contains('='));
        let is_kernel = text.contains("@compute") && name != PROBE;
        assert!(!is_kernel || formulas.next().is_some(), "{name} does not say what it computes");
        let is_used = KERNELS.keys().any(|kernel| kernel.contains(&text));
        assert!(is_used || name == PROBE, "no kernel has {name}");
        assert!(text.lines().all(|line| line.len() <= 120), "{name} has lines over 120");
    }
    // And nothing but files and the generated header reaches the driver.
    for (text, kernel) in &*KERNELS {
        let mut rest = text.replacen(&kernel.header(), "", 1);
        for file in files().values() {
            rest = rest.replacen(file.as_str(), "", 1);
        }
        assert_eq!(rest.trim(), "", "{}", kernel.label);
    }
}

/// Sizes of digits and kernels, and the number of classes, are constants of the plan.
#[test]
fn shaders_have_no_numbers_of_the_data_set() {
    let digits = ["28", "196", "197", "784", "10", "0.1", "0.2"];
    let kernels = ["25", "24", "36"];
    for (name, text) in files().into_iter().filter(|(name, _)| name != PROBE) {
        for (number, line) in text.lines().enumerate() {
            let code = line.split("//").next().unwrap_or_default();
            let literals = code.split(|c: char| !c.is_alphanumeric() && c != '.' && c != '_');
            for literal in literals.map(|literal| literal.trim_end_matches(['u', 'f'])) {
                let is_data = digits.contains(&literal) || kernels.contains(&literal);
                assert!(!is_data, "{name}:{}: {literal}", number + 1);
            }
            for product in ["5u *", "* 5u", "7u *", "* 7u", "/ 5u", "% 5u", "/ 7u"] {
                assert!(!code.contains(product), "{name}:{}: {product}", number + 1);
            }
        }
    }
}

/// The head of a file says what it uses and binds, or what it expects to be there.
#[test]
fn shader_files_say_what_they_need() {
    for (name, text) in files().into_iter().filter(|(name, _)| name != PROBE) {
        let (stem, text): (&str, &str) = (name.trim_end_matches(".wgsl"), &text);
        let (stem, text) = (stem.to_string().leak(), text.to_string().leak());
        let shader = ShaderFile::parse(stem, text).unwrap_or_else(|error| panic!("{error}"));
        let bindings = shader.bindings(None);
        let code = text.lines().filter(|line| !line.starts_with("//")).collect::<String>();
        if code.contains("@compute") {
            assert!(!bindings.is_empty(), "{name} binds nothing");
            let all = shader.files(Some(&shader)).collect::<String>();
            for Binding { name: binding, access, .. } in bindings {
                let end = if access == Access::Write { "[" } else { "_at(" };
                assert!(all.contains(&format!("{binding}{end}")), "{name} does not use {binding}");
            }
            continue;
        }
        let expects = text.lines().filter_map(|line| line.strip_prefix("// expects: "));
        let expects: Vec<&str> = expects.flat_map(|line| line.split([',', ';', ' '])).collect();
        assert!(!expects.is_empty() || !bindings.is_empty(), "{name} does not say what it needs");
        for constant in expects.iter().filter(|word| word.contains(char::is_uppercase)) {
            assert!(code.contains(constant), "{name} expects {constant} and does not use it");
        }
    }
}

/// Compilers disagree about what a variable without an initializer holds when a loop comes by again.
#[test]
fn every_variable_of_a_function_is_initialized() {
    for (name, text) in files() {
        for (number, line) in text.lines().enumerate() {
            let code = line.split("//").next().unwrap_or_default().trim_start();
            let initialized = !code.starts_with("var ") || code.contains('=');
            assert!(
                initialized,
                "{name} line {}: `{}` has no initializer",
                number + 1,
                line.trim()
            );
        }
    }
}

/// An invocation that returns before a barrier leaves the others waiting.
#[test]
fn nothing_returns_before_a_barrier() {
    for (text, kernel) in &*KERNELS {
        let module = parsed(&kernel.label, text);
        let mut waits: BTreeSet<Handle<Function>> = BTreeSet::new();
        // A function stands after those that it calls.
        for (handle, function) in module.functions.iter() {
            let mut path = BarrierPath { waits: &waits, returned: false, barrier: false };
            assert!(path.is_fine(&function.body), "{}: {:?}", kernel.label, function.name);
            if path.barrier {
                waits.insert(handle);
            }
        }
        let mut path = BarrierPath { waits: &waits, returned: false, barrier: false };
        assert!(path.is_fine(&module.entry_points[0].function.body), "{}", kernel.label);
    }
}

/// A walk through a function, in the order of its text.
struct BarrierPath<'a> {
    /// Functions with a barrier in them.
    waits: &'a BTreeSet<Handle<Function>>,
    returned: bool,
    barrier: bool,
}

impl BarrierPath<'_> {
    fn is_fine(&mut self, block: &Block) -> bool {
        block.iter().all(|statement| match statement {
            Statement::Block(inner) => self.is_fine(inner),
            Statement::If { accept, reject, .. } => self.is_fine(accept) && self.is_fine(reject),
            Statement::Switch { cases, .. } => cases.iter().all(|case| self.is_fine(&case.body)),
            Statement::Loop { body, continuing, .. } => {
                self.is_fine(body) && self.is_fine(continuing)
            }
            Statement::Return { .. } => {
                self.returned = true;
                true
            }
            Statement::ControlBarrier(_) | Statement::WorkGroupUniformLoad { .. } => {
                self.barrier = true;
                !self.returned
            }
            Statement::Call { function, .. } if self.waits.contains(function) => {
                self.barrier = true;
                !self.returned
            }
            _ => true,
        })
    }
}

#[test]
fn a_head_is_followed() {
    let text = "// sum: y = x + x\n//\n// uses: common, epilogue\n// binds:\n\
        //   x  read vec4f  [N]  what is\n//        added\n//   y  write f32\n//   epilogue\n//\n\
        //   z  is a formula\n\nfn sum() {}\n//   w  read f32\n";
    let shader = ShaderFile::parse("sum", text).unwrap();
    let binding = |name, access, element| Binding { name, access, element };
    let own =
        [binding("x", Access::Read, Element::Vec4), binding("y", Access::Write, Element::F32)];
    assert_eq!(shader.bindings(None), own);
    let epilogue = ShaderFile::parse("end", "// end\n// binds:\n//   v  write f32\n").unwrap();
    assert_eq!(shader.bindings(Some(&epilogue)).len(), 3);
    let used: Vec<&str> = shader.files(Some(&epilogue)).collect();
    assert_eq!(used, [files()["common.wgsl"].as_str(), epilogue.text, text]);
}

#[test]
fn a_malformed_head_names_file_and_line() {
    for (text, part) in [
        ("// uses: common, nothing\n", "`nothing`"),
        ("// uses:\n", "``"),
        ("// binds:\n//   x\n", "`x`"),
        ("// binds:\n//   x  reads f32\n", "`x  reads f32`"),
        ("// binds:\n//   x  read f64\n", "f32, u32, vec2f, vec4f"),
        ("// uses: epilogue\n", "both"),
        ("// binds:\n//   epilogue\n//   x  read f32\n", "after the epilogue"),
    ] {
        let error = ShaderFile::parse("odd", text).unwrap_err();
        assert!(error.contains("odd.wgsl") && error.contains(part), "{error}");
    }
}
