//! References of the linear layers.

use super::{Epilogue, input_slope, local, squash};
use crate::network::Squash;
use crate::plan::StepSize;
use crate::plan::kernels::{Linear, LinearBackward, LinearUpdate};

/// `y[n,o] = f(bias[o] + sum_i w[o,i] x[n,i])` for the rows of `w` in the window.
pub fn linear_forward(
    k: &Linear,
    x: &[f32],
    w: &[f32],
    bias: &[f32],
    first: &[u32],
    y: &mut [f32],
) {
    let (inputs, outputs) = (k.inputs as usize, k.outputs as usize);
    for n in 0..k.samples as usize {
        for row in 0..k.rows as usize {
            let o = first[0] as usize + row;
            let mut sum = f64::from(bias[o]);
            for i in 0..inputs {
                sum += f64::from(w[row * inputs + i]) * f64::from(x[n * inputs + i]);
            }
            y[n * outputs + o] = squash(k.squash, sum) as f32;
        }
    }
}

/// `dx[n,i] = f'(x[n,i]) sum_o w[o,i] dy[n,o]`, one window of `w` after the other.
pub fn linear_backward_input(
    k: &Linear,
    x: &[f32],
    w: &[f32],
    dy: &[f32],
    first: &[u32],
    dx: &mut [f32],
) {
    let (inputs, outputs) = (k.inputs as usize, k.outputs as usize);
    for n in 0..k.samples as usize {
        for i in 0..inputs {
            let at = n * inputs + i;
            let mut sum = if k.starts { 0.0 } else { f64::from(dx[at]) };
            for row in 0..k.rows as usize {
                let o = first[0] as usize + row;
                let weight = local(k.curvature, f64::from(w[row * inputs + i]));
                sum += weight * f64::from(dy[n * outputs + o]);
            }
            let slope = if k.ends { input_slope(k.input_squash, f64::from(x[at])) } else { 1.0 };
            dx[at] = (sum * local(k.curvature, slope)) as f32;
        }
    }
}

/// The sums `dw[o,i] = sum_n dy[n,o] x[n,i]`, `dbias[o] = sum_n dy[n,o]`, and after the last window
/// of the batch their epilogue.
pub fn linear_update(
    k: &LinearUpdate,
    x: &[f32],
    dy: &[f32],
    step_state: &[u32],
    gradient: &mut [f32],
    mut epilogue: Epilogue,
) {
    let (inputs, outputs) = (k.inputs as usize, k.outputs as usize);
    let size = StepSize::of(step_state);
    let mut put = |place: usize, sum: f64| {
        let before = if k.starts { 0.0 } else { gradient[place] };
        let sum = before + sum as f32;
        if k.ends {
            epilogue.apply(place, sum, size);
        } else {
            gradient[place] = sum;
        }
    };
    for o in 0..outputs {
        let delta = |n: usize| f64::from(dy[n * outputs + o]);
        put(o, (0..k.samples as usize).map(delta).sum());
        for i in 0..inputs {
            let input = |n: usize| local(k.epilogue.is_curvature(), f64::from(x[n * inputs + i]));
            let product = |n: usize| delta(n) * input(n);
            let place = k.weights as usize + o * inputs + i;
            put(place, (0..k.samples as usize).map(product).sum());
        }
    }
}

/// Both backward passes: [`linear_backward_input`] through the weights before the step, then
/// [`linear_update`].
pub fn linear_backward(
    k: &LinearBackward,
    x: &[f32],
    dy: &[f32],
    step_state: &[u32],
    dx: &mut [f32],
    gradient: &mut [f32],
    epilogue: Epilogue,
) {
    let LinearUpdate { samples, inputs, outputs, weights, .. } = k.update;
    // Forward, which is not asked for, would need its own squash.
    let whole = Linear::whole(samples, inputs, outputs, Squash::Tanh, false);
    let whole = Linear { input_squash: k.input_squash, ..whole };
    let w = &epilogue.parameters()[weights as usize..];
    linear_backward_input(&whole, x, w, dy, &[0], dx);
    linear_update(&k.update, x, dy, step_state, gradient, epilogue);
}
