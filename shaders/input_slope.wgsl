// What turns a gradient by the input x of a layer into one by the pre-activation of the layer before.
//
//   f'(x) where x is an activation; 1 where a plain pooling, which has no activation, made x
//
// It may be another activation than that of the layer itself: a linear output is always a tanh.
//
// expects: BEHIND, BEHIND_A, BEHIND_S, BEHIND_CENTER

// Families of activations, as in common.wgsl, and none.
const BEHIND_TANH = 0u;
const BEHIND_RELU = 1u;
const BEHIND_NOTHING = 2u;

fn input_slope(x: f32) -> f32 {
    if (BEHIND == BEHIND_NOTHING) {
        return 1.0;
    }
    if (BEHIND == BEHIND_RELU) {
        return select(0.0, 1.0, x > 0.0);
    }
    let z = x - BEHIND_CENTER;
    return BEHIND_S * BEHIND_A - BEHIND_S / BEHIND_A * (z * z);
}

fn input_slopes(x: vec4f) -> vec4f {
    if (BEHIND == BEHIND_NOTHING) {
        return vec4f(1.0);
    }
    if (BEHIND == BEHIND_RELU) {
        return select(vec4f(), vec4f(1.0), x > vec4f());
    }
    let z = x - BEHIND_CENTER;
    return BEHIND_S * BEHIND_A - BEHIND_S / BEHIND_A * (z * z);
}
