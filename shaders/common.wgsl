// The squash behind every layer: f(a) = A tanh(S a), with A and S from the header
// (1.7159 and 2/3 in the 1998 paper, appendix A; 1 and 1 in the notebook).
//
// expects: ACTIVATION, SQUASH_A, SQUASH_S

// Families of squashes; in step with `Squash` in src/network/mod.rs. There is one so far.
const ACTIVATION_TANH = 0u;
const_assert ACTIVATION == ACTIVATION_TANH;

// A - 2 A / (e^(2 S a) + 1): a fifth of the price of some drivers' tanh, which also overflows to NaN.
// The power of two is kept in range; far below it becomes 0, which is right.
fn squash(a: f32) -> f32 {
    let power = exp2(min(SQUASH_S * 2.885390082 * a, 60.0));
    return SQUASH_A - 2.0 * SQUASH_A / (power + 1.0);
}

// f'(a), from y = f(a):  S (A - y^2 / A).
fn squash_slope(y: f32) -> f32 {
    return SQUASH_S * SQUASH_A - SQUASH_S / SQUASH_A * (y * y);
}

fn squash_slopes(y: vec4f) -> vec4f {
    return SQUASH_S * SQUASH_A - SQUASH_S / SQUASH_A * (y * y);
}
