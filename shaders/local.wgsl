// Which derivatives a backward kernel propagates and sums up: first ones, or the second ones of
// stochastic diagonal Levenberg-Marquardt (1998, appendix C).
//
//   first    dE/dx     = sum over a of dE/da    da/dx
//   second   d2E/dx2  ~= sum over a of d2E/da2 (da/dx)^2      the diagonal of Gauss-Newton
//
// So the one difference is that each local derivative da/dx, once it is summed, is squared as a
// whole. The factors of means over a batch or over the outputs belong to the loss and are not squared.
//
// expects: CURVATURE

fn local(derivative: f32) -> f32 {
    return select(derivative, derivative * derivative, CURVATURE);
}

fn locals(derivatives: vec4f) -> vec4f {
    return select(derivatives, derivatives * derivatives, CURVATURE);
}
