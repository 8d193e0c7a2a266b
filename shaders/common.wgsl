// The activation f after a layer, and its slope.
//
//   SQUASH_TANH  f(a) = SQUASH_CENTRE + A tanh(S a), with A and S from the header: 1.7159 and 2/3 in the 1998
//                paper (appendix A), 1 and 1 in the notebook. The logistic function 1 / (1 + e^-a) is
//                the same with A = S = 1/2 around 1/2
//   SQUASH_RELU  f(a) = max(a, 0)
//
// expects: SQUASH, SQUASH_A, SQUASH_S, SQUASH_CENTRE

// Families of activations; in step with `family` in src/plan/constant.rs.
const SQUASH_TANH = 0u;
const SQUASH_RELU = 1u;

// A tanh(S a) as A - 2 A / (e^(2 S a) + 1): some drivers' tanh costs five times as much and overflows to NaN. The
// exponent is kept below 60. Of one far below 0 the power is 0, which gives -A. 2.885 is 2 log2(e).
fn squash(a: f32) -> f32 {
    if (SQUASH == SQUASH_RELU) {
        return max(a, 0.0);
    }
    let power = exp2(min(SQUASH_S * 2.885390082 * a, 60.0));
    return (SQUASH_CENTRE + SQUASH_A) - 2.0 * SQUASH_A / (power + 1.0);
}

// f'(a), from y = f(a):  S (A - z^2 / A) of a tanh, where z = y - SQUASH_CENTRE; 1 of a relu where y > 0, else 0.
fn squash_slope(y: f32) -> f32 {
    if (SQUASH == SQUASH_RELU) {
        return select(0.0, 1.0, y > 0.0);
    }
    let z = y - SQUASH_CENTRE;
    return SQUASH_S * SQUASH_A - SQUASH_S / SQUASH_A * (z * z);
}

fn squash_slopes(y: vec4f) -> vec4f {
    if (SQUASH == SQUASH_RELU) {
        return select(vec4f(), vec4f(1.0), y > vec4f());
    }
    let z = y - SQUASH_CENTRE;
    return SQUASH_S * SQUASH_A - SQUASH_S / SQUASH_A * (z * z);
}
