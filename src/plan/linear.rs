//! Constants of the kernels of a linear layer.

use super::constant::constants;
use super::rule::Rule;
use crate::network::Squash;

constants! {
    /// Constants of `linear_forward` and `linear_backward_input`, in step with `shaders/linear.wgsl`.
    Linear {
        samples: u32,
        /// A multiple of 4.
        inputs: u32,
        outputs: u32,
        /// Rows of w in a window.
        rows: u32,
        tile: u32,
        /// Whether the sum over the windows of w starts with this one.
        starts: bool,
        /// Whether it ends with this one.
        ends: bool,
        squash: Squash,
        /// Whether the backward kernel has second derivatives.
        curvature: bool,
    }
}

constants! {
    /// Constants of `linear_update`.
    LinearUpdate {
        samples: u32,
        /// A multiple of 4.
        inputs: u32,
        outputs: u32,
        tile: u32,
        /// Whether the sum over the windows of the batch starts with this one.
        starts: bool,
        /// Whether it ends with this one.
        ends: bool,
        /// Where the weights begin in the layer's parameters, behind the biases; a multiple of 4.
        weights: u32,
        rule: Rule,
    }
}

constants! {
    /// Constants of `linear_backward`.
    LinearBackward {
        /// Whose x and dx an invocation holds: at most [`super::profile::BACKWARD_SAMPLES`].
        samples: u32,
        /// A multiple of 4.
        inputs: u32,
        outputs: u32,
        /// Whether the sum over the windows of the batch starts with this one.
        starts: bool,
        /// Whether it ends with this one.
        ends: bool,
        /// Where the weights begin in the layer's parameters, behind the biases; a multiple of 4.
        weights: u32,
        squash: Squash,
        /// A step: second derivatives go the way of `linear_backward_input` and `linear_update`.
        rule: Rule,
    }
}
