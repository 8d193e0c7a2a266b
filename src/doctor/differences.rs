//! The gradient that an adapter computes, against central differences of the loss. The differences come from the
//! forward pass of the reference alone, so no backward pass has to be trusted.

use std::collections::BTreeMap;

use super::kernels::Deviation;
use crate::cpu::Cpu;
use crate::error::Result;
use crate::executor::Executor;
use crate::gpu::Gpu;
use crate::network::tensors::{Layout, Tensor};
use crate::plan::abi::StepRow;
use crate::plan::{Pass, Plan, TOTALS};
use crate::rng::{Rng, Stream};

/// Move of a parameter.
const MOVE: f32 = 0.01;
/// How far a gradient may be from a difference, as a share of the largest gradient of its kind. Losses are f32, and
/// a difference leaves out the third derivative: that was at most 0.006 for LeNet-5's first weights.
const TOLERANCE: f64 = 2e-2;

/// Compares the gradient of the first batch with differences: of each kind of parameter the largest gradient and
/// any other. Data set, indices, first weights and a velocity of 0 stand in the buffers of both.
///
/// # Errors
/// [`crate::Error::Adapter`] if the adapter fails.
pub fn compare(plan: &Plan, gpu: &mut Gpu, cpu: &mut Cpu) -> Result<Vec<Deviation>> {
    let (ports, layout) = (plan.interface.ports, &plan.interface.layout);
    begin(plan, gpu)?;
    gpu.run(1, Pass::Training)?;
    // At the rate 0 a step from rest leaves the gradient as the velocity.
    let gradient = gpu.read_f32(ports.velocity, layout.size)?;
    let parameters = cpu.read_f32(ports.parameters, layout.size)?;
    let mut random = Rng::new(0, Stream::Test);
    let mut found = Vec::new();
    for (kind, places) in kinds(layout) {
        let size = |&place: &usize| gradient[place].abs();
        let largest = places.iter().copied().max_by(|a, b| size(a).total_cmp(&size(b)));
        let largest = largest.expect("no tensor is empty");
        let allowed = (TOLERANCE * f64::from(size(&largest))).max(f64::MIN_POSITIVE);
        let mut worst = Deviation::none(format!("the gradient of {kind}"));
        for place in [largest, places[random.below(places.len() as u32) as usize]] {
            let [high, low] = [MOVE, -MOVE].map(|by| parameters[place] + by);
            let mut loss = |value| loss(plan, cpu, &parameters, (place, value));
            // The move that f32 made of it.
            let difference = (loss(high)? - loss(low)?) / (f64::from(high) - f64::from(low));
            let error = (f64::from(gradient[place]) - difference).abs() / allowed;
            worst.take(error, || format!("parameter {place}"));
        }
        found.push(worst);
    }
    Ok(found)
}

/// The places of the parameters of each layer and role, by names as `c3.weight`.
fn kinds(layout: &Layout) -> BTreeMap<String, Vec<usize>> {
    let kind = |tensor: &Tensor| {
        let name = tensor.name.as_str();
        let layer = name.split('.').next().unwrap_or(name);
        format!("{layer}.{}", name.rsplit('.').next().unwrap_or(name))
    };
    let mut kinds: BTreeMap<String, Vec<usize>> = BTreeMap::new();
    for tensor in &layout.tensors {
        kinds.entry(kind(tensor)).or_default().extend(tensor.places());
    }
    kinds
}

/// Puts the first batch at the rate 0 before the next step.
fn begin(plan: &Plan, executor: &mut dyn Executor) -> Result<()> {
    let (ports, batch) = (plan.interface.ports, plan.interface.batch);
    let row = StepRow { count: batch as u32, ..StepRow::default() };
    executor.write(ports.step_table, 0, &row.words())?;
    executor.write(ports.cursor, 0, &[0])?;
    executor.write_f32(ports.totals, &vec![0.0; batch * TOTALS])
}

/// The mean loss of the first batch, by the reference, with another number at a place of the parameters.
fn loss(
    plan: &Plan,
    cpu: &mut Cpu,
    parameters: &[f32],
    (place, value): (usize, f32),
) -> Result<f64> {
    let (ports, batch) = (plan.interface.ports, plan.interface.batch);
    let mut moved = parameters.to_vec();
    moved[place] = value;
    begin(plan, cpu)?;
    cpu.write_f32(ports.parameters, &moved)?;
    cpu.run(1, Pass::Forward)?;
    let totals = cpu.read_f32(ports.totals, batch * TOTALS)?;
    Ok(totals.chunks(TOTALS).map(|row| f64::from(row[2])).sum())
}
