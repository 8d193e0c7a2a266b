//! A plan as text for a person.

use super::program::BindingKind;
use super::{Dispatch, Kernel, Moved, Pass, Plan, Start};
use crate::text::{Table, bytes, thousands};

/// Bytes of a word.
const WORD: usize = 4;

/// Buffers, kernels and the dispatches of a step.
pub fn text(plan: &Plan, pass: Pass) -> String {
    let shown: Vec<&Dispatch> = plan.step(pass).collect();
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
            thousands(kernel.op.work().items),
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
    let of = |wanted: BindingKind| -> Vec<&str> {
        let all = bindings.iter().zip(&kernel.windows);
        all.filter(|(binding, window)| BindingKind::of(binding, **window) == wanted)
            .map(|(binding, _)| binding.name)
            .collect()
    };
    [
        ("uniform", BindingKind::Uniform),
        ("read", BindingKind::ReadOnlyStorage),
        ("written", BindingKind::Storage),
    ]
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
    let mut total = [0; 3];
    for (number, dispatch) in shown.iter().enumerate() {
        let Kernel { label, op, .. } = &plan.kernels[dispatch.kernel];
        let Moved { read, written } = plan.moved(dispatch);
        let cost = [(WORD * read) as u64, (WORD * written) as u64, op.work().multiply_adds];
        total = std::array::from_fn(|at| total[at] + cost[at]);
        let head = [number.to_string(), label.clone(), dispatch.kernel.to_string()];
        table.row(head.into_iter().chain(cost.map(thousands)));
    }
    let head = ["", "total", ""].map(String::from);
    table.row(head.into_iter().chain(total.map(thousands)));
    table.text()
}
