// Epilogue of a gradient in data parallelism, where each device has a part of the batch: it is stored for
// all to add up (update.wgsl, over the rows of all), for the four parameters at `at`.
//
//   share = g
//
// binds:
//   share       write vec4f   a row of shares [2, parameters], laid out as they are
//   parameters  write vec4f   stay as they are: linear_backward reads them

fn apply(at: u32, g: vec4f, rate: f32) {
    share[at] = g;
}
