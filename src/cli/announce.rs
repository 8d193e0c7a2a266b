//! What commands say on standard error before they begin: device, model, plan.

use std::path::Path;

use super::args::device::Chosen;
use super::output;
use crate::inference::Inference;
use crate::text::thousands;
use crate::train::model::Model;

/// What was chosen, and what was passed over.
pub fn device(chosen: &Chosen) {
    chosen.warnings.iter().for_each(|warning| output::warn(warning));
    output::note(&format!("device   {}", chosen.device.describe()));
}

/// What a model is.
pub fn model(path: &Path, model: &Model) {
    output::note(&format!(
        "model    {}: {}, {} parameters",
        path.display(),
        model.network.name,
        thousands(model.network.parameters())
    ));
}

/// Which plan was taken, and why.
pub fn plan(inference: &Inference, chosen: &Chosen) {
    let (plan, origin) = (inference.strategy().name(), inference.origin());
    output::note(&format!("plan     {plan} ({origin}), {} profile", chosen.device.profile().name));
}
