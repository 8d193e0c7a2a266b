//! What a plan may ask of every device: loops that the worst driver runs to their end, and bindings
//! within WebGPU's default limits.

use super::profile::{ITERATION_LIMIT, Tiles};
use super::{ALIGN, Kernel, Plan, Profile, Strategy, View};
use crate::error::{Error, Result};
use crate::network::{MAX_NUMBERS, Network, fault};
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
            let what = format!(
                "it makes {} numbers of a batch of {batch}, and a shader binds {} at most: give a smaller \
                 --batch, or a smaller layer",
                thousands(numbers),
                thousands(MAX_NUMBERS)
            );
            return Err(fault(&network.name, at, &layer.name, &what));
        }
    }
    if parameters > MAX_NUMBERS {
        return Err(Error::Usage(format!(
            "{} has {} parameters, and a shader binds {} at most: make its layers smaller",
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
    let mut plan = make(profile)?;
    if profile.is_reference() {
        return Ok(plan);
    }
    while let Some(smaller) = next(profile, &plan)? {
        plan = make(smaller)?;
    }
    Ok(plan)
}

/// The profile to try after that of a plan, which began with `profile`; `None` if the plan stays within
/// the limits.
fn next(profile: Profile, plan: &Plan) -> Result<Option<Profile>> {
    let mut views = plan.dispatches().flat_map(|dispatch| &dispatch.views);
    if let Some(view) = views.find(|view| view.words > most(plan, view)) {
        return fewer(profile, plan, view).ok_or_else(|| too_large(plan, view)).map(Some);
    }
    let kernel = plan.kernels.iter().find(|kernel| kernel.iterations() > ITERATION_LIMIT);
    let next = kernel.map(|kernel| shorter(profile, plan).ok_or_else(|| too_long(plan, kernel)));
    next.transpose()
}

/// Numbers of a view that may be bound at once.
fn most(plan: &Plan, view: &View) -> usize {
    if view.buffer == plan.interface.ports.data_set {
        plan.profile.data_set_words
    } else {
        MAX_NUMBERS
    }
}

fn too_large(plan: &Plan, view: &View) -> Error {
    let record = plan.interface.record;
    if view.buffer == plan.interface.ports.data_set {
        let [given, most] = [view.words, plan.profile.data_set_words]
            .map(|words| thousands(words / record.words()));
        return Error::Usage(format!(
            "the data set has {given} digits of {side}x{side}, training and test together, and the adapter holds \
             {most}: compute with --device cpu",
            side = record.side
        ));
    }
    Error::Usage(format!(
        "{} numbers of \"{}\" are read at once, and a shader binds {} at most: {}",
        thousands(view.words),
        plan.buffers[view.buffer].name,
        thousands(MAX_NUMBERS),
        way_out(plan)
    ))
}

fn too_long(plan: &Plan, kernel: &Kernel) -> Error {
    Error::Usage(format!(
        "{} loops {} times in one invocation, and {} is the most, since some drivers end long loops: {}",
        kernel.label,
        thousands(kernel.iterations() as usize),
        thousands(ITERATION_LIMIT as usize),
        way_out(plan)
    ))
}

/// What to try where a view is too large: half of the rows of partial gradients, since nothing else can shrink. If a
/// long loop has already asked for more rows than the profile has, smaller tiles, which shorten loops too.
fn fewer(profile: Profile, plan: &Plan, view: &View) -> Option<Profile> {
    let tried = plan.profile;
    match plan.buffers[view.buffer].name == "partials" {
        true if tried.partial_rows > profile.partial_rows => smaller_tiles(profile, plan),
        true if tried.partial_rows > 1 => {
            Some(Profile { partial_rows: tried.partial_rows / 2, ..tried })
        }
        _ => None,
    }
}

/// What to try where a kernel loops too long: smaller windows; then from the first windows on more rows of partial
/// gradients, so that each adds up fewer samples; then smaller tiles.
fn shorter(profile: Profile, plan: &Plan) -> Option<Profile> {
    let tried = plan.profile;
    let (samples, partial_rows) =
        (tried.samples.min(plan.interface.batch) / 2, 2 * tried.partial_rows);
    match plan.strategy {
        Strategy::Sample => None,
        _ if tried.samples > 1 => Some(Profile { samples: samples.max(1), ..tried }),
        _ if partial_rows <= MOST_PARTIAL_ROWS => {
            Some(Profile { samples: profile.samples, partial_rows, ..tried })
        }
        _ => smaller_tiles(profile, plan),
    }
}

/// The profile with the next smaller tiles, unless `--plan` names them.
fn smaller_tiles(profile: Profile, plan: &Plan) -> Option<Profile> {
    let is_free = matches!(plan.strategy, Strategy::Layered | Strategy::Inspect);
    let tiles = [Tiles::MAP, Tiles::ROW, Tiles::PAIR, Tiles::ONE];
    let next = tiles.iter().position(|tiles| *tiles == plan.profile.tiles)? + 1;
    tiles.get(next).filter(|_| is_free).map(|&tiles| Profile { tiles, ..profile })
}
