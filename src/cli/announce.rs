//! What commands say on standard error before they begin: device, model, plan.

use std::path::Path;

use super::output;
use crate::device::Device;
use crate::inference::Inference;
use crate::text::thousands;
use crate::train::model::Model;

/// What computes.
pub fn device(device: &Device) {
    output::note(&format!("device   {}", device.describe()));
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
pub fn plan(inference: &Inference, device: &Device) {
    let (plan, origin) = (inference.strategy().name(), inference.origin());
    output::note(&format!("plan     {plan} ({origin}), {} profile", device.profile().name));
}
