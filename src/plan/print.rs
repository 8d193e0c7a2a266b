//! A plan as text for a person and as JSON for a program.
//!
//! The JSON is all that another executor needs: buffers with what they hold at the start, kernels
//! with their whole WGSL text, and the dispatches of a step in order, in the words of WebGPU.

use serde_json::{Value, json};

use super::traffic::{Traffic, WORD};
use super::{Access, Binding, Dispatch, Kernel, Pass, Plan, Start};
use crate::text::{Table, bytes, thousands};

/// How a binding is declared, in WebGPU's words.
fn kind(binding: &Binding, window: Option<usize>) -> &'static str {
    match (binding.access, window) {
        (Access::Write, _) => "storage",
        (_, Some(_)) => "uniform",
        (_, None) => "read-only-storage",
    }
}

/// Buffers, kernels and the dispatches of a step.
pub fn text(plan: &Plan, pass: Pass) -> String {
    let shown: Vec<&Dispatch> = plan.step(pass).iter().collect();
    let mut text = format!("{}\n", buffers(plan));
    text.push_str(&kernels(plan, &shown));
    text.push('\n');
    text.push_str(&dispatches(plan, &shown));
    text
}

fn buffers(plan: &Plan) -> String {
    let mut table = Table::new(&["buffer", ">words", ">size", "starts as"]);
    for buffer in &plan.buffers {
        let start = match &buffer.start {
            Start::Zero => "0".to_string(),
            Start::Fill(value) => format!("{value} everywhere"),
            Start::Words(_) => "a table".to_string(),
        };
        table.row([
            buffer.name.clone(),
            thousands(buffer.words),
            bytes(WORD * buffer.words),
            start,
        ]);
    }
    let words: usize = plan.buffers.iter().map(|buffer| buffer.words).sum();
    table.row(["total".to_string(), thousands(words), bytes(WORD * words)]);
    table.text()
}

fn kernels(plan: &Plan, shown: &[&Dispatch]) -> String {
    let headings = ["", "kernel", ">items", ">groups x size", ">iterations", "bindings"];
    let mut table = Table::new(&headings);
    for (index, kernel) in plan.kernels.iter().enumerate() {
        if !shown.iter().any(|dispatch| dispatch.kernel == index) {
            continue;
        }
        table.row([
            index.to_string(),
            kernel.label.clone(),
            thousands(kernel.op.items()),
            format!("{} x {}", thousands(kernel.workgroups), kernel.workgroup),
            thousands(kernel.iterations()),
            bindings(kernel),
        ]);
    }
    table.text()
}

/// The bindings of a kernel, sorted by how they are declared: `uniform x p; written h s`.
fn bindings(kernel: &Kernel) -> String {
    let bindings = kernel.op.bindings();
    let of = |wanted: &str| -> Vec<&str> {
        let all = bindings.iter().zip(&kernel.windows);
        all.filter(|(binding, window)| kind(binding, **window) == wanted)
            .map(|(binding, _)| binding.name)
            .collect()
    };
    [("uniform", "uniform"), ("read", "read-only-storage"), ("written", "storage")]
        .into_iter()
        .map(|(name, wanted)| (name, of(wanted)))
        .filter(|(_, names)| !names.is_empty())
        .map(|(name, names)| format!("{name} {}", names.join(" ")))
        .collect::<Vec<_>>()
        .join("; ")
}

fn dispatches(plan: &Plan, shown: &[&Dispatch]) -> String {
    let headings = ["", "dispatch", ">kernel", ">bytes read", ">bytes written", ">multiply-adds"];
    let mut table = Table::new(&headings);
    let cells = |traffic: Traffic| {
        [thousands(traffic.read), thousands(traffic.written), thousands(traffic.multiply_adds)]
    };
    for (number, dispatch) in shown.iter().enumerate() {
        let label = plan.kernels[dispatch.kernel].label.clone();
        let head = [number.to_string(), label, dispatch.kernel.to_string()];
        table.row(head.into_iter().chain(cells(Traffic::of(plan, dispatch))));
    }
    let total: Traffic = shown.iter().map(|dispatch| Traffic::of(plan, dispatch)).sum();
    let head = ["", "total", ""].map(String::from);
    table.row(head.into_iter().chain(cells(total)));
    table.text()
}

/// The whole plan for a program. Offsets and sizes are in bytes, as WebGPU wants them: a buffer can
/// be made and a dispatch bound from what stands there without further rounding.
pub fn json(plan: &Plan) -> Value {
    let ports = plan.ports;
    let tensors =
        plan.layout.tensors.iter().map(
            |tensor| json!({ "name": tensor.name, "shape": tensor.shape, "start": tensor.start }),
        );
    let dispatches = |list: &[Dispatch]| -> Vec<Value> { list.iter().map(dispatch).collect() };
    json!({
        "strategy": plan.strategy.name(),
        "profile": plan.profile.name,
        "batch": plan.batch,
        "slots": plan.slots,
        "layout": {
            "size": plan.layout.size,
            "stages": plan.layout.stages,
            "tensors": tensors.collect::<Vec<_>>(),
        },
        "ports": {
            "digits": ports.digits,
            "order": ports.order,
            "steps": ports.steps,
            "cursor": ports.cursor,
            "parameters": ports.parameters,
            "velocity": ports.velocity,
            "curvature": ports.curvature,
            "partials": ports.partials,
            "scores": ports.scores,
            "totals": ports.totals,
        },
        "buffers": plan.buffers.iter().enumerate().map(|(id, _)| buffer(plan, id)).collect::<Vec<_>>(),
        "kernels": plan.kernels.iter().map(kernel).collect::<Vec<_>>(),
        "forward": dispatches(&plan.forward),
        "training": dispatches(&plan.training),
        "curvature": dispatches(&plan.curvature),
    })
}

fn buffer(plan: &Plan, id: usize) -> Value {
    let buffer = &plan.buffers[id];
    let mut views = plan.dispatches().flat_map(|dispatch| &dispatch.views);
    let start = match &buffer.start {
        Start::Zero => json!("zero"),
        Start::Fill(value) => json!({ "fill": value }),
        Start::Words(words) => json!({ "words": words }),
    };
    json!({
        "name": buffer.name,
        "size": WORD * buffer.words.max(4).next_multiple_of(4),
        "uniform": views.any(|view| view.uniform && view.buffer == id),
        "start": start,
    })
}

fn kernel(kernel: &Kernel) -> Value {
    let bindings = kernel.op.bindings();
    let bindings = bindings
        .iter()
        .zip(&kernel.windows)
        .map(|(binding, &window)| json!({ "name": binding.name, "type": kind(binding, window) }));
    json!({
        "label": kernel.label,
        "entry_point": kernel.op.name(),
        "items": kernel.op.items(),
        "workgroup_size": kernel.workgroup,
        "workgroups": kernel.workgroups,
        "iterations": kernel.iterations(),
        "multiply_adds": kernel.op.multiply_adds(),
        "bindings": bindings.collect::<Vec<_>>(),
        "wgsl": kernel.wgsl(),
    })
}

fn dispatch(dispatch: &Dispatch) -> Value {
    let views = dispatch.views.iter().map(|view| {
        // A uniform array is a whole number of vec4s.
        let words = if view.uniform { view.words.next_multiple_of(4) } else { view.words };
        json!({ "buffer": view.buffer, "offset": WORD * view.offset, "size": WORD * words })
    });
    json!({ "kernel": dispatch.kernel, "views": views.collect::<Vec<_>>() })
}
