// Turns the gradient with respect to the input x of a layer into that with respect to the pre-activation of the layer
// before.
//
//   f'(x) where x is an activation; 1 where a plain pooling, which has no activation, made x
//
// It may be another activation than that of the layer itself: a linear output is always a tanh.
//
// expects: INPUT_SQUASH, INPUT_SQUASH_A, INPUT_SQUASH_S, INPUT_SQUASH_CENTRE

// Families of activations, as in common.wgsl, and none.
const INPUT_TANH = 0u;
const INPUT_RELU = 1u;
const INPUT_PLAIN = 2u;

fn input_slope(x: f32) -> f32 {
    if (INPUT_SQUASH == INPUT_PLAIN) {
        return 1.0;
    }
    if (INPUT_SQUASH == INPUT_RELU) {
        return select(0.0, 1.0, x > 0.0);
    }
    let z = x - INPUT_SQUASH_CENTRE;
    return INPUT_SQUASH_S * INPUT_SQUASH_A - INPUT_SQUASH_S / INPUT_SQUASH_A * (z * z);
}

fn input_slopes(x: vec4f) -> vec4f {
    if (INPUT_SQUASH == INPUT_PLAIN) {
        return vec4f(1.0);
    }
    if (INPUT_SQUASH == INPUT_RELU) {
        return select(vec4f(), vec4f(1.0), x > vec4f());
    }
    let z = x - INPUT_SQUASH_CENTRE;
    return INPUT_SQUASH_S * INPUT_SQUASH_A - INPUT_SQUASH_S / INPUT_SQUASH_A * (z * z);
}
