// offsets: out[16 w + i] = 1,001 input[64 w + i], of which dispatch w sees a window that begins 256 w bytes on
//
// One time the word is read through storage, a thousand times through a uniform buffer.

@group(0) @binding(0) var<storage, read> input: array<u32>;
@group(0) @binding(1) var<storage, read_write> output: array<u32>;
@group(0) @binding(2) var<uniform> window: array<vec4u, 16>;

@compute @workgroup_size(16)
fn main(@builtin(local_invocation_index) i: u32) {
    // The first word of a window says which it is.
    output[16u * window[0].x + i] = input[i] + 1000u * window[i / 4u][i % 4u];
}
