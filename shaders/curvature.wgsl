// What becomes of the second derivatives of four shared parameters: a share of their mean over
// patterns (1998, appendix C).
//
//   h = h + rate g,   rate = 1 / patterns

fn take(at: u32, g: vec4f, rate: f32) {
    curvature[at] += rate * g;
}
