//! From the state dict of a PyTorch module to a model.
//!
//! Names and shapes of the tensors tell which network it is, whether its convolutions have connection
//! tables and whether its output is linear: every network that could be meant is compared with the
//! file, and the one that fits is taken. What tensors cannot tell (squash, pooling, scaling, border) is
//! in the metadata of files that this program wrote; for others it is assumed ([`Names::assumed`]) or
//! given by flags.

use std::path::Path;

use serde_json::{Value, json};

use super::{CENTRES, Names, state};
use crate::error::{Error, Result};
use crate::network::{Loss, Named, Network, Options, Output, Table, bitmaps, build, lenet};
use crate::plan::Layout;
use crate::recipe::{NetworkArgs, NetworkChoice};
use crate::train::container::{self, Container};
use crate::train::model::Model;

const WAY_OUT: &str = "save the state_dict() of one of the networks, as float32, with \
                       safetensors.torch.save_file; --network (a name or a file), --connections, --output, \
                       --border and --names say which it is";

/// A model, and how it was read.
#[derive(Debug, Clone)]
pub struct Imported {
    pub model: Model,
    /// The naming scheme of the tensors in the file.
    pub names: Names,
    /// Whether the file itself said what its tensors do not.
    pub described: bool,
    /// Whether its numbers were 16-bit floats.
    pub half_precision: bool,
}

/// A network that the file could hold.
struct Candidate {
    network: Network,
    names: Names,
    /// The layout of the file: under its names, with the centres if it has them.
    layout: Layout,
    faults: Vec<String>,
}

/// Reads a safetensors file that holds a state dict. `args` and `names` are what is known of it;
/// what they leave open is found out.
///
/// # Errors
/// [`Error::Data`] naming the file and the tensors that are missing, unknown or of another shape;
/// [`Error::Usage`] if `args` make no network.
pub fn import(path: &Path, args: &NetworkArgs, names: Option<Names>) -> Result<Imported> {
    let bytes = container::read(path, WAY_OUT)?;
    let cannot_read = |what: String| Error::cannot_read(path, what, WAY_OUT);
    let mut container = Container::of_any_program(&bytes).map_err(cannot_read)?;
    let candidates = candidates(&container, args, names)?;
    let nearest = candidates.into_iter().min_by_key(|candidate| candidate.faults.len());
    let nearest = nearest.expect("candidates, or the reason why there are none");
    if !nearest.faults.is_empty() {
        return Err(cannot_read(format!(
            "it is nearest to {}, but {}",
            nearest.network.name,
            sentence(&nearest.faults)
        )));
    }
    let (described, half_precision) =
        (Network::of(&container.about).is_ok(), container.has_halves());
    let Candidate { network, names, layout, .. } = nearest;
    args.suit(&network.options)?;
    let mut parameters = container.list(&layout, "").map_err(cannot_read)?;
    let centres = parameters.split_off(Layout::of(&network)?.size);
    if !centres.is_empty() && centres != bitmaps::centres() {
        let name = names.of(&network.name, CENTRES);
        return Err(cannot_read(format!("{name} are not the bitmaps of Fig. 3, which are fixed")));
    }
    let settings = if described { container.about["settings"].clone() } else { json!({}) };
    Ok(Imported {
        model: Model { network, parameters, settings },
        names,
        described,
        half_precision,
    })
}

/// Every network that the flags leave open, compared with the file.
fn candidates(
    container: &Container,
    args: &NetworkArgs,
    names: Option<Names>,
) -> Result<Vec<Candidate>> {
    let names = match names {
        Some(names) => vec![names],
        None => Names::NAMES.iter().map(|(names, ..)| *names).collect(),
    };
    let candidate = |(network, names): (Result<Network>, Names)| {
        let network = network?;
        let centres = container.has(&names.of(&network.name, CENTRES));
        let layout = state::layout(&network, names, centres)?;
        let faults = container.faults(&layout);
        Ok(Candidate { network, names, layout, faults })
    };
    let all = meant(&container.about, args, &names)?.into_iter().map(candidate);
    let (candidates, mut refused): (Vec<_>, Vec<_>) = all.partition(Result::is_ok);
    match refused.pop() {
        Some(refused) if candidates.is_empty() => refused.map(|_| Vec::new()),
        _ => candidates.into_iter().collect(),
    }
}

/// The networks that could be meant: what the file says of itself, else every table, with and
/// without its connections, with either output.
fn meant(
    about: &Value,
    args: &NetworkArgs,
    names: &[Names],
) -> Result<Vec<(Result<Network>, Names)>> {
    let asked = args.network.as_ref().map(NetworkChoice::table).transpose()?;
    if let Ok(said) = Network::of(about) {
        let options = args.options(said.options);
        let other = asked.filter(|table| table.name != said.name);
        let network = || match &other {
            Some(table) => build(table, options),
            None => said.with(options),
        };
        return Ok(names.iter().map(|&names| (network(), names)).collect());
    }
    let mut networks = Vec::new();
    let tables: Vec<Table> = asked.map_or_else(|| lenet::all().to_vec(), |table| vec![table]);
    for table in &tables {
        let base = table.options;
        for &names in names {
            let (squash, pool, scaling) =
                names.assumed().unwrap_or((base.squash, base.pool, base.scaling));
            for full_connections in [false, true] {
                for output in [base.output, Output::Linear, Output::Rbf] {
                    let options = Options {
                        squash,
                        pool,
                        scaling,
                        full_connections,
                        output,
                        loss: Loss::of(output),
                        ..base
                    };
                    networks.push((build(table, args.options(options)), names));
                }
            }
        }
    }
    Ok(networks)
}

/// The first faults in words, and how many more there are.
fn sentence(faults: &[String]) -> String {
    const TOLD: usize = 5;
    let first = faults[..faults.len().min(TOLD)].join("; ");
    match faults.len().saturating_sub(TOLD) {
        0 => first,
        more => format!("{first}; and {more} more such faults"),
    }
}
