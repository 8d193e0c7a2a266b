//! The first weights.

use super::tensors::{Layout, Role};
use super::{Network, named};
use crate::rng::{Rng, Stream};

named! {
    /// How the weights start. F is the fan-in of the unit: for a map of C3 75, 100 or 150.
    pub enum Init {
        /// Weights and biases uniform in +-2.4/F (1998, appendix A).
        Lecun = "lecun",
        /// Weights uniform in +-1.2/sqrt(F), biases 0 (the authors' code).
        LecunSqrt = "lecun-sqrt",
        /// Weights and biases uniform in +-1/sqrt(F), PyTorch's default for these layers.
        Pytorch = "pytorch",
    }
}

/// The parameters of a network at the start, in the places of `layout`.
///
/// Poolings start at their form's coefficient and bias 0, whatever `init`.
pub fn parameters(network: &Network, layout: &Layout, init: Init, seed: u64) -> Vec<f32> {
    let mut rng = Rng::new(seed, Stream::Weights);
    let mut parameters = vec![0.0; layout.size];
    for tensor in &layout.tensors {
        let fan_in = tensor.fan_in as f32;
        let limit = match (init, tensor.role) {
            (_, Role::Coefficient | Role::PoolBias) | (Init::LecunSqrt, Role::Bias) => 0.0,
            (Init::Lecun, _) => 2.4 / fan_in,
            (Init::LecunSqrt, _) => 1.2 / fan_in.sqrt(),
            (Init::Pytorch, _) => 1.0 / fan_in.sqrt(),
        };
        let centre = match tensor.role {
            Role::Coefficient => network.options.pool.start().unwrap_or_default(),
            Role::Weight | Role::Bias | Role::PoolBias => 0.0,
        };
        for place in tensor.places() {
            parameters[place] = if limit == 0.0 { centre } else { rng.symmetric(limit) };
        }
    }
    parameters
}
