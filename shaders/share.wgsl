// What becomes of a gradient where each of several devices has a part of the batch (data parallelism):
// it is left for all of them to add up. `parameters` are as they were.

fn take(at: u32, g: vec4f, rate: f32) {
    share[at] = g;
}
