// barriers: out[w] = sum of input over 64 invocations, turned by w places, in workgroup w
//
// A tree in workgroup memory: each round adds what other invocations wrote in the round before.

@group(0) @binding(0) var<storage, read> input: array<u32>;
@group(0) @binding(1) var<storage, read_write> output: array<u32>;

var<workgroup> partial: array<u32, 64>;

@compute @workgroup_size(64)
fn main(@builtin(local_invocation_index) i: u32, @builtin(workgroup_id) w: vec3u) {
    partial[(i * 5u + w.x) % 64u] = input[i];
    workgroupBarrier();
    for (var half = 32u; half > 0u; half /= 2u) {
        if (i < half) {
            partial[i] += partial[i + half];
        }
        workgroupBarrier();
    }
    if (i == 0u) {
        output[w.x] = partial[0];
    }
}
