//! What a plan may ask of every device: loops that the worst driver runs to their end, and bindings
//! within WebGPU's default limits.

use super::profile::ITERATION_LIMIT;
use super::{ALIGN, Plan, Profile, Strategy};
use crate::error::{Error, Result};
use crate::network::{MAX_NUMBERS, Network};
use crate::text::thousands;

/// The way out of a plan that is too large.
fn way_out(plan: &Plan) -> &'static str {
    match plan.strategy {
        Strategy::Sample => "use --plan layered",
        _ => "give a smaller --batch or a smaller network, or compute with --device cpu",
    }
}

/// Whether the activations and the parameters of a network can be bound at all.
///
/// # Errors
/// [`Error::Usage`] naming the layer that is too large for this batch.
pub(super) fn check(network: &Network, batch: usize, parameters: usize) -> Result<()> {
    for (at, layer) in network.layers.iter().enumerate() {
        // A last window may go past the batch.
        let numbers = layer.input.size().max(layer.output.size()) * batch.max(ALIGN);
        if numbers > MAX_NUMBERS {
            return Err(Error::Usage(format!(
                "{}, row {}, {:?}: it makes {} numbers of a batch of {batch}, and {} fit a binding: \
                 give a smaller --batch, or a smaller layer",
                network.name,
                at + 1,
                layer.name,
                thousands(numbers),
                thousands(MAX_NUMBERS)
            )));
        }
    }
    if parameters > MAX_NUMBERS {
        return Err(Error::Usage(format!(
            "{} has {} parameters, and {} fit a binding: make its layers smaller",
            network.name,
            thousands(parameters),
            thousands(MAX_NUMBERS)
        )));
    }
    Ok(())
}

/// Makes a plan that stays within the limits: where it must be with smaller windows of the batch, or
/// with fewer rows of partial gradients, than the profile has.
///
/// # Errors
/// [`Error::Usage`] naming the kernel that loops too long or the buffer that is too large.
pub(super) fn within(mut profile: Profile, make: impl Fn(Profile) -> Result<Plan>) -> Result<Plan> {
    loop {
        let plan = make(profile)?;
        if profile.name == Profile::reference().name {
            return Ok(plan);
        }
        let view = plan
            .dispatches()
            .flat_map(|dispatch| &dispatch.views)
            .find(|view| view.words > MAX_NUMBERS);
        let kernel = plan.kernels.iter().find(|kernel| kernel.iterations() > ITERATION_LIMIT);
        if let Some(view) = view {
            let name = &plan.buffers[view.buffer].name;
            let can_shrink = name == "partials";
            if !can_shrink || profile.partial_rows == 1 {
                return Err(Error::Usage(format!(
                    "{} numbers of \"{name}\" are read at once, and {} fit a binding: {}",
                    thousands(view.words),
                    thousands(MAX_NUMBERS),
                    way_out(&plan)
                )));
            }
            profile.partial_rows /= 2;
        } else if let Some(kernel) = kernel {
            if profile.samples == 1 || plan.strategy == Strategy::Sample {
                return Err(Error::Usage(format!(
                    "{} loops {} times in one invocation, and some drivers end loops after {}: {}",
                    kernel.label,
                    thousands(kernel.iterations() as usize),
                    thousands(ITERATION_LIMIT as usize),
                    way_out(&plan)
                )));
            }
            profile.samples = (profile.samples.min(plan.interface.batch) / 2).max(1);
        } else {
            return Ok(plan);
        }
    }
}
