// Epilogue of the second derivatives of four parameters: accumulates their mean over patterns (1998,
// appendix C).
//
//   h = h + rate g,   rate = 1 / patterns
//
// binds:
//   curvature  write vec4f

fn apply(at: u32, g: vec4f, rate: f32) {
    curvature[at] += rate * g;
}
