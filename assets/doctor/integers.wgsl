// integers: out[4 i ..] = pcg4d(input[4 i ..]), out[32 + 4 i ..] = quotient, remainder, comparison and shift
//
// The hash is that of shaders/distort.wgsl. Multiplications wrap around at 2^32.

@group(0) @binding(0) var<storage, read> input: array<u32>;
@group(0) @binding(1) var<storage, read_write> output: array<u32>;

fn pcg4d(counter: vec4u) -> vec4u {
    var v = counter * 1664525u + 1013904223u;
    v.x += v.y * v.w;
    v.y += v.z * v.x;
    v.z += v.x * v.y;
    v.w += v.y * v.z;
    v ^= v >> vec4u(16u);
    v.x += v.y * v.w;
    v.y += v.z * v.x;
    v.z += v.x * v.y;
    v.w += v.y * v.z;
    return v;
}

@compute @workgroup_size(8)
fn main(@builtin(local_invocation_index) i: u32) {
    let v = vec4u(input[4u * i], input[4u * i + 1u], input[4u * i + 2u], input[4u * i + 3u]);
    let hash = pcg4d(v);
    let divisor = max(v.y, 1u);
    let other = vec4u(v.x / divisor, v.x % divisor, select(0u, 1u, v.x / divisor < v.z), v.x << (v.w % 32u));
    for (var k = 0u; k < 4u; k++) {
        output[4u * i + k] = hash[k];
        output[32u + 4u * i + k] = other[k];
    }
}
