// Epilogue of a gradient: a step of SGD (1998, section I.B) with momentum in the form of PyTorch, for the four
// parameters at `at`.
//
//   v = MOMENTUM v + g + WEIGHT_DECAY w
//   w = w - rate v
//
// expects: MOMENTUM, WEIGHT_DECAY (overrides)
// binds:
//   velocity    write vec4f
//   parameters  write vec4f   laid out alike

fn apply(at: u32, g: vec4f, rate: f32) {
    let w = parameters[at];
    let v = MOMENTUM * velocity[at] + g + WEIGHT_DECAY * w;
    velocity[at] = v;
    parameters[at] = w - rate * v;
}
