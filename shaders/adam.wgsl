// Epilogue of a gradient: a step of Adam (Kingma and Ba 2015, algorithm 1) in the form of PyTorch, for the four
// parameters at `at`.
//
//   g = g + WEIGHT_DECAY w
//   m = BETA1 m + (1 - BETA1) g                  the mean of the last gradients
//   v = BETA2 v + (1 - BETA2) g^2                that of their squares
//   w = w - rate c m / (sqrt(v) s + EPSILON)
//
// Both means begin at 0. In step t of the run c = 1 / (1 - BETA1^t) and s = 1 / sqrt(1 - BETA2^t) correct them; the
// host computes c and s.
//
// expects: BETA1, BETA2, EPSILON, WEIGHT_DECAY (overrides); step_state_at, STEP_MEAN, STEP_SQUARE
// binds:
//   velocity    write vec4f   m
//   squares     write vec4f   v, laid out alike, as are
//   parameters  write vec4f

fn apply(at: u32, gradient: vec4f, rate: f32) {
    let c = bitcast<f32>(step_state_at(STEP_MEAN));
    let s = bitcast<f32>(step_state_at(STEP_SQUARE));
    let w = parameters[at];
    let g = gradient + WEIGHT_DECAY * w;
    let m = BETA1 * velocity[at] + (1.0 - BETA1) * g;
    let v = BETA2 * squares[at] + (1.0 - BETA2) * g * g;
    velocity[at] = m;
    squares[at] = v;
    parameters[at] = w - rate * c * m / (sqrt(v) * s + EPSILON);
}
