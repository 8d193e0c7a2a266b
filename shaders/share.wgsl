// What becomes of a gradient where each of two devices has half of the batch (data parallelism): it is left
// for both to add up (update.wgsl, over the rows of both), for the four parameters at `at`.
//
//   share = g      a row of shares [2, parameters], laid out as they are
//
// `parameters` stay as they are: linear_backward reads them.

fn take(at: u32, g: vec4f, rate: f32) {
    share[at] = g;
}
