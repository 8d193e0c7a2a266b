// The squash behind every layer: f(a) = A tanh(S a), with A and S from the header
// (1.7159 and 2/3 in the 1998 paper, appendix A; 1 and 1 in the notebook).

// The argument is clamped: the built-in tanh, and exp of large arguments, overflow to NaN on some drivers.
fn squash(a: f32) -> f32 {
    let t = clamp(SQUASH_S * a, -15.0, 15.0);
    return SQUASH_A * (1.0 - 2.0 / (exp(2.0 * t) + 1.0));
}

// f'(a), from y = f(a):  S (A - y^2 / A).
fn squash_slope(y: f32) -> f32 {
    return SQUASH_S * (SQUASH_A - y * y / SQUASH_A);
}

fn squash_slopes(y: vec4f) -> vec4f {
    return SQUASH_S * (SQUASH_A - y * y / SQUASH_A);
}
