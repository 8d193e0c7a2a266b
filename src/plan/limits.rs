//! What a plan may ask of every device: loops that the worst driver runs to their end, and bindings
//! within WebGPU's default limits.

use super::profile::{ITERATION_LIMIT, Tiles};
use super::{ALIGN, Plan, Profile, Strategy, View};
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

/// Rows of partial gradients at most.
const MOST_PARTIAL_ROWS: usize = 1_024;

/// Makes a plan that stays within the limits: where it must be with smaller windows of the batch, with
/// more or fewer rows of partial gradients, or with smaller tiles than the profile has.
///
/// # Errors
/// [`Error::Usage`] naming the kernel that loops too long or the buffer that is too large.
pub(super) fn within(profile: Profile, make: impl Fn(Profile) -> Result<Plan>) -> Result<Plan> {
    let mut tried = profile;
    loop {
        let plan = make(tried)?;
        if profile.name == Profile::reference().name {
            return Ok(plan);
        }
        let view = plan
            .dispatches()
            .flat_map(|dispatch| &dispatch.views)
            .find(|view| view.words > most(&plan, view));
        let kernel = plan.kernels.iter().find(|kernel| kernel.iterations() > ITERATION_LIMIT);
        tried = if let Some(view) = view {
            if view.buffer == plan.interface.ports.data_set {
                return Err(too_many_samples(&plan, view.words));
            }
            let name = &plan.buffers[view.buffer].name;
            let next = match name == "partials" {
                true if tried.partial_rows > profile.partial_rows => {
                    smaller_tiles(profile, tried, &plan)
                }
                true if tried.partial_rows > 1 => {
                    Some(Profile { partial_rows: tried.partial_rows / 2, ..tried })
                }
                _ => None,
            };
            next.ok_or_else(|| {
                Error::Usage(format!(
                    "{} numbers of \"{name}\" are read at once, and {} fit a binding: {}",
                    thousands(view.words),
                    thousands(MAX_NUMBERS),
                    way_out(&plan)
                ))
            })?
        } else if let Some(kernel) = kernel {
            shorter(profile, tried, &plan).ok_or_else(|| {
                Error::Usage(format!(
                    "{} loops {} times in one invocation, and some drivers end loops after {}: {}",
                    kernel.label,
                    thousands(kernel.iterations() as usize),
                    thousands(ITERATION_LIMIT as usize),
                    way_out(&plan)
                ))
            })?
        } else {
            return Ok(plan);
        };
    }
}

/// Numbers of a view that may be bound at once.
fn most(plan: &Plan, view: &View) -> usize {
    if view.buffer == plan.interface.ports.data_set {
        plan.profile.data_set_words
    } else {
        MAX_NUMBERS
    }
}

fn too_many_samples(plan: &Plan, words: usize) -> Error {
    let record = plan.interface.record;
    let [given, most] =
        [words, plan.profile.data_set_words].map(|words| thousands(words / record.words()));
    Error::Usage(format!(
        "the data set has {given} digits of {side}x{side}, training and test together, and the adapter holds {most}: \
         compute with --device cpu",
        side = record.side
    ))
}

/// What to try where a kernel loops too long: smaller windows; then from the first windows on more rows of partial
/// gradients, so that each adds up fewer samples; then smaller tiles, if no `--plan` names them.
fn shorter(profile: Profile, tried: Profile, plan: &Plan) -> Option<Profile> {
    let (samples, partial_rows) =
        (tried.samples.min(plan.interface.batch) / 2, 2 * tried.partial_rows);
    match plan.strategy {
        Strategy::Sample => None,
        _ if tried.samples > 1 => Some(Profile { samples: samples.max(1), ..tried }),
        _ if partial_rows <= MOST_PARTIAL_ROWS => {
            Some(Profile { samples: profile.samples, partial_rows, ..tried })
        }
        _ => smaller_tiles(profile, tried, plan),
    }
}

/// The profile with the next smaller tiles, unless `--plan` names them.
fn smaller_tiles(profile: Profile, tried: Profile, plan: &Plan) -> Option<Profile> {
    let is_free = matches!(plan.strategy, Strategy::Layered | Strategy::Inspect);
    let tiles = [Tiles::MAP, Tiles::ROW, Tiles::PAIR, Tiles::ONE];
    let next = tiles.iter().position(|tiles| *tiles == tried.tiles)? + 1;
    tiles.get(next).filter(|_| is_free).map(|&tiles| Profile { tiles, ..profile })
}
