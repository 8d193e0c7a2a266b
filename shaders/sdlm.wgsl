// Epilogue of a gradient: a step of stochastic diagonal Levenberg-Marquardt (1998, appendix C) for the four
// parameters at `at`, each with a rate of its own by its curvature h.
//
//   v = MOMENTUM v + g
//   w = w - rate / (MU + h) v
//
// expects: MOMENTUM, MU (overrides)
// binds:
//   curvature   read vec4f
//   velocity    write vec4f   laid out alike, as are
//   parameters  write vec4f
//
// Without momentum the velocity is neither read nor written: two of the five values that the step would move.

fn apply(at: u32, g: vec4f, rate: f32) {
    var v = g;
    if (MOMENTUM != 0.0) {
        v += MOMENTUM * velocity[at];
        velocity[at] = v;
    }
    parameters[at] -= rate / (MU + curvature_at(at)) * v;
}
